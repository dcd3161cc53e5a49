"""What signups since some time should have told an integration and did not: because it was switched on later, or
because rows were changed behind the signals' back. The sweep makes up for a day by itself; further back somebody must
want it.

What is owed is `planning`'s business; here it is looked for among older signups, for one integration alone, and written
with the time at which it happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from signups.contracts import Event
from signups.deliveries import planning
from signups.deliveries.planning import Owed
from signups.models import Signup
from signups.transactions import write_transaction

_CHUNK = 200


@dataclass(frozen=True)
class Missing:
    """How many deliveries are missing among the signups looked at; `is_all`: no signup was left out."""

    count: int
    signups: int
    is_all: bool


def missing(slug: str, since: datetime, most: int = 10_000) -> Missing:
    """Count what one integration was not told of signups since then, the eldest first, of `most` signups at most."""
    seen = count = 0
    for signup in islice(signups(since), most + 1):
        seen += 1
        if seen <= most:
            count += sum(1 for _ in _owed(slug, signup))
    return Missing(count, min(seen, most), seen <= most)


def replay(slug: str, since: datetime, most: int = 1_000) -> int:
    """Write up to about `most` of what is missing, the eldest first; returns how many. What is there is left alone."""
    written = 0
    for signup in signups(since):
        written += replay_of(slug, signup)
        if written >= most:
            break
    return written


def replay_of(slug: str, signup: Signup) -> int:
    """Write what one signup has not told the integration; returns how many rows that was."""
    if not any(True for _ in _owed(slug, signup)):
        return 0
    with write_transaction():
        locked = Signup.objects.select_for_update(of=("self",)).select_related("person", "company").filter(pk=signup.pk)
        present = locked.first()
        if present is None:  # erased meanwhile
            return 0
        return len(planning.write(present, list(_owed(slug, present))))


def number_of_signups(since: datetime) -> int:
    return Signup.objects.filter(created_at__gte=since).count()


def signups(since: datetime) -> Iterator[Signup]:
    """Those that signed up since then, the eldest first, some at a time: no cursor stays open."""
    rows = Signup.objects.filter(created_at__gte=since).order_by("pk").select_related("person", "company")
    last = 0
    while chunk := list(rows.filter(pk__gt=last).prefetch_related("deliveries")[:_CHUNK]):
        yield from chunk
        last = chunk[-1].pk


def _owed(slug: str, signup: Signup) -> Iterator[Owed]:
    for owed in planning.missing(signup, signup.deliveries.all(), planning.switched_on()):
        if owed.slug == slug:
            at = _happened_at(signup, owed.event)
            frozen = {"at": at.isoformat(), "at_ms": round(at.timestamp() * 1000)} if at is not None else {}
            yield replace(owed, frozen=frozen | owed.frozen)


def _happened_at(signup: Signup, event: Event) -> datetime | None:
    """When it happened that nobody told of; None: now is as good a time."""
    match event:
        case Event.SIGNED_UP | Event.REJECTED:
            return signup.created_at
        case Event.CONFIRMED:
            return signup.confirmed_at or signup.accepted_at
    return None
