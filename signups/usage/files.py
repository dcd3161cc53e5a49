"""Usage records in a file: CSV with a header, or JSON lines, one record a line, plain or gzipped.

Read line by line, so that a file may be larger than memory and a line that is wrong spoils no other. What a record may
say is `records`' business; here is only what a line of text must be to be one.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from signups.usage.records import Record

COLUMNS: Final = tuple(Record.model_fields)
_NEEDED: Final = ("customer", "date", "count")
_NUMBERS: Final = ("count", "limit", "errors")
_LONGEST: Final = 1_000_000  # bytes of a line: 200 endpoints take 40 kB
_GZIP: Final = b"\x1f\x8b"
_NUMBER = re.compile(r"-?\d{1,20}", re.ASCII)


class Unreadable(Exception):
    """Nothing can be read from this file; the message says what is wrong with it as a whole."""


@dataclass(frozen=True)
class Line:
    """One line: the record it holds as from JSON, or the problem that makes it none."""

    number: int
    raw: str
    item: Any = None
    problem: str = ""


class Lines:
    """The records of a file, "-" for standard input. A context manager; iterate once. Raises `Unreadable`."""

    def __init__(self, path: str) -> None:
        self.size: int | None = None  # bytes, None where nobody knows
        try:
            if path == "-":
                self._file = cast("io.BufferedReader", sys.stdin.buffer)
            else:
                self._file = Path(path).open("rb")  # noqa: SIM115  closed by __exit__
                self.size = Path(path).stat().st_size or None
            is_zipped = self._file.peek(2)[:2] == _GZIP
            self._text: io.BufferedIOBase = gzip.GzipFile(fileobj=self._file) if is_zipped else self._file
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from error
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._path != "-":
            self._file.close()

    @property
    def position(self) -> int:
        """Bytes of the file that are read, 0 where its size is unknown."""
        return self._file.tell() if self.size else 0

    def __iter__(self) -> Iterator[Line]:
        lines = self._numbered()
        header = next(lines, None)
        if header is None:
            raise Unreadable(f"{self._path} is empty.")
        if header[1].lstrip(b"\xef\xbb\xbf \t").startswith(b"{"):
            yield _json_line(header[0], _decoded(header[1]))
            for number, line in lines:
                yield _json_line(number, _decoded(line))
        else:
            columns, delimiter = self._columns(_decoded(header[1]))
            for number, line in lines:
                yield _csv_line(number, _decoded(line), columns, delimiter)

    def _columns(self, header: str) -> tuple[list[str], str]:
        delimiter = max(",;\t", key=header.count)
        try:
            columns = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
        except csv.Error:  # lines that end in a carriage return alone, or a cell too long to be a name
            columns = []
        known = f"It may have: {', '.join(COLUMNS)}."
        if missing := [name for name in _NEEDED if name not in columns]:
            raise Unreadable(
                f"{self._path} is neither JSON lines nor CSV with a header: its first line has no column "
                f"{' and no '.join(missing)}. {known}"
            )
        if unknown := [name for name in columns if name not in COLUMNS]:
            raise Unreadable(f"{self._path} has a column nobody knows, {_shown(unknown[0])}. {known}")
        if len(set(columns)) < len(columns):
            raise Unreadable(f"{self._path} has a column twice. {known}")
        return columns, delimiter

    def _numbered(self) -> Iterator[tuple[int, bytes]]:
        """The lines that are not blank, with their numbers; of one too long only its beginning."""
        number = 0
        try:
            while line := self._text.readline(_LONGEST):
                number += 1
                rest = line
                while len(rest) == _LONGEST and not rest.endswith(b"\n"):
                    rest = self._text.readline(_LONGEST)
                if line.strip():
                    yield number, line.rstrip(b"\r\n")
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"{self._path} cannot be read beyond line {number}: {error}.") from error


def _decoded(line: bytes) -> str:
    return line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _json_line(number: int, text: str) -> Line:
    if problem := _problem(text):
        return Line(number, text, problem=problem)
    try:
        return Line(number, text, json.loads(text))
    except (ValueError, RecursionError):
        return Line(number, text, problem="is not valid JSON")


def _csv_line(number: int, text: str, columns: Sequence[str], delimiter: str) -> Line:
    if problem := _problem(text):
        return Line(number, text, problem=problem)
    try:
        (cells,) = csv.reader([text], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return Line(number, text, problem="is not valid CSV: a quote is not closed, or stands where none may")
    if len(cells) != len(columns):
        return Line(number, text, problem=f"has {len(cells)} cells, the header {len(columns)}")
    item: dict[str, Any] = {name: cell for name, cell in zip(columns, cells, strict=True) if cell.strip()}
    for name in _NUMBERS:
        if _NUMBER.fullmatch(cell := item.get(name, "").strip()):
            item[name] = int(cell)
    if "endpoints" in item:
        try:
            item["endpoints"] = json.loads(item["endpoints"])
        except (ValueError, RecursionError):
            return Line(number, text, problem='endpoints: must be JSON such as {"/v1/people": 12}')
    return Line(number, text, {name: cell.strip() if isinstance(cell, str) else cell for name, cell in item.items()})


def _problem(text: str) -> str:
    if len(text) >= _LONGEST:
        return "is too long for one record"
    if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
        return "is not UTF-8"
    return ""


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in name[:100]) or "without a name"
