"""Asking again what was late when people signed up: whose time has come, some of them side by side.

One task at a time works through all of them, by a lease, and one is queued: however many look-ups are late, they hold
one of the workers, and what is owed to the integrations keeps the others. A claim ends by itself: `lookups_due_at` of a
signup that is being asked for is the moment it lapses. It counts as a try before anybody is asked, so that a signup
that kills its worker ends, too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from signups import intake, logs
from signups.deliveries import heartbeats, leases, queueing
from signups.enrichment.again import NAME, TASK
from signups.models import Signup
from signups.threads import Threads
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

AT_ONCE = 8  # they mostly wait for others
CLAIM = timedelta(minutes=5)
LEASE = timedelta(seconds=60)
MOST_TRIES = 10  # more than `intake` wants of its own: so many that ended with their workers
CLAIM_FOR_S = 5.0  # no new ones are begun after this long: with a budget's time it ends before a stop kills it
_RENEW_EVERY_S = 10.0


def finish_due() -> int:
    """Ask again for every signup whose time has come; returns how many that were, 0 at once where another is at it."""
    token = leases.take(NAME, LEASE)
    if token is None:
        return 0
    begun = 0
    until = time.monotonic() + CLAIM_FOR_S
    renew_at = time.monotonic() + _RENEW_EVERY_S
    under_way: dict[Future[bool], int] = {}
    try:
        with Threads(AT_ONCE, "late") as threads:
            while True:
                room = AT_ONCE - len(under_way)
                keys = _claim(room, under_way.values()) if time.monotonic() < until else []
                begun += len(keys)
                under_way |= {threads.submit(_finish, key): key for key in keys}
                if not under_way:
                    break
                done, _ = wait(under_way, timeout=max(0.0, renew_at - time.monotonic()), return_when=FIRST_COMPLETED)
                if not all(future.result() for future in done):
                    until = 0.0  # perhaps it is not theirs alone, such as a database that takes no more connections
                for future in done:
                    del under_way[future]
                if time.monotonic() >= renew_at:
                    heartbeats.give()
                    leases.renew(NAME, token, LEASE)
                    renew_at = time.monotonic() + _RENEW_EVERY_S
    finally:
        leases.release(NAME, token)
    wake_due()
    return begun


def wake_due() -> bool:
    """Queue the task where something is due; says whether it did. Two looks into an index otherwise."""
    return _due().exists() and queueing.wake_task(NAME, TASK)


def _due() -> QuerySet[Signup]:
    return Signup.objects.filter(lookups_due_at__lte=Now())


def _claim(limit: int, under_way: Collection[int]) -> list[int]:
    """Primary keys of up to `limit` signups, the longest due first; nobody else begins with them."""
    claimed = []
    due = _due().exclude(pk__in=list(under_way)).order_by("lookups_due_at")
    for key, tried in list(due.values_list("pk", "lookups_tried")[:limit]):
        mine = _due().filter(pk=key, lookups_tried=tried)
        with write_transaction():
            if tried >= MOST_TRIES:
                if mine.update(lookups_due_at=None):
                    logger.error("Signup %d is not asked for again: too many tries ended with their workers", key)
            elif mine.update(lookups_due_at=Now() + CLAIM, lookups_tried=tried + 1):
                claimed.append(key)
    return claimed


def _finish(key: int) -> bool:
    """Ask again for one signup; says whether that went well. It counts as a try all the same."""
    try:
        signup = Signup.objects.filter(pk=key).select_related("person", "company").first()
        if signup is None:
            return True
        with logs.about(signup):
            try:
                intake.complete(signup)
            except Exception:
                logger.exception("What was late could not be asked for")
                connection.close_if_unusable_or_obsolete()
                intake.ask_later(signup)
                return False
    except Exception:  # of the database: the claim lapses
        logger.exception("What was late could not be asked for")
        connection.close_if_unusable_or_obsolete()
        return False
    return True
