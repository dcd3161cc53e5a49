"""What was said over the wire: recorded by the one door out, kept with the attempt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exchange:
    """One HTTP call as it may be shown to staff: secrets already masked, bodies cut to a few kilobytes.

    `headers` are those that a repeat by hand needs, and `auth` its user and password, with `$VARIABLES` for secrets:
    those of `variables`.
    """

    method: str
    url: str
    request: str
    status: int  # 0: no reply
    reply: str
    ms: int
    headers: dict[str, str] = field(default_factory=dict)
    auth: str = ""
    variables: tuple[str, ...] = ()


_exchanges: ContextVar[list[Exchange] | None] = ContextVar("exchanges", default=None)


@contextmanager
def recording() -> Iterator[list[Exchange]]:
    """Collect every exchange made in this context (thread) into the list it yields."""
    exchanges: list[Exchange] = []
    token = _exchanges.set(exchanges)
    try:
        yield exchanges
    finally:
        _exchanges.reset(token)


def record(exchange: Exchange) -> None:
    """Add an exchange to the recording under way, if there is one."""
    exchanges = _exchanges.get()
    if exchanges is not None:
        exchanges.append(exchange)
