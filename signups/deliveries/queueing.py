"""Putting tasks on django-q2's queue. A task carries a slug or a key and nothing else; losing one costs a few seconds.

A broken queue must not hold up a web request: it is given a second, then left alone for a while. The sweep finds what
it would have announced.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Any

from django_q.brokers import Broker, get_broker
from django_q.tasks import async_task

logger = logging.getLogger(__name__)

ENQUEUE_TIMEOUT_S = 1.0
LEAVE_ALONE_S = 5.0
_leave_alone_until = 0.0


def wake(slug: str) -> None:
    """Have the integration drained soon. Never raises."""
    enqueue("signups.tasks.drain", slug)


def enqueue(task: str, *args: Any) -> bool:
    """Put one task on the queue and say whether that worked. Never raises; a failure is logged."""
    global _leave_alone_until
    if time.monotonic() < _leave_alone_until:
        return False
    try:
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
