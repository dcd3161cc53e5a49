"""Putting tasks on django-q2's queue. A task carries a slug or a key and nothing else; losing one costs a few seconds.

Wake-ups are few: none while a drain is at it, which looks again before it ends; none while an earlier one is still on
the queue, by all that is known; and none while many tasks wait. All that a transaction wakes goes on the queue in one
write. A broken queue must not hold up a web request: it is given a second, then left alone for a while. The sweep finds
what it would have announced.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from functools import cache, partial
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from signups.deliveries import claiming
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

ENQUEUE_TIMEOUT_S = 1.0
LEAVE_ALONE_S = 5.0
MOST_WAITING = 32
_leave_alone_until = 0.0


def wake_after_commit(slug: str) -> None:
    """Have the integration drained once the transaction under way is committed: once, however many rows it adds."""
    for entry in reversed(connection.run_on_commit):
        call = entry[1]
        if isinstance(call, partial) and call.func is wake_all:
            call.args[0].add(slug)
            return
    transaction.on_commit(partial(wake_all, {slug}), robust=True)


def wake(slug: str) -> bool:
    """Have the integration drained soon, and say whether a task was queued for it. Never raises."""
    return wake_all({slug}) > 0


def wake_all(slugs: Collection[str], *, is_sweep: bool = False) -> int:
    """Have these integrations drained soon; returns how many tasks were queued. Never raises.

    Who was woken in the last seconds and has not begun yet is not woken again, except where `is_sweep`.
    """
    return _wake({slug: ("signups.tasks.drain", slug) for slug in slugs}, is_sweep=is_sweep)


def wake_task(name: str, task: str, *args: Any, is_urgent: bool = False) -> bool:
    """Have a task soon that works through all that is due under the lease `name`; says whether it was queued. Never
    raises.

    Not while another is at it, nor where one was queued in the last seconds and has not begun; nor while many tasks
    wait, unless it is urgent.
    """
    return _wake({name: (task, *args)}, is_urgent=is_urgent) > 0


def _wake(tasks: Mapping[str, tuple[Any, ...]], *, is_sweep: bool = False, is_urgent: bool = False) -> int:
    """Queue those of the tasks, by the name of their lease, that are asleep; returns how many that were."""
    try:
        asleep = claiming.asleep(tasks, is_sweep=is_sweep)
        if not asleep or not (is_urgent or _has_room()):
            return 0
        # In one transaction where the queue is a table of the same database.
        with write_transaction() if Conf.ORM else nullcontext():
            claiming.note_woken(asleep)
            if enqueue_all([tasks[name] for name in asleep]):
                return len(asleep)
        claiming.note_woken(asleep, is_woken=False)
    except DatabaseError:
        logger.exception("Cannot wake %s", ", ".join(sorted(tasks)))
    return 0


def enqueue(task: str, *args: Any, is_urgent: bool = False) -> bool:
    """Put one task on the queue and say whether that was done. Never raises; a failure is logged.

    It is not done while the queue is long, unless it is urgent: whoever looks for what is due comes again.
    """
    return (is_urgent or _has_room()) and enqueue_all([(task, *args)])


def enqueue_all(tasks: Collection[tuple[Any, ...]]) -> bool:
    """Put tasks (function, *arguments) on the queue in one write, and say whether that was done. Never raises."""
    global _leave_alone_until
    if time.monotonic() < _leave_alone_until:
        return False
    try:
        parcel = _Parcel()
        for task, *args in tasks:
            async_task(task, *args, broker=parcel)
        _put(parcel.packages)
    except Exception as error:  # whatever a broker raises: the row is committed, and the sweep will find it
        _leave(next(iter(tasks))[0], error)
        return False
    return True


class _Parcel:
    """Stands where `async_task` expects a broker, and keeps what it packs and signs."""

    list_key = "parcel"

    def __init__(self) -> None:
        self.packages: list[str] = []

    def enqueue(self, package: str) -> None:
        self.packages.append(package)


def _put(packages: Collection[str]) -> None:
    """All of them in one statement, whichever queue it is."""
    broker = _broker()
    if not Conf.ORM:
        broker.connection.rpush(broker.list_key, *packages)
        return
    now, key = timezone.now(), broker.list_key or Conf.CLUSTER_NAME
    with write_transaction():
        OrmQ.objects.using(Conf.ORM).bulk_create(OrmQ(key=key, payload=one, lock=now) for one in packages)


def _has_room() -> bool:
    """Whether fewer than `MOST_WAITING` tasks wait. False too where the queue does not say."""
    if time.monotonic() < _leave_alone_until:
        return False
    try:
        return bool(_broker().queue_size() < MOST_WAITING)
    except Exception as error:
        _leave("a task", error)
        return False


def _leave(task: str, error: Exception) -> None:
    global _leave_alone_until
    _leave_alone_until = time.monotonic() + LEAVE_ALONE_S
    logger.warning("Cannot queue %s (%s); the sweep will find it", task, error)


@cache
def _broker() -> Broker:
    """This process's one broker: with Redis, `async_task` would open a connection for every task otherwise."""
    broker = get_broker()
    pool = getattr(broker.connection, "connection_pool", None)
    if pool is not None:
        pool.connection_kwargs.setdefault("socket_connect_timeout", ENQUEUE_TIMEOUT_S)
        pool.connection_kwargs.setdefault("socket_timeout", ENQUEUE_TIMEOUT_S)
        pool.connection_kwargs["retry"] = None  # the library would wait and try again for several seconds
    return broker
