"""What a provider's card says: whether it is on, how today goes beside its budget, and what our own tables spare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from signups.admin import badges, engine, facts
from signups.contracts import Cost, Provider, Subject
from signups.models import Lookup, ProviderDay, ProviderState
from signups.usage.figures import utc_today

SPAN = timedelta(days=30)
_SHOWN_FIELDS = 6
_ANSWERED = (Lookup.Outcome.FOUND, Lookup.Outcome.NOT_FOUND, Lookup.Outcome.REFUSED)
_LABELS = {
    Subject.PERSON: facts.PERSON,
    Subject.COMPANY: facts.COMPANY,
    Subject.SIGNATURES: {"signatures": "which company people sign their mails with"},
}
_COUNTERS = (
    "calls", "hits", "misses", "refusals", "pending", "errors", "ms", "credits", "saved_calls", "saved_credits",
)  # fmt: skip


@dataclass(frozen=True)
class Spent:
    """So much of what a day allows. `percent` is at most 100; `limit` "": there is none."""

    text: str
    limit: str
    percent: float
    tone: str


@dataclass(frozen=True)
class Answers:
    """What a provider can say of one subject: the facts that are read first, and how many others."""

    subject: str
    first: list[str]
    more: list[str]


@dataclass(frozen=True)
class Card:
    """`place` counts from 1; `span` holds the counters of the last 30 days."""

    provider: Provider
    state: ProviderState
    today: ProviderDay
    span: Mapping[str, float]
    place: int
    places: int
    missing: list[str] = field(default_factory=list)
    last_success: datetime | None = None

    @property
    def condition(self) -> tuple[str, str, str]:
        """A word, its tone, and the sentence behind it."""
        if self.missing:
            return "off", "quiet", f"To switch it on, set {' and '.join(self.missing)} in the environment or .env."
        if not self.state.is_on:
            return "switched off", "look", "Staff have switched it off: nobody is asked about there."
        if self.is_resting:
            return "left alone", "bad", self.state.trouble or "It failed several times in a row."
        if self.state.trouble:
            return "trouble", "look", self.state.trouble
        return "on", "good", ""

    @property
    def is_resting(self) -> bool:
        return self.state.open_until is not None and self.state.open_until > timezone.now()

    @property
    def may_try(self) -> bool:
        """Whether its wait can be ended: it would be asked then."""
        return self.is_resting and self.state.is_on and not self.missing

    @property
    def price(self) -> str:
        if self.provider.cost is Cost.FREE:
            return "free"
        credits = self.provider.credits_a_hit
        return f"paid, {credits:g} credit{'' if credits == 1 else 's'} a hit" if credits else "paid"

    @property
    def is_paid(self) -> bool:
        return self.provider.cost is Cost.PAID

    @property
    def rate(self) -> str:
        """ "600 calls a minute", "" where the vendor sets no limit that matters."""
        rate = self.provider.rate()
        if rate is None:
            return ""
        calls = f"{rate.calls:,} call{'' if rate.calls == 1 else 's'}"
        per = {1: "a second", 60: "a minute", 3600: "an hour", 86400: "a day"}.get(int(rate.per_s))
        return f"{calls} {per or f'in {badges.duration(timedelta(seconds=rate.per_s))}'}"

    @property
    def privacy(self) -> str:
        return str(getattr(self.provider, "privacy", "") or "It does not say what it passes on.")

    @property
    def answers(self) -> list[Answers]:
        """What it can say, by subject; a subject about which it is never asked is left out."""
        return [
            _answers(self.provider, subject, labels)
            for subject, labels in _LABELS.items()
            if self.provider.answers(subject)
        ]

    @property
    def numbers(self) -> list[tuple[str, str, str]]:
        """What came of today's calls: label, number, tone."""
        counted = (
            ("hits", self.today.hits, "good"),
            ("misses", self.today.misses, "quiet"),
            ("refused", self.today.refusals, "look"),
            ("pending", self.today.pending, "wait"),
            ("errors", self.today.errors, "bad"),
        )
        return [(label, f"{number:,}", tone if number else "none") for label, number, tone in counted]

    @property
    def spent(self) -> list[Spent]:
        """Today's calls and, of a provider that costs any, credits, beside the budget."""
        calls = _spent(self.today.calls, self.state.daily_calls, "call")
        if not (self.is_paid or self.today.credits or self.state.daily_credits is not None):
            return [calls]
        return [calls, _spent(self.today.credits, self.state.daily_credits, "credit")]

    @property
    def saved(self) -> list[tuple[str, str]]:
        """What answers of our own tables spared: today, and in 30 days."""
        today = _saved(self.today.saved_calls, self.today.saved_credits)
        return [("today", today), ("30 days", _saved(self.span["saved_calls"], self.span["saved_credits"]))]

    @property
    def average(self) -> str:
        """The mean time of a call over 30 days, "" where there was none."""
        calls = self.span["calls"]
        return f"{self.span['ms'] / calls:,.0f} ms" if calls else ""


def cards() -> list[Card]:
    """A card for each provider the settings list, most believed first. Three queries, and one for each provider."""
    states = engine.states()
    listed = engine.in_order(states)
    today = {row.provider: row for row in ProviderDay.objects.filter(day=utc_today())}
    spans = totals()
    return [
        Card(
            one,
            states[one.slug],
            today.get(one.slug) or ProviderDay(provider=one.slug, day=utc_today()),
            spans.get(one.slug) or dict.fromkeys(_COUNTERS, 0),
            place,
            len(listed),
            one.missing_settings(),
            _last_success(states[one.slug]),
        )
        for place, one in enumerate(listed, 1)
    ]


def totals() -> dict[str, dict[str, float]]:
    """Every counter of the last 30 days, by provider. One query."""
    days = ProviderDay.objects.filter(day__gt=utc_today() - SPAN).order_by().values("provider")
    rows: Any = days.annotate(**{f"all_{name}": Sum(name) for name in _COUNTERS})
    return {row["provider"]: {name: row[f"all_{name}"] or 0 for name in _COUNTERS} for row in rows}


def _last_success(state: ProviderState) -> datetime | None:
    """When it last answered as a provider should. Its state says so only of the time after trouble."""
    answered = Lookup.objects.filter(provider=state.slug, outcome__in=_ANSWERED).order_by("-fetched_at")
    at = answered.values_list("fetched_at", flat=True).first()
    return max((one for one in (at, state.last_success_at) if one is not None), default=None)


def _answers(provider: Provider, subject: Subject, labels: Mapping[str, str]) -> Answers:
    can = provider.fields(subject)
    paths = [*(path for path in labels if path in can), *sorted(can - labels.keys())]
    words = [facts.label(path, labels) for path in paths]
    return Answers(subject.value, words[:_SHOWN_FIELDS], words[_SHOWN_FIELDS:])


def _spent(number: float, limit: float | None, what: str) -> Spent:
    text = f"{number:,g} {what}{'' if number == 1 else 's'}"
    if limit is None:
        return Spent(text, "", 0, "good")
    percent = min(100.0, 100 * number / limit) if limit else 100.0
    tone = "bad" if percent >= 100 else "look" if percent >= 80 else "good"
    return Spent(text, f"{limit:,g}", percent, tone)


def _saved(calls: float, credits: float) -> str:
    text = f"{calls:,.0f} call{'' if calls == 1 else 's'}"
    return f"{text}, {credits:,g} credit{'' if credits == 1 else 's'}" if credits else text
