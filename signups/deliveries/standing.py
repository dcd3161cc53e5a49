"""How each integration fares, in figures and in a word: for the admin's cards, the command line and `/metrics`.

A fixed number of queries, each by an index or over the tallies: none of them counts what is finished.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Min, Q, QuerySet, When
from django.db.models.functions import Now
from django.utils import timezone

from signups import contracts, tallies
from signups.contracts import Integration
from signups.deliveries import breaker
from signups.models import Delivery, IntegrationState
from signups.tallies import Tallied

HOURS = 24
DELIVERED, FAILED = "delivered", ("never", "bug", "lapsed")


@dataclass(frozen=True)
class Hour:
    """One hour's tries: delivered, refused for good or by an error of ours, and those to be repeated."""

    at: datetime
    delivered: int = 0
    failed: int = 0
    repeated: int = 0

    @property
    def total(self) -> int:
        return self.delivered + self.failed + self.repeated


@dataclass(frozen=True)
class Standing:
    """One integration. `condition`: on, resting, trouble, paused or off; `why`: the sentence behind it, "" where all
    is well.

    `waiting` counts what is due or was tried, `later` what is planned for another day. `p95_ms` is of all tries of the
    last day, about; None where there were none.
    """

    slug: str
    name: str
    condition: str
    why: str
    is_paused: bool
    is_in_trouble: bool
    open_until: datetime | None
    can_test: bool
    waiting: int
    later: int
    oldest_waiting: datetime | None
    failed: int
    delivered_today: int
    p95_ms: int | None
    last_success: datetime | None
    hours: tuple[Hour, ...]

    @property
    def is_off(self) -> bool:
        return self.condition == "off"

    @property
    def is_open(self) -> bool:
        """Whether it is left alone for now."""
        return self.open_until is not None

    @property
    def oldest_s(self) -> float:
        """How long the oldest has waited, in seconds; 0 where nothing waits."""
        return max(0.0, (timezone.now() - self.oldest_waiting).total_seconds()) if self.oldest_waiting else 0.0


def standings() -> list[Standing]:
    """Every integration the settings list, in story order; seven queries, again where tallies are being made."""
    now = timezone.now()
    states = {state.slug: state for state in IntegrationState.objects.select_related("paused_by")}
    waiting = {row["integration"]: row for row in _waiting()}
    dead = dict(Delivery.objects.dead().order_by().values_list("integration").annotate(Count("pk")))
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    tried = tallies.by_hour(min(first, today))
    found = []
    for one in contracts.integrations():
        mine = {(result, hour): count for (slug, result, hour), count in tried.items() if slug == one.slug}
        state = states.get(one.slug) or IntegrationState(slug=one.slug)
        found.append(_standing(one, state, waiting.get(one.slug, {}), dead.get(one.slug, 0), mine, first, today))
    return found


def standing(slug: str) -> Standing:
    """That one. Raises LookupError where the settings list no such integration."""
    contracts.integration(slug)
    return next(one for one in standings() if one.slug == slug)


def _standing(
    integration: Integration,
    state: IntegrationState,
    waiting: dict[str, Any],
    failed: int,
    tried: dict[tuple[str, datetime], Tallied],
    first: datetime,
    today: datetime,
) -> Standing:
    condition, why = _condition(state, integration.missing_settings())
    delivered = [count for (result, hour), count in tried.items() if result == DELIVERED and hour >= today]
    lately = [count for (_, hour), count in tried.items() if hour >= first]
    return Standing(
        slug=integration.slug,
        name=integration.name,
        condition=condition,
        why=why,
        is_paused=state.is_paused,
        is_in_trouble=is_in_trouble(state),
        open_until=state.open_until if _is_open(state) else None,
        can_test=integration.can_test,
        waiting=waiting.get("number", 0),
        later=waiting.get("all", 0) - waiting.get("number", 0),
        oldest_waiting=waiting.get("oldest"),
        failed=failed,
        delivered_today=tallies.summed(delivered).number,
        p95_ms=tallies.summed(lately).quantile_ms(0.95),
        last_success=state.last_success_at,
        hours=tuple(_hour(first + timedelta(hours=number), tried) for number in range(HOURS)),
    )


def _hour(at: datetime, tried: dict[tuple[str, datetime], Tallied]) -> Hour:
    numbers = {result: count.number for (result, hour), count in tried.items() if hour == at and result != "skipped"}
    delivered = numbers.pop(DELIVERED, 0)
    failed = sum(numbers.pop(result, 0) for result in FAILED)
    return Hour(at, delivered, failed, sum(numbers.values()))


def _condition(state: IntegrationState, missing: list[str]) -> tuple[str, str]:
    if missing:
        return "off", f"To switch it on, set {', '.join(missing)}."
    if state.is_paused:
        by = f" by {state.paused_by.get_username()}" if state.paused_by else ""
        return "paused", f"Paused{by}" + (f": {state.paused_why}" if state.paused_why else ".")
    if state.trouble or is_in_trouble(state):
        why, until = state.trouble or "It failed several times in a row.", left_alone(state)
        return "trouble", f"{why.removesuffix('.')}. {until}" if until else why
    if _is_open(state):
        return "resting", f"It asked us to wait a moment. {left_alone(state)}"
    return "on", ""


def left_alone(state: IntegrationState) -> str:
    """A sentence that says until when, "" where it is not."""
    if not _is_open(state):
        return ""
    return f"It is left alone until {timezone.localtime(state.open_until):%H:%M:%S}, unless it is drained now."


def _is_open(state: IntegrationState) -> bool:
    return state.open_until is not None and state.open_until > timezone.now()


def is_in_trouble(state: IntegrationState) -> bool:
    """Whether its breaker has opened and nothing has worked since."""
    return state.failures_in_a_row >= breaker.FAILURES


def waiting_of(slug: str) -> QuerySet[Delivery]:
    """What one integration owes now: due, or tried already. What is planned for another day is not among it."""
    return Delivery.objects.filter(_owed_now(), integration=slug, due_at__isnull=False)


def _owed_now() -> Q:
    return Q(due_at__lte=Now()) | Q(state=Delivery.State.SENDING) | ~Q(outcome="")


def _waiting() -> Iterable[Any]:
    """How many wait for each, and since when the oldest: since it was due, or planned where it was tried already."""
    since = Case(When(Q(outcome="", state=Delivery.State.PENDING), then=F("due_at")), default=F("created_at"))
    unfinished = Delivery.objects.filter(due_at__isnull=False).order_by()
    return unfinished.values("integration").annotate(
        number=Count("pk", filter=_owed_now()), all=Count("pk"), oldest=Min(since, filter=_owed_now())
    )
