"""Answers as they are kept: hits and misses with provider and time, and for how long they need not be asked again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Q
from django.utils import timezone

from signups import contracts
from signups.contracts import Facts, Found, Subject
from signups.models import Lookup

# How long an answer is believed without asking again, unless its provider says otherwise. What is no answer (pending,
# error, skipped) is never fresh. Whoever asked not to be looked up has asked for good.
LIFETIME: Mapping[Found, timedelta] = {
    Found.FOUND: timedelta(days=30),
    Found.NOT_FOUND: timedelta(days=1),
    Found.REFUSED: timedelta(days=3650),
}
STAFF = "staff"  # what people of ours say themselves is kept among the answers, and needs no refreshing

Question = tuple[Subject, str]


@dataclass(frozen=True)
class Result:
    """One provider's answer about one person (`key`: address) or company (`key`: domain).

    `is_kept`: it stands in the database already. `may_change`: asking again soon may bring more (pending, late, a
    passing failure). `was_asked`: the vendor was called for it just now. `failure` says what the breaker has to know.
    """

    provider: str
    subject: Subject
    key: str
    outcome: Found
    fetched_at: datetime
    facts: Facts = field(default_factory=dict)
    note: str = ""
    ms: int = 0
    confidence: float | None = None
    credits: float = 0.0
    is_kept: bool = False
    may_change: bool = False
    was_asked: bool = False
    failure: Exception | None = None
    holds_for: timedelta | None = None  # where that differs from its outcome's lifetime

    @property
    def question(self) -> Question:
        return self.subject, self.key


Kept = dict[tuple[str, Subject, str], Lookup]


def kept(questions: Iterable[Question]) -> Kept:
    """What was answered earlier to these questions, fresh or not, by (provider, subject, key). One query."""
    wanted = Q(pk__in=())
    for subject, key in questions:
        wanted |= Q(subject=subject, key=key)
    return {(row.provider, Subject(row.subject), row.key): row for row in Lookup.objects.filter(wanted)}


def from_row(row: Lookup, now: datetime) -> Result | None:
    """The kept answer as a result, None where it is too old or is no answer."""
    if row.expires_at <= now or Found(row.outcome) not in LIFETIME:
        return None
    return as_result(row)


def as_result(row: Lookup) -> Result:
    return Result(
        row.provider,
        Subject(row.subject),
        row.key,
        Found(row.outcome),
        row.fetched_at,
        facts=row.facts,
        note=row.note,
        confidence=row.confidence,
        is_kept=True,
    )


def keep(results: Iterable[Result]) -> None:
    """Write down what was answered, over whatever was answered before to the same question, and end the claims on it.

    What is no answer never replaces one that came meanwhile, by a webhook. At most one query, two where there is such.
    """
    results = _without_overtaken([result for result in results if not result.is_kept])
    rows = [
        Lookup(
            provider=result.provider,
            subject=result.subject,
            key=result.key,
            outcome=result.outcome,
            facts=result.facts,
            confidence=result.confidence,
            note=result.note[:500],
            ms=result.ms,
            credits=result.credits,
            fetched_at=result.fetched_at,
            expires_at=result.fetched_at + _lifetime(result),
        )
        for result in sorted(results, key=lambda result: (result.subject, result.key, result.provider))
    ]
    if rows:
        Lookup.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["provider", "subject", "key"],
            update_fields=[
                "outcome",
                "facts",
                "confidence",
                "note",
                "ms",
                "credits",
                "fetched_at",
                "expires_at",
                "claimed_until",
            ],
        )


def _without_overtaken(results: list[Result]) -> list[Result]:
    """Without those that say nothing where somebody has answered since they were asked."""
    silent = [result for result in results if result.outcome not in LIFETIME and result.was_asked]
    if not silent:
        return results
    answered = {key for key, row in kept({one.question for one in silent}).items() if from_row(row, timezone.now())}
    overtaken = [one for one in silent if (one.provider, one.subject, one.key) in answered]
    return [result for result in results if result not in overtaken]


def _lifetime(result: Result) -> timedelta:
    if result.holds_for is not None:
        return result.holds_for
    own = _own_lifetimes(contracts.providers()).get(result.provider, {})
    return own.get(result.outcome) or LIFETIME.get(result.outcome, timedelta(0))


def has_refused(rows: Collection[Lookup] | Iterable[Any]) -> bool:
    """Whether the person asked any provider, also one that is off by now, not to be looked up."""
    return any(row.outcome == Found.REFUSED for row in rows)


@cache
def _own_lifetimes(providers: tuple[contracts.Provider, ...]) -> dict[str, Mapping[Found, timedelta]]:
    return {one.slug: one.holds_for for one in providers}
