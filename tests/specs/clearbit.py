"""Clearbit never published a description. What there is are real replies, and a reply must be of their shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Attributes of the replies' years that are gone since, and the form of an address rather than of a record.
_GONE = frozenset(
    ("gender", "aboutme", "angellist", "foursquare", "title", "h1", "metaDescription", "metaAuthor", "googleRank")
)
_GONE_PATHS = frozenset(("site.url",))


def problems(folder: str, call: dict[str, Any]) -> Iterator[str]:
    """Holds records against the newest real reply: every attribute there, values of the same kind or null."""
    if call["status"] != 200 or call["fault"] is not None:
        return
    real = json.loads(Path(folder, "clearbit.fixtures.json").read_text())["combined_2016"]
    if call["path"].endswith("/combined/find"):
        for part in ("person", "company"):
            if part not in call["reply"]:
                yield f"{part} is missing"
            elif call["reply"][part] is not None:
                yield from _differences(real[part], call["reply"][part])
    else:
        kind = "company" if call["path"].endswith("/companies/find") else "person"
        yield from _differences(real[kind], call["reply"])


def _differences(real: dict[str, Any], record: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in real.items():
        where = f"{path}{name}"
        if name in _GONE or where in _GONE_PATHS:
            continue
        if name not in record:
            yield f"{where} is missing"
        elif isinstance(value, dict):
            if isinstance(record[name], dict):
                yield from _differences(value, record[name], f"{where}.")
            else:
                yield f"{where} must be an object, also where nothing is known"
        elif None not in (value, record[name]) and _kind(value) != _kind(record[name]):
            yield f"{where} must be a {_kind(value)}, not {record[name]!r}"


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
