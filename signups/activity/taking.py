"""Taking in what people did: a batch of actions, each stored once, owed to the vendors that want them, or refused.

All of a batch is written in one transaction and a number of queries that does not grow with it. What a single action
must be is `reading`'s business, and how it goes on is `forwarding`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from signups import customers
from signups.activity import forwarding, identity
from signups.activity.reading import Refused, read
from signups.models import Action, Forward
from signups.transactions import write_transaction

MOST_AT_ONCE = 1_000


class Status(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True)
class Answer:
    """What became of one action of a batch. `field` and `message` say why it was refused."""

    index: int
    id: str
    status: Status
    field: str | None = None
    message: str = ""


def take(items: Sequence[Any], source: Action.Source) -> list[Answer]:
    """Store a batch; one answer for each item, in its order. Safe to repeat, and for several at once.

    Of an id that comes twice, in one batch or in two, the first is stored.
    """
    now = timezone.now()
    answers: dict[int, Answer] = {}
    read_items: dict[str, Action] = {}
    index_of: dict[str, int] = {}
    for index, item in enumerate(items):
        try:
            action = read(item, source, now)
        except Refused as refused:
            answers[index] = Answer(index, _id_of(item), Status.REFUSED, refused.field, refused.message)
            continue
        answers[index] = Answer(index, action.key, Status.DUPLICATE)
        if read_items.setdefault(action.key, action) is action:
            index_of[action.key] = index
    for action in _store(read_items, source):
        index = index_of[action.key]
        answers[index] = Answer(index, action.key, Status.STORED)
    return [answers[index] for index in range(len(items))]


def _store(actions: dict[str, Action], source: Action.Source) -> list[Action]:
    """Write those that are new, with what they are owed and whom they join; returns them."""
    if not actions:
        return []
    integrations = forwarding.receivers()
    with write_transaction():
        rows = Action.objects.filter(source=source, key__in=actions)
        there = set(rows.values_list("key", flat=True))
        new = [actions[key] for key in sorted(actions.keys() - there)]  # sorted: two batches must not block each other
        Action.objects.bulk_create(new, ignore_conflicts=True)
        stored = _written(new, source)
        owed = [Forward(action=one, integration=to.slug, due_at=Now()) for one in stored for to in integrations]
        Forward.objects.bulk_create(owed)
        _join(stored)
        for integration in integrations if stored else ():
            forwarding.wake_after_commit(integration.slug)
    return stored


def _written(new: list[Action], source: Action.Source) -> list[Action]:
    """The rows that this very transaction wrote, with their primary keys; of others somebody was faster.

    They are told apart by when they came in: an insert that ignores conflicts does not say what it ignored.
    """
    by_key = {action.key: action for action in new}
    written: list[Action] = []
    rows = Action.objects.filter(source=source, key__in=by_key).values_list("pk", "key", "received_at")
    for pk, key, received_at in rows:
        if by_key[key].received_at == received_at:
            by_key[key].pk = pk
            written.append(by_key[key])
    return written


def _join(actions: list[Action]) -> None:
    """Whoever the backend names together with an anonymous id is that visitor."""
    pairs = {(action.user_id, action.anonymous_id) for action in actions if action.user_id and action.anonymous_id}
    known = customers.find({user_id for user_id, _ in pairs}) if pairs else {}
    found = [(known[user_id], anonymous_id) for user_id, anonymous_id in sorted(pairs) if user_id in known]
    identity.join_all(found, identity.Reason.BACKEND)


def _id_of(item: Any) -> str:
    """What to call a refused item by: its id, if it has anything like one that can be shown."""
    value = item.get("id") if isinstance(item, dict) else None
    return str(value).encode("utf-8", "replace").decode()[:100] if isinstance(value, str | int) else ""
