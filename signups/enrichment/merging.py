"""One profile of many claims: of each fact the most believed value, and beside it those that lost.

A claim is what one provider says of one fact, with date and confidence. The profile as it is stored holds all claims,
so that a change of precedence needs nobody to be asked again, and staff see who says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from signups import contracts
from signups.contracts import Found, Subject
from signups.enrichment import deriving
from signups.enrichment.answers import STAFF, Result
from signups.enrichment.deriving import DERIVED
from signups.enrichment.precedence import Precedence
from signups.models.profile import Profile

Claim = dict[str, Any]  # {"value", "provider", "at" (ISO 8601), "confidence"}

# Of these lists everybody's items are taken together, the most believed first, unless staff
# have written the list themselves; of all other facts one value holds.
TOGETHER = frozenset({"tags", "tech", "techCategories", "domainAliases", "site.phoneNumbers", "site.emailAddresses"})
MOST_ITEMS = 50


def merge(subject: Subject, profile: Profile, results: Iterable[Result], precedence: Precedence) -> Profile:
    """`profile` with what these answers say in the place of what the same providers had said before.

    A miss takes back what its provider had said; an error, a skipped or a pending answer changes nothing.
    """
    said = {
        result.provider: of_result(result)
        for result in results
        if result.outcome in (Found.FOUND, Found.NOT_FOUND) and result.subject is subject
    }
    return with_claims(subject, profile, said, precedence)


def with_claims(
    subject: Subject, profile: Profile, said: Mapping[str, Mapping[str, Claim]], precedence: Precedence
) -> Profile:
    """`profile` with all claims of the providers in `said` (slug → fact → claim) replaced by these."""
    claims = {path: [claim for claim in claims_of(fact) if _stays(claim, said)] for path, fact in profile.items()}
    for facts in said.values():
        for path, claim in facts.items():
            claims.setdefault(path, []).append(claim)
    merged = {path: _decided(subject, path, found, precedence) for path, found in claims.items() if found}
    for path, claim in deriving.derived(subject, merged).items():
        merged[path] = _decided(subject, path, [*claims_of(merged.get(path, {})), claim], precedence)
    return merged


def without(subject: Subject, profile: Profile, providers: Iterable[str], precedence: Precedence) -> Profile:
    """`profile` without anything that these providers said."""
    return with_claims(subject, profile, {slug: {} for slug in providers}, precedence)


def claims_of(fact: Mapping[str, Any]) -> list[Claim]:
    """All that was said of one fact, the value that holds first."""
    if not fact:
        return []
    holds = {name: value for name, value in fact.items() if name not in ("others", "own")}
    return [holds | ({"value": fact["own"]} if "own" in fact else {}), *fact.get("others", [])]


def values(profile: Profile) -> dict[str, Any]:
    """What holds, without who says so."""
    return {path: fact["value"] for path, fact in profile.items()}


def of_result(result: Result) -> dict[str, Claim]:
    """An answer as claims by fact; none where it is a miss. What staff say is stored as claims, with who and when."""
    if result.provider == STAFF:
        return {path: {**claim, "provider": STAFF, "confidence": 1.0} for path, claim in result.facts.items()}
    confidence = result.confidence if result.confidence is not None else _confidence(result.provider)
    base = {"provider": result.provider, "at": result.fetched_at.isoformat(), "confidence": round(confidence, 2)}
    return {path: {"value": value, **base} for path, value in result.facts.items() if value not in (None, "", [])}


def _confidence(slug: str) -> float:
    return next((one.confidence for one in contracts.providers() if one.slug == slug), 1.0)


def _stays(claim: Claim, said: Mapping[str, Any]) -> bool:
    """Whether nothing in `said` replaces a claim. One of a merged company is about another domain (`of`)."""
    return claim["provider"] != DERIVED and (claim["provider"] not in said or "of" in claim)


def _rank(subject: Subject, path: str, claim: Claim, precedence: Precedence) -> tuple[bool, int]:
    """Staff first; then what they chose when they merged two companies; then whoever is believed most."""
    rank = precedence.rank(subject, path, claim["provider"])
    return claim["provider"] != STAFF and not claim.get("chosen"), rank


def _decided(subject: Subject, path: str, claims: list[Claim], precedence: Precedence) -> dict[str, Any]:
    """The fact as it is stored: the winning claim, and the others in their order."""
    if len(claims) == 1:  # as mostly
        return dict(claims[0])
    winner, *others = sorted(claims, key=lambda claim: _rank(subject, path, claim, precedence))
    fact = dict(winner)
    if path in TOGETHER and others and isinstance(winner["value"], list) and winner["provider"] != STAFF:
        items = [item for claim in (winner, *others) if isinstance(claim["value"], list) for item in claim["value"]]
        together = list({str(item).casefold(): item for item in reversed(items)}.values())[::-1][:MOST_ITEMS]
        if together != winner["value"]:
            fact |= {"value": together, "own": winner["value"]}
    return fact | ({"others": others} if others else {})
