"""Rate limits of the usual kind: so many calls in a window of fixed length, told in X-RateLimit headers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """Where the caller stands after a call. ``reset_at`` is in epoch seconds."""

    limit: int
    remaining: int
    reset_at: int
    is_over: bool

    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }


@dataclass
class Window:
    """One caller's calls. Where ``is_enforced`` is False they are counted and told, and nobody is ever refused."""

    seconds: float
    started_at: float = 0.0
    calls: int = 0

    def count(self, limit: int, now: float, *, is_enforced: bool) -> Standing:
        if not self.started_at <= now < self.started_at + self.seconds:
            self.started_at, self.calls = now, 0
        self.calls += 1
        remaining = max(0, limit - self.calls)
        reset_at = int(self.started_at + self.seconds) + 1
        return Standing(
            limit, remaining if is_enforced else max(1, remaining), reset_at, self.calls > limit and is_enforced
        )
