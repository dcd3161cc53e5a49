"""How often a channel may be posted to: about one message a second, short bursts tolerated."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Bucket:
    """A token bucket. ``take`` answers 0 when there was a token, else whole seconds until there is one."""

    per_second: float
    burst: int
    tokens: float | None = None
    at: float = 0.0

    def take(self, now: float) -> int:
        full = float(self.burst)
        held = full if self.tokens is None else min(full, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if held < 1:
            self.tokens = held
            return max(1, math.ceil((1 - held) / self.per_second))
        self.tokens = held - 1
        return 0
