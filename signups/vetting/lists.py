"""Staff's own word: the address, its domain or a domain above it on the allow, deny or hold list."""

from __future__ import annotations

import time

from signups.models import ListEntry
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

# Allow beats deny, deny beats hold.
_KINDS = (ListEntry.Kind.ALLOW, ListEntry.Kind.DENY, ListEntry.Kind.HOLD)
_OUTCOMES = {"allow": ("good", "allow_list"), "deny": ("bad", "deny_list"), "hold": ("unknown", "hold_list")}


def check(address: Address) -> CheckResult:
    """Look the address up in the lists; one query."""
    started = time.monotonic()
    found = list(ListEntry.objects.in_force().filter(value__in=_values(address)).select_related("author"))
    ms = round((time.monotonic() - started) * 1000)
    if not found:
        return CheckResult("lists", "good", "not_listed", "On none of your lists.", {}, ms)
    entry = min(found, key=lambda one: (_KINDS.index(ListEntry.Kind(one.kind)), -len(one.value)))
    outcome, code = _OUTCOMES[entry.kind]
    evidence = {
        "entry": entry.value,
        "reason": entry.reason,
        "author": entry.author.get_username() if entry.author else None,
        "expires": entry.expires_at.isoformat() if entry.expires_at else None,
    }
    return CheckResult("lists", outcome, code, f"{entry.value} is on the {entry.kind} list.", evidence, ms)


def _values(address: Address) -> list[str]:
    """All that an entry about this address may say: international names as they are written and as DNS has them."""
    values = []
    for domain in dict.fromkeys((address.domain, _as_written(address.domain))):
        labels = domain.split(".")
        values += [f"{address.local.lower()}@{domain}", *(".".join(labels[n:]) for n in range(len(labels)))]
    return values


def _as_written(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain
