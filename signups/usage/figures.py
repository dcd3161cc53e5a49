"""What somebody's usage comes to: the figures that the CRM is told, limits are held against, and staff see.

Reads records alone. Days are dates in UTC. *Yesterday*, *7 days* and *30 days* are complete days: they end yesterday,
so that a figure does not depend on the hour at which it is taken. How the records come in is `taking`'s, and what
follows from a limit that is reached is `limits`'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q, Sum

from signups.models import Signup, UsageRecord
from signups.models.usage import API_CALLS

DAYS = 30
_PERIOD = Signup.PlanPeriod


@dataclass(frozen=True)
class Figures:
    """One customer's or one company's API calls.

    `percent` is rounded down, so that 100 means reached. `period` names what `period_count` counts: "2026-11-24",
    "2026-11", "total", or "" for a company whose signups have plans of different periods.
    """

    yesterday: int = 0
    days_7: int = 0
    days_30: int = 0
    errors_30: int = 0
    period: str = ""
    period_count: int = 0
    limit: int | None = None
    percent: int | None = None
    first_on: date | None = None  # days with at least one call
    last_on: date | None = None
    endpoints: Mapping[str, int] = field(default_factory=dict, repr=False)  # of the 30 days, most called first

    @property
    def top_endpoint(self) -> str:
        """The most called of the 30 days, "" where none was reported."""
        return next(iter(self.endpoints), "")


@dataclass(frozen=True)
class Day:
    """One day's calls, and how many of them failed."""

    date: date
    count: int
    errors: int


def utc_today() -> date:
    return datetime.now(UTC).date()


def of_signups(signups: Collection[Signup], today: date) -> dict[int, Figures]:
    """Figures of each signup by its primary key: four queries, however many signups.

    The limit is the plan's, else the one last reported with the usage. The period is the plan's that `today` lies in;
    of a plan by the day it is yesterday until something of today is reported.
    """
    pks = [signup.pk for signup in signups]
    sums, endpoints = _sums(pks, today), _endpoints(pks, today)
    reported = reported_limits([signup.pk for signup in signups if signup.plan_limit is None])
    return {
        signup.pk: _figures(
            sums.get(signup.pk, {}),
            endpoints.get(signup.pk, Counter()),
            signup.plan_limit if signup.plan_limit is not None else reported.get(signup.pk),
            signup.plan_period,
            today,
        )
        for signup in signups
    }


def of_companies(company_ids: Collection[int], today: date) -> dict[int, Figures]:
    """Figures of each company by its primary key, with zeros where nobody used anything: the sums over its signups.

    So is its limit: the sum of the limits of those who have one, and `percent` is the share that they have used.
    """
    signups = Signup.objects.filter(company__in=company_ids).only("company", "plan_limit", "plan_period")
    by_company: dict[int, list[Signup]] = {pk: [] for pk in company_ids}
    for signup in signups:
        by_company[signup.company_id or 0].append(signup)
    figures = of_signups([signup for rows in by_company.values() for signup in rows], today)
    return {pk: together(figures[signup.pk] for signup in rows) for pk, rows in by_company.items()}


def together(parts: Iterable[Figures]) -> Figures:
    """The figures of several customers as one."""
    parts = list(parts)
    limited = [one for one in parts if one.limit is not None]
    limit = sum(one.limit or 0 for one in limited) if limited else None
    periods = {one.period for one in limited or parts}
    endpoints: Counter[str] = Counter()
    for one in parts:
        endpoints.update(one.endpoints)
    return Figures(
        yesterday=sum(one.yesterday for one in parts),
        days_7=sum(one.days_7 for one in parts),
        days_30=sum(one.days_30 for one in parts),
        errors_30=sum(one.errors_30 for one in parts),
        period=periods.pop() if len(periods) == 1 else "",
        period_count=(count := sum(one.period_count for one in limited or parts)),
        limit=limit,
        percent=percent(count, limit),
        first_on=min((one.first_on for one in parts if one.first_on), default=None),
        last_on=max((one.last_on for one in parts if one.last_on), default=None),
        endpoints=_most_first(endpoints),
    )


def daily(signups: Any, today: date) -> list[Day]:
    """The 30 complete days and today, oldest first, days without a report included; one query.

    `signups`: what `signup__in` takes, a queryset of signups or their primary keys.
    """
    first = today - timedelta(days=DAYS)
    records = UsageRecord.objects.filter(signup__in=signups, metric=API_CALLS, date__range=(first, today)).order_by()
    found = {row["date"]: row for row in records.values("date").annotate(calls=Sum("count"), failed=Sum("errors"))}
    days = [first + timedelta(days=number) for number in range(DAYS + 1)]
    return [Day(day, int(found[day]["calls"]), int(found[day]["failed"])) if day in found else Day(day, 0, 0)
            for day in days]  # fmt: skip


