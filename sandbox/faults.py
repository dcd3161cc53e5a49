"""The fault book: what is to go wrong, for whom and how often.

``server.py``, ``dns.py`` and ``smtp.py`` act it out.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


class ControlError(ValueError):
    """A control request that makes no sense; the message names the field and the remedy."""


@dataclass(slots=True)
class Fault:
    """Something that goes wrong on request, for the next ``times`` calls (None: until cleared), and for no longer than
    ``for_s`` seconds (None: whenever they come).

    Either ``status`` (an HTTP or SMTP code; for DNS an RCODE name or "timeout"), or ``reset`` ("before" the
    handler ran or "after" it), or only ``latency_ms``; latency may join either. ``commit`` lets the handler
    run before ``status`` is sent.
    """

    id: int
    vendor: str
    route: str = ""
    method: str | None = None
    times: int | None = 1
    for_s: float | None = None
    latency_ms: int = 0
    status: int | str | None = None
    retry_after: int | str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    reset: str | None = None
    commit: bool = False
    entered: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        return self.for_s is not None and time.monotonic() > self.entered + self.for_s

    @property
    def is_handled(self) -> bool:
        """Whether the call takes effect all the same."""
        return self.commit or self.reset == "after" or (self.status is None and self.reset is None)

    def matches(self, vendor: str, method: str, path: str) -> bool:
        if self.times == 0 or self.vendor != vendor or self.route not in path:
            return False
        return self.method is None or self.method == method


_FAULT_TYPES: dict[str, tuple[type, ...]] = {
    "vendor": (str,),
    "route": (str,),
    "method": (str, type(None)),
    "times": (int, type(None)),
    "for_s": (int, float, type(None)),
    "latency_ms": (int,),
    "status": (int, str, type(None)),
    "retry_after": (int, str, type(None)),
    "headers": (dict,),
    "body": (object,),
    "reset": (str, type(None)),
    "commit": (bool,),
}
_RCODES = ("SERVFAIL", "REFUSED", "NXDOMAIN", "FORMERR", "NOTIMP", "timeout")


def _is_a(value: object, types: tuple[type, ...]) -> bool:
    if isinstance(value, bool):
        return bool in types or object in types
    return isinstance(value, types)


class FaultBook:
    """The faults still to happen, in the order they were asked for."""

    def __init__(self, vendors: Iterable[str]) -> None:
        self._vendors = tuple(vendors)
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, wish: Mapping[str, Any]) -> Fault:
        """Enter a fault as ``POST /_faults`` describes it.

        Raises ControlError with the field and the remedy.
        """
        for key, value in wish.items():
            if key not in _FAULT_TYPES:
                raise ControlError(f"unknown field {key!r}; a fault has: {', '.join(_FAULT_TYPES)}")
            if not _is_a(value, _FAULT_TYPES[key]):
                raise ControlError(f"{key} must not be {value!r}")
        fault = Fault(id=next(self._ids), **{"vendor": "", **wish})
        if fault.method is not None:
            fault.method = fault.method.upper()
        self._check(fault)
        self._faults.append(fault)
        return fault

    def _check(self, fault: Fault) -> None:
        if fault.vendor not in self._vendors:
            raise ControlError(f"vendor must be one of {', '.join(self._vendors)}, not {fault.vendor!r}")
        if fault.reset not in (None, "before", "after"):
            raise ControlError(f'reset must be "before" or "after", not {fault.reset!r}')
        if fault.times is not None and fault.times < 1:
            raise ControlError("times must be at least 1, or null for until cleared")
        if fault.for_s is not None and fault.for_s <= 0:
            raise ControlError("for_s must be more than 0, or null for as long as it takes")
        if fault.latency_ms < 0:
            raise ControlError("latency_ms must not be negative")
        if fault.status is None and fault.reset is None and not fault.latency_ms:
            raise ControlError("a fault needs one of status, reset and latency_ms")
        if fault.vendor == "dns":
            if fault.status is not None and fault.status not in _RCODES:
                raise ControlError(f"status of a dns fault must be one of {', '.join(_RCODES)}")
            if fault.reset is not None:
                raise ControlError("dns has no reset; use status timeout")
        elif fault.status is not None and not (isinstance(fault.status, int) and 200 <= fault.status <= 599):
            raise ControlError(f"status must be a number from 200 to 599, not {fault.status!r}")

    def take(self, vendor: str, method: str, path: str, *, is_named: bool = False) -> Fault | None:
        """The first fault for this call, counted down; None when all is well.

        ``is_named``: only one that names this method, for what few think of as a call.
        """
        self._forget_over()
        for fault in self._faults:
            if fault.matches(vendor, method, path) and not (is_named and fault.method is None):
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self._faults.remove(fault)
                return fault
        return None

    def clear(self, vendor: str = "") -> None:
        """Forget the faults of this vendor, or all."""
        self._faults = [fault for fault in self._faults if vendor and fault.vendor != vendor]

    def as_list(self) -> list[dict[str, Any]]:
        self._forget_over()
        return [{name: value for name, value in asdict(fault).items() if name != "entered"} for fault in self._faults]

    def _forget_over(self) -> None:
        self._faults = [fault for fault in self._faults if not fault.is_over]
