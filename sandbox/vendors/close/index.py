"""The search index: copies of leads and contacts, each with the time it was written, so that it can lag behind.

What a query means is in ``search.py``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from sandbox.vendors.close.api import Record
from sandbox.vendors.close.query import scalars, words

KEEP_S = 300.0
"""Versions older than this are forgotten, except the newest of them: the longest lag that can be pretended."""


class Index:
    def __init__(self) -> None:
        self._versions: dict[str, list[tuple[float, Record | None]]] = {}
        self._written: deque[tuple[float, str]] = deque()
        self._places: dict[str, int] = {}
        self._with_word: dict[str, set[str]] = {}

    def write(self, record_id: str, document: Record | None, at: float) -> None:
        """``document`` as it is from now on; None for deleted."""
        self._versions.setdefault(record_id, []).append((at, document))
        self._written.append((at, record_id))
        self._places.setdefault(record_id, len(self._places))
        for word in {word for value in scalars(document) for word in words(str(value))}:
            self._with_word.setdefault(word, set()).add(record_id)
        while self._written[0][0] <= at - KEEP_S:
            _, old_id = self._written.popleft()
            versions = self._versions[old_id]
            while len(versions) > 1 and versions[1][0] <= at - KEEP_S:
                versions.pop(0)

    def read(self, record_id: str, as_of: float) -> Record | None:
        for at, document in reversed(self._versions.get(record_id, ())):
            if at <= as_of:
                return document
        return None

    def with_words(self, text: str) -> set[str] | None:
        """The ids of all that has or once had every word of the text; None where it has no words."""
        found = sorted((self._with_word.get(word, set()) for word in words(text)), key=len)
        return found[0].intersection(*found[1:]) if found else None

    def documents(self, as_of: float, ids: Collection[str] | None = None) -> Iterator[Record]:
        """All, or those with these ids, in the order in which they were first written."""
        wanted = self._versions if ids is None else sorted(ids, key=self._places.__getitem__)
        for record_id in wanted:
            if document := self.read(record_id, as_of):
                yield document
