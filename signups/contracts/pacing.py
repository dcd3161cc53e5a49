"""How often a vendor may be called. A vendor's file declares its rates, the one door out asks for each call's turn, and
the engine, which knows what else is under way, makes the call wait (`signups.deliveries.pacing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

# Waits until a call may be made: its method, path, JSON body, and how many items it carries.
Wait = Callable[[str, str, Any, int], None]

_wait: ContextVar[Wait | None] = ContextVar("wait", default=None)


@dataclass(frozen=True)
class CallRate:
    """So many calls a second in the long run, and after a rest `at_once` of them without waiting.

    It concerns calls whose `method` is that ("": any) and whose path begins with `path`. `each` names a field of the
    call's JSON body, each value of which has this rate for itself. A call that carries several items counts as many.
    """

    per_s: float
    at_once: int = 1
    method: str = ""
    path: str = ""
    each: str = ""

    def concerns(self, method: str, path: str) -> bool:
        return self.method in ("", method) and path.lstrip("/").startswith(self.path)


@contextmanager
def paced(wait: Wait) -> Iterator[None]:
    """Have every call made in this context (thread) wait its turn."""
    token = _wait.set(wait)
    try:
        yield
    finally:
        _wait.reset(token)


def wait_for_turn(method: str, path: str, body: Any = None, items: int = 1) -> None:
    """Wait until this call may be made. At once where nobody paces the calls: outside the engine."""
    wait = _wait.get()
    if wait is not None:
        wait(method, path, body, items)
