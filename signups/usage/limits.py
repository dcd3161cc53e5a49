"""Customers at the limit of their plan: which shares of it they reached, told once each, and whether that still holds.

A share (`LIMIT_THRESHOLDS`, in percent) is reached once in each period of the plan. Of several that are passed at once
all are written down and the highest is told: one prompt, not two. It is resolved when what was used, or what may be, is
corrected so that it no longer holds; the turn of the month is no such correction, for the reason to talk has not gone
away. What was resolved and is reached again in the same period is opened again without telling anybody.

The period is the one in which the last day lies that was reported, so that November's last day counts although it is
reported in December. What is told, and in which words, is the integrations' business.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, Sum
from django.db.models.functions import Now

from signups import deliveries
from signups.contracts import Event
from signups.jobs.running import Run
from signups.models import Delivery, LimitReached, Signup, UsageRecord, Verdict
from signups.models.usage import API_CALLS
from signups.transactions import write_transaction
from signups.usage import figures

_AT_ONCE = 500


@dataclass
class Held:
    """One customer's usage held against their limit: the rows there are, and what each period comes to."""

    signup: Signup
    limit: int | None
    period: str  # of the last day reported, "" where nothing ever was
    counts: dict[str, int] = field(default_factory=dict)  # by period
    rows: list[LimitReached] = field(default_factory=list)

    def is_over(self, period: str, threshold: int) -> bool:
        count = self.counts.get(period, 0)
        return self.limit is not None and count > 0 and count * 100 >= threshold * self.limit

    def newly_reached(self) -> list[int]:
        """Shares of the present period that are not written down, ascending."""
        known = {row.threshold for row in self.rows if row.period == self.period}
        return [share for share in settings.LIMIT_THRESHOLDS if share not in known and self.is_over(self.period, share)]

    def reached_again(self) -> list[LimitReached]:
        return [row for row in self.rows if row.resolved_at is not None and self.is_over(row.period, row.threshold)]

    def resolved(self) -> list[LimitReached]:
        return [row for row in self.rows if row.resolved_at is None and not self.is_over(row.period, row.threshold)]

    @property
    def is_settled(self) -> bool:
        return not (self.newly_reached() or self.reached_again() or self.resolved())


def check(signup_ids: Collection[int]) -> int:
    """Look whether these signups reached a share of their limit, or no longer do; returns how many events that made.

    A few queries for five hundred signups of whom there is nothing to say, and no write.
    """
    keys = sorted(set(signup_ids))
    chunks = (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
    return sum(_settle(held.signup.pk) for chunk in chunks for held in _held(chunk) if not held.is_settled)


def step(run: Run) -> bool:
    """The daily look at everybody: a report whose sender was cut off before the look, or a change behind our back."""
    used = UsageRecord.objects.filter(signup=OuterRef("pk"), metric=API_CALLS)
    reached = LimitReached.objects.filter(signup=OuterRef("pk"), resolved_at=None)
    signups = Signup.objects.filter(Exists(used) | Exists(reached), verdict=Verdict.ACCEPTED, pk__gt=run.cursor)
    keys = list(signups.order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    if not keys:
        return False
    told = check(keys)
    with run.chunk(keys[-1]) as counts:
        counts.read, counts.planned = len(keys), told
    return True


def event_period(row: LimitReached) -> str:
    """What tells the events of one share and period from all others."""
    return f"{row.period}:{row.threshold}"


# -- Looking -----------------------------------------------------------------------------------------------------------


def _held(keys: Collection[int]) -> list[Held]:
    signups = list(Signup.objects.filter(pk__in=keys, verdict=Verdict.ACCEPTED).select_related("person", "company"))
    last_days = _last_days(keys)
    reported = figures.reported_limits([signup.pk for signup in signups if signup.plan_limit is None])
    rows: dict[int, list[LimitReached]] = defaultdict(list)
    for row in LimitReached.objects.filter(signup__in=keys).order_by("pk"):
        rows[row.signup_id].append(row)
    everybody = [
        Held(
            signup,
            signup.plan_limit if signup.plan_limit is not None else reported.get(signup.pk),
            figures.period_of(signup.plan_period, last_days[signup.pk]) if signup.pk in last_days else "",
            rows=rows[signup.pk],
        )
        for signup in signups
    ]
    _count(everybody)
    return everybody


def _last_days(keys: Collection[int]) -> dict[int, date]:
    """The last day reported of each signup."""
    records = UsageRecord.objects.filter(signup__in=keys, metric=API_CALLS).order_by()
    return dict(records.values_list("signup_id").annotate(last=Max("date")))


def _count(everybody: Iterable[Held]) -> None:
    """Fill in what each period comes to that matters: the present one and those of rows; a query for each period."""
    by_period: dict[str, dict[int, Held]] = defaultdict(dict)
    for held in everybody:
        for period in {held.period, *(row.period for row in held.rows)} - {""}:
            by_period[period][held.signup.pk] = held
    for period, those in by_period.items():
        records = UsageRecord.objects.filter(_within(period), signup__in=those, metric=API_CALLS).order_by()
        for pk, count in records.values_list("signup_id").annotate(sum=Sum("count")):
            those[pk].counts[period] = int(count)


def _within(period: str) -> Q:
    """The days of a period by its name: "2026-11-24", "2026-11" or "total"."""
    if period == "total":
        return Q()
    if len(period) == len("2026-11-24"):
        return Q(date=date.fromisoformat(period))
    first = date.fromisoformat(f"{period}-01")
    return Q(date__gte=first, date__lt=(first + timedelta(days=31)).replace(day=1))


# -- Writing down ------------------------------------------------------------------------------------------------------


def _settle(pk: int) -> int:
    """Bring one signup's rows up to date, and plan what is to be told; one after the other for one signup."""
    with write_transaction():
        Signup.objects.select_for_update().filter(pk=pk).values_list("pk", flat=True).first()
        return sum(_told(held) for held in _held([pk]))


def _told(held: Held) -> int:
    events = 0
    for row in held.reached_again():
        LimitReached.objects.filter(pk=row.pk).update(
            resolved_at=None, count=held.counts.get(row.period, 0), limit=held.limit or 0
        )
    for row in held.resolved():
        LimitReached.objects.filter(pk=row.pk).update(resolved_at=Now())
        events += _tell_resolved(held, row)
    highest = max((row.threshold for row in held.rows if row.period == held.period and not row.resolved_at), default=0)
    new = list(_write_reached(held))
    if new and new[-1].threshold > highest:
        events += bool(_plan(held, Event.REACHED_LIMIT, new[-1]))
    return events


def _write_reached(held: Held) -> Iterator[LimitReached]:
    for share in held.newly_reached():
        yield LimitReached.objects.create(
            signup=held.signup,
            period=held.period,
            threshold=share,
            count=held.counts[held.period],
            limit=held.limit or 0,
        )


def _tell_resolved(held: Held, row: LimitReached) -> bool:
    """Whoever was told that it was reached hears that it no longer is."""
    period = event_period(row)
    was_told = Delivery.objects.filter(signup=held.signup, event=Event.REACHED_LIMIT, period=period).exists()
    return was_told and bool(_plan(held, Event.LIMIT_RESOLVED, row))


def _plan(held: Held, event: Event, row: LimitReached) -> list[Delivery]:
    facts = {
        "threshold": row.threshold,
        "count": held.counts.get(row.period, 0),
        "limit": held.limit,
        "period": row.period,
    }
    return deliveries.plan(held.signup, event, period=event_period(row), frozen=facts)
