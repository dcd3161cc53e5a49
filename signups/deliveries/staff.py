"""What people can do about deliveries: try again, skip, pause, resume. All idempotent by the rows' own keys."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db.models.functions import Now

from signups.deliveries import breaker, queueing
from signups.models import Delivery, IntegrationState
from signups.transactions import write_transaction

_STUCK = (Delivery.State.PENDING, Delivery.State.SKIPPED, Delivery.State.FAILED)


def try_again(deliveries: Iterable[Delivery], user: AbstractBaseUser) -> int:
    """Have these sent again now, with all their tries before them; returns how many.

    Those that are delivered or just being sent are left alone. A breaker in the way is probed at once.
    """
    keys = [one.pk for one in deliveries]
    with write_transaction():
        rows = Delivery.objects.filter(pk__in=keys, state__in=_STUCK)
        slugs = sorted(set(rows.values_list("integration", flat=True)))
        breaker.probe(slugs)
        changed = rows.update(
            state=Delivery.State.PENDING,
            due_at=Now(),
            attempts_used=0,
            claim=None,
            finished_at=None,
            outcome=f"Sent again by {user}."[:1000],
        )
        for slug in slugs:
            queueing.wake_after_commit(slug)
    return changed


def skip(deliveries: Iterable[Delivery], user: AbstractBaseUser, why: str) -> int:
    """Give up on these for good, with a reason; returns how many. Only those that wait or have failed."""
    keys = [one.pk for one in deliveries]
    with write_transaction():
        rows = Delivery.objects.filter(pk__in=keys, state__in=(Delivery.State.PENDING, Delivery.State.FAILED))
        return rows.update(
            state=Delivery.State.SKIPPED,
            due_at=None,
            claim=None,
            finished_at=Now(),
            outcome=f"Skipped by {user}: {why}"[:1000],
        )


def pause(slug: str, user: AbstractBaseUser, why: str) -> None:
    """Send nothing to this integration until `resume`; what is under way is finished."""
    with write_transaction():
        IntegrationState.objects.update_or_create(
            slug=slug, defaults={"is_paused": True, "paused_by_id": user.pk, "paused_why": why[:500]}
        )


def resume(slug: str, user: AbstractBaseUser) -> None:
    """Send to it again, at once: a breaker in the way is probed."""
    with write_transaction():
        IntegrationState.objects.update_or_create(
            slug=slug, defaults={"is_paused": False, "paused_by_id": None, "paused_why": "", "open_until": None}
        )
        queueing.wake_after_commit(slug)
