"""Keeping to a vendor's rates: every call of a drain waits its turn, whichever of its threads makes it.

One drain per integration runs at a time, so its own memory is all the coordination there is. What it used up lately is
written down with the lease when it ends, and the next drain, perhaps of another machine, begins with that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from signups.contracts import CallRate

# No longer than that does an earlier drain's pace count: a clock may be wrong.
_LONGEST_DEBT_S = 60.0


class Pace:
    """The turns of one integration's calls, by the generic cell rate algorithm (ITU-T I.371): of each rate it keeps
    one moment, at which the calls made so far would have been spread evenly.

    `spent`: what `spent()` said when an earlier drain ended.
    """

    def __init__(self, rates: Sequence[CallRate], spent: Mapping[str, float] | None = None) -> None:
        self._rates = rates
        self._lock = threading.Lock()
        now, epoch = time.monotonic(), time.time()
        self._next = {key: now + min(at - epoch, _LONGEST_DEBT_S) for key, at in (spent or {}).items()}

    def wait(self, method: str, path: str, body: Any = None, items: int = 1) -> None:
        """Wait until a call that carries so many items may be made."""
        now = turn = time.monotonic()
        with self._lock:
            for number, rate in enumerate(self._rates):
                if rate.concerns(method, path):
                    turn = max(turn, self._take(f"{number}{_value(rate, body)}", rate, items, now))
        if turn > now:
            time.sleep(turn - now)

    def spent(self) -> dict[str, float]:
        """By rate, the moment (epoch seconds) at which its calls so far are spread evenly; only what still counts."""
        now, epoch = time.monotonic(), time.time()
        with self._lock:
            rested = {f"{number}": rate.at_once / rate.per_s for number, rate in enumerate(self._rates)}
            kept = {key: at for key, at in self._next.items() if at > now - rested.get(key.partition(" ")[0], 0.0)}
        return {key: epoch + at - now for key, at in kept.items()}

    def _take(self, key: str, rate: CallRate, items: int, now: float) -> float:
        turn = max(self._next.get(key, 0.0), now - (rate.at_once - 1) / rate.per_s)
        self._next[key] = turn + items / rate.per_s
        return turn


def _value(rate: CallRate, body: Any) -> str:
    return f" {body.get(rate.each, '')}" if rate.each and isinstance(body, dict) else ""
