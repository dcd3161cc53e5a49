"""What a source of the story is: rows of one table, at most so many, at their places in the story."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from signups.activity.scope import Scope
from signups.activity.window import Key, Read, Window, end_of
from signups.models import Signup


class Kind(StrEnum):
    """What staff may pick from the story, in the order in which it is offered."""

    PAGE = "page"
    DOCS = "docs"
    EVENT = "event"
    API = "api"
    MAIL = "mail"
    SLACK = "slack"
    NOTE = "note"
    DECISION = "decision"
    SCORE = "score"
    LOOKUP = "lookup"
    DELIVERY = "delivery"
    LIMIT = "limit"
    EXPERIMENT = "experiment"
    IDENTITY = "identity"


@dataclass(frozen=True)
class Happened:
    """A row at its place in the story. `what` names the source; rows of an equal `group` are shown as one."""

    key: Key
    kind: Kind
    what: str
    row: Any
    signup: Signup | None
    group: Hashable = None

    @property
    def at(self) -> datetime:
        return self.key[0]


def _of_signup(scope: Scope, row: Any) -> Signup | None:
    return scope.by_pk.get(row.signup_id)


def _no_group(row: Any, signup: Signup | None) -> Hashable:
    return None


@dataclass(frozen=True)
class Source:
    """Rows of a table: all of them, or those of one kind. `at` names the field that says when each happened."""

    what: str
    kinds: tuple[Kind, ...]
    rows: Callable[[Scope, Kind | None], QuerySet[Any]]
    at: str = "at"
    limit: int = 30
    are_days: bool = False
    kind_of: Callable[[Any], Kind] | None = None
    signup_of: Callable[[Scope, Any], Signup | None] = _of_signup
    group_of: Callable[[Any, Signup | None], Hashable] = _no_group

    def read(self, scope: Scope, window: Window, rank: int, kind: Kind | None) -> Read[Happened]:
        take = window.take_days if self.are_days else window.take
        found = take(self.rows(scope, kind), self.at, rank, self.limit)
        return Read([self.happened(scope, row, rank) for row in found.rows], found.is_cut)

    def happened(self, scope: Scope, row: Any, rank: int) -> Happened:
        at = getattr(row, self.at)
        signup = self.signup_of(scope, row)
        kind = self.kind_of(row) if self.kind_of is not None else self.kinds[0]
        key = (end_of(at) if self.are_days else at, rank, row.pk)
        group = self.group_of(row, signup)
        return Happened(key, kind, self.what, row, signup, None if group is None else (self.what, group))


@dataclass(frozen=True)
class SignupSource:
    """Something that happened to each signup once and stands on its own row."""

    what: str
    kinds: tuple[Kind, ...]
    at_of: Callable[[Signup], datetime]
    rows: Callable[[Scope], dict[int, Any]] = field(default=lambda scope: dict(scope.by_pk))

    def read(self, scope: Scope, window: Window, rank: int, kind: Kind | None) -> Read[Happened]:
        found = (
            Happened((self.at_of(scope.by_pk[pk]), rank, pk), self.kinds[0], self.what, row, scope.by_pk[pk])
            for pk, row in self.rows(scope).items()
        )
        beyond = [row for row in found if window.is_beyond(row.key)]
        return Read(sorted(beyond, key=lambda row: row.key, reverse=window.is_newest_first))
