"""How much a caller whom nobody vouches for may send. Counted in this process's memory: a fence, not an account."""

from __future__ import annotations

import threading
import time

_MOST_CALLERS = 20_000


class Limit:
    """At most `most` units in `per_s` seconds for each caller, in windows that begin with a caller's first unit."""

    def __init__(self, most: int, per_s: float) -> None:
        self.most = most
        self.per_s = per_s
        self._lock = threading.Lock()
        self._used: dict[str, tuple[float, int]] = {}  # caller → the window's end, and units used in it

    def take(self, caller: str, units: int) -> int:
        """Use so many units; returns 0, or after how many seconds to come again, and then nothing is used."""
        now = time.monotonic()
        with self._lock:
            end, used = self._used.get(caller, (0.0, 0))
            if end <= now:
                end, used = now + self.per_s, 0
            if used and used + units > self.most:
                return int(end - now) + 1
            if len(self._used) >= _MOST_CALLERS and caller not in self._used:
                self._used = {one: kept for one, kept in self._used.items() if kept[0] > now}
                if len(self._used) >= _MOST_CALLERS:
                    self._used.clear()
            self._used[caller] = (end, used + units)
        return 0

    def forget(self) -> None:
        """Begin anew for everybody."""
        with self._lock:
            self._used.clear()
