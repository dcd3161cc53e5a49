"""Who is asked and believed first, and which facts are wanted: staff's word, else the order of the settings.

Kept by each process for a few seconds, so that a signup costs no query for it. Of one fact the order is: staff, the
signup form, the providers (those staff name for this fact, then the others in their order), whoever is no longer
listed, and at last what we derived ourselves.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from signups import contracts
from signups.contracts import Provider, Subject
from signups.enrichment.answers import STAFF
from signups.enrichment.deriving import DERIVED
from signups.models import FieldPrecedence, ProviderState

FORM = "form"
_KEPT_S = 10.0
_UNLISTED = 10_000


@dataclass(frozen=True)
class Standing:
    """What is set of one provider, and how it fared when it was last read."""

    order: int
    is_on: bool = True
    daily_calls: int | None = None
    daily_credits: float | None = None
    failures: int = 0
    open_until: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True)
class Precedence:
    """The rules in force. `first`: slugs that staff put first, by subject and fact."""

    standings: Mapping[str, Standing]
    first: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    wanted: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def rank(self, subject: Subject, path: str, provider: str) -> int:
        """The lower, the more this provider is believed about this fact."""
        if provider in (STAFF, FORM):
            return (STAFF, FORM).index(provider) - 1_000_000
        if provider == DERIVED:
            return 1_000_000
        first = self.first.get((subject.value, path), ())
        if provider in first:
            return first.index(provider) - 1_000
        standing = self.standings.get(provider)
        return standing.order if standing else _UNLISTED

    def providers(self) -> list[Provider]:
        """Those that staff have not switched off, the most believed first."""
        listed = [one for one in contracts.providers() if self.standings[one.slug].is_on]
        return sorted(listed, key=lambda one: self.standings[one.slug].order)


_kept: tuple[float, tuple[Provider, ...], Precedence] | None = None


def current() -> Precedence:
    """The rules, at most ten seconds old. Two queries, when it is time."""
    global _kept
    listed, now = contracts.providers(), time.monotonic()
    kept = _kept
    if kept is None or kept[0] < now or kept[1] != listed:
        kept = _kept = (now + _KEPT_S, listed, _read(listed))
    return kept[2]


def order() -> list[str]:
    """The slugs of all providers in force, the most believed first."""
    return [one.slug for one in current().providers()]


def forget() -> None:
    """Read anew the next time: something was changed."""
    global _kept
    _kept = None


def _read(listed: tuple[Provider, ...]) -> Precedence:
    rows = {row.slug: row for row in ProviderState.objects.all()}
    standings = {
        one.slug: _standing(rows[one.slug]) if one.slug in rows else Standing(position)
        for position, one in enumerate(listed)
    }
    facts = list(FieldPrecedence.objects.all())
    wanted = {
        subject.value: frozenset(f.path for f in facts if f.subject == subject and f.is_wanted) for subject in Subject
    }
    first = {(fact.subject, fact.path): tuple(map(str, fact.providers)) for fact in facts if fact.providers}
    return Precedence(standings, first, wanted)


def _standing(row: ProviderState) -> Standing:
    return Standing(
        row.order,
        row.is_on,
        row.daily_calls,
        row.daily_credits,
        row.failures_in_a_row,
        row.open_until,
        row.trouble,
    )
