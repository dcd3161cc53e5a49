"""What staff's pages ask of the engine of enrichment, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from signups import contracts, profiles, remerging
from signups.companies import reassessing
from signups.contracts import Provider, Subject
from signups.enrichment import breaker, merging, precedence
from signups.enrichment.again import ask_first
from signups.models import Company, Person, ProviderState, Signup
from signups.remerging import Begun
from signups.transactions import write_transaction


def states() -> dict[str, ProviderState]:
    """The state of every provider the settings list, most believed first; one that has no row has the defaults."""
    rows = {row.slug: row for row in ProviderState.objects.all()}
    listed = [
        rows.get(one.slug) or ProviderState(slug=one.slug, order=place)
        for place, one in enumerate(contracts.providers())
    ]
    return {row.slug: row for row in sorted(listed, key=lambda row: row.order)}


def in_order(known: Mapping[str, ProviderState] | None = None) -> list[Provider]:
    """Every provider the settings list, on or off, most believed first. No query where the states are known."""
    by_slug = {one.slug: one for one in contracts.providers()}
    return [by_slug[slug] for slug in (states() if known is None else known)]


def put_in_order(slugs: list[str]) -> str:
    """Have these providers, which are all that are listed, asked and believed in this order. What follows, in words."""
    with rules_change() as begun:
        for place, slug in enumerate(slugs):
            ProviderState.objects.update_or_create(slug=slug, defaults={"order": place})
    return merged_anew(begun)


def change_provider(slug: str, **columns: Any) -> None:
    """Set what staff may set of one provider. Every listed one gets its row, in the order that holds."""
    with rules_change():
        for place, row in enumerate(states().values()):
            ProviderState.objects.get_or_create(slug=row.slug, defaults={"order": place})
        ProviderState.objects.filter(slug=slug).update(**columns)


def probe(slug: str) -> None:
    """End the wait of a provider that is left alone: the next look-up asks it."""
    breaker.close(slug)


def rules_change() -> AbstractContextManager[Begun]:
    """A transaction for a change of whom to ask and believe. The rules are read anew: at once here, by other processes
    within seconds; and where they decide facts otherwise, stored profiles are merged anew."""
    return remerging.change()


def merged_anew(begun: Begun) -> str:
    """A sentence on the profiles that are merged anew, "" where none are."""
    if not begun.number:
        return ""
    profiles_are = "1 profile is" if begun.number == 1 else f"{begun.number:,} profiles are"
    return f" {profiles_are} merged anew in the background, the most valuable first: Jobs says how far that is."


def decided(subject: Subject, path: str, fact: Mapping[str, Any], first: list[str]) -> Any:
    """The value of a stored fact that would hold if these providers were believed first of it."""
    if path in merging.TOGETHER:
        return fact["value"]
    rules = precedence.current()
    others = replace(rules, first={**rules.first, (subject.value, path): tuple(first)})
    return min(merging.claims_of(fact), key=lambda claim: others.rank(subject, path, claim["provider"]))["value"]


def claims(fact: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that was said of a stored fact, what holds first."""
    return merging.claims_of(fact)


def state_fact(user: AbstractBaseUser, row: Person | Company, path: str, value: Any) -> None:
    """Staff's own word on a fact: the signups are scored again and the integrations told, once."""
    if isinstance(row, Person) and path in reassessing.FACTS:
        reassessing.state_fact(user, row, path, value)
    else:
        profiles.state_fact(user, row, path, value)


def withdraw_fact(row: Person | Company, path: str) -> None:
    """Take staff's word back."""
    if isinstance(row, Person) and path in reassessing.FACTS:
        reassessing.withdraw_fact(row, path)
    else:
        profiles.withdraw_fact(row, path)


def to_follow(row: Person | Company) -> str:
    """A sentence on the signups that are scored anew in a moment, "" where all of them have been."""
    number = profiles.to_follow(row)
    return f" Its {number} latest signups are scored anew in a moment, and told then." if number else ""


def ask_again(signup: Signup) -> None:
    """Have whoever's answer is missing or too old asked now, by a worker."""
    with write_transaction():
        ask_first(Signup.objects.filter(pk=signup.pk), is_anew=True)
