"""What is owed: one row for each integration that must hear of an event, written where the event is committed.

Everything here is idempotent. A signup's row is locked by whoever plans for it (saving it locks it), so two planners of
one signup come one after the other, and the unique constraint is a last resort, not a way to find out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db.models.functions import Now
from django.utils import timezone

from signups import contracts
from signups.contracts import Event, Integration
from signups.deliveries.queueing import wake_after_commit
from signups.models import Delivery, Signup, Verdict
from signups.transactions import write_transaction

DAY = timedelta(hours=24)
_CHUNK = 500
_LOOKED_AT = ("verdict", "is_high_value", "profile_version")  # whatever else an integration asks for is read for each


@dataclass(frozen=True)
class Owed:
    """One delivery that should exist."""

    slug: str
    event: Event
    period: str = ""
    frozen: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None  # not before; None: at once

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.slug, self.event.value, self.period)


def plan_for(signup: Signup, *, is_new: bool = False) -> list[Delivery]:
    """Write what the signup's present verdict and profile call for; returns the rows that were missing.

    Call it in the transaction that saved the signup; `is_new`: that inserted it. One query, and one to write them all.
    """
    existing = [] if is_new else list(Delivery.objects.filter(signup=signup))
    return write(signup, missing(signup, existing, switched_on()))


def plan(
    signup: Signup,
    event: Event,
    *,
    period: str = "",
    frozen: dict[str, Any] | None = None,
    due_at: datetime | None = None,
) -> list[Delivery]:
    """Write one event for every integration that listens to it and wants this signup.

    `period` tells recurring events apart (a date, a number); `frozen` adds to the facts that tries must not change;
    `due_at` is when to tell, None for at once. Returns the rows that were missing.
    """
    owed = [
        Owed(integration.slug, event, period, frozen or {}, due_at)
        for integration in switched_on()
        if integration.listens_to(event) and integration.wants(signup)
    ]
    existing = set(
        Delivery.objects.filter(signup=signup, event=event, period=period).values_list("integration", flat=True)
    )
    return write(signup, (one for one in owed if one.slug not in existing))


def plan_missing(within: timedelta = DAY) -> int:
    """Write what signups as young as that should have and have not; returns how many rows that was.

    Rows are missing where a signup was changed behind the signals' back, or an integration was switched on since.
    """
    written, integrations = 0, list(switched_on())
    for signup, rows in _recent(within):
        if any(True for _ in missing(signup, rows, integrations)):
            with write_transaction():
                locked = Signup.objects.select_for_update().filter(pk=signup.pk).first()
                written += len(plan_for(locked)) if locked is not None else 0
    return written


class Row(Protocol):
    """Of a delivery, what says whether another is missing."""

    integration: str
    event: str
    period: str
    frozen: dict[str, Any]


def missing(signup: Signup, existing: Iterable[Row], integrations: Iterable[Integration]) -> Iterator[Owed]:
    """What of these integrations is not among the signup's deliveries and should be."""
    by_key = {(row.integration, row.event, row.period): row for row in existing}
    for owed in _owed(signup, by_key, integrations):
        if owed.key not in by_key:
            yield owed


def _owed(
    signup: Signup, existing: dict[tuple[str, str, str], Row], integrations: Iterable[Integration]
) -> Iterator[Owed]:
    """What the signup's present state calls for, whether written already or not.

    What an integration was told first is read from its *signed up*: who heard of a signup that was still waiting hears
    that it was confirmed, and who heard of an older profile hears of the newer one.
    """
    for integration in integrations:
        if signup.verdict == Verdict.REJECTED:
            if integration.listens_to(Event.REJECTED):
                yield Owed(integration.slug, Event.REJECTED)
            continue
        if signup.verdict not in integration.takes:
            continue
        told = existing.get((integration.slug, Event.SIGNED_UP, ""))
        if told is None:
            if integration.listens_to(Event.SIGNED_UP) and integration.wants(signup):
                yield Owed(integration.slug, Event.SIGNED_UP)
            continue
        was_waiting = told.frozen.get("verdict", Verdict.ACCEPTED) != Verdict.ACCEPTED
        if was_waiting and signup.is_accepted and integration.listens_to(Event.CONFIRMED):
            yield Owed(integration.slug, Event.CONFIRMED)
        is_newer = signup.profile_version > told.frozen.get("profile_version", 1)
        if is_newer and integration.listens_to(Event.PROFILE_CHANGED):
            yield Owed(integration.slug, Event.PROFILE_CHANGED, str(signup.profile_version))


def write(signup: Signup, owed: Iterable[Owed]) -> list[Delivery]:
    """Save what is owed in one statement, due at once by the database's clock unless it says when, and have it sent
    after the commit.

    Each row's frozen facts: `at` (ISO 8601), `at_ms` (epoch), the profile's version, the verdict, and what the event
    adds.
    """
    now = timezone.now()
    facts = {
        "at": now.isoformat(),
        "at_ms": round(now.timestamp() * 1000),
        "profile_version": signup.profile_version,
        "verdict": str(signup.verdict),
    }
    rows = [
        Delivery(
            signup=signup,
            company=signup.company,
            integration=one.slug,
            event=one.event.value,
            period=one.period,
            frozen=facts | one.frozen,
            due_at=one.due_at or Now(),
        )
        for one in owed
    ]
    Delivery.objects.bulk_create(rows)
    for row in rows:
        wake_after_commit(row.integration)
        if not isinstance(row.due_at, datetime):
            del row.due_at  # an expression so far: read back from the database by whoever asks
    return rows


def switched_on() -> Iterator[Integration]:
    """The integrations that have all settings they need."""
    return (integration for integration in contracts.integrations() if not integration.missing_settings())


def _recent(within: timedelta) -> Iterator[tuple[Signup, list[Row]]]:
    """Signups as young as that, with their deliveries, some at a time: of each what is looked at, for they may be very
    many. No cursor stays open: on SQLite nothing could be written beside it."""
    recent = Signup.objects.filter(created_at__gt=Now() - within).order_by("pk").only(*_LOOKED_AT)
    last = 0
    while chunk := list(recent.filter(pk__gt=last)[:_CHUNK]):
        rows: dict[int, list[Row]] = {signup.pk: [] for signup in chunk}
        there = Delivery.objects.filter(signup__in=list(rows)).order_by()
        for row in there.values_list("signup_id", "integration", "event", "period", "frozen", named=True):
            rows[row.signup_id].append(row)
        yield from ((signup, rows[signup.pk]) for signup in chunk)
        last = chunk[-1].pk
