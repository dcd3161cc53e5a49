"""Waking whoever has something to do, in every part of the product: for the sweep's task and the supervisor.

Each part knows what of its own is due; here they only meet, so that none has to know of the others.
"""

from __future__ import annotations

from signups import completing, deliveries, jobs, profiles, tallies
from signups.activity import forwarding
from signups.deliveries import alerting
from signups.deliveries.queueing import enqueue
from signups.deliveries.sweeping import THOROUGH
from signups.models import Heartbeat
from signups.transactions import write_transaction


def sweep(*, is_thorough: bool = False) -> None:
    """Find whatever a crash, a lost message or a full queue left. Safe to run at any time, by several at once."""
    deliveries.sweep(is_thorough=is_thorough)
    completing.wake_due()
    forwarding.wake_due()
    jobs.wake_due()
    profiles.wake_due()
    alerting.look()
    alerting.look_at_causes()
    alerting.wake_due()
    tallies.roll()


def sweep_thoroughly_soon() -> None:
    """Have a worker look through the whole last day, for what was not noticed while nobody was there."""
    with write_transaction():
        Heartbeat.objects.filter(name=THOROUGH).delete()
    enqueue("signups.tasks.sweep", is_urgent=True)


def wake_due() -> None:
    """What may become due at any second. Cheap where nothing is."""
    deliveries.wake_due()
    completing.wake_due()
    forwarding.wake_due()
    alerting.look()
    alerting.wake_due()
