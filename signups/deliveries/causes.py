"""Why deliveries fail: dead letters, and what waits after a failed try, grouped by cause, with what to do about each.

A cause is what was said, without what differs from one delivery to the next: addresses, ids, numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from signups.contracts.registry import name_of
from signups.deliveries import sending
from signups.logs import MASK, masked
from signups.models import Attempt, Delivery

MOST_OUTCOMES = 500  # different ones read for a page
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.I)
_ID = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{12,}\b")  # lead_aB3…, ULIDs
_QUOTED = re.compile(r"'[^']{1,200}'|\"[^\"]{1,200}\"")
_NUMBER = re.compile(r"\b\d{5,}\b")
_STATUS = re.compile(r"answered (\d{3})\b")
_FOR_STAFF = frozenset({sending.MISCONFIGURED, sending.BUG})  # results after which waiting alone helps nobody
_SETTING = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


@dataclass(frozen=True)
class Cause:
    """One cause at one integration. `words` is what was said; `remedy` what to do. `key` stays the same for ever.

    `heals`: what waits is tried again, and nobody needs to do anything.
    """

    integration: str
    key: str
    words: str
    remedy: str
    is_dead: bool
    heals: bool
    count: int
    first: datetime
    last: datetime
    example: int


def causes() -> list[Cause]:
    """Of dead letters and of what waits after a failed try. Three queries.

    The dead come first, what heals last, and of each kind the most frequent first.
    """
    found: dict[tuple[str, bool], Cause] = {}
    dead, waiting = list(_outcomes(Delivery.objects.dead())), list(_outcomes(_waiting()))
    tries = Attempt.objects.filter(delivery__in=[row["example"] for row in waiting]).order_by("pk")
    last = dict(tries.values_list("delivery", "result"))
    for is_dead, rows in ((True, dead), (False, waiting)):
        for row in rows:
            one = _cause(row, is_dead, last.get(row["example"], ""))
            before = found.get((one.key, is_dead))
            found[one.key, is_dead] = one if before is None else _together(before, one)
    return sorted(found.values(), key=lambda one: (not one.is_dead, one.heals, -one.count, one.integration))


def dead_of(
    slug: str, key: str = "", since: datetime | None = None, until: datetime | None = None
) -> QuerySet[Delivery]:
    """One integration's dead letters, of one cause or of all, that failed since then (and until then)."""
    rows = Delivery.objects.dead().filter(integration=slug)
    if since is not None:
        rows = rows.filter(finished_at__gte=since)
    if until is not None:
        rows = rows.filter(finished_at__lte=until)
    if key:
        said = rows.order_by().values_list("outcome", flat=True).distinct()
        rows = rows.filter(outcome__in=[outcome for outcome in said if key_of(slug, outcome) == key])
    return rows


def key_of(slug: str, outcome: str) -> str:
    """What tells a cause from others, short enough for an address."""
    return hashlib.sha256(f"{slug} {without_particulars(outcome)}".encode()).hexdigest()[:16]


def without_particulars(outcome: str) -> str:
    """What was said, without what concerns one delivery alone."""
    text = masked(outcome).replace(MASK, "…")
    for pattern in (_UUID, _ID, _QUOTED, _NUMBER):
        text = pattern.sub("…", text)
    return text


def remedy(name: str, outcome: str) -> str:
    """What to do about it, for staff. `name`: the integration's."""
    settings = ", ".join(dict.fromkeys(_SETTING.findall(outcome)))
    status = int(found[1]) if (found := _STATUS.search(outcome)) else 0
    if "ended with the death of its worker" in outcome:
        return "Look in the worker's log what killed it; then press recover. Each is looked for at the vendor first."
    if "An error of ours" in outcome:
        return "It is our error: the worker's log has the details. Update or correct it, then press recover."
    if status in (401, 403) or (settings and "check " in outcome) or (settings and f"refuses {settings}" in outcome):
        return f"{name} refused our key or settings: correct {settings or 'them'} and press recover."
    if "Given up after" in outcome:
        return f"{name} could not be reached for more than a day. When it is back, press recover."
    if status in (404, 410):
        return f"What this was about is gone at {name}. Skip it, or make it there again and press recover."
    if status == 402 or "limit is reached" in outcome:
        return f"The plan at {name} is used up: make room there or upgrade, then press recover."
    if 400 <= status < 500:
        return f"{name} refuses these as they are. Look at the reply of one, correct the data or skip them."
    return f"{name} will not take these. Look at the reply of one; then press recover, or skip them with a reason."


def _waiting() -> QuerySet[Delivery]:
    """What waits after a failed try; what staff have just sent again waits for nothing."""
    said_by_us = Q(outcome="") | Q(outcome__startswith="Sent again by ")
    return Delivery.objects.filter(due_at__isnull=False, state=Delivery.State.PENDING).exclude(said_by_us)


def _outcomes(rows: QuerySet[Delivery]) -> Iterable[Any]:
    at = Coalesce("finished_at", "created_at")
    counted = rows.order_by().values("integration", "outcome")
    counted = counted.annotate(count=Count("pk"), first=Min(at), last=Max(at), example=Max("pk"))
    return counted.order_by("-count")[:MOST_OUTCOMES]


def _cause(row: Any, is_dead: bool, last_result: str) -> Cause:
    slug, outcome = row["integration"], row["outcome"]
    name = name_of(slug)
    advice = remedy(name, outcome)
    heals = not is_dead and last_result not in _FOR_STAFF and not _SETTING.search(outcome)
    if not is_dead:
        what = "Nothing needs to be done." if heals else advice.replace("press recover", "press drain now")
        advice = f"It is tried again by itself. {what}"
    return Cause(
        integration=slug,
        key=key_of(slug, outcome),
        words=without_particulars(outcome).removeprefix(f"{name}: ") or "No reason was given.",
        remedy=advice,
        is_dead=is_dead,
        heals=heals,
        count=row["count"],
        first=row["first"],
        last=row["last"],
        example=row["example"],
    )


def _together(one: Cause, other: Cause) -> Cause:
    return replace(
        one,
        count=one.count + other.count,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        example=max(one.example, other.example),
    )
