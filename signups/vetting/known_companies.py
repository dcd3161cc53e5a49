"""Our customers' domains (those of accepted signups, newest first), for mistyped and imitated ones to be compared with.

Kept in the process and read anew every few minutes; of more customers than `MOST` the oldest are left out.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from signups.models import Company, Verdict
from signups.vetting import lookalikes, often_meant
from signups.vetting.lookalikes import Customers
from signups.vetting.often_meant import Index, Meant

MOST = 2_000  # about 2 MB
_KEPT_S = 300


@dataclass(frozen=True)
class Known:
    """The domains in two forms: to find what a mistyped one meant, and to find whom one looks like."""

    meant: Index = field(default_factory=Index)
    customers: Customers = field(default_factory=Customers)


NOBODY = Known()
_kept: tuple[float, Known] | None = None


def current() -> Known:
    """The customers, as last read. No query."""
    return _kept[1] if _kept else NOBODY


def refresh() -> None:
    """Read the customers anew, if it is time; one query every five minutes."""
    global _kept
    if _kept is None or time.monotonic() >= _kept[0]:
        _kept = (time.monotonic() + _KEPT_S, _read())


def forget() -> None:
    """Read anew the next time."""
    global _kept
    _kept = None


def _read() -> Known:
    companies = Company.objects.filter(signups__verdict=Verdict.ACCEPTED).order_by("-pk").distinct()
    domains = list(companies.values_list("domain", flat=True)[:MOST])
    if not domains:
        return NOBODY
    parts = (domain.partition(".") for domain in domains)
    meant = (Meant(name, ending, rank, is_customer=True) for rank, (name, _, ending) in enumerate(parts))
    return Known(often_meant.index(meant), lookalikes.among(domains))
