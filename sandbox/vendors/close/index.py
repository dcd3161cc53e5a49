"""The search index: copies of leads and contacts, each with the time it was written, so that it can lag behind.

What a query means is in ``search.py``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.vendors.close.api import Record

KEEP_S = 300.0
"""Versions older than this are forgotten, except the newest of them: the longest lag that can be pretended."""


class Index:
    def __init__(self) -> None:
        self._versions: dict[str, list[tuple[float, Record | None]]] = {}

    def write(self, record_id: str, document: Record | None, at: float) -> None:
        """``document`` as it is from now on; None for deleted."""
        versions = self._versions.setdefault(record_id, [])
        versions.append((at, document))
        while len(versions) > 1 and versions[1][0] <= at - KEEP_S:
            versions.pop(0)

    def read(self, record_id: str, as_of: float) -> Record | None:
        for at, document in reversed(self._versions.get(record_id, ())):
            if at <= as_of:
                return document
        return None

    def documents(self, as_of: float) -> Iterator[Record]:
        for record_id in self._versions:
            if document := self.read(record_id, as_of):
                yield document
