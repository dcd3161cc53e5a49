"""Clusters that look wrong: one company with very many domains, one person with many addresses, many companies of one
name, and companies that are really mail providers. Each is counted by the database and named with an example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import Count, F, Min, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Lower, StrIndex, Substr

from signups.models import Company, CompanyAlias, Person
from signups.models.profile import HANDLES
from signups.vetting import domain_lists
from signups.vetting.kind import mailbox_provider

MANY_DOMAINS: Final = 10  # of one company: aliases, domains it was merged from, domains its people write from
MANY_ADDRESSES: Final = 5  # of one handle: a work, a private and an old address are usual
SAME_NAME: Final = 3  # companies
SHOWN: Final = 25  # of each sort, the largest
MOST: Final = 100  # counted of each sort


def find(alive: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """All clusters by sort, the largest first: `{"number", "shown": [{"label", "count", …}]}`; at most `MOST` each."""
    found = {}
    for name, finder in (
        ("domains", _many_domains),
        ("addresses", _many_addresses),
        ("names", _same_names),
        ("mail_providers", _mail_providers),
    ):
        rows = finder()
        found[name] = {"number": len(rows), "shown": rows[:SHOWN]}
        alive()
    return found


def _many_domains() -> list[dict[str, Any]]:
    """Companies with many aliases, merged domains or domains of their people's addresses, whichever are most."""
    kinds: dict[int, dict[str, int]] = {}
    domain = Substr("email", StrIndex("email", Value("@")) + 1)
    merged = Company.objects.exclude(merged_into=None).values(company=F("merged_into"))
    people = Person.objects.exclude(company=None).values("company")
    for kind, rows in {
        "aliases": CompanyAlias.objects.values("company").annotate(number=Count("pk")),
        "merged": merged.annotate(number=Count("pk")),
        "addresses": people.annotate(number=Count(domain, distinct=True)),
    }.items():
        for row in rows.filter(number__gte=MANY_DOMAINS).order_by("-number", "company")[:MOST]:
            kinds.setdefault(row["company"], {})[kind] = row["number"]
    names = Company.objects.in_bulk(kinds)
    found = [
        {"pk": pk, "label": str(names[pk]), "count": max(of.values()), "of": of}
        for pk, of in kinds.items()
        if pk in names
    ]
    return sorted(found, key=_by_size)


def _many_addresses() -> list[dict[str, Any]]:
    """Handles that several addresses have: one person, or a provider that guesses."""
    found = []
    for path in HANDLES:
        people = (
            Person.objects.filter(profile__has_key=path).order_by().values(handle=Lower(KT(f"profile__{path}__value")))
        )
        rows = people.annotate(number=Count("pk"), example=Min("email")).filter(number__gte=MANY_ADDRESSES)
        for row in rows.order_by("-number")[:MOST]:
            found.append({"path": path, "label": row["handle"], "count": row["number"], "example": row["example"]})
    return sorted(found, key=_by_size)


def _same_names() -> list[dict[str, Any]]:
    """Names that several companies have, which were not merged."""
    companies = Company.objects.filter(merged_into=None).exclude(name="").order_by()
    named = companies.annotate(lower=Lower("name")).values("lower")
    rows = named.annotate(number=Count("pk"), example=Min("name")).filter(number__gte=SAME_NAME)
    shown = rows.order_by("-number", "lower")[:MOST]
    return [{"label": row["example"], "count": row["number"]} for row in shown]


def _mail_providers() -> list[dict[str, Any]]:
    """Companies that bear a mail provider's domain or name: their people work elsewhere."""
    lists = domain_lists.current()
    domains = {name for name, entry in lists.known.items() if entry.list in ("free_mail", "internet_provider", "relay")}
    names = sorted(domains | {domain.partition(".")[0] for domain in domains if len(domain.partition(".")[0]) > 3})
    people = Count("people")
    found: dict[int, Any] = {}
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        named = Company.objects.filter(merged_into=None).annotate(lower=Lower("name"))
        rows = (named.filter(lower__in=part) | named.filter(domain__in=part)).annotate(number=people)
        found |= {row.pk: row for row in rows.order_by("-number", "pk")[:MOST]}
    said = Company.objects.filter(merged_into=None, profile__emailProvider__value=True).annotate(number=people)
    found |= {row.pk: row for row in said.order_by("-number", "pk")[:MOST]}
    rows_by_size = sorted(found.values(), key=lambda row: (-row.number, row.pk))[:MOST]
    return [
        {
            "pk": row.pk,
            "label": f"{row.name} ({row.domain})",
            "count": row.number,
            "is_known": bool(mailbox_provider(row.domain)),
        }
        for row in rows_by_size
    ]


def _by_size(one: dict[str, Any]) -> tuple[int, str]:
    return -one["count"], str(one["label"])
