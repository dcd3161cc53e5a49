"""Asking again what was late when people signed up: whose time has come, some of them side by side.

One task at a time works through all of them, by a lease, and one is queued: however many look-ups are late, they hold
one of the workers, and what is owed to the integrations keeps the others. A claim ends by itself: `lookups_due_at` of a
signup that is being asked for is the moment it lapses. It counts as a try before anybody is asked, so that a signup
that kills its worker ends, too; whoever may be such a one is asked for alone, so that no others end with it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta
from enum import Enum, auto

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from signups import intake, logs
from signups.deliveries import heartbeats, leases, queueing
from signups.enrichment.again import LATE_AFTER_S, NAME, TASK
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
    begun, is_alone = 0, False
    until = time.monotonic() + CLAIM_FOR_S
    renew_at = time.monotonic() + _RENEW_EVERY_S
    under_way: dict[Future[_Went], int] = {}
    try:
        with Threads(AT_ONCE, "late") as threads:
            while True:
                is_alone = is_alone and bool(under_way)
                if not is_alone and time.monotonic() < until:
                    claimed = _claim(AT_ONCE - len(under_way), under_way.values())
                    begun += len(claimed)
                    is_alone = any(map(_is_suspect, claimed.values()))
                    under_way |= {threads.submit(_finish, key): key for key in claimed}
                if not under_way:
                    break
                done, _ = wait(under_way, timeout=max(0.0, renew_at - time.monotonic()), return_when=FIRST_COMPLETED)
                for future in done:
                    key, went = under_way.pop(future), future.result()
                    if went is not _Went.WELL:
                        until = 0.0  # perhaps it is not theirs alone
                    if went is _Went.NOT_BEGUN:
                        _give_back(key)
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


def _claim(limit: int, under_way: Collection[int]) -> dict[int, int]:
    """Up to `limit` signups by primary key, the longest due first, with the number of this try; nobody else begins
    with them."""
    claimed: dict[int, int] = {}
    due = _due().exclude(pk__in=list(under_way)).order_by("lookups_due_at")
    for key, tried in list(due.values_list("pk", "lookups_tried")[:limit]):
        is_suspect = _is_suspect(tried + 1)
        if is_suspect and (under_way or claimed):
            continue
        mine = _due().filter(pk=key, lookups_tried=tried)
        with write_transaction():
            if tried >= MOST_TRIES:
                if mine.update(lookups_due_at=None):
                    logger.error("Signup %d is not asked for again: too many tries ended with their workers", key)
            elif mine.update(lookups_due_at=Now() + CLAIM, lookups_tried=tried + 1):
                claimed[key] = tried + 1
        if is_suspect and claimed:
            break
    return claimed


def _is_suspect(tried: int) -> bool:
    """Whether somebody was tried oftener than `intake` wants, and so may be what ended a worker."""
    return tried > len(LATE_AFTER_S)


def _give_back(key: int) -> None:
    """A try that was none; the claim lapses."""
    with write_transaction():
        Signup.objects.filter(pk=key, lookups_tried__gt=0).update(lookups_tried=F("lookups_tried") - 1)


class _Went(Enum):
    """How asking again for one signup went."""

    WELL = auto()
    BADLY = auto()  # it counts as a try all the same
    NOT_BEGUN = auto()  # or not written down: the database could not be used


def _finish(key: int) -> _Went:
    """Ask again for one signup."""
    try:
        signup = Signup.objects.filter(pk=key).select_related("person", "company").first()
        if signup is None:
            return _Went.WELL
        with logs.about(signup):
            try:
                intake.complete(signup)
            except Exception:
                logger.exception("What was late could not be asked for")
                connection.close_if_unusable_or_obsolete()
                intake.ask_later(signup)
                return _Went.BADLY
    except Exception:  # of the database, such as one that takes no more connections
        logger.exception("What was late could not be asked for")
        connection.close_if_unusable_or_obsolete()
        return _Went.NOT_BEGUN
    return _Went.WELL
