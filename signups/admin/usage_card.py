"""The card "Plan and usage" on the pages of a signup and of a company. What the numbers mean is `usage.figures`'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dateformat import format as format_date

from signups.models import Company, Signup
from signups.usage import figures
from signups.usage.figures import Day, Figures

_ENDPOINTS: Final = 5
_CUSTOMERS: Final = 8
_LIMITS: Final = {"day": "a day", "month": "a month", "total": "in all"}


@dataclass(frozen=True)
class Bar:
    """One day of the chart: parts with their tone and height in percent of the busiest day."""

    date: date
    title: str
    has_label: bool
    parts: list[tuple[str, float]]


@dataclass(frozen=True)
class Share:
    """A line of a small table with a bar: how much of the whole falls to somebody or something."""

    label: str
    text: str
    percent: float
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Card:
    """What `parts/usage.html` shows."""

    figures: Figures
    plan: str
    limit_words: str
    used_words: str
    tone: str
    numbers: list[tuple[str, str]]
    bars: list[Bar]
    busiest: str
    endpoints: list[Share]
    more_endpoints: int
    customers: list[Share] = field(default_factory=list)
    more_customers: int = 0
    plan_url: str = ""
    records_url: str = ""

    @property
    def has_usage(self) -> bool:
        return self.figures.first_on is not None

    @property
    def limit_text(self) -> str:
        return f"{self.figures.limit:,}" if self.figures.limit is not None else ""

    @property
    def percent_text(self) -> str:
        percent = self.figures.percent or 0
        return f"{percent} %" if percent < 1_000 else "over 999 %"

    @property
    def failed(self) -> str:
        """A sentence about the errors of the 30 days, "" where there were none."""
        errors, calls = self.figures.errors_30, self.figures.days_30
        if not errors:
            return ""
        share = f" ({100 * errors / calls:.1f} %)" if calls >= errors else ""
        return f"{errors:,}{share} of the 30 days’ calls failed."

    @property
    def bar_percent(self) -> int:
        return min(100, self.figures.percent or 0)


def of_signup(signup: Signup, *, may_change: bool) -> Card:
    """A signup's card; five queries."""
    today = figures.utc_today()
    found = figures.of_signups([signup], today)[signup.pk]
    limit_words = _LIMITS[signup.plan_period] if found.limit is not None else ""
    return _card(
        found,
        figures.daily([signup.pk], today),
        plan=signup.plan,
        limit_words=limit_words + (", as reported" if limit_words and signup.plan_limit is None else ""),
        plan_url=reverse("admin:signups_signup_plan", args=[signup.pk]) if may_change else "",
        records_url=_records_url(signup.email),
    )


def of_company(company: Company) -> Card:
    """A company's card: the sums, and who of its people used how much; six queries."""
    today = figures.utc_today()
    signups = {
        row.pk: row for row in company.signups.only("name", "email", "company", "plan_limit", "plan_period").order_by()
    }
    parts = figures.of_signups(list(signups.values()), today)
    used = sorted((pk for pk in parts if parts[pk].first_on), key=lambda pk: (-parts[pk].days_30, pk))
    whole = figures.together(parts.values())
    return _card(
        whole,
        figures.daily(list(signups), today),
        limit_words="in all their plans" if whole.limit is not None else "",
        customers=[_customer(signups[pk], parts[pk], whole) for pk in used[:_CUSTOMERS]] if len(signups) > 1 else [],
        more_customers=max(0, len(used) - _CUSTOMERS),
        records_url=_records_url(company.domain),
    )


def tone_of(percent: int | None) -> str:
    """The tone of a share of a limit: red once it is reached."""
    if percent is None:
        return "quiet"
    return "bad" if percent >= 100 else "look" if percent >= 80 else "good"


def period_words(period: str) -> str:
    """A period of a plan in words: "in November 2026", "on 24 Nov 2026", "in all"."""
    if period == "total":
        return "in all"
    if len(period) == len("2026-11-24"):
        return f"on {format_date(date.fromisoformat(period), 'j M Y')}"
    return f"in {format_date(date.fromisoformat(f'{period}-01'), 'F Y')}" if period else "in their present periods"


def _card(
    found: Figures,
    days: Sequence[Day],
    *,
    plan: str = "",
    limit_words: str = "",
    customers: list[Share] | None = None,
    more_customers: int = 0,
    plan_url: str = "",
    records_url: str = "",
) -> Card:
    total = sum(found.endpoints.values()) or 1
    return Card(
        figures=found,
        plan=plan,
        limit_words=limit_words,
        used_words=f"{found.period_count:,} {period_words(found.period)}",
        tone=tone_of(found.percent),
        numbers=[
            ("yesterday", f"{found.yesterday:,}"),
            ("7 days", f"{found.days_7:,}"),
            ("30 days", f"{found.days_30:,}"),
        ],
        bars=_bars(days),
        busiest=f"{max(day.count for day in days):,}",
        endpoints=[
            Share(path, f"{count:,}", 100 * count / total)
            for path, count in islice(found.endpoints.items(), _ENDPOINTS)
        ],
        more_endpoints=max(0, len(found.endpoints) - _ENDPOINTS),
        customers=customers or [],
        more_customers=more_customers,
        plan_url=plan_url,
        records_url=records_url,
    )


def _customer(signup: Signup, found: Figures, whole: Figures) -> Share:
    return Share(
        label=signup.name or signup.email,
        text=f"{found.days_30:,}",
        percent=100 * found.days_30 / (whole.days_30 or 1),
        url=reverse("admin:signups_signup_change", args=[signup.pk]) + "#usage",
        tone=tone_of(found.percent) if (found.percent or 0) >= 80 else "",
    )


def _bars(days: Sequence[Day]) -> list[Bar]:
    highest = max((max(day.count, day.errors) for day in days), default=0) or 1
    last = len(days) - 1
    return [
        Bar(
            day.date,
            f"{format_date(day.date, 'j M')}: {day.count:,} calls"
            + (f", {day.errors:,} failed" if day.errors else "")
            + (", so far" if number == last else ""),
            number == last or (day.date.weekday() == 0 and last - number > 4),  # Mondays, apart from today's neighbours
            [
                (tone, 100 * count / highest)
                for tone, count in (("bad", day.errors), ("good", day.count - day.errors))
                if count > 0
            ],
        )
        for number, day in enumerate(days)
    ]


def _records_url(search: str) -> str:
    return reverse("admin:signups_usagerecord_changelist") + "?" + urlencode({"q": search})
