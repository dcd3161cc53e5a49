"""How long a signup waits for answers: until there is just time left to decide and save it, and all beside it.

That work takes turns, at the processor and at SQLite's one writer. Where nobody answers, signups that came together
would all stop waiting at one moment, and most would be saved after their budget. So each that comes in while others are
under way waits a little less than they do.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

ONE_SHARE = 1 / 15  # of a signup's budget, 100 ms of 1,500, for itself
EACH_SHARE = 1 / 50  # and 30 ms for each beside it
MOST_SHARE = 1 / 3  # in all: in a crowd, too, whoever answers soon is heard

_counting = threading.Lock()
_under_way = 0


@contextmanager
def under_way() -> Iterator[float]:
    """While a signup is under way in this process; yields the milliseconds for which it may wait for answers."""
    global _under_way
    with _counting:
        beside, _under_way = _under_way, _under_way + 1
    try:
        yield waited_ms(beside)
    finally:
        with _counting:
            _under_way -= 1


def waited_ms(beside: int = 0) -> float:
    """For how long answers are waited for, in milliseconds, where `beside` other signups are under way."""
    return float(settings.VETTING_BUDGET_MS) * (1 - min(ONE_SHARE + beside * EACH_SHARE, MOST_SHARE))


def _begin_anew() -> None:
    """Threads do not survive a fork, and locks may be held for ever after one."""
    global _counting, _under_way
    _counting, _under_way = threading.Lock(), 0


os.register_at_fork(after_in_child=_begin_anew)
