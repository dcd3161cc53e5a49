"""How long a signup waits for answers: until there is just time left to decide and save it.

That work takes turns, at the processor and at SQLite's one writer. Where nobody answers, signups that came together
would all stop waiting at one moment, and most would be saved after their budget. So no two that are under way stop at
one moment: whoever comes later stops a little before somebody, where there is no room after them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

ONE_SHARE = 1 / 15  # of a signup's budget, 100 ms of 1,500, for itself
EACH_SHARE = 1 / 50  # and 30 ms between it and others
MOST_SHARE = 1 / 3  # in all: in a crowd, too, whoever answers soon is heard

_choosing = threading.Lock()
_moments: list[float] = []  # on the monotonic clock, when those under way in this process stop waiting


@contextmanager
def under_way() -> Iterator[float]:
    """While a signup is under way in this process; yields the milliseconds for which it may wait for answers."""
    now = time.monotonic()
    with _choosing:
        moment = _free_moment(now)
        _moments.append(moment)
    try:
        yield (moment - now) * 1000
    finally:
        with _choosing:
            _moments.remove(moment)


def waited_ms() -> float:
    """For how long answers are waited for, in milliseconds, where nobody else is under way."""
    return float(settings.VETTING_BUDGET_MS) * (1 - ONE_SHARE)


def _free_moment(now: float) -> float:
    """The latest moment that keeps its distance from all others; the earliest where there is none."""
    budget_s = settings.VETTING_BUDGET_MS / 1000
    moment, apart_s = now + waited_ms() / 1000, budget_s * EACH_SHARE
    for other in sorted(_moments, reverse=True):
        if abs(other - moment) < 0.999 * apart_s:
            moment = other - apart_s
    return max(moment, now + budget_s * (1 - MOST_SHARE))


def _begin_anew() -> None:
    """Threads do not survive a fork, and locks may be held for ever after one."""
    global _choosing
    _choosing = threading.Lock()
    _moments.clear()


os.register_at_fork(after_in_child=_begin_anew)
