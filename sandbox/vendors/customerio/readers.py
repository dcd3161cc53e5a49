"""What people do with their mails: open, click, leave, complain, or have no mailbox any more. The same every time.

The cast's habits are written down, everybody else's follow from their address. ``messages.py`` asks, and only while the
setting ``people_react`` is on.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

Habit = Literal["eager", "reader", "machine", "silent", "leaver", "complainer", "gone"]

HABITS: dict[str, Habit] = {
    "ada@dev.test": "eager",
    "grace@rocket.test": "reader",
    "tom@acme.test": "eager",
    "uma@acme.test": "reader",
    "sam@bigmail.test": "leaver",
    "cleo@bigmail.test": "eager",
    "hal@gone.test": "silent",
    "leo@solo.test": "eager",
    "eve@evil.test": "complainer",
    "mara@bank.test": "machine",
    "yuki@uni.test": "gone",
    "otto@handmade.test": "reader",
    "pia@slowdata.test": "machine",
}
_CROWD: tuple[tuple[int, Habit], ...] = (
    (45, "eager"), (75, "reader"), (82, "machine"), (93, "silent"), (97, "leaver"), (98, "complainer"), (100, "gone"),
)  # fmt: skip
"""Per cent, added up."""


@dataclass(frozen=True)
class Reaction:
    after_s: float
    metric: str
    details: dict[str, Any] = field(default_factory=dict)


def habit(email: str) -> Habit:
    if known := HABITS.get(email.lower()):
        return known
    number = zlib.crc32(email.lower().encode()) % 100
    return next(name for bound, name in _CROWD if number < bound)


def has_mailbox(email: str) -> bool:
    return habit(email) != "gone"


def reactions(email: str, links: list[str], number: int) -> list[Reaction]:
    """What somebody does with their mail, the ``number``-th they got (from 1), after it was delivered."""
    pace = 6 + zlib.crc32(f"{email.lower()}{number}".encode()) % 20  # seconds
    opened = Reaction(pace, "opened")
    click = {"href": links[0], "link_id": 1} if links else {}
    match habit(email):
        case "eager" if click:
            return [opened, Reaction(pace + 8, "clicked", click), Reaction(pace + 20, "converted")]
        case "eager" | "reader":
            return [opened]
        case "machine":  # a mail program that loads everything, and a scanner that follows links
            fetched = [Reaction(2, "opened", {"prefetched": True, "proxied": True})]
            return fetched + ([Reaction(3, "clicked", {**click, "machine": True})] if click else [])
        case "leaver":
            return [opened] + ([Reaction(pace + 12, "unsubscribed")] if number >= 2 else [])
        case "complainer":
            return [opened, Reaction(pace + 15, "spammed")]
    return []
