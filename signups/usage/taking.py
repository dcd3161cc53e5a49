"""Usage reports in: each record checked by itself, stored or refused with the reason. A later report replaces.

What a record may say is `records`'; whom it is about, `customers`'; what follows from a limit that is reached is
`limits`'. Reports come over the API (`signups.api.usage`) and from files (`manage.py import_usage`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Max
from django.utils import timezone

from signups import customers
from signups.mails import developer
from signups.models import UsageRecord
from signups.transactions import write_transaction
from signups.usage import figures, limits, records
from signups.usage.records import Record

# Rows in one transaction: on SQLite whoever signs up meanwhile waits for it, some tens of milliseconds.
_AT_ONCE = 1_000
_KEPT_NAMES = 100_000


@dataclass(frozen=True)
class Refusal:
    """An item that was not stored: where it stood among those sent, and why."""

    index: int
    code: str
    field: str | None
    message: str


@dataclass
class Taken:
    """What became of a batch. `repeated` items were followed by another of the same customer, day and metric."""

    new: int = 0
    replaced: int = 0
    repeated: int = 0
    refused: list[Refusal] = field(default_factory=list)
    signups: set[int] = field(default_factory=set)

    @property
    def stored(self) -> int:
        return self.new + self.replaced


class Customers:
    """Primary keys of customers by what the backend calls them, kept for the batches of one import."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def find(self, names: Iterable[str]) -> Mapping[str, int]:
        wanted = set(names)
        if len(self._known) + len(wanted) > _KEPT_NAMES:
            self._known.clear()
        found = customers.find(wanted - self._known.keys())
        self._known |= {name: signup.pk for name, signup in found.items()}
        return self._known


def report(items: Sequence[Any]) -> Taken:
    """Take a batch as the product's backend sent it, and do what follows from it."""
    taken = take(items)
    follow_up(taken.signups)
    return taken


def take(items: Sequence[Any], known: Customers | None = None) -> Taken:
    """Store the records among `items`, each as decoded from JSON. Of two about the same the later one counts.

    Written in transactions of a thousand rows: cut short, some are stored, and the same batch sent again stores the
    rest. `reported_at` becomes now even where nothing changed: a report was received.
    """
    taken = Taken()
    rows = _rows(_read(items, taken), known or Customers(), taken)
    keys = sorted(rows)  # in one order everywhere, so that two reports never block each other
    for start in range(0, len(keys), _AT_ONCE):
        _store([rows[key] for key in keys[start : start + _AT_ONCE]], taken)
    taken.signups = {row.signup_id for row in rows.values()}
    taken.refused.sort(key=lambda refusal: refusal.index)
    return taken


def follow_up(signup_ids: Collection[int]) -> None:
    """Look at those whose usage was stored: was it their first call, are they at their limit?

    Should it be cut off, the daily jobs make up for it.
    """
    developer.on_first_call(signup_ids)
    limits.check_soon(signup_ids)


_Key = tuple[int, date, str]


def _read(items: Sequence[Any], taken: Taken) -> list[tuple[int, Record]]:
    today, good = figures.utc_today(), []
    for index, item in enumerate(items):
        try:
            good.append((index, records.read(item, today)))
        except records.Refused as error:
            taken.refused.append(Refusal(index, "invalid", error.field or None, error.message))
    return good


def _rows(good: Sequence[tuple[int, Record]], known: Customers, taken: Taken) -> dict[_Key, UsageRecord]:
    pks, now = known.find(record.customer for _, record in good), timezone.now()
    rows: dict[_Key, UsageRecord] = {}
    for index, record in good:
        pk = pks.get(record.customer)
        if pk is None:
            message = (
                f"No customer is known as {record.customer}: send the signup's id, its external_id or its e-mail, "
                "once they have signed up."
            )
            taken.refused.append(Refusal(index, "unknown_customer", "customer", message))
            continue
        key = (pk, record.date, record.metric)
        taken.repeated += key in rows
        rows[key] = UsageRecord(signup_id=pk, reported_at=now, **record.model_dump(exclude={"customer"}))
    return rows


def _store(rows: Sequence[UsageRecord], taken: Taken) -> None:
    """Insert or replace. Rows beyond the highest key of before are new: two queries and the insert, whatever is new."""
    with write_transaction():
        last = UsageRecord.objects.aggregate(last=Max("pk"))["last"] or 0
        UsageRecord.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["signup", "date", "metric"],
            update_fields=["count", "errors", "limit", "endpoints", "reported_at"],
        )
    new = sum(row.pk > last for row in rows)
    taken.new += new
    taken.replaced += len(rows) - new
