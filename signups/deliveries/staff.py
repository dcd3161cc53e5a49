"""What people can do about deliveries: try again, resend, recover, skip, pause, resume, drain now. All of it is
idempotent by the rows' own keys: a delivery keeps its `uid`, so what was done already is not done twice.

`user` is whoever does it, or a name for it such as "the command line". What signups lack is `replaying`'s, a test event
`testing`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.db.models.functions import Now

from signups.deliveries import alerting, breaker, causes, queueing, standing
from signups.models import Delivery, IntegrationState
from signups.transactions import write_transaction

Actor = AbstractBaseUser | str
AT_ONCE = 1_000

_STUCK = (Delivery.State.PENDING, Delivery.State.SKIPPED, Delivery.State.FAILED)
_SKIPPABLE = (Delivery.State.PENDING, Delivery.State.FAILED)


def try_again(deliveries: Iterable[Delivery], user: Actor) -> int:
    """Have these sent again now, with all their tries before them; returns how many.

    Those that are delivered or just being sent are left alone. A breaker in the way is probed at once.
    """
    with write_transaction():
        return _again(Delivery.objects.filter(pk__in=_keys(deliveries), state__in=_STUCK), user)


def resend(deliveries: Iterable[Delivery], user: Actor) -> int:
    """As `try_again`, those too that are delivered; returns how many.

    The vendor is asked first whether it still has what was delivered: only what is gone there is made again. Where
    that cannot be asked, a repeat changes nothing (the same key), or sends the same mail once more.
    """
    with write_transaction():
        rows = Delivery.objects.filter(pk__in=_keys(deliveries))
        delivered = rows.filter(state=Delivery.State.DELIVERED).select_for_update()
        keys = list(delivered.values_list("pk", flat=True))
        Delivery.objects.filter(pk__in=keys).update(is_ambiguous=True)
        return _again(rows.filter(state__in=_STUCK), user) + _again(Delivery.objects.filter(pk__in=keys), user)


def recover(slug: str, since: datetime | None, user: Actor, *, until: datetime | None = None, cause: str = "") -> int:
    """Try again up to `AT_ONCE` dead letters of one integration that failed since then (None: ever), the eldest first.

    Returns how many; call it until that is 0 for all of them. `cause`: only those of this key (`causes.key_of`).
    """
    rows = causes.dead_of(slug, cause, since, until).order_by("finished_at", "pk")[:AT_ONCE]
    return try_again(rows, user)


def skip(deliveries: Iterable[Delivery], user: Actor, why: str) -> int:
    """Give up on these for good, with a reason; returns how many. Only those that wait or have failed."""
    with write_transaction():
        rows = Delivery.objects.filter(pk__in=_keys(deliveries), state__in=_SKIPPABLE)
        return rows.update(
            state=Delivery.State.SKIPPED,
            due_at=None,
            claim=None,
            finished_at=Now(),
            outcome=f"Skipped by {user}: {why}"[:1000],
        )


def drain_now(slug: str, user: Actor) -> int:
    """Have all that one integration owes now tried at once, whatever it was waiting for; returns how many that is.

    A breaker in the way is probed. Nothing of one that is paused or switched off is sent.
    """
    with write_transaction():
        breaker.probe([slug])
        waiting = standing.waiting_of(slug).filter(state=Delivery.State.PENDING)
        changed = waiting.update(due_at=Now())
        queueing.wake_after_commit(slug)
    return changed


def pause(slug: str, user: Actor, why: str) -> None:
    """Send nothing to this integration until `resume`; what is under way is finished."""
    by = None if isinstance(user, str) else user.pk
    _change(slug, {"is_paused": True, "paused_by_id": by, "paused_why": why[:500]})


def resume(slug: str, user: Actor) -> None:
    """Send to it again, at once: a breaker in the way is probed."""
    _change(slug, {"is_paused": False, "paused_by_id": None, "paused_why": "", "open_until": None})
    queueing.wake_after_commit(slug)


def _change(slug: str, columns: dict[str, Any]) -> None:
    with write_transaction():
        IntegrationState.objects.update_or_create(slug=slug, defaults=columns)
        alerting.look()


def _again(rows: QuerySet[Delivery], user: Actor) -> int:
    """Call it in a transaction."""
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


def _keys(deliveries: Iterable[Delivery]) -> list[int]:
    return [one.pk for one in deliveries]
