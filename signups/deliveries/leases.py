"""The right to do something alone, for a limited time: at most one of all workers of all machines has it.

It ends by itself, so that nobody waits for ever for one that died; and sooner where it is seen on its machine that its
process is gone. Clocks are the database's. A drain's own lease is `claiming.Lease`, which knows more.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from signups.deliveries import processes
from signups.models import IntegrationState
from signups.transactions import write_transaction

FREE = Q(lease_until=None) | Q(lease_until__lte=Now())
NONE = {"lease": None, "lease_until": None, "leased_by": ""}


def take(name: str, length: timedelta) -> uuid.UUID | None:
    """The lease's token, None where another has it."""
    token = uuid.uuid4()
    with write_transaction():
        IntegrationState.objects.get_or_create(slug=name)
        taken = IntegrationState.objects.filter(FREE, slug=name).update(**taken_by(token, length), woken_at=None)
    return token if taken else None


def renew(name: str, token: uuid.UUID, length: timedelta) -> bool:
    """Begin it anew; False where it has lapsed and somebody else took it."""
    with write_transaction():
        return bool(held(name, token).update(lease_until=Now() + length))


def release(name: str, token: uuid.UUID) -> None:
    with write_transaction():
        held(name, token).update(**NONE)


def held(name: str, token: uuid.UUID | None) -> QuerySet[IntegrationState]:
    """Its row, while nobody else has taken it."""
    return IntegrationState.objects.filter(slug=name, lease=token)


def taken_by(token: uuid.UUID, length: timedelta) -> dict[str, object]:
    """The columns of a lease that this process takes."""
    return {"lease": token, "lease_until": Now() + length, "leased_by": processes.own_name()}


def free_dead() -> list[str]:
    """End the leases whose processes are gone: those of workers that were killed on this machine. Returns whose.

    The claims on what these were sending lapse by themselves: a vendor may still be at it.
    """
    leased = (
        IntegrationState.objects.filter(lease__isnull=False, lease_until__gt=Now()).exclude(leased_by="").order_by()
    )
    freed = []
    for name, token, process in leased.values_list("slug", "lease", "leased_by"):
        if processes.is_gone(process):
            with write_transaction():
                if held(name, token).update(**NONE):
                    freed.append(name)
    return freed
