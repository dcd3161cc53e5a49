"""What counts as a success: for each metric, when it happened to whom, and within how long of the exposure it counts.

A metric is one query over all units; which of its moments lie after an exposure and within the window is `readout`'s
to say. Later reports about a moment inside the window still count: usage comes in a day late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Min, OuterRef, Subquery

from signups.models import Experiment, LimitReached, Mail, Signup, UsageRecord
from signups.models.experiment import visitor_unit
from signups.models.usage import API_CALLS

Moments = Mapping[str, list[datetime]]  # unit → when it happened, in any order
_Rows = Iterable[tuple[Any, ...]]  # (anonymous id, uid, company's domain, when)

_SIGNUP = ("anonymous_id", "uid", "company__domain")
_ITS_SIGNUP = tuple(f"signup__{name}" for name in _SIGNUP)


@dataclass(frozen=True)
class Metric:
    """`name` follows "share of units that …"; `window` is counted from the exposure."""

    key: str
    name: str
    window: timedelta
    rows: Callable[[datetime], _Rows]

    def moments(self, unit: str, since: datetime) -> Moments:
        """Every success of every unit (of a kind of `Experiment.Unit`) since then. One query."""
        moments: dict[str, list[datetime]] = defaultdict(list)
        for anonymous_id, uid, domain, at in self.rows(since):
            name = domain if unit == Experiment.Unit.COMPANY else visitor_unit(anonymous_id, uid)
            if name:
                moments[name].append(at)
        return moments


def _of_signup(moment: str) -> Callable[[datetime], _Rows]:
    def rows(since: datetime) -> _Rows:
        return Signup.objects.filter(**{f"{moment}__gte": since}).order_by().values_list(*_SIGNUP, moment)

    return rows


def _first_calls(since: datetime) -> _Rows:
    """Each signup's first day with a call. The day counts as of its end: a day is all the product reports."""
    used = UsageRecord.objects.filter(metric=API_CALLS, count__gt=0).order_by().values_list(*_ITS_SIGNUP)
    for *who, day in used.annotate(first=Min("date")).filter(first__gte=since.date()):
        yield (*who, _end_of(day))


def _limits(since: datetime) -> _Rows:
    reached = LimitReached.objects.filter(threshold__gte=100, reached_at__gte=since)
    return reached.order_by().values_list(*_ITS_SIGNUP, "reached_at")


def _of_welcome_mail(moment: str) -> Callable[[datetime], _Rows]:
    """Of the first mail that a campaign sends them, whatever the campaign is called."""

    def rows(since: datetime) -> _Rows:
        theirs = Mail.objects.filter(signup=OuterRef("signup"), campaign__isnull=False).order_by("first_at", "pk")
        mails = Mail.objects.filter(**{f"{moment}__gte": since}, pk=Subquery(theirs.values("pk")[:1]))
        return mails.order_by().values_list(*_ITS_SIGNUP, moment)

    return rows


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


METRICS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("signed_up", "sign up within a day", timedelta(days=1), _of_signup("created_at")),
        Metric("confirmed", "confirm their address within 3 days", timedelta(days=3), _of_signup("confirmed_at")),
        Metric("accepted", "are accepted within 3 days", timedelta(days=3), _of_signup("accepted_at")),
        Metric("first_call", "make their first API call within 7 days", timedelta(days=7), _first_calls),
        Metric("reached_limit", "reach their plan’s limit within 30 days", timedelta(days=30), _limits),
        Metric(
            "opened_welcome", "open the welcome mail within 7 days", timedelta(days=7), _of_welcome_mail("opened_at")
        ),
        Metric(
            "clicked_welcome",
            "click in the welcome mail within 7 days",
            timedelta(days=7),
            _of_welcome_mail("clicked_at"),
        ),
    )
}


def name_of(key: str) -> str:
    """What people call a metric."""
    metric = METRICS.get(key)
    return metric.name if metric is not None else key
