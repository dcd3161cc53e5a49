"""One way to write: a transaction that, on SQLite, waits its turn in the process instead of in SQLite's busy loop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError, connection, transaction

_Result = TypeVar("_Result")

# SQLite's busy handler sleeps and retries, unfairly: with several threads its p99 is near a second. A lock in the
# process, held around the whole transaction, brings it to a tenth. Re-entrant, for nested use.
_sqlite_turn = threading.RLock()


@contextmanager
def write_transaction() -> Iterator[None]:
    """`transaction.atomic()`, behind the process's write lock where the database is SQLite.

    Inside an open transaction it is a plain savepoint: whoever opened the transaction holds what is needed.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with _sqlite_turn, transaction.atomic():
            yield
    else:
        with transaction.atomic():
            yield


def retried(write: Callable[[], _Result]) -> _Result:
    """What `write` returns, run in a write transaction: a second time where another inserted the same row meanwhile.

    Cheaper than asking before each insert, which takes a savepoint: two seldom come at one moment. Raises the second
    time's IntegrityError.
    """
    try:
        with write_transaction():
            return write()
    except IntegrityError:
        with write_transaction():
            return write()


@contextmanager
def may_fail() -> Iterator[None]:
    """For what may fail without harm: in an open transaction a savepoint, so that its error does not end that too."""
    if connection.in_atomic_block:
        with transaction.atomic():
            yield
    else:
        yield
