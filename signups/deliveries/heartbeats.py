"""Signs of life of a cluster's workers, by which its supervisor knows that it works.

A worker gives one whenever it has finished a task, and during a long one: a busy cluster is not a dead one. The canary
is a task that does nothing else. Each supervisor has its own heartbeat, so that of several machines each knows its own.

The cluster's monitor gives another whenever it has taken note of a finished task: a monitor that hangs lets tasks run,
and is seen by nothing else. On the database's queue they would run again for ever; on Redis what they return would
pile up in the workers.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.dispatch import receiver
from django_q.signals import post_execute

from signups.models import Heartbeat
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

CANARY = "canary"  # any cluster's
NAME_VARIABLE = "SIGNUPS_WORKER_HEARTBEAT"  # set by a supervisor for its cluster: the name of its own
_EVERY_S = 1.0
_given_at = -_EVERY_S


def give() -> None:
    """Say that this worker works; at most once a second."""
    own = os.environ.get(NAME_VARIABLE)
    _give(CANARY, *([own] if own else ()))


def of_monitor(name: str) -> str:
    """The heartbeat of the monitor of a cluster whose workers give this one."""
    return f"{name} done"


@receiver(post_execute)
def give_by_monitor(sender: object, **kwargs: Any) -> None:
    """django-q2 calls this in the monitor's process, after each task that it has acknowledged."""
    if own := os.environ.get(NAME_VARIABLE):
        try:
            close_old_connections()
            _give(of_monitor(own))
        except DatabaseError as error:  # the monitor would die of it; the next task is another occasion
            logger.warning("The monitor could not say that it works: %s", str(error).strip())


def _give(*names: str) -> None:
    global _given_at
    if time.monotonic() - _given_at < _EVERY_S:
        return
    with write_transaction():
        for name in names:
            Heartbeat.beat(name)
    _given_at = time.monotonic()
