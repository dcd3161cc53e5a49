"""How long an answer is worth waiting for."""

from __future__ import annotations

import time


class Deadline:
    """A moment until which an answer is worth waiting for, on the monotonic clock."""

    def __init__(self, budget_ms: float) -> None:
        self.budget_ms = budget_ms
        self.started = time.monotonic()
        self.at = self.started + budget_ms / 1000

    def at_most(self, budget_ms: float) -> Deadline:
        """This deadline, or one so many milliseconds from now where that comes earlier."""
        return Deadline(min(budget_ms, self.remaining_s() * 1000))

    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)
