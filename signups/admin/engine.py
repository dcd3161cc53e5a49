"""What staff's pages ask of the engine of enrichment, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from signups import contracts
from signups.contracts import Provider, Subject
from signups.deliveries.queueing import enqueue
from signups.models import Company, Lookup, Person, ProviderState, Signup
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


def put_in_order(slugs: list[str]) -> None:
    """Have these providers, which are all that are listed, asked and believed in this order."""
    with write_transaction():
        for place, slug in enumerate(slugs):
            ProviderState.objects.update_or_create(slug=slug, defaults={"order": place})


def change_provider(slug: str, **columns: Any) -> None:
    """Set what staff may set of one provider. Every listed one gets its row, in the order that holds."""
    with write_transaction():
        for place, row in enumerate(states().values()):
            ProviderState.objects.get_or_create(slug=row.slug, defaults={"order": place})
        ProviderState.objects.filter(slug=slug).update(**columns)


def probe(slug: str) -> None:
    """End the wait of a provider that is left alone: the next look-up asks it."""
    change_provider(slug, open_until=None)


def rules_changed() -> None:
    """Have the precedence of facts read anew."""


def decided(subject: Subject, path: str, fact: Mapping[str, Any], first: list[str]) -> Any:
    """The value of a stored fact that would hold if these providers were believed first of it."""
    places = {"staff": -1001, "form": -1000, "derived": 10_000} | {slug: n - 900 for n, slug in enumerate(first)}
    order = {slug: n for n, slug in enumerate(states())} | places
    claims = [fact, *fact.get("others", [])]
    return min(claims, key=lambda claim: order.get(str(claim.get("provider")), 9_999))["value"]


def state_fact(user: AbstractBaseUser, subject: Subject, row: Person | Company, path: str, value: Any) -> None:
    now = timezone.now()
    key = row.email if isinstance(row, Person) else row.domain
    claim = {"value": value, "provider": "staff", "at": now.isoformat(), "confidence": 1.0, "by": user.get_username()}
    before = row.profile.get(path)
    others = [{k: v for k, v in before.items() if k != "others"}, *before.get("others", [])] if before else []
    others = [one for one in others if one["provider"] != "staff"]
    row.profile[path] = {**claim, **({"others": others} if others else {})}
    row.save()
    lookup, _ = Lookup.objects.get_or_create(
        provider="staff", subject=subject, key=key, defaults={"outcome": "found", "fetched_at": now, "expires_at": now}
    )
    lookup.facts[path] = value
    lookup.save()


def withdraw_fact(user: AbstractBaseUser, subject: Subject, row: Person | Company, path: str) -> None:
    others = row.profile.pop(path, {}).get("others", [])
    if others:
        row.profile[path] = {**others[0], **({"others": others[1:]} if others[1:] else {})}
    row.save()


def ask_again(signup: Signup) -> bool:
    """Have whoever's answer is missing or too old asked now, by a worker; says whether one was woken."""
    with write_transaction():
        Signup.objects.filter(pk=signup.pk).update(lookups_due_at=timezone.now())
    return enqueue("signups.tasks.finish_lookups", signup.pk, is_urgent=True)
