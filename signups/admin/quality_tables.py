"""A quality report as the tables of its page: shares in per cent, each with its change since the report before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from signups.admin import badges, facts
from signups.contracts import Subject

COVERAGE: Final = "coverage"
VIEWS: Final = {
    COVERAGE: "Coverage",
    "agreement": "Agreement",
    "age": "Age",
}
_LABELS = {Subject.PERSON: facts.PERSON, Subject.COMPANY: facts.COMPANY}
_OLD_DAYS = 90  # as old as this is as pale as it gets
_FEW = 5  # compared so few times, agreement says little


@dataclass(frozen=True)
class Share:
    """A share in per cent. `change`: in points since the report before, None where it had none."""

    percent: float | None
    change: float | None = None

    @property
    def text(self) -> str:
        return "–" if self.percent is None else f"{self.percent:.0f} %"

    @property
    def trend(self) -> str:
        """ "+3", "-12", "" for less than a point."""
        return f"{self.change:+.0f}" if self.change is not None and abs(self.change) >= 0.5 else ""

    @property
    def trend_tone(self) -> str:
        return "good" if (self.change or 0) > 0 else "bad"


@dataclass(frozen=True)
class Cell:
    """One provider and one fact. `level` from 0 to 100 is how strongly the cell is filled."""

    text: str
    level: int
    title: str
    trend: str = ""
    trend_tone: str = ""
    is_unsure: bool = False


@dataclass(frozen=True)
class Row:
    """One fact: how many have it at all, who is believed of it, and a cell for each provider."""

    label: str
    path: str
    known: Share
    cells: list[Cell]
    sources: list[tuple[str, int]]

    @property
    def sources_text(self) -> str:
        return ", ".join(f"{name} {percent} %" for name, percent in self.sources[:3])


@dataclass(frozen=True)
class Heat:
    """A table of facts by providers, of people or of companies."""

    subject: str
    read: int
    total: int
    providers: list[str]
    main: list[Row]
    more: list[Row]


@dataclass(frozen=True)
class Fares:
    """One provider in the table of providers."""

    slug: str
    name: str
    asked: int
    hits: Share
    agreement: Share
    median_days: str
    latency: str
    p95: str
    calls: int
    errors: Share
    error_number: int
    credits: str
    credits_a_hit: str
    saved: int
    state: str
    tone: str
    why: str


class Tables:
    """All that the page shows of a report, beside the one before it."""

    def __init__(self, body: Mapping[str, Any], before: Mapping[str, Any] | None, show: str) -> None:
        self.body, self.before, self.show = body, before or {}, show

    @cached_property
    def glance(self) -> list[tuple[str, str, str, str]]:
        """The few numbers at the top: label, number, change, its tone."""
        found = []
        for subject, label in (("person", "Facts known of a person"), ("company", "Facts known of a company")):
            now, then = _facts_each(self.body, subject), _facts_each(self.before, subject)
            change = now - then if now is not None and then is not None else None
            trend = f"{change:+.1f}" if change is not None and abs(change) >= 0.05 else ""
            found.append((label, "–" if now is None else f"{now:.1f}", trend, "good" if (change or 0) > 0 else "bad"))
        calls = sum(one["calls"] for one in self.body["providers"].values())
        errors = sum(one["errors"] for one in self.body["providers"].values())
        credits = sum(one["credits"] for one in self.body["providers"].values())
        found.append(("Calls in 30 days", f"{calls:,}", "", ""))
        found.append(("Errors", _percent(errors, calls).text, "", ""))
        found.append(("Credits in 30 days", f"{credits:,g}", "", ""))
        return found

    @cached_property
    def providers(self) -> list[Fares]:
        return [_fares(slug, self.body, self.before) for slug in self.body["providers"]]

    @cached_property
    def heats(self) -> list[Heat]:
        return [heat for subject in _LABELS if (heat := self._heat(subject)).main or heat.more]

    def _heat(self, subject: Subject) -> Heat:
        said = self.body["subjects"][subject.value]
        labels = _LABELS[subject]
        slugs = [slug for slug in _order(self.body) if said["providers"].get(slug, {}).get("fields")]
        paths = {*said["known"], *(path for slug in slugs for path in said["providers"][slug]["fields"])}
        rows = {path: self._row(subject, path, slugs, said) for path in paths}
        main = [rows[path] for path in labels if path in rows]
        more = [rows[path] for path in sorted(paths - labels.keys())]
        names = [badges.provider_name(slug) for slug in slugs]
        return Heat(subject.value, said["read"], said["total"], names, main, more)

    def _row(self, subject: Subject, path: str, slugs: list[str], said: Mapping[str, Any]) -> Row:
        then = self.before.get("subjects", {}).get(subject.value)
        known = _percent(said["known"].get(path, 0), said["read"])
        if then and then["read"]:
            known = _since(known, _percent(then["known"].get(path, 0), then["read"]))
        total = sum(said["sources"].get(path, {}).values())
        sources = [
            (badges.provider_name(slug), round(100 * number / total))
            for slug, number in said["sources"].get(path, {}).items()
        ]
        cells = [
            self._cell(badges.provider_name(slug), said["providers"][slug], _of(then, slug), path) for slug in slugs
        ]
        return Row(facts.label(path, _LABELS[subject]), path, known, cells, sources)

    def _cell(self, name: str, now: Mapping[str, Any], then: Mapping[str, Any] | None, path: str) -> Cell:
        one = now["fields"].get(path)
        if one is None:
            return Cell("", 0, f"{name} has never given it")
        before = then["fields"].get(path) if then else None
        coverage = _percent(one["gave"], now["asked"])
        agreement = _percent(one["agreed"], one["compared"])
        title = (
            f"{name} gave it for {one['gave']:,} of {now['asked']:,} asked ({coverage.text})"
            f"; others say the same {one['agreed']:,} of {one['compared']:,} times"
            f"; half of it is older than {_days(one['median_days'])}"
        )
        if self.show == "age":
            days = one["median_days"] or 0
            return Cell(_days(one["median_days"]), 100 - min(100, round(100 * days / _OLD_DAYS)), title)
        if self.show == "agreement":
            if before:
                agreement = _since(agreement, _percent(before["agreed"], before["compared"]))
            level = round(agreement.percent or 0)
            is_few = one["compared"] < _FEW
            return Cell(agreement.text, level, title, agreement.trend, agreement.trend_tone, is_unsure=is_few)
        if before and then:
            coverage = _since(coverage, _percent(before["gave"], then["asked"]))
        return Cell(coverage.text, round(coverage.percent or 0), title, coverage.trend, coverage.trend_tone)


def _fares(slug: str, body: Mapping[str, Any], before: Mapping[str, Any]) -> Fares:
    spent = body["providers"][slug]
    now, then = _both(body, slug), _both(before, slug)
    hits = _percent(now["found"], now["asked"])
    agreement = _percent(now["agreed"], now["compared"])
    errors = _percent(spent["errors"], spent["calls"])
    if then["asked"]:
        hits = _since(hits, _percent(then["found"], then["asked"]))
        agreement = _since(agreement, _percent(then["agreed"], then["compared"]))
    state, tone = ("left alone", "bad") if spent["is_open"] else ("trouble", "look") if spent["trouble"] else ("", "")
    return Fares(
        slug,
        badges.provider_name(slug),
        now["asked"],
        hits,
        agreement,
        _days(now["median_days"]),
        _ms(now["median_ms"]),
        _ms(now["p95_ms"]),
        spent["calls"],
        errors,
        spent["errors"],
        f"{spent['credits']:,g}",
        "–" if spent["credits_a_hit"] is None else f"{spent['credits_a_hit']:,g}",
        spent["saved_calls"],
        state,
        tone,
        spent["trouble"],
    )


def _both(body: Mapping[str, Any], slug: str) -> dict[str, Any]:
    """What one provider said of people and companies together; the slower and the older of the two."""
    said = [one for subject in body.get("subjects", {}).values() if (one := subject["providers"].get(slug)) is not None]
    most = {
        name: max((one[name] for one in said if one[name] is not None), default=None)
        for name in ("median_ms", "p95_ms", "median_days")
    }
    return {
        "asked": sum(one["asked"] for one in said),
        "found": sum(one["outcomes"].get("found", 0) for one in said),
        "compared": sum(one["compared"] for one in said),
        "agreed": sum(one["agreed"] for one in said),
        **most,
    }


def _order(body: Mapping[str, Any]) -> list[str]:
    """Providers as the report lists them, then whoever else has answered."""
    others = (slug for subject in body["subjects"].values() for slug in subject["providers"])
    return list(dict.fromkeys([*body["providers"], *others]))


def _of(subject: Mapping[str, Any] | None, slug: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = subject["providers"].get(slug) if subject else None
    return found


def _facts_each(body: Mapping[str, Any], subject: str) -> float | None:
    """How many facts a profile has on average, None where there is no profile."""
    said = body.get("subjects", {}).get(subject)
    return sum(said["known"].values()) / said["read"] if said and said["read"] else None


def _percent(part: float, whole: float) -> Share:
    return Share(100 * part / whole if whole else None)


def _since(now: Share, then: Share) -> Share:
    if now.percent is None or then.percent is None:
        return now
    return Share(now.percent, now.percent - then.percent)


def _days(days: int | None) -> str:
    return "–" if days is None else "today" if days == 0 else f"{days:,} d"


def _ms(ms: int | None) -> str:
    return "–" if ms is None else f"{ms:,} ms" if ms < 1_000 else f"{ms / 1_000:.1f} s"
