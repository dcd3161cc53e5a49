"""Staff's own word: the address, its domain or a domain above it on the allow, deny or hold list."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone

from signups.models import ListEntry
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

# Allow beats deny, deny beats hold.
_KINDS = (ListEntry.Kind.ALLOW, ListEntry.Kind.DENY, ListEntry.Kind.HOLD)
_OUTCOMES = {"allow": ("good", "allow_list"), "deny": ("bad", "deny_list"), "hold": ("unknown", "hold_list")}


def check(address: Address) -> CheckResult:
    """Look the address up in the lists; one query."""
    started = time.monotonic()
    now = timezone.now()
    entries: Iterable[Any] = ListEntry.objects.raw(*_query(_values(address)))
    found = [entry for entry in entries if entry.expires_at is None or entry.expires_at > now]
    ms = round((time.monotonic() - started) * 1000)
    if not found:
        return CheckResult("lists", "good", "not_listed", "On none of your lists.", {}, ms)
    entry = min(found, key=lambda one: (_KINDS.index(ListEntry.Kind(one.kind)), -len(one.value)))
    outcome, code = _OUTCOMES[entry.kind]
    evidence = {
        "entry": entry.value,
        "reason": entry.reason,
        "author": entry.author_name,
        "expires": entry.expires_at.isoformat() if entry.expires_at else None,
    }
    return CheckResult("lists", outcome, code, f"{entry.value} is on the {entry.kind} list.", evidence, ms)


def _query(values: list[str]) -> tuple[str, list[str]]:
    """SQL and its parameters. Asked at every signup: the ORM takes several times as long to put the query together."""
    author = get_user_model()
    sql = (
        f"SELECT entry.*, author.{author.USERNAME_FIELD} AS author_name FROM {ListEntry._meta.db_table} AS entry"  # noqa: S608
        f" LEFT JOIN {author._meta.db_table} AS author ON author.id = entry.author_id"
        f" WHERE entry.value IN ({', '.join(['%s'] * len(values))})"
    )
    return sql, values


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
