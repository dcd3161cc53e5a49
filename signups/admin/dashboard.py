"""The admin's first page: how signups went lately, and what waits for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from signups.admin import badges, integration_cards, jobs
from signups.admin.companies import signup_rows
from signups.admin.counts import waiting
from signups.admin.signups import for_dots
from signups.models import ApiKey, Heartbeat, Signup, Verdict

DAYS = 30
_LATE = timedelta(minutes=3)  # a worker that has not been heard of for so long is taken to be down


@dataclass(frozen=True)
class Number:
    """One count of the last days, with the list it leads to."""

    label: str
    tone: str
    week: int
    month: int
    week_url: str
    month_url: str


@dataclass(frozen=True)
class Day:
    """One bar of the chart: per verdict its tone, count and height in percent of the busiest day."""

    date: date
    has_label: bool
    total: int
    parts: list[tuple[str, int, float]]


def with_numbers(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds what `templates/admin/index.html` shows to the site's own context."""
    context["title"] = "Overview"
    if not request.user.has_perm("signups.view_signup"):
        return context
    today = timezone.localdate()
    counts = _counts(today)
    days = _days(today, counts)
    recent = Signup.objects.select_related("person", "company").prefetch_related(for_dots()).order_by("-created_at")
    context |= {
        "has_signups": bool(counts) or Signup.objects.exists(),
        "numbers": _numbers(today, counts),
        "days": days,
        "busiest": max((day.total for day in days), default=0),
        "waiting": waiting(request),
        "high_value": signup_rows(recent.filter(is_high_value=True)[:6]),
        "recent": signup_rows(recent[:6]),
        "cards": integration_cards.cards(),
        "may_pause": False,
        "worker": _worker(),
        "troubles": jobs.troubles() if request.user.has_perm("signups.view_jobrun") else [],
        "has_keys": ApiKey.objects.filter(kind=ApiKey.Kind.BACKEND).exists(),
        "signup_url": settings.BASE_URL + reverse("signups:signup"),
    }
    return context


Counts = dict[tuple[date, str, bool], int]


def _counts(today: date) -> Counts:
    """Signups of the last days by day, verdict and value: one query for all the numbers and the chart."""
    since = timezone.now() - timedelta(days=DAYS)
    rows = Signup.objects.filter(created_at__gte=since).annotate(day=TruncDate("created_at")).order_by()
    grouped = rows.values("day", "verdict", "is_high_value").annotate(number=Count("pk"))
    first = today - timedelta(days=DAYS - 1)
    return {(r["day"], r["verdict"], r["is_high_value"]): r["number"] for r in grouped if r["day"] >= first}


def _numbers(today: date, counts: Counts) -> list[Number]:
    week = today - timedelta(days=6)

    def number(label: str, tone: str, verdict: str = "", *, is_high_value: bool = False) -> Number:
        chosen = {
            key: n for key, n in counts.items() if (not verdict or key[1] == verdict) and (not is_high_value or key[2])
        }
        query = {"verdict__exact": verdict} if verdict else {"is_high_value__exact": "1"} if is_high_value else {}
        return Number(
            label,
            tone,
            sum(n for key, n in chosen.items() if key[0] >= week),
            sum(chosen.values()),
            _list_url(query, week),
            _list_url(query, today - timedelta(days=DAYS - 1)),
        )

    return [
        number("Signups", "plain"),
        *(number(verdict.label.capitalize(), badges.VERDICT_TONES[verdict], verdict) for verdict in Verdict),
        number("High value", "high", is_high_value=True),
    ]


def _days(today: date, counts: Counts) -> list[Day]:
    dates = [today - timedelta(days=n) for n in reversed(range(DAYS))]
    by_day = {day: dict.fromkeys(Verdict.values, 0) for day in dates}
    for (day, verdict, _), number in counts.items():
        by_day.setdefault(day, dict.fromkeys(Verdict.values, 0))[verdict] += number
    busiest = max((sum(numbers.values()) for numbers in by_day.values()), default=0) or 1
    return [
        Day(
            day,
            day == today or (day.weekday() == 0 and (today - day).days > 2),  # Mondays, apart from today's neighbours
            sum(by_day[day].values()),
            [(badges.VERDICT_TONES[v], n, 100 * n / busiest) for v, n in by_day[day].items() if n],
        )
        for day in dates
    ]


def _list_url(query: dict[str, str], since: date) -> str:
    return reverse("admin:signups_signup_changelist") + "?" + urlencode({**query, "created_at_from": since.isoformat()})


def _worker() -> dict[str, Any]:
    """Whether the worker lives: its canary goes through the queue all the time."""
    canary = Heartbeat.objects.filter(name="canary").first()
    at = canary.at if canary is not None else None
    return {"at": at, "is_late": at is None or timezone.now() - at > _LATE}
