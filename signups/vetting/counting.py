"""Many bounded counts in one query: how many rows there are, as far as anybody wants to know.

A count that goes on to the last row takes the longer the more there are, and attackers see to it that there are many.
Each of these stops at `MOST_COUNTED`. Written by hand: Django has no query without a table, and putting nine of its
own together takes longer than the database takes to answer them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Field, Model, QuerySet

MOST_COUNTED = 100

Rows: TypeAlias = tuple[str, Sequence[Any]]  # a SELECT and its parameters


def counted(rows: Mapping[str, Rows]) -> dict[str, int]:
    """How many rows each SELECT has, `MOST_COUNTED` at most. One query in all, none for nothing."""
    if not rows:
        return {}
    columns = (f"(SELECT COUNT(*) FROM ({sql} LIMIT {MOST_COUNTED}) AS counted)" for sql, _ in rows.values())  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}", [value for _, values in rows.values() for value in values])
        return dict(zip(rows, cursor.fetchone(), strict=True))


def same(model: type[Model], field: str, value: str, since: datetime | None) -> Rows:
    """The rows of `model` with that value, those `created_at` after `since`: what an index over both answers alone."""
    column = model._meta.get_field(field)
    assert isinstance(column, Field)
    sql = f'SELECT 1 FROM "{model._meta.db_table}" WHERE "{column.column}" = %s'  # noqa: S608  our own names
    values = [column.get_db_prep_value(value, connection)]
    if since is not None:
        sql, values = f'{sql} AND "created_at" > %s', [*values, connection.ops.adapt_datetimefield_value(since)]
    # In the index's own order PostgreSQL stops at the limit; without, it may gather all rows before it counts any.
    return f'{sql} ORDER BY "created_at" DESC', values


def of(queryset: QuerySet[Any, Any]) -> Rows:
    """The rows of a queryset of `values()`."""
    sql, values = queryset.order_by().query.sql_with_params()
    return sql, values
