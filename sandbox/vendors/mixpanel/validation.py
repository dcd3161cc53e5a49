"""What Mixpanel accepts as an event. Limits as its import guide states them (docs.mixpanel.com, 2026-08)."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

MAX_EVENT_BYTES = 1_000_000
MAX_PROPERTIES = 254
MAX_ARRAY_ITEMS = 254
MAX_NESTING = 3
MAX_STRING = 255
OLDEST_MS = 31_536_000_000  # 1971-01-01
MAX_AHEAD_MS = 3_600_000
IDENTITY_EVENTS = frozenset(["$identify", "$create_alias", "$merge"])
FORBIDDEN_IDS = frozenset(
    [
        *("00000000-0000-0000-0000-000000000000", "anon", "anonymous", "nil", "none", "null", "n/a", "na"),
        *("undefined", "unknown", "<nil>", "0", "-1", "true", "false", "[]", "{}"),
    ]
)
_INSERT_ID = re.compile(r"[A-Za-z0-9-]{1,36}")


@dataclass(frozen=True)
class Flaw:
    """Why a record is refused: the offending field and a message in Mixpanel's manner."""

    field: str
    message: str

    @classmethod
    def of(cls, field: str, reason: str) -> Flaw:
        return cls(field, f"'{field}' is invalid: {reason}")


def import_flaw(record: Any, now_ms: int) -> Flaw | None:
    """The first thing wrong with a record of ``/import``, or None. Identity events need no time or ids."""
    flaw = shape_flaw(record)
    if flaw or record["event"] in IDENTITY_EVENTS:
        return flaw
    properties = record["properties"]
    for name in ("time", "$insert_id", "distinct_id"):
        if properties.get(name) is None:
            return Flaw.of(f"properties.{name}", "must not be missing")
    return property_flaw(properties, now_ms)


def shape_flaw(record: Any) -> Flaw | None:
    """Is it an object with a name and properties, of a bearable size?"""
    if not isinstance(record, dict):
        return Flaw("event", "the record must be an object")
    if not isinstance(record.get("event"), str) or not record["event"]:
        return Flaw.of("event", "must be a string that is not empty")
    if not isinstance(record.get("properties"), dict):
        return Flaw.of("properties", "must be an object")
    if len(json.dumps(record, ensure_ascii=False).encode()) >= MAX_EVENT_BYTES:
        return Flaw("event", "the event exceeds the limit of 1MB")
    if len(record["properties"]) > MAX_PROPERTIES:
        return Flaw.of("properties", "must have fewer than 255 properties")
    return None


def property_flaw(properties: dict[str, Any], now_ms: int) -> Flaw | None:
    """The values that mean something to Mixpanel, where given, and the shape of all others."""
    if "time" in properties and (reason := _time_flaw(properties["time"], now_ms)):
        return Flaw.of("properties.time", reason)
    insert_id = properties.get("$insert_id")
    if insert_id is not None and not (isinstance(insert_id, str) and _INSERT_ID.fullmatch(insert_id)):
        return Flaw.of("properties.$insert_id", "must be at most 36 bytes of [A-Za-z0-9-]")
    for name in ("distinct_id", "$user_id", "$device_id"):
        if name in properties and (reason := id_flaw(properties[name])):
            return Flaw.of(f"properties.{name}", reason)
    for name, value in properties.items():
        if reason := _value_flaw(value, 1):
            return Flaw.of(f"properties.{name}", reason)
    return None


def _time_flaw(time: Any, now_ms: int) -> str | None:
    if isinstance(time, bool) or not isinstance(time, int | float) or not math.isfinite(time):
        return "must be specified as seconds since epoch"
    if as_ms(time) < OLDEST_MS:
        return "must not be before 1971-01-01"
    if as_ms(time) > now_ms + MAX_AHEAD_MS:
        return "must not be more than one hour in the future"
    return None


def as_ms(time: float) -> int:
    """Seconds or milliseconds since epoch, told apart by size, as milliseconds."""
    return int(time) if time >= OLDEST_MS else int(time * 1000)


def id_flaw(value: Any) -> str | None:
    """Why this cannot be an id. The empty string can: it means no user."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "must be a string"
    if str(value).lower() in FORBIDDEN_IDS:
        return f"{value!r} is not allowed as an id"
    return None


def _value_flaw(value: Any, depth: int) -> str | None:
    if not isinstance(value, dict | list):
        return None
    if depth > MAX_NESTING:
        return f"must not be nested deeper than {MAX_NESTING} levels"
    if isinstance(value, list) and len(value) > MAX_ARRAY_ITEMS:
        return "must have fewer than 255 items"
    children = value.values() if isinstance(value, dict) else value
    return next((reason for child in children if (reason := _value_flaw(child, depth + 1))), None)


def cut_strings(value: Any) -> Any:
    """The value as Mixpanel keeps it: strings end after 255 characters."""
    if isinstance(value, str):
        return value[:MAX_STRING]
    if isinstance(value, list):
        return [cut_strings(item) for item in value]
    if isinstance(value, dict):
        return {key: cut_strings(item) for key, item in value.items()}
    return value
