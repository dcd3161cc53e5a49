"""What Customer.io takes: the limits of attributes and events, and the form of ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_ID_BYTES = 150
MAX_ATTRIBUTES = 300
MAX_NAME_BYTES = 150
MAX_VALUE_BYTES = 1_000
MAX_EVENT_NAME_BYTES = 100
MAX_DATA_BYTES = 100_000
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Objects with a limit of their own, or none.
_UNLIMITED = ("cio_subscription_preferences", "cio_relationships")
IDENTIFIERS = ("id", "email", "cio_id")


@dataclass(frozen=True)
class Flaw:
    """Why a call, or one part of it, cannot be taken."""

    field: str
    message: str
    reason: str = "invalid"

    def as_dict(self) -> dict[str, str]:
        return {"reason": self.reason, "field": self.field, "message": self.message}


def attribute_flaws(attributes: Any, path: str = "attributes") -> Iterator[Flaw]:
    if not isinstance(attributes, dict):
        yield Flaw(path, "must be an object")
        return
    if len(attributes) > MAX_ATTRIBUTES:
        yield Flaw(path, f"cannot have more than {MAX_ATTRIBUTES} properties")
    for name, value in attributes.items():
        if not name or _size(name) > MAX_NAME_BYTES:
            yield Flaw(f"{path}.{name}", f"property name cannot be longer than {MAX_NAME_BYTES} bytes")
        if name not in _UNLIMITED and _size(value) > MAX_VALUE_BYTES:
            yield Flaw(f"{path}.{name}", f"property value cannot be longer than {MAX_VALUE_BYTES} bytes")
    for name in ("created_at", "_timestamp"):
        if name in attributes and not is_epoch(attributes[name]):
            yield Flaw(f"{path}.{name}", "must be a unix timestamp in seconds")
    if not _is_preferences(attributes.get("cio_subscription_preferences")):
        yield Flaw(f"{path}.cio_subscription_preferences", 'must look like {"topics": {"topic_1": true}}')
    if "cio_relationships" in attributes:
        yield from relationship_flaws(attributes["cio_relationships"])


def relationship_flaws(wish: Any) -> Iterator[Flaw]:
    """``cio_relationships`` of version 1: what to do, and a list of whom or what it is about."""
    if not isinstance(wish, dict) or wish.get("action") not in ("add_relationships", "delete_relationships"):
        yield Flaw("cio_relationships.action", "must be add_relationships or delete_relationships")
    elif not are_relationships(wish.get("relationships")):
        yield Flaw("cio_relationships.relationships", "must be a list of objects with identifiers")


def are_relationships(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict) and isinstance(each.get("identifiers"), dict) for each in value
    )


def event_flaws(event: Mapping[str, Any], data_key: str = "data") -> Iterator[Flaw]:
    """``data_key``: where the event's own data is, "data" in version 1 of the API and "attributes" in version 2."""
    name, data = event.get("name"), event.get(data_key)
    if not isinstance(name, str) or not name.strip():
        yield Flaw("name", "is required", "required")
    elif _size(name) > MAX_EVENT_NAME_BYTES:
        yield Flaw("name", f"cannot be longer than {MAX_EVENT_NAME_BYTES} bytes")
    if event.get("id") is not None and not is_ulid(event["id"]):
        yield Flaw("id", "must be a ULID")
    if event.get("timestamp") is not None and not is_epoch(event["timestamp"]):
        yield Flaw("timestamp", "must be a unix timestamp in seconds")
    if event.get("type", "event") not in ("event", "page", "screen"):
        yield Flaw("type", "must be event, page or screen")
    if data is not None and not isinstance(data, dict):
        yield Flaw(data_key, "must be an object")
    elif _size(data) > MAX_DATA_BYTES:
        yield Flaw(data_key, f"cannot be larger than {MAX_DATA_BYTES} bytes")


def identifier_flaws(identifiers: Any, path: str = "identifiers") -> Iterator[Flaw]:
    """One of id, email and cio_id, as a text (an id may be a number) that is not empty."""
    if not isinstance(identifiers, dict) or len(identifiers) != 1 or not set(identifiers) <= set(IDENTIFIERS):
        yield Flaw(path, f"must have exactly one of {', '.join(IDENTIFIERS)}", "required")
        return
    ((kind, value),) = identifiers.items()
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        yield Flaw(f"{path}.{kind}", "cannot be blank")
    elif _size(str(value)) > MAX_ID_BYTES:
        yield Flaw(f"{path}.{kind}", f"cannot be longer than {MAX_ID_BYTES} bytes")


def is_ulid(value: Any) -> bool:
    """26 characters of Crockford's base 32, of which the first is at most 7 (https://github.com/ulid/spec)."""
    return isinstance(value, str) and _ULID.fullmatch(value.upper()) is not None


def is_email(value: Any) -> bool:
    return isinstance(value, str) and _EMAIL.fullmatch(value.strip()) is not None


def is_epoch(value: Any) -> bool:
    """Whole seconds; milliseconds are a common mistake and lie far in the future."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**11


def _is_preferences(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, dict) and isinstance(value.get("topics", {}), dict)


def _size(value: Any) -> int:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return len(text.encode())
