"""What a customer may use: plan, limit and period, set by the product's backend or by staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signups.activity import identity
from signups.models import Heartbeat, Signup, Verdict
from signups.transactions import write_transaction
from signups.usage import limits

FIELDS = ("plan", "plan_limit", "plan_period", "external_id")


class Taken(ValueError):
    """Another customer has this external id: reports about the one would be stored for the other."""


def change(signup: Signup, values: Mapping[str, Any]) -> Signup:
    """Set those of FIELDS that are in `values`; the signup as it then is. Limits are looked at anew. Raises `Taken`."""
    assert set(values) <= set(FIELDS)
    with write_transaction():
        now = Signup.objects.select_for_update(of=("self",)).select_related("person").get(pk=signup.pk)
        changed = {name: value for name, value in values.items() if getattr(now, name) != value}
        if changed.get("external_id"):
            Heartbeat.beat("external id given")  # locks its row: of two who take the same id at once, one comes first
            _refuse_anothers(now, changed["external_id"])
        for name, value in changed.items():
            setattr(now, name, value)
        if changed:
            now.save(update_fields=list(changed))
        if changed.get("external_id"):
            identity.join_reported(now)
    if changed.keys() & {"plan_limit", "plan_period"}:
        limits.check([now.pk])
    return now


def _refuse_anothers(signup: Signup, external_id: str) -> None:
    others = Signup.objects.filter(external_id=external_id).exclude(person=signup.person_id)
    if (other := others.exclude(verdict=Verdict.REJECTED).first()) is not None:
        raise Taken(f"external_id: {external_id} is the customer {other.uid}'s. Change or empty it there first.")
