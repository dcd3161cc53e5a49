"""A stretch of the story: where it begins, in which direction it is read, and how much of a table that takes.

Everything that happened has a key: when, which source knows of it, and its row's number. Keys order the story strictly,
so that a page goes on exactly where the last one ended, whatever happened at the same instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Key = tuple[datetime, int, int]
_Row = TypeVar("_Row")
_Model = TypeVar("_Model", bound=Model)


@dataclass(frozen=True)
class Read(Generic[_Row]):
    """Rows in the order of the page; `is_cut`: there are more beyond."""

    rows: list[_Row]
    is_cut: bool = False

    @classmethod
    def of(cls, rows: Iterable[_Row], limit: int) -> Read[_Row]:
        """The first `limit` of rows of which one more was asked for."""
        found = list(rows)
        return cls(found[:limit], len(found) > limit)


@dataclass(frozen=True)
class Window:
    """What comes after the key `after`, or from the beginning. Newest first, "after" means older."""

    after: Key | None = None
    is_newest_first: bool = True

    def take(self, rows: QuerySet[_Model], name: str, rank: int, limit: int) -> Read[_Model]:
        """The next rows of a source whose moments are the date and time `name`."""
        return Read.of(self.cut(rows, name, rank, limit + 1), limit)

    def cut(self, rows: QuerySet[_Model], name: str, rank: int, limit: int) -> QuerySet[_Model]:
        """The query of the next `limit` rows."""
        return self._ordered(rows.filter(self._beyond(name, rank)), name)[:limit]

    def take_days(self, rows: QuerySet[_Model], name: str, rank: int, limit: int) -> Read[_Model]:
        """The next rows of a source whose moments are the ends of the days `name`."""
        days = self._ordered(rows.filter(self._beyond_days(name, rank)), name)
        return Read.of(days[: limit + 1], limit)

    def is_beyond(self, key: Key) -> bool:
        if self.after is None:
            return True
        return key < self.after if self.is_newest_first else key > self.after

    def _ordered(self, rows: QuerySet[_Model], name: str) -> QuerySet[_Model]:
        sign = "-" if self.is_newest_first else ""
        return rows.order_by(f"{sign}{name}", f"{sign}pk")

    def _beyond(self, name: str, rank: int) -> Q:
        return Q() if self.after is None else self._past(name, self.after[0], rank)

    def _past(self, name: str, at: Any, rank: int) -> Q:
        """Rows beyond the same place among their own source's: said twice, so that an index finds the first of them."""
        assert self.after is not None
        _, after_rank, pk = self.after
        beyond = "lt" if self.is_newest_first else "gt"
        is_later_source = rank < after_rank if self.is_newest_first else rank > after_rank
        if is_later_source:
            return Q(**{f"{name}__{beyond}e": at})
        if rank != after_rank:
            return Q(**{f"{name}__{beyond}": at})
        return Q(**{f"{name}__{beyond}e": at}) & (Q(**{f"{name}__{beyond}": at}) | Q(**{f"pk__{beyond}": pk}))

    def _beyond_days(self, name: str, rank: int) -> Q:
        if self.after is None:
            return Q()
        at = self.after[0].astimezone(UTC)
        if at == end_of(at.date()):
            return self._past(name, at.date(), rank)
        return Q(**{f"{name}__lt" if self.is_newest_first else f"{name}__gte": at.date()})


def end_of(day: date) -> datetime:
    """The last moment of a day (UTC): what is known of a day as a whole stands above whatever happened on it."""
    return datetime.combine(day, time.max, UTC)
