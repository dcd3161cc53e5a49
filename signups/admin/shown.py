"""How a moment of the timeline is shown: the parts it may have, and the small words they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from signups.models import Signup


@dataclass(frozen=True)
class Item:
    """One line below a moment: a page, an endpoint, and how often."""

    text: str
    times: int = 0
    url: str = ""


@dataclass(frozen=True)
class Step:
    """One badge of a chain: what became of a mail, and when."""

    word: str
    tone: str
    at: datetime


@dataclass(frozen=True)
class Shown:
    """Something that happened. `icon` is a Material symbol; `since` is how long after the signup."""

    at: datetime
    icon: str
    tone: str
    title: str
    detail: str = ""
    by: str = ""
    text: str = ""  # of a note: kept as it was written
    url: str = ""
    url_text: str = ""
    items: tuple[Item, ...] = ()
    more: int = 0
    steps: tuple[Step, ...] = ()
    kind: str = ""
    until: datetime | None = None
    is_whole_day: bool = False
    is_before: bool = False
    since: str = ""
    who: Signup | None = None
    delete_url: str = ""
    day: date | None = None  # where a new day begins


def joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def period(period: str) -> str:
    return "" if period == "total" else f"in {period}" if len(period) == 7 else f"on {period}"
