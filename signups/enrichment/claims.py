"""One look-up at a time per question, however many processes there are: whoever asks has claimed it in the database.

A claim ends when the answer is kept (`answers.keep`), or lapses should its process die.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from signups.contracts import Found, Subject
from signups.models import Lookup
from signups.transactions import write_transaction

Key = tuple[str, Subject, str]  # provider, subject, address or domain

_COLUMNS = "provider, subject, key, outcome, facts, note, ms, credits, fetched_at, expires_at, claimed_until, tried_at"
_CLAIM = """
    INSERT INTO {table} ({columns}) VALUES {rows}
    ON CONFLICT (provider, subject, key)
    DO UPDATE SET claimed_until = excluded.claimed_until, tried_at = excluded.tried_at
    WHERE ({table}.claimed_until IS NULL OR {table}.claimed_until <= %s)
    AND ({table}.expires_at <= %s OR {table}.outcome = 'skipped' OR %s)
    RETURNING provider, subject, key
"""


def claim(keys: Collection[Key], until: datetime, *, is_forced: bool = False) -> set[Key]:
    """Claim these questions until then; returns those that are ours. All others somebody asks, or has just answered.

    `is_forced`: also those that have a fresh answer. One statement, in a transaction of its own.
    """
    if not keys:
        return set()
    table, now = Lookup._meta.db_table, timezone.now()
    at, end = (connection.ops.adapt_datetimefield_value(moment) for moment in (now, until))
    rows, values = [], []
    for provider, subject, key in sorted(keys):
        rows.append("(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)")
        values += [provider, subject.value, key, Found.PENDING.value, "{}", "", 0, 0.0, at, at, end, at]
    statement = _CLAIM.format(table=table, columns=_COLUMNS, rows=", ".join(rows))
    with write_transaction(), connection.cursor() as cursor:
        cursor.execute(statement, [*values, at, at, is_forced])
        return {(provider, Subject(subject), key) for provider, subject, key in cursor.fetchall()}


def give_up(claimed: Mapping[Key, datetime]) -> None:
    """End claims of ours, by the time until which they were to last: one that lapsed is somebody else's by now."""
    mine = Q(pk__in=())
    for (provider, subject, key), until in claimed.items():
        mine |= Q(provider=provider, subject=subject, key=key, claimed_until=until)
    if claimed:
        Lookup.objects.filter(mine).update(claimed_until=None)
