"""Finding what nobody was woken for: after a crash, a lost message, a full queue, or when a wait is over."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now

from signups import contracts
from signups.deliveries import breaker, planning, queueing
from signups.models import Delivery, Heartbeat, IntegrationState, Signup

# A late look-up whose task was lost is asked for again after this long.
LOOKUP_CLAIM = timedelta(minutes=5)
_MOST_LOOKUPS = 50  # at once


def sweep() -> None:
    """Plan what is missing and wake whoever has something to do. Safe to run at any time, by several at once."""
    planning.plan_missing()
    wake_due()
    Heartbeat.beat("sweep")


def wake_due() -> int:
    """Queue a drain for each integration with something due, and the look-ups whose time has come; says how many.

    Cheap when nothing is due: an index look-up per integration, and no write.
    """
    slugs = [integration.slug for integration in contracts.integrations() if not integration.missing_settings()]
    due = [slug for slug in slugs if Delivery.objects.filter(integration=slug, due_at__lte=Now()).exists()]
    if due:
        states = IntegrationState.objects.filter(slug__in=due)
        busy = set(states.exclude(breaker.may_send()).values_list("slug", flat=True))
        busy |= set(states.filter(lease_until__gt=Now()).values_list("slug", flat=True))
        due = [slug for slug in due if slug not in busy]
        for slug in due:
            queueing.wake(slug)
    return len(due) + _wake_lookups()


def _wake_lookups() -> int:
    waiting = Signup.objects.filter(lookups_due_at__lte=Now()).order_by("lookups_due_at")
    woken = 0
    for key in waiting.values_list("pk", flat=True)[:_MOST_LOOKUPS]:
        mine = Signup.objects.filter(pk=key, lookups_due_at__lte=Now())
        if mine.update(lookups_due_at=Now() + LOOKUP_CLAIM):
            queueing.enqueue("signups.tasks.finish_lookups", key)
            woken += 1
    return woken
