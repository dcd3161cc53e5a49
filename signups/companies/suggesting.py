"""Pairs of companies that look like one, for staff to merge or to say that they are two.

Two are a pair where they go by the same name, whatever the legal form, or where the profile of one names the other as
its own domain, as another of its domains, or as its parent. Looked for among the newest `MOST`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models.fields.json import KeyTransform

from signups.enrichment.clues import cleaned
from signups.enrichment.company_names import comparable
from signups.models import Company, CompanyMerge

MOST = 2_000
SHOWN = 10


@dataclass(frozen=True)
class Side:
    pk: int
    name: str
    domain: str


@dataclass(frozen=True)
class Pair:
    """`merged` would go, `kept` would stay; `why` is a sentence."""

    merged: Side
    kept: Side
    why: str


def pairs(limit: int = SHOWN) -> list[Pair]:
    """The first pairs that nobody has said are two companies, those with the same name last. Two queries."""
    rows = _rows()
    apart = {frozenset(pair) for pair in _apart()}
    found: dict[frozenset[int], Pair] = {}
    for pair in (*_by_profile(rows), *_by_name(rows)):
        key = frozenset((pair.merged.pk, pair.kept.pk))
        if len(key) == 2 and key not in apart:
            found.setdefault(key, pair)
    return list(found.values())[:limit]


_Row = tuple[Side, dict[str, Any]]


def _rows() -> list[_Row]:
    named = {name: KeyTransform("value", KeyTransform(path, "profile")) for name, path in _PATHS.items()}
    companies = Company.objects.filter(merged_into=None).annotate(**named).order_by("-pk")
    return [
        (Side(pk, name, domain), dict(zip(_PATHS, told, strict=True)))
        for pk, name, domain, *told in companies.values_list("pk", "name", "domain", *_PATHS)[:MOST]
    ]


_PATHS = {"own_domain": "domain", "listed": "domainAliases", "parent": "parent.domain"}


def _apart() -> Iterator[tuple[int, int]]:
    return CompanyMerge.objects.exclude(undone_at=None).values_list("kept_id", "merged_id").iterator()


def _by_profile(rows: list[_Row]) -> Iterator[Pair]:
    """One company's profile names the other."""
    by_domain = {side.domain: side for side, _ in rows}
    for side, told in rows:
        own = by_domain.get(cleaned(told["own_domain"]))
        if own is not None:
            yield Pair(side, own, f"What is known of {side.domain} leads to {own.domain}.")
        for domain in told["listed"] if isinstance(told["listed"], list) else ():
            if (other := by_domain.get(cleaned(domain))) is not None:
                yield Pair(other, side, f"{other.domain} is listed as another domain of {side.name}.")
        if (parent := by_domain.get(cleaned(told["parent"]))) is not None:
            yield Pair(side, parent, f"{parent.name} is said to be the parent of {side.name}.")


def _by_name(rows: list[_Row]) -> Iterator[Pair]:
    """They go by one name: the elder stays."""
    eldest: dict[str, Side] = {}
    for side, _ in reversed(rows):
        if key := comparable(side.name):
            if key in eldest:
                yield Pair(side, eldest[key], f"Both are called {eldest[key].name}, but for the legal form.")
            eldest.setdefault(key, side)
