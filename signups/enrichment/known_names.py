"""The names of the companies we know, for those that people type to be found among.

Kept in the process and read anew every half minute; of more companies than `MOST` the oldest are left out. Only needed
where somebody names a company without its domain.
"""

from __future__ import annotations

import time

from signups.enrichment.company_names import Named, Names
from signups.models import Company

MOST = 5_000
_KEPT_S = 30

_kept: tuple[float, Names] | None = None


def current() -> Names:
    """The names, read anew if it is time; one query every half minute."""
    global _kept
    if _kept is None or time.monotonic() >= _kept[0]:
        _kept = (time.monotonic() + _KEPT_S, _read())
    return _kept[1]


def forget() -> None:
    """Read anew the next time."""
    global _kept
    _kept = None


def _read() -> Names:
    companies = Company.objects.filter(merged_into=None).order_by("-pk").values_list("domain", "name")[:MOST]
    return Names.of(Named(domain, name) for domain, name in companies)
