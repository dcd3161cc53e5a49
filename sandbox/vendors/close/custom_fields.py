"""Custom fields: their definitions, and the values leads, contacts and opportunities hold in them.

A value is stored under the field's id and shown flat as ``custom.cf_…``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.vendors.close import values
from sandbox.vendors.close.api import Record
from sandbox.vendors.close.values import BadValue

OBJECT_TYPES = ("lead", "contact", "opportunity", "activity", "shared")
TYPES: dict[str, Callable[[Any], Any]] = {
    "text": values.text,
    "textarea": values.text,
    "hidden": values.text,
    "url": values.text,
    "choices": values.text,
    "user": values.text,
    "contact": values.text,
    "number": values.number,
    "date": values.calendar_date,
    "datetime": values.moment,
}
PREFIX = "custom."


class CustomFields:
    def __init__(self) -> None:
        self.by_type: dict[str, dict[str, Record]] = {object_type: {} for object_type in OBJECT_TYPES}
        self.shared_with: dict[str, set[str]] = {}
        """Shared field id → the object types it was associated with."""

    def of(self, object_type: str) -> dict[str, Record]:
        """The fields objects of this type may have, by id: their own, then the shared ones."""
        shared = {
            field_id: self.by_type["shared"][field_id]
            for field_id, object_types in self.shared_with.items()
            if object_type in object_types and field_id in self.by_type["shared"]
        }
        return {**self.by_type[object_type], **shared}

    def definition(self, field_id: str) -> Record | None:
        for fields in self.by_type.values():
            if field_id in fields:
                return fields[field_id]
        return None

    def put(self, object_type: str, held: Record, key: str, value: Any) -> None:
        """Write ``custom.cf_X``, ``custom.cf_X.add`` or ``custom.cf_X.remove`` into ``held``, a map by field id.

        null clears; a plain value on a field of many values replaces them. Raises BadValue.
        """
        field_id, _, change = key.removeprefix(PREFIX).partition(".")
        if (field := self.of(object_type).get(field_id)) is None:
            raise BadValue("Unknown custom field.")
        is_multiple = field["accepts_multiple_values"]
        if change and (change not in ("add", "remove") or not is_multiple):
            raise BadValue("Only a custom field that accepts multiple values can be added to or removed from.")
        if value is None:
            held.pop(field_id, None)
        elif not is_multiple:
            held[field_id] = _checked(field, value)
        else:
            given = [_checked(field, item) for item in (value if isinstance(value, list) else [value])]
            held[field_id] = _changed(held.get(field_id, []), change, given)
            if not held[field_id]:
                del held[field_id]

    def flat(self, held: Record) -> Record:
        return {f"{PREFIX}{field_id}": value for field_id, value in held.items() if self.definition(field_id)}

    def by_name(self, held: Record) -> Record:
        """The deprecated ``custom`` object of a lead."""
        return {field["name"]: value for key, value in held.items() if (field := self.definition(key))}


def _checked(field: Record, value: Any) -> Any:
    checked = TYPES[field["type"]](value)
    if field["type"] == "choices" and checked not in (field["choices"] or ()):
        raise BadValue(f"Expected one of: {', '.join(field['choices'] or ())}.")
    return checked


def _changed(held: list[Any], change: str, given: list[Any]) -> list[Any]:
    if change == "remove":
        return [item for item in held if item not in given]
    kept = held if change == "add" else []
    return list(dict.fromkeys([*kept, *given]))
