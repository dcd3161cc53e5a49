"""One reported action, as JSON, into a row: what is checked before anything is kept, and the words for what is wrong.

The limits are those of the strictest tool that actions go on to, so that what is taken here is taken there.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from signups import customers
from signups.activity import private
from signups.models import Action, is_forbidden_id

Source = Action.Source

FIELDS = ("id", "type", "name", "anonymous_id", "user_id", "timestamp", "properties")
MOST_PROPERTIES = 248  # six fewer than the 254 that Mixpanel takes: time, ids and the page go with them
MOST_NAME = 200
MOST_NESTED = 3  # objects and lists within one another, below `properties`
MOST_BYTES = 30_000  # of one action's properties, as JSON
AHEAD = timedelta(hours=1)
OLDEST = datetime(1971, 1, 1, tzinfo=UTC)
_OLDEST_MS = OLDEST.timestamp() * 1000


class Refused(Exception):
    """Why an action is not taken: the field, None where it is the whole, and a sentence naming the remedy."""

    def __init__(self, field: str | None, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field or 'an action'} {message}")


def read(item: Any, source: Action.Source, now: datetime) -> Action:
    """The row, not saved yet. Raises Refused. `now` is when it came in."""
    if not isinstance(item, dict):
        raise Refused(None, "must be an object")
    for name in item:
        if name not in FIELDS:
            raise Refused(str(name)[:100], f"is not known: an action has {', '.join(FIELDS)}")
    kind = item.get("type")
    if kind not in Action.Kind.values:
        raise Refused("type", "must be page or track")
    anonymous_id = _id(item, "anonymous_id", 100, is_needed=False)
    user_id = _id(item, "user_id", 254, is_needed=False)
    if user_id and source == Source.BROWSER:
        raise Refused("user_id", "may be said by the product's backend alone: a page can claim to be anybody")
    if not anonymous_id and not user_id:
        needed = "is needed" if source == Source.BROWSER else "or user_id is needed"
        raise Refused("anonymous_id", f"{needed}: whose action is it?")
    return Action(
        source=source,
        key=_id(item, "id", 100, is_needed=True),
        kind=kind,
        name=private.clean(_name(item))[:MOST_NAME],  # cleaned, an address may have become longer
        anonymous_id=anonymous_id,
        user_id=customers.written(user_id),
        at=_time(item.get("timestamp"), now),
        properties=private.without_secrets(_properties(item.get("properties"))),
    )


def _id(item: dict[str, Any], field: str, most: int, *, is_needed: bool) -> str:
    """An id as text: whole numbers are taken, too. "" where there is none and none is needed."""
    value = item.get(field)
    if value is None and not is_needed:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise Refused(field, "is needed, as text" if is_needed else "must be text, or left out")
    value = value.strip()
    if len(value) > most:
        raise Refused(field, f"may have {most} characters, not {len(value):,}")
    if is_forbidden_id(value):
        raise Refused(field, f"must not be {value[:40]!r}, which stands for no id: send the real one, or none")
    _require_line(field, value)
    return value


def _name(item: dict[str, Any]) -> str:
    value = item.get("name")
    if not isinstance(value, str) or not value.strip():
        raise Refused("name", "is needed, as text")
    value = value.strip()
    if len(value) > MOST_NAME:
        raise Refused("name", f"may have {MOST_NAME} characters, not {len(value):,}")
    _require_line("name", value)
    return value


def _require_line(field: str, text: str) -> None:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise Refused(field, "must not contain control characters such as line breaks")
    _require_storable(field, text)


def _require_storable(field: str, text: str) -> None:
    if "\0" in text:
        raise Refused(field, "must not contain the character NUL")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise Refused(field, "must not contain half a surrogate pair: send the text as UTF-8")


# -- When --------------------------------------------------------------------------------------------------------------


def _time(value: Any, now: datetime) -> datetime:
    """When it happened, by the sender's clock, however late it comes."""
    try:
        at = _epoch(value) if isinstance(value, int | float) and not isinstance(value, bool) else _iso(value)
    except (ValueError, OverflowError, OSError):
        example = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        message = f"must be ISO 8601 with a time zone, as {example}, or seconds or milliseconds since 1970"
        raise Refused("timestamp", message) from None
    if at < OLDEST:
        raise Refused("timestamp", "must not be before 1971")
    if at > now + AHEAD:
        raise Refused("timestamp", "must not be more than an hour in the future: is the sender's clock right?")
    return at


def _epoch(value: float) -> datetime:
    """Seconds or milliseconds since 1970, told apart by size."""
    if not math.isfinite(value):
        raise ValueError
    return datetime.fromtimestamp(value / 1000 if value >= _OLDEST_MS else value, UTC)


def _iso(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError
    at = datetime.fromisoformat(value.strip())
    if at.tzinfo is None:
        raise ValueError
    return at.astimezone(UTC)


# -- What it says ------------------------------------------------------------------------------------------------------


def _properties(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused("properties", "must be an object")
    if len(value) > MOST_PROPERTIES:
        raise Refused("properties", f"may be {MOST_PROPERTIES} at most, not {len(value):,}")
    for name, one in value.items():
        _check("properties" if len(name) > 100 else f"properties.{name}", name, one)
    size = len(json.dumps(value, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        raise Refused("properties", f"may have {MOST_BYTES:,} bytes as JSON, not {size:,}")
    return value


def _check(field: str, name: str, value: Any) -> None:
    """One property: its name and whatever is in it."""
    shown = field.encode("utf-8", "replace").decode().replace("\0", "?")
    _require_storable(shown, name)
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, str):
            _require_storable(shown, one)
        elif isinstance(one, float) and not math.isfinite(one):
            raise Refused(shown, "must be a finite number")
        elif isinstance(one, dict | list):
            if depth > MOST_NESTED:
                raise Refused(shown, f"may be nested {MOST_NESTED} levels deep at most")
            for key in one if isinstance(one, dict) else ():
                _require_storable(shown, key)
            waiting += [(inner, depth + 1) for inner in (one.values() if isinstance(one, dict) else one)]
