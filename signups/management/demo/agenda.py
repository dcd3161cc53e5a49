"""What will happen when: a queue of moments, lived one after the other."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

Act = Callable[[], None]


class Agenda:
    """Acts by their moment; those of one moment in the order in which they were entered."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, int, Act, bool]] = []
        self._numbers = itertools.count()

    def at(self, moment: datetime, act: Act, *, is_alone: bool = False) -> None:
        """`is_alone`: nobody else has anything to do with it, so the world's clock need not be set for it."""
        heapq.heappush(self._acts, (moment, next(self._numbers), act, is_alone))

    def until(self, end: datetime) -> Iterator[tuple[datetime, Act, bool]]:
        """What is due by then, also what is entered meanwhile."""
        while self._acts and self._acts[0][0] <= end:
            moment, _, act, is_alone = heapq.heappop(self._acts)
            yield moment, act, is_alone
