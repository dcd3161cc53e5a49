"""What a customer may use: plan, limit and period, set by the product's backend or by staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signups import customers
from signups.activity import identity
from signups.models import Signup
from signups.transactions import write_transaction
from signups.usage import limits

FIELDS = ("plan", "plan_limit", "plan_period", "external_id")


def change(signup: Signup, values: Mapping[str, Any]) -> Signup:
    """Set those of FIELDS that are in `values`; the signup as it then is. Limits are looked at anew.

    Raises `customers.Taken`.
    """
    assert set(values) <= set(FIELDS)
    with write_transaction():
        now = Signup.objects.select_for_update(of=("self",)).select_related("person").get(pk=signup.pk)
        changed = {name: value for name, value in values.items() if getattr(now, name) != value}
        if changed.get("external_id"):
            customers.require_free(changed["external_id"], now.person)
        for name, value in changed.items():
            setattr(now, name, value)
        if changed:
            now.save(update_fields=list(changed))
        if changed.get("external_id"):
            identity.join_reported(now)
    if changed.keys() & {"plan_limit", "plan_period"}:
        limits.check([now.pk])
    return now
