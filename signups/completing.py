"""Asking again what was late when people signed up: whose time has come, some of them side by side.

One task works through all of them, and at most one is queued at a time: however many look-ups are late, they hold one
of the workers, and what is owed to the integrations keeps the others. A claim ends by itself: `lookups_due_at` of a
signup that is being asked for is the moment it lapses.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from signups import intake, logs
from signups.deliveries import heartbeats, queueing
from signups.models import Signup
from signups.threads import Threads
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

TASK = "signups.tasks.finish_lookups"
AT_ONCE = 8  # they mostly wait for others
CLAIM = timedelta(minutes=5)
UNTIL = timedelta(days=2)  # old signups are let be
CLAIM_FOR_S = 10.0  # no new ones are begun after this long: well within the queue's timeout
_BEATS_EVERY_S = 2.0


def finish_due() -> int:
    """Ask again for every signup whose time has come; returns how many that were."""
    begun = 0
    until = time.monotonic() + CLAIM_FOR_S
    beats_at = 0.0
    under_way: set[Future[None]] = set()
    with Threads(AT_ONCE, "late") as threads:
        while True:
            if time.monotonic() >= beats_at:
                heartbeats.give()
                queueing.at_work(TASK)
                beats_at = time.monotonic() + _BEATS_EVERY_S
            keys = _claim(AT_ONCE - len(under_way)) if time.monotonic() < until else []
            begun += len(keys)
            under_way |= {threads.submit(_finish, key) for key in keys}
            if not under_way:
                break
            _, under_way = wait(under_way, timeout=_BEATS_EVERY_S, return_when=FIRST_COMPLETED)
    queueing.ended(TASK)
    wake_due()
    return begun


def wake() -> bool:
    """Have what is due asked soon, and say whether a task was queued for it. Never raises."""
    return queueing.wake_task(TASK)


def wake_due() -> bool:
    """Queue the task where something is due; says whether it did. One look into an index otherwise."""
    return _due().exists() and wake()


def _due() -> QuerySet[Signup]:
    return Signup.objects.filter(lookups_due_at__lte=Now(), created_at__gt=Now() - UNTIL)


def _claim(limit: int) -> list[int]:
    """Primary keys of up to `limit` signups, the longest due first; nobody else begins with them."""
    claimed = []
    for key in list(_due().order_by("lookups_due_at").values_list("pk", flat=True)[:limit]):
        with write_transaction():
            if _due().filter(pk=key).update(lookups_due_at=Now() + CLAIM):
                claimed.append(key)
    return claimed


def _finish(key: int) -> None:
    signup = Signup.objects.filter(pk=key).select_related("person", "company").first()
    if signup is None:
        return
    with logs.about(signup):
        try:
            intake.complete(signup)
        except Exception:  # the others go on; this one is asked for again when its claim lapses
            logger.exception("What was late could not be asked for")
