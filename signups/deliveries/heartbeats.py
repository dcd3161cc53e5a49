"""Signs of life of a cluster's workers, by which its supervisor knows that it works.

A worker gives one whenever it has finished a task, and during a long one: a busy cluster is not a dead one. The canary
is a task that does nothing else. Each supervisor has its own heartbeat, so that of several machines each knows its own.
"""

from __future__ import annotations

import os
import time

from signups.models import Heartbeat
from signups.transactions import write_transaction

CANARY = "canary"  # any cluster's
NAME_VARIABLE = "SIGNUPS_WORKER_HEARTBEAT"  # set by a supervisor for its cluster: the name of its own
_EVERY_S = 1.0
_given_at = -_EVERY_S


def give() -> None:
    """Say that this worker works; at most once a second."""
    global _given_at
    if time.monotonic() - _given_at < _EVERY_S:
        return
    with write_transaction():
        Heartbeat.beat(CANARY)
        if name := os.environ.get(NAME_VARIABLE):
            Heartbeat.beat(name)
    _given_at = time.monotonic()
