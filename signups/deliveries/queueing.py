"""Putting tasks on django-q2's queue. A task carries a slug or a key and nothing else; losing one costs a few seconds.

Wake-ups are few: none while a drain is at it, which looks again before it ends, and none while many tasks wait. A
broken queue must not hold up a web request: it is given a second, then left alone for a while. The sweep finds what it
would have announced.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from functools import cache, partial
from typing import Any

from django.db import DatabaseError, connection, transaction
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
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
    calls = [entry[1] for entry in connection.run_on_commit]
    waking = [call.args for call in calls if isinstance(call, partial) and call.func is wake]
    if (slug,) not in waking:
        transaction.on_commit(partial(wake, slug), robust=True)


def wake(slug: str) -> bool:
    """Have the integration drained soon, and say whether a task was queued for it. Never raises."""
    try:
        if not claiming.is_free(slug):
            return False
    except DatabaseError:
        logger.exception("Cannot see whether %s is being drained", slug)
        return False
    return enqueue("signups.tasks.drain", slug)


def enqueue(task: str, *args: Any, is_urgent: bool = False) -> bool:
    """Put one task on the queue and say whether that was done. Never raises; a failure is logged.

    It is not done while the queue is long, unless it is urgent: whoever looks for what is due comes again.
    """
    global _leave_alone_until
    if time.monotonic() < _leave_alone_until:
        return False
    try:
        if not is_urgent and _broker().queue_size() >= MOST_WAITING:
            return False
        with write_transaction() if Conf.ORM else nullcontext():
            async_task(task, *args, broker=_broker())
    except Exception as error:  # whatever a broker raises: the row is committed, and the sweep will find it
        _leave_alone_until = time.monotonic() + LEAVE_ALONE_S
        logger.warning("Cannot queue %s (%s); the sweep will find it", task, error)
        return False
    return True


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
