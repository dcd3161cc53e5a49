"""Customers at the limit of their plan: which shares of it they reached, told once each, and whether that still holds.

A share (`LIMIT_THRESHOLDS`, in percent) is reached once in each period of the plan. Of several that are passed at once
all are written down and the highest is told: one prompt, not two. It is resolved when what was used, or what may be, is
corrected so that it no longer holds; the turn of the month is no such correction, for the reason to talk has not gone
away. What was resolved and is reached again in the same period is opened again without telling anybody.

A period is looked at while it lasts and two days longer, so that November's last day counts although it is reported in
December, with December's first or before it. One that is long over is told to nobody, whatever limit is set now or old
usage imported. Of several periods reached at once, too, all are written down and the newest is told. What is told, and
in which words, is the integrations' business.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from signups import deliveries, jobs
from signups.contracts import Event
from signups.deliveries.queueing import enqueue
from signups.jobs.running import Run
from signups.models import Delivery, LimitReached, Signup, UsageRecord, Verdict
from signups.models.usage import API_CALLS
from signups.transactions import write_transaction
from signups.usage import figures

_AT_ONCE = 500
_SOON_S = 5.0  # whoever reports usage waits no longer for what follows from it
_STILL_TOLD = timedelta(days=2)  # after the end of a period
_DAY = timedelta(days=1)


@dataclass
class Held:
    """One customer's usage held against their limit: the rows there are, and what each period comes to."""

    signup: Signup
    limit: int | None
    periods: list[str]  # those to look at, the newest last
    counts: dict[str, int] = field(default_factory=dict)  # by period
    rows: list[LimitReached] = field(default_factory=list)

    def is_over(self, period: str, threshold: int) -> bool:
        count = self.counts.get(period, 0)
        return self.limit is not None and count > 0 and count * 100 >= threshold * self.limit

    def newly_reached(self) -> list[tuple[str, int]]:
        """Periods and shares that are not written down, ascending."""
        known = {(row.period, row.threshold) for row in self.rows}
        both = ((period, share) for period in self.periods for share in settings.LIMIT_THRESHOLDS)
        return [one for one in both if one not in known and self.is_over(*one)]

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
    return sum(_settle(pk) for pk in _unsettled(signup_ids))


def check_soon(signup_ids: Collection[int]) -> None:
    """The same for somebody who waits: what is not done after a few seconds is left to a run of the job.

    Not to one that is under way, which may be past them already.
    """
    until = time.monotonic() + _SOON_S
    for pk in _unsettled(signup_ids):
        if time.monotonic() > until:
            if jobs.start("limits", f"{timezone.now():%Y-%m-%d %H:%M:%S}"):
                enqueue("signups.tasks.run_job", "limits", is_urgent=True)
                return
            until = time.monotonic() + _SOON_S
        _settle(pk)


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


def _unsettled(signup_ids: Collection[int]) -> Iterator[int]:
    """Those of whom there is something to write down or to tell."""
    keys = sorted(set(signup_ids))
    for start in range(0, len(keys), _AT_ONCE):
        yield from (held.signup.pk for held in _held(keys[start : start + _AT_ONCE]) if not held.is_settled)


def _held(keys: Collection[int]) -> list[Held]:
    signups = list(Signup.objects.filter(pk__in=keys, verdict=Verdict.ACCEPTED).select_related("person", "company"))
    periods = {choice: _periods(choice, figures.utc_today()) for choice in Signup.PlanPeriod.values}
    reported = figures.reported_limits([signup.pk for signup in signups if signup.plan_limit is None])
    rows: dict[int, list[LimitReached]] = defaultdict(list)
    for row in LimitReached.objects.filter(signup__in=keys).order_by("pk"):
        rows[row.signup_id].append(row)
    everybody = [
        Held(
            signup,
            signup.plan_limit if signup.plan_limit is not None else reported.get(signup.pk),
            periods[signup.plan_period],
            rows=rows[signup.pk],
        )
        for signup in signups
    ]
    _count(everybody)
    return everybody


def _periods(plan_period: str, today: date) -> list[str]:
    """The periods to look at, the newest last. Tomorrow's may have begun at the sender's."""
    days = [today - _STILL_TOLD + number * _DAY for number in range(_STILL_TOLD.days + 2)]
    return list(dict.fromkeys(figures.period_of(plan_period, day) for day in days))


def _count(everybody: Iterable[Held]) -> None:
    """Fill in what each period comes to that is looked at or has a row. One query for all days, one for each month."""
    by_period: dict[str, dict[int, Held]] = defaultdict(dict)
    for held in everybody:
        for period in {*held.periods, *(row.period for row in held.rows)}:
            by_period[period][held.signup.pk] = held
    days = {period: those for period, those in by_period.items() if _is_day(period)}
    if days:
        calls = _calls({pk for those in days.values() for pk in those}).filter(date__in=sorted(days))
        for pk, day, count in calls.values_list("signup_id", "date").annotate(sum=Sum("count")):
            if (one := days[day.isoformat()].get(pk)) is not None:
                one.counts[day.isoformat()] = int(count)
    for period in by_period.keys() - days.keys():
        those = by_period[period]
        for pk, count in _calls(those).filter(_within(period)).values_list("signup_id").annotate(sum=Sum("count")):
            those[pk].counts[period] = int(count)


def _calls(signup_ids: Collection[int]) -> QuerySet[UsageRecord]:
    return UsageRecord.objects.filter(signup__in=signup_ids, metric=API_CALLS).order_by()


def _is_day(period: str) -> bool:
    return len(period) == len("2026-11-24")


def _within(period: str) -> Q:
    """The days of a longer period by its name: "2026-11" or "total"."""
    if period == "total":
        return Q()
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
        LimitReached.objects.filter(pk=row.pk).update(resolved_at=None)  # its numbers are those of the first time
    for row in held.resolved():
        LimitReached.objects.filter(pk=row.pk).update(resolved_at=Now())
        events += _tell_resolved(held, row)
    if new := list(_write_reached(held)):
        last = new[-1]
        known = (row.threshold for row in held.rows if row.period == last.period and not row.resolved_at)
        if last.threshold > max(known, default=0):
            events += bool(_plan(held, Event.REACHED_LIMIT, last))
    return events


def _write_reached(held: Held) -> Iterator[LimitReached]:
    for period, share in held.newly_reached():
        yield LimitReached.objects.create(
            signup=held.signup,
            period=period,
            threshold=share,
            count=held.counts[period],
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