def period_of(plan_period: str, day: date) -> str:
    """The name of the period of a plan that `day` lies in."""
    match plan_period:
        case _PERIOD.DAY:
            return day.isoformat()
        case _PERIOD.TOTAL:
            return "total"
    return f"{day:%Y-%m}"


def percent(count: int, limit: int | None) -> int | None:
    """How much of the limit is used, rounded down; None where there is no limit."""
    if limit is None:
        return None
    return count * 100 // limit if limit else 100 * bool(count)


def _figures(
    sums: Mapping[str, Any], endpoints: Counter[str], limit: int | None, plan_period: str, today: date
) -> Figures:
    day = today if plan_period != _PERIOD.DAY or sums.get("of_today") is not None else today - timedelta(days=1)
    counted = {
        _PERIOD.DAY: "of_today" if day == today else "of_yesterday",
        _PERIOD.MONTH: "of_month",
        _PERIOD.TOTAL: "in_all",
    }

    def number(name: str) -> int:
        return int(sums.get(name) or 0)

    count = number(counted[_PERIOD(plan_period)])
    return Figures(
        yesterday=number("of_yesterday"),
        days_7=number("of_7"),
        days_30=number("of_30"),
        errors_30=number("errors_of_30"),
        period=period_of(plan_period, day),
        period_count=count,
        limit=limit,
        percent=percent(count, limit),
        first_on=sums.get("first_on"),
        last_on=sums.get("last_on"),
        endpoints=_most_first(endpoints),
    )


def _sums(pks: Collection[int], today: date) -> dict[int, dict[str, Any]]:
    """Every sum that a figure needs, by signup: one pass over their records."""
    yesterday = today - timedelta(days=1)

    def since(days: int) -> Q:
        return Q(date__range=(today - timedelta(days=days), yesterday))

    month = Q(date__gte=today.replace(day=1), date__lt=(today.replace(day=1) + timedelta(days=31)).replace(day=1))
    rows = (
        UsageRecord.objects.filter(signup__in=pks, metric=API_CALLS)
        .order_by()
        .values("signup_id")
        .annotate(
            of_today=Sum("count", filter=Q(date=today)),
            of_yesterday=Sum("count", filter=Q(date=yesterday)),
            of_7=Sum("count", filter=since(7)),
            of_30=Sum("count", filter=since(DAYS)),
            errors_of_30=Sum("errors", filter=since(DAYS)),
            of_month=Sum("count", filter=month),
            in_all=Sum("count"),
            first_on=Min("date", filter=Q(count__gt=0)),
            last_on=Max("date", filter=Q(count__gt=0)),
        )
    )
    return {row["signup_id"]: dict(row) for row in rows}


def _endpoints(pks: Collection[int], today: date) -> dict[int, Counter[str]]:
    """Calls by endpoint of the 30 days. Added up here: no two databases group by the keys of a JSON column alike."""
    records = UsageRecord.objects.filter(
        signup__in=pks, metric=API_CALLS, date__range=(today - timedelta(days=DAYS), today - timedelta(days=1))
    ).exclude(endpoints={})
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for pk, endpoints in records.order_by().values_list("signup_id", "endpoints").iterator():
        found[pk].update(endpoints)
    return found


def reported_limits(pks: Collection[int]) -> dict[int, int]:
    """The limit that came with the newest usage of each signup; who came without one is unlimited. Two queries.

    One by a correlated subquery would be shorter, and on SQLite read the whole table for each signup without a limit.
    """
    if not pks:
        return {}
    records = UsageRecord.objects.filter(signup__in=pks, metric=API_CALLS).order_by()
    newest = dict(records.values_list("signup_id").annotate(newest=Max("date")))
    limited = records.filter(date__in=set(newest.values()), limit__isnull=False)
    rows = limited.values_list("signup_id", "date", "limit")
    return {pk: limit for pk, day, limit in rows if limit is not None and newest.get(pk) == day}


def _most_first(endpoints: Counter[str]) -> dict[str, int]:
    """Most called first; the alphabet decides among equals, so that nothing jumps about."""
    return dict(sorted(endpoints.items(), key=lambda one: (-one[1], one[0])))
