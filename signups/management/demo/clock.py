"""A clock that can be set, for this process and the database queries it makes; whoever else looks sees the real time.

Python's clocks are set by time-machine, in C and for every thread. The database's clock cannot be: Django's `Now()`, by
which claims and leases are timed, is written into queries with the same offset instead. It ticks on between two moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

import time_machine
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Now

_SQL: dict[str, str] = {  # Django's own words for the clock with a place for the seconds; it formats them once more
    "as_sqlite": "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW', '{offset_s:+.3f} seconds')",
    "as_postgresql": "(STATEMENT_TIMESTAMP() + INTERVAL '{offset_s:+.3f} seconds')",
}


class Clock:
    """The travelled time. Made by `travelling`."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller
        # From this look on, it ticks.
        self.offset_s = self.now().timestamp() - time_machine.escape_hatch.time.time()
        """Seconds from the real time to this one; negative in the past."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def move_to(self, moment: datetime) -> None:
        """Go on to that moment; nowhere where it has passed."""
        self._move(max(0.0, (moment - self.now()).total_seconds()))

    def come_home(self) -> None:
        """Go on to the real time."""
        self._move(-self.offset_s)

    def _move(self, seconds: float) -> None:
        self._traveller.shift(seconds)
        self.offset_s += seconds


@contextmanager
def travelling(start: datetime) -> Iterator[Clock]:
    """Within this context it is `start`, and later as it is told."""
    with ExitStack() as stack:
        clock = Clock(stack.enter_context(time_machine.travel(start.timestamp(), tick=True)))
        for method, template in _SQL.items():
            stack.enter_context(_instead(Now, method, _compiled(clock, template)))
        stack.enter_context(_instead(DatabaseDefault, "as_sql", _spelt_out))
        yield clock


@contextmanager
def _instead(owner: type, name: str, method: Callable[..., Any]) -> Iterator[None]:
    usual = getattr(owner, name)
    setattr(owner, name, method)
    try:
        yield
    finally:
        setattr(owner, name, usual)


def _compiled(clock: Clock, template: str) -> Callable[..., Any]:
    def compiled(expression: Now, compiler: Any, connection: Any, **context: Any) -> Any:
        sql = template.format(offset_s=clock.offset_s)
        return expression.as_sql(compiler, connection, template=sql, **context)

    return compiled


def _spelt_out(default: Any, compiler: Any, connection: Any) -> Any:
    """A column's default is the server's own clock: what it stands for is written into the query instead."""
    return compiler.compile(default.expression)
