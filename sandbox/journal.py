"""The journal: every call to the pretend internet, for tests and for people who look."""

from __future__ import annotations

import itertools
import json
from collections import deque
from dataclasses import dataclass
from typing import Any

JOURNAL_SIZE = 20_000


@dataclass(slots=True)
class Call:
    """One call to the pretend internet, kept as it came; parsed only when somebody looks."""

    n: int
    at: float
    vendor: str
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    raw_body: bytes
    status: int | str | None = None
    """What was answered: an HTTP or SMTP code, an RCODE; None for a reset or a call still under way."""
    raw_reply: bytes = b""
    fault: int | None = None
    """The id of the fault that struck this call."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "at": self.at,
            "vendor": self.vendor,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": self.headers,
            "body": json_or_text(self.raw_body),
            "status": self.status,
            "reply": json_or_text(self.raw_reply),
            "fault": self.fault,
        }


class Journal:
    """The last JOURNAL_SIZE calls, oldest first. Numbers go on after a reset."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=JOURNAL_SIZE)
        self._numbers = itertools.count(1)

    def enter(
        self,
        at: float,
        vendor: str,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
    ) -> Call:
        call = Call(next(self._numbers), at, vendor, method, path, query or {}, headers or {}, body)
        self._calls.append(call)
        return call

    def __len__(self) -> int:
        return len(self._calls)

    def clear(self) -> None:
        self._calls.clear()

    def select(self, vendor: str = "", route: str = "", since: int = 0) -> list[Call]:
        """Calls of this vendor (any when empty) whose path contains ``route``, numbered above ``since``."""
        return [
            call
            for call in self._calls
            if call.n > since and route in call.path and (not vendor or call.vendor == vendor)
        ]


def json_or_text(raw: bytes) -> Any:
    """The JSON value if it is JSON, else the text; None for nothing."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
