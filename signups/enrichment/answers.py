"""Answers as they are kept: hits and misses with provider and time, and for how long they need not be asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from signups.contracts import Facts, Found, Subject
from signups.models import Lookup

# How long an answer is believed without asking again. What is no answer (pending, error) is never fresh.
LIFETIME = {
    Found.FOUND: timedelta(days=30),
    Found.NOT_FOUND: timedelta(days=1),
    Found.REFUSED: timedelta(days=365),
}


@dataclass(frozen=True)
class Result:
    """One provider's answer about one person (`key`: address) or company (`key`: domain).

    `is_kept`: it stands in the database already. `may_change`: asking again soon may bring more (pending, late, a
    passing failure).
    """

    provider: str
    subject: Subject
    key: str
    outcome: Found
    fetched_at: datetime
    facts: Facts = field(default_factory=dict)
    note: str = ""
    ms: int = 0
    is_kept: bool = False
    may_change: bool = False


Kept = dict[tuple[str, Subject, str], Lookup]


def kept(questions: Iterable[tuple[Subject, str]]) -> Kept:
    """What was answered earlier to these questions, fresh or not, by (provider, subject, key). One query."""
    wanted = Q(pk__in=())
    for subject, key in questions:
        wanted |= Q(subject=subject, key=key)
    return {(row.provider, Subject(row.subject), row.key): row for row in Lookup.objects.filter(wanted)}


def from_row(row: Lookup, now: datetime) -> Result | None:
    """The kept answer as a result, None where it is too old or is no answer."""
    if row.expires_at <= now or Found(row.outcome) not in LIFETIME:
        return None
    return Result(
        row.provider,
        Subject(row.subject),
        row.key,
        Found(row.outcome),
        row.fetched_at,
        facts=row.facts,
        note=row.note,
        is_kept=True,
    )


def keep(results: Iterable[Result]) -> None:
    """Write down what was answered, over whatever was answered before to the same question. At most one query."""
    rows = [
        Lookup(
            provider=result.provider,
            subject=result.subject,
            key=result.key,
            outcome=result.outcome,
            facts=result.facts,
            note=result.note[:500],
            ms=result.ms,
            fetched_at=result.fetched_at,
            expires_at=result.fetched_at + LIFETIME.get(result.outcome, timedelta(0)),
        )
        for result in sorted(results, key=lambda result: (result.subject, result.key, result.provider))
        if not result.is_kept
    ]
    if rows:
        Lookup.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["provider", "subject", "key"],
            update_fields=["outcome", "facts", "note", "ms", "fetched_at", "expires_at"],
        )
