"""Many bounded counts in one query: how many rows there are, as far as anybody wants to know.

A count that goes on to the last row takes the longer the more there are, and attackers see to it that there are many.
Each of these stops at `MOST_COUNTED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections
from django.db.models import QuerySet

MOST_COUNTED = 100


def counted(querysets: Mapping[str, QuerySet[Any, Any]], using: str = "default") -> dict[str, int]:
    """How many rows each queryset of `values()` has, `MOST_COUNTED` at most. One query in all, none for nothing."""
    if not querysets:
        return {}
    columns: list[str] = []
    values: list[Any] = []
    for queryset in querysets.values():
        sql, params = queryset.order_by()[:MOST_COUNTED].query.get_compiler(using).as_sql()
        columns.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608  Django's own SQL
        values += params
    # Written by hand, as Django has no query without a table.
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", values)
        return dict(zip(querysets, cursor.fetchone(), strict=True))
