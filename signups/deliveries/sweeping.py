"""Finding what nobody was woken for: after a crash, a lost message, a full queue, or when a wait is over."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from signups import contracts
from signups.contracts import Event
from signups.deliveries import claiming, planning, queueing
from signups.models import Attempt, Delivery, Heartbeat
from signups.transactions import write_transaction

THOROUGH = "thorough sweep"  # its heartbeat
QUICK_LOOK = timedelta(minutes=15)
THOROUGH_EVERY = timedelta(hours=1)

ATTEMPTS_KEPT = timedelta(days=90)
REPORTS_KEPT = timedelta(days=90)
_AT_ONCE = 1_000
_HEARTBEATS_KEPT = timedelta(days=7)


def sweep(*, is_thorough: bool = False) -> None:
    """Plan what is missing and wake whoever has something to do. Safe to run at any time, by several at once.

    Looks through the signups of the last minutes; through the whole last day once an hour, or if `is_thorough`.
    """
    is_thorough = is_thorough or not _happened(THOROUGH, THOROUGH_EVERY)
    planning.plan_missing(planning.DAY if is_thorough else QUICK_LOOK)
    wake_due(is_sweep=True)
    with write_transaction():
        Heartbeat.beat("sweep")
        if is_thorough:
            Heartbeat.beat(THOROUGH)


def wake_due(*, is_sweep: bool = False) -> int:
    """Queue a drain for each integration that could send something now.

    Cheap when nothing is due: an index look-up per integration, and no write. `is_sweep`: whoever was woken and has not
    begun is woken again. Returns how many tasks it queued.
    """
    switched_on = [integration for integration in contracts.integrations() if not integration.missing_settings()]
    due = {integration.slug for integration in switched_on if claiming.claimable(integration).exists()}
    return queueing.wake_all(due, is_sweep=is_sweep) if due else 0


def prune() -> None:
    """Forget attempts older than 90 days, except each delivery's first (since when it may be done) and last, the usage
    reports of then that a newer one has replaced, and the heartbeats of workers long gone."""
    _prune_reports()
    others = Attempt.objects.filter(delivery=OuterRef("delivery"))
    is_between = Q(Exists(others.filter(pk__lt=OuterRef("pk"))), Exists(others.filter(pk__gt=OuterRef("pk"))))
    with write_transaction():
        Attempt.objects.filter(is_between, at__lt=Now() - ATTEMPTS_KEPT).delete()
        Heartbeat.objects.filter(at__lt=Now() - _HEARTBEATS_KEPT).delete()


def _prune_reports() -> None:
    """What was reported of each customer last stays: it says what the vendor holds. So does what was delivered last,
    and what failed since. Some at a time: each has a try."""
    newer = Delivery.objects.filter(
        signup=OuterRef("signup"),
        integration=OuterRef("integration"),
        event=Event.USAGE_REPORTED,
        due_at=None,
        pk__gt=OuterRef("pk"),
    )
    is_told_since = Q(Exists(newer.filter(state=Delivery.State.DELIVERED)))
    is_replaced = is_told_since | Q(Q(state=Delivery.State.SKIPPED), Exists(newer))
    old = Delivery.objects.filter(
        is_replaced, event=Event.USAGE_REPORTED, due_at=None, created_at__lt=Now() - REPORTS_KEPT
    )
    while keys := list(old.order_by().values_list("pk", flat=True)[:_AT_ONCE]):
        with write_transaction():
            Delivery.objects.filter(pk__in=keys).delete()


def _happened(name: str, within: timedelta) -> bool:
    return Heartbeat.objects.filter(name=name, at__gt=Now() - within).exists()
