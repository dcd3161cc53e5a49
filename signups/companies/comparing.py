"""Two companies side by side, before they become one: each fact with the value that would be kept, and what would move.

Nothing is changed here; `merging` does what this shows.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from signups.models import (
    Company,
    CompanyAlias,
    CompanyMerge,
    Delivery,
    Exposure,
    Mail,
    Note,
    Person,
    Signup,
    UsageRecord,
    Verdict,
)
from signups.models.profile import Profile

NAME = "name"


class CannotMerge(Exception):
    """Why these two cannot become one: a sentence for staff."""


@dataclass(frozen=True)
class Field:
    """One fact of two companies. `takes_merged`: the value of the one that goes would be kept."""

    path: str
    kept: Any
    merged: Any
    takes_merged: bool

    @property
    def is_choice(self) -> bool:
        """Whether staff have something to choose: both have a value, and another one."""
        return self.kept is not None and self.merged is not None and self.kept != self.merged


@dataclass(frozen=True)
class Count:
    """So many rows of a kind follow. `noun` stands in the plural."""

    noun: str
    number: int
    note: str = ""


def require_mergeable(merged: Company, kept: Company) -> None:
    """Raises CannotMerge where one of the two is part of another merge already, or they are the same."""
    if merged.pk == kept.pk:
        raise CannotMerge("A company cannot be merged into itself.")
    if merged.merged_into is not None:
        raise CannotMerge(f"{merged.name} was merged into {merged.merged_into.name} already: undo that first.")
    if kept.merged_into is not None:
        raise CannotMerge(f"{kept.name} was merged into {kept.merged_into.name}: merge into that one.")
    if merged.merged.exists():
        raise CannotMerge(
            f"Other companies were merged into {merged.name}: merge {kept.name} into it, or undo those first."
        )


def fields(merged: Company, kept: Company) -> list[Field]:
    """Every fact that one of the two has, the name first; kept is what the kept one has, and else the other's."""
    mine, theirs = _facts(kept), _facts(merged)
    paths = sorted(mine.keys() | theirs.keys(), key=lambda path: (path != NAME, path))
    found = [Field(path, mine.get(path), theirs.get(path), path not in mine) for path in paths]
    has_no_name = kept.name == kept.domain and merged.name != merged.domain
    return [Field(NAME, kept.name, merged.name, has_no_name), *(one for one in found if one.path != NAME)]


def default_choice(merged: Company, kept: Company) -> set[str]:
    """The paths whose values are taken from the one that goes, unless staff choose otherwise."""
    return {field.path for field in fields(merged, kept) if field.takes_merged}


def merged_profile(merged: Company, kept: Company, taken: Collection[str]) -> Profile:
    """The kept company's profile with those facts of the other, their providers and dates with them."""
    moved = {path: _moved(merged.profile[path], merged.domain) for path in taken if path in merged.profile}
    return {**kept.profile, **moved}


def _moved(fact: dict[str, Any], domain: str) -> dict[str, Any]:
    """A fact with the domain that its claims are about: what providers say of another one does not replace them."""
    others = [{"of": domain, **claim} for claim in fact.get("others", [])]
    return {"of": domain, "chosen": True, **fact} | ({"others": others} if others else {})


def counts(merged: Company, kept: Company) -> list[Count]:
    """What would follow, by kind."""
    signups = Signup.objects.filter(company=merged)
    theirs = {"signup__company": merged}
    deliveries = Delivery.objects.filter(company=merged)
    told = signups.exclude(verdict=Verdict.REJECTED).count()
    return [
        Count("people", Person.objects.filter(company=merged).count()),
        Count("signups", signups.count(), f"{told} scored anew, and told as a changed profile" if told else ""),
        Count("usage records", UsageRecord.objects.filter(**theirs).count(), "counted together from now on"),
        Count("deliveries", deliveries.count(), _waiting(deliveries.filter(due_at__isnull=False).count())),
        Count("links at other tools", deliveries.exclude(external_url="").values("external_id").distinct().count()),
        Count("notes", Note.objects.filter(**theirs).count()),
        Count("mails", Mail.objects.filter(**theirs).count()),
        Count("other domains", CompanyAlias.objects.filter(company=merged).count() + 1, f"with {merged.domain} itself"),
        Count("experiment exposures", *_exposures(merged, kept)),
    ]


def links(company: Company) -> QuerySet[Delivery]:
    """Where other tools show a company: what they were told that has a page there, the eldest first."""
    return Delivery.objects.filter(company=company).exclude(external_url="").order_by("pk")


def later(merge: CompanyMerge) -> QuerySet[Signup]:
    """Who came since the merge from the merged company's domains: they stay with the kept one when it is undone."""
    aliases = CompanyAlias.objects.filter(pk__in=merge.moved.get("aliases", [])).values("domain")
    since = Signup.objects.filter(company=merge.kept_id, created_at__gt=merge.at - timedelta(minutes=1))
    from_there = since.filter(email_domain=merge.merged.domain) | since.filter(email_domain__in=aliases)
    return from_there.exclude(pk__in=merge.moved.get("signups", []))


def _exposures(merged: Company, kept: Company) -> tuple[int, str]:
    rows = Exposure.objects.filter(unit=merged.domain)
    both = Exposure.objects.filter(unit=kept.domain).values("experiment")
    clash = rows.counted().filter(experiment__in=both).count()
    note = f"{clash} not counted any more: both companies are in that test" if clash else ""
    return rows.exclude(experiment__in=both).count(), note


def _waiting(number: int) -> str:
    return f"{number} still to be sent" if number else ""


def _facts(company: Company) -> dict[str, Any]:
    return {path: said.get("value") for path, said in company.profile.items()}
