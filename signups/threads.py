"""Threads that work for one task: made for it and gone with it, so that nothing of them is shared with a process forked
later. Each keeps its database connection, if it asks for one, until all of them end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """`count` threads; leaving the block waits for what is under way, and closes their connections."""

    def __init__(self, count: int, name: str) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, name, initializer=self._begin)
        self._connections: list[BaseDatabaseWrapper] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def submit(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._pool.submit(call, *args, **kwargs)

    def _begin(self) -> None:
        connection = connections[DEFAULT_DB_ALIAS]  # this thread's own, not opened yet
        connection.inc_thread_sharing()  # whoever made the threads may close it
        self._connections.append(connection)
