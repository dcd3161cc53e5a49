"""Answers as they are kept: hits and misses with provider and time, and for how long they need not be asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import connection
from django.utils import timezone

from signups import contracts
from signups.contracts import Facts, Found, Subject
from signups.enrichment import claims
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
    wanted = list(questions)
    if not wanted:
        return {}
    # At every signup: the ORM takes several times as long to put the query together.
    same = " OR ".join(["subject = %s AND key = %s"] * len(wanted))
    sql = f"SELECT * FROM {Lookup._meta.db_table} WHERE {same}"  # noqa: S608
    rows = Lookup.objects.raw(sql, [text for subject, key in wanted for text in (subject.value, key)])
    return {(row.provider, Subject(row.subject), row.key): row for row in rows}


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


def keep(results: Iterable[Result], claimed: Mapping[claims.Key, datetime] | None = None) -> None:
    """Write down what was answered, over whatever was answered before to the same question, and end the claims on it.

    What is no answer never replaces one that came meanwhile, nor ends a claim of somebody else's. `claimed`: our own.
    At most three statements.
    """
    new = sorted((one for one in results if not one.is_kept), key=lambda one: (one.subject, one.key, one.provider))
    said = [one for one in new if one.outcome in LIFETIME]
    if said:
        Lookup.objects.bulk_create(
            [Lookup(**_columns(one)) for one in said],
            update_conflicts=True,
            unique_fields=["provider", "subject", "key"],
            update_fields=[*_WRITTEN, "claimed_until"],
        )
    answered = {(one.provider, one.subject, one.key) for one in said}
    claims.give_up({key: until for key, until in (claimed or {}).items() if key not in answered})
    _keep_silence([one for one in new if one.outcome not in LIFETIME])


_WRITTEN = ("outcome", "facts", "confidence", "note", "ms", "credits", "fetched_at", "expires_at")
_SILENCE = """
    INSERT INTO {table} (provider, subject, key, facts, outcome, note, ms, credits, fetched_at, expires_at)
    VALUES {rows}
    ON CONFLICT (provider, subject, key) DO UPDATE SET outcome = excluded.outcome, note = excluded.note,
    ms = excluded.ms, credits = excluded.credits, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at
    WHERE {table}.outcome NOT IN ('found', 'not_found', 'refused')
    AND ({table}.claimed_until IS NULL OR {table}.claimed_until <= %s)
"""


def _columns(result: Result) -> dict[str, Any]:
    return {
        "provider": result.provider,
        "subject": result.subject,
        "key": result.key,
        "outcome": result.outcome,
        "facts": result.facts,
        "confidence": result.confidence,
        "note": result.note[:500],
        "ms": result.ms,
        "credits": result.credits,
        "fetched_at": result.fetched_at,
        "expires_at": result.fetched_at + _lifetime(result),
    }


def _keep_silence(results: list[Result]) -> None:
    """Write down why there is no answer, where there is none and nobody is asking."""
    if not results:
        return
    at = connection.ops.adapt_datetimefield_value
    values: list[Any] = []
    for result in results:
        row = _columns(result)
        values += [row["provider"], result.subject.value, row["key"], "{}", result.outcome.value, row["note"]]
        values += [row["ms"], row["credits"], at(row["fetched_at"]), at(row["expires_at"])]
    rows = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(results))
    with connection.cursor() as cursor:
        statement = _SILENCE.format(table=Lookup._meta.db_table, rows=rows)
        cursor.execute(statement, [*values, at(timezone.now())])


def _lifetime(result: Result) -> timedelta:
    if result.holds_for is not None:
        return result.holds_for
    own = _own_lifetimes(contracts.providers()).get(result.provider, {})
    return own.get(result.outcome) or LIFETIME.get(result.outcome, timedelta(0))


def has_refused(rows: Iterable[Lookup]) -> bool:
    """Whether the person asked any provider, also one that is off by now, not to be looked up."""
    return any(row.outcome == Found.REFUSED for row in rows)


@cache
def _own_lifetimes(providers: tuple[contracts.Provider, ...]) -> dict[str, Mapping[Found, timedelta]]:
    return {one.slug: one.holds_for for one in providers}
