"""How often Close may be called: windows of eight seconds, one for each group of endpoints.

The grouping is unpublished; these are the numbers measured on a live organisation in 2022.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WINDOW_S = 8.0
LIMITS = {"search": 16, "lead deletion": 80, "rest": 240}
"""Calls per window, that is 2, 10 and 30 a second."""


def group_of(method: str, path: str) -> str:
    if method == "POST" and path == "data/search/":
        return "search"
    if method == "DELETE" and path.startswith("lead/"):
        return "lead deletion"
    return "rest"


@dataclass
class Standing:
    """Where the caller stands after this call."""

    limit: int
    remaining: int
    reset_s: float
    is_over: bool

    def header(self) -> str:
        return f"limit={self.limit}, remaining={self.remaining}, reset={self.reset_s:.3f}"

    def retry_after(self) -> str:
        return str(math.ceil(self.reset_s))


class Rates:
    def __init__(self) -> None:
        self._windows: dict[str, tuple[float, int]] = {}

    def count(self, group: str, now: float) -> Standing:
        """Count one call. One that is over the limit is not added to the window."""
        started_at, calls = self._windows.get(group, (now, 0))
        if now - started_at >= WINDOW_S:
            started_at, calls = now, 0
        limit = LIMITS[group]
        is_over = calls >= limit
        self._windows[group] = (started_at, calls + (not is_over))
        return Standing(limit, max(0, limit - calls - 1), max(0.001, started_at + WINDOW_S - now), is_over)
