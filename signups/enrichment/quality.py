"""How good the data is: what each provider knows, how often others agree, how old and dear it is; and what looks wrong.

Measured once a day over the tables, a chunk of people or companies at a time and at most `MOST` of each (evenly spread
over all of them), so that neither memory nor time grows with the tables. Medians come from counts by day and by
millisecond (two digits), which are as many however much is measured. Clusters that look wrong are `clusters`' business.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F, Sum
from django.db.models.functions import Mod
from django.utils import timezone

from signups import contracts
from signups.contracts import Subject
from signups.deliveries import heartbeats
from signups.enrichment import clusters, kinds
from signups.enrichment.comparing import compares, same
from signups.models import Company, Lookup, Person, ProviderDay, ProviderState, QualityReport

if TYPE_CHECKING:
    from signups.jobs.running import Run

MOST: Final = 20_000  # people, and as many companies: shares are then right to a point
CHUNK: Final = 500
KEPT: Final = timedelta(days=400)
SPAN: Final = timedelta(days=30)
OUR_OWN: Final = ("staff", "form", "derived")  # who says facts without being asked
_ASKED = (Lookup.Outcome.FOUND, Lookup.Outcome.NOT_FOUND)  # a miss is an answer; no answer says nothing of coverage
_DAY_S = 86_400
_HOLD_EVERY_S = 15
_SPENT = ("calls", "hits", "misses", "refusals", "pending", "errors", "ms", "credits", "saved_calls", "saved_credits")


def step(run: Run) -> bool:
    """The job's one step: measure, and keep the report."""
    if run.cursor:
        return False
    started = time.monotonic()
    body = measure(_holding(run))
    took_ms = round((time.monotonic() - started) * 1000)
    with run.chunk(1) as counts:
        QualityReport.objects.filter(at__lt=timezone.now() - KEPT).delete()
        QualityReport.objects.create(took_ms=took_ms, body=body)
        counts.read = sum(one["read"] for one in body["subjects"].values())
    return False


def _holding(run: Run) -> Callable[[], None]:
    """Gives a sign of life, and now and then keeps the claim on the run, which ends by itself."""
    held_at = time.monotonic()

    def alive() -> None:
        nonlocal held_at
        heartbeats.give()
        if time.monotonic() - held_at > _HOLD_EVERY_S:
            with run.chunk(0):
                held_at = time.monotonic()

    return alive


def measure(alive: Callable[[], None] = lambda: None, most: int = MOST) -> dict[str, Any]:
    """The report as `QualityReport.body` keeps it. `alive` is called after every chunk; at most `most` people and as
    many companies are read.
    """
    now = timezone.now()
    subjects = {subject.value: _measured(subject, now, alive, most) for subject in kinds.BY_SUBJECT}
    found = clusters.find(alive)
    return {"version": 1, "subjects": subjects, "providers": _providers(now), "clusters": found}


# -- What was answered -------------------------------------------------------------------------------------------------


@dataclass
class _Tally:
    """What one provider said about one subject. `days` and `ms`: how often, by age and by time taken."""

    outcomes: Counter[str] = field(default_factory=Counter)
    gave: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    days: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    ms: Counter[int] = field(default_factory=Counter)

    @property
    def asked(self) -> int:
        return sum(self.outcomes[outcome] for outcome in _ASKED)

    def as_json(self) -> dict[str, Any]:
        all_days: Counter[int] = Counter()
        for counts in self.days.values():
            all_days += counts
        return {
            "asked": self.asked,
            "outcomes": dict(self.outcomes),
            "median_ms": quantile(self.ms, 0.5),
            "p95_ms": quantile(self.ms, 0.95),
            "compared": sum(self.compared.values()),
            "agreed": sum(self.agreed.values()),
            "median_days": quantile(all_days, 0.5),
            "fields": {path: self._field(path) for path in sorted(self.gave)},
        }

    def _field(self, path: str) -> dict[str, Any]:
        return {
            "gave": self.gave[path],
            "compared": self.compared[path],
            "agreed": self.agreed[path],
            "median_days": quantile(self.days[path], 0.5),
        }


