"""The story of one signup, or of a company's signups, from every table that knows a part of it, a page at a time.

What each table knows is `sources`' business, how it looks the admin's. Nothing is copied anywhere: a page is read from
the tables as they are, a limited number of rows from each, so that it costs the same after ten actions and after a
hundred thousand. Rows of one group (a day's docs pages, say) are one moment, as long as they stand on one page.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from signups.activity.scope import Scope
from signups.activity.source import Happened, Kind
from signups.activity.sources import SOURCES
from signups.activity.window import Key, Read, Window

MOMENTS = 30  # on one page

__all__ = ["Count", "Key", "Kind", "Moment", "Page", "first_page", "older_page", "parse_key", "text_of"]


@dataclass
class Moment:
    """What is shown as one: a row, or the rows of one group in the order of the page."""

    rows: list[Happened]

    @property
    def kind(self) -> Kind:
        return self.rows[0].kind

    @property
    def at(self) -> datetime:
        return self.rows[0].at


@dataclass(frozen=True)
class Count:
    """How many rows of a kind there are; `is_more`: at least so many."""

    number: int = 0
    is_more: bool = False


@dataclass(frozen=True)
class Page:
    """`last` is where the next page goes on, None at the end of the story. `counts` are of the whole story."""

    moments: list[Moment]
    last: Key | None
    counts: dict[Kind, Count] = field(default_factory=dict)


def first_page(scope: Scope, *, kind: Kind | None = None, is_newest_first: bool = True) -> Page:
    """The first page, of one kind or of all, with how much there is of each kind."""
    window = Window(is_newest_first=is_newest_first)
    everything = _read(scope, window, None)
    page = _page(everything if kind is None else _read(scope, window, kind), is_newest_first)
    return Page(page.moments, page.last, _counts(everything))


def older_page(scope: Scope, after: Key, *, kind: Kind | None = None, is_newest_first: bool = True) -> Page:
    """The page that follows `after`: older where the newest stand first, newer where the oldest do."""
    return _page(_read(scope, Window(after, is_newest_first), kind), is_newest_first)


def text_of(key: Key) -> str:
    """A place in the story as it stands in an address."""
    at, rank, pk = key
    return f"{at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')}~{rank}~{pk}"


def parse_key(text: str) -> Key | None:
    """The place that `text_of` wrote down, None where it is none."""
    parts = text.split("~")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts[1:]):
        return None
    try:
        at = parse_datetime(parts[0])
        if at is None or timezone.is_naive(at):
            return None
        return at.astimezone(UTC), int(parts[1]), int(parts[2])
    except (ValueError, OverflowError):
        return None


def _read(scope: Scope, window: Window, kind: Kind | None) -> list[Read[Happened]]:
    """One query for each source that knows of `kind`."""
    return [
        source.read(scope, window, rank, kind)
        for rank, source in enumerate(SOURCES)
        if kind is None or kind in source.kinds
    ]


def _page(reads: Collection[Read[Happened]], is_newest_first: bool) -> Page:
    """As much of the story as fits on a page and was read from every source."""
    moments: list[Moment] = []
    groups: dict[object, Moment] = {}
    # Beyond the last row of a source that has more, nothing may be shown: what it holds might belong before it.
    ends = {read.rows[-1].key for read in reads if read.is_cut}
    last: Key | None = None
    for row in heapq.merge(*(read.rows for read in reads), key=lambda row: row.key, reverse=is_newest_first):
        moment = groups.get(row.group) if row.group is not None else None
        if moment is None and len(moments) == MOMENTS:
            return Page(moments, last)
        if moment is None:
            moment = Moment([])
            moments.append(moment)
            if row.group is not None:
                groups[row.group] = moment
        moment.rows.append(row)
        last = row.key
        if last in ends:
            return Page(moments, last)
    return Page(moments, None)


def _counts(reads: Iterable[Read[Happened]]) -> dict[Kind, Count]:
    counts = {kind: Count() for kind in Kind}
    for rank, read in enumerate(reads):
        for row in read.rows:
            counts[row.kind] = Count(counts[row.kind].number + 1, counts[row.kind].is_more)
        if read.is_cut:
            for kind in SOURCES[rank].kinds:
                counts[kind] = Count(counts[kind].number, True)
    return counts
