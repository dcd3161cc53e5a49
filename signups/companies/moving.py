"""Everything that refers to a company, and how it follows when two become one: by key, and by domain.

Moving writes down the ids of what it moved, and moving back takes those that are still there. What hangs on signups
(usage, limits, notes, mails, scores, visitors) follows them without a word.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from signups.models import (
    Company,
    CompanyAlias,
    CompanyMatch,
    Delivery,
    Exposure,
    ForcedArm,
    Person,
    Signup,
)

Moved = dict[str, list[int]]

# What has a key to its company.
_BY_KEY: dict[str, type[Model]] = {
    "signups": Signup,
    "people": Person,
    "deliveries": Delivery,
    "aliases": CompanyAlias,
    "matches": CompanyMatch,
}
# What knows a company by its domain: what it saw of experiments, and what staff chose that it sees.
_BY_DOMAIN: dict[str, type[Model]] = {"exposures": Exposure, "forced_arms": ForcedArm}


def move(merged: Company, kept: Company) -> Moved:
    """Give `kept` all that is `merged`'s, in the caller's transaction, which has locked both."""
    moved: Moved = {}
    for name, model in _BY_KEY.items():
        theirs = model._default_manager.filter(company=merged)
        moved[name] = list(theirs.order_by("pk").values_list("pk", flat=True))
        theirs.update(company=kept)
    for name, model in _BY_DOMAIN.items():
        moved |= _move_units(name, model, merged.domain, kept.domain)
    alias, is_new = CompanyAlias.objects.get_or_create(
        domain=merged.domain, defaults={"company": kept, "source": "merge"}
    )
    moved["aliases_made"] = [alias.pk] if is_new else []
    return moved


def move_back(moved: Moved, merged: Company, kept: Company) -> None:
    """Give `merged` what was moved from it and is still with `kept`."""
    CompanyAlias.objects.filter(pk__in=moved.get("aliases_made", []), company=kept).delete()
    for name, model in _BY_KEY.items():
        model._default_manager.filter(pk__in=moved.get(name, []), company=kept).update(company=merged)
    for name, model in _BY_DOMAIN.items():
        model._default_manager.filter(pk__in=moved.get(name, []), unit=kept.domain).update(unit=merged.domain)
    Delivery.objects.filter(signup__in=moved.get("signups", []), company=kept).update(company=merged)  # planned since
    Exposure.objects.filter(pk__in=moved.get("uncounted", [])).update(is_carried=False)


def _move_units(name: str, model: type[Model], domain: str, kept_domain: str) -> Moved:
    """Exposures follow where the kept company was not in the same test; otherwise it has an arm, and theirs is not
    counted any more: one company cannot have been in two arms.
    """
    rows: Any = model._default_manager.filter(unit=domain).order_by("pk")
    both = model._default_manager.filter(unit=kept_domain).values("experiment")
    free = list(rows.exclude(experiment__in=both).values_list("pk", flat=True))
    moved: Moved = {name: free}
    if model is Exposure:
        counted = rows.counted().filter(experiment__in=both)
        moved["uncounted"] = list(counted.values_list("pk", flat=True))
        Exposure.objects.filter(pk__in=moved["uncounted"]).update(is_carried=True)
    model._default_manager.filter(pk__in=free).update(unit=kept_domain)
    return moved