def _measured(subject: Subject, now: datetime, alive: Callable[[], None], most: int) -> dict[str, Any]:
    """Everything about people or about companies, from a sample of them."""
    model: Any = Person if subject is Subject.PERSON else Company
    total, read = model.objects.count(), 0
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    known: Counter[str] = Counter()
    sources: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in _chunks(model, -(-total // most)):
        read += len(rows)
        for profile in rows.values():
            for path, fact in profile.items():
                known[path] += 1
                sources[path][str(fact.get("provider", ""))] += 1
        for answers in _answers(subject, list(rows)):
            _count(answers, tallies, now)
        alive()
    return {
        "total": total,
        "read": read,
        "known": dict(known),
        "sources": {path: dict(counts.most_common()) for path, counts in sources.items()},
        "providers": {slug: tally.as_json() for slug, tally in sorted(tallies.items())},
    }


def _chunks(model: Any, every: int) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Profiles by the key under which providers are asked: every row, or every so many-th."""
    key = "email" if model is Person else "domain"
    rows = model.objects.order_by("pk").values_list("pk", key, "profile")
    if every > 1:
        rows = rows.annotate(place=Mod(F("pk"), every)).filter(place=0)
    last = 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1][0]
        yield {name: profile for _, name, profile, *_ in chunk}


def _answers(subject: Subject, keys: list[str]) -> Iterator[list[Lookup]]:
    """What the providers answered about these keys, together for each. One query."""
    rows = Lookup.objects.filter(subject=subject, key__in=keys).exclude(provider__in=OUR_OWN)
    about: dict[str, list[Lookup]] = defaultdict(list)
    for row in rows.only("provider", "key", "outcome", "facts", "ms", "fetched_at"):
        about[row.key].append(row)
    yield from about.values()


def _count(answers: Sequence[Lookup], tallies: dict[str, _Tally], now: datetime) -> None:
    """Count what was answered about one person or company."""
    for answer in answers:
        tally = tallies[answer.provider]
        tally.outcomes[answer.outcome] += 1
        if answer.ms:
            tally.ms[_two_digits(answer.ms)] += 1
        if answer.outcome == Lookup.Outcome.FOUND:
            days = max(0, int((now - answer.fetched_at).total_seconds() // _DAY_S))
            for path in answer.facts:
                tally.gave[path] += 1
                tally.days[path][days] += 1
    found = [answer for answer in answers if answer.outcome == Lookup.Outcome.FOUND]
    for one, other in combinations(found, 2):
        for path in one.facts.keys() & other.facts.keys():
            if compares(path):
                agree = same(path, one.facts[path], other.facts[path])
                for answer in (one, other):
                    tallies[answer.provider].compared[path] += 1
                    tallies[answer.provider].agreed[path] += agree


# -- What it cost ------------------------------------------------------------------------------------------------------


def _providers(now: datetime) -> dict[str, Any]:
    """Calls, errors, credits and breaker of each provider that is listed or was asked lately. Two queries."""
    days = ProviderDay.objects.filter(day__gt=(now - SPAN).date()).order_by().values("provider")
    spent = {row["provider"]: row for row in days.annotate(**{f"all_{name}": Sum(name) for name in _SPENT})}
    states = {state.slug: state for state in ProviderState.objects.all()}
    slugs = dict.fromkeys([*(one.slug for one in contracts.providers()), *spent])
    return {slug: _fares(spent.get(slug, {}), states.get(slug), now) for slug in slugs}


def _fares(row: Mapping[str, Any], state: ProviderState | None, now: datetime) -> dict[str, Any]:
    sums = {name: row.get(f"all_{name}") or 0 for name in _SPENT}
    is_open = state is not None and state.open_until is not None and state.open_until > now
    return {
        **sums,
        "credits_a_hit": round(sums["credits"] / sums["hits"], 4) if sums["hits"] else None,
        "is_open": is_open,
        "trouble": state.trouble if state is not None else "",
    }


# -- Numbers -----------------------------------------------------------------------------------------------------------


def quantile(counts: Counter[int], share: float) -> int | None:
    """The smallest value that so many of the counted ones do not exceed; None of none."""
    left = sum(counts.values()) * share
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return None


def _two_digits(ms: int) -> int:
    size: int = 10 ** max(0, len(str(ms)) - 2)
    return round(ms / size) * size
