"""The types of Close's fields: each takes what a client sent and answers what is stored, or says what is wrong.

The texts of the refusals are ours: only ``_limit``'s and the cursor's are on record.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

Check = Callable[[Any], Any]


class BadValue(ValueError):
    """``detail`` goes into the reply: a sentence, or one per part of the value."""

    def __init__(self, detail: Any) -> None:
        super().__init__(str(detail))
        self.detail = detail


def text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise BadValue("Expected a string.")


def texts(value: Any) -> list[str] | None:
    if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value
    raise BadValue("Expected a list of strings.")


def boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise BadValue("Expected a boolean.")


def number(value: Any) -> int | float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise BadValue("Expected a number.")


def whole_number(least: int, most: int) -> Check:
    def check(value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadValue("Expected an integer.")
        if not least <= value <= most:
            raise BadValue(f"Expected an integer from {least} to {most}.")
        return value

    return check


def not_null(check: Check) -> Check:
    def filled(value: Any) -> Any:
        if value is None:
            raise BadValue("This field may not be null.")
        return check(value)

    return filled


def one_of(*choices: str) -> Check:
    def check(value: Any) -> Any:
        if value in choices:
            return value
        raise BadValue(f"Expected one of: {', '.join(choices)}.")

    return check


def calendar_date(value: Any) -> str | None:
    """ "2026-11-25"."""
    return _parsed(value, date.fromisoformat, "Expected a date such as 2026-11-25.")


def moment(value: Any) -> str | None:
    """ "2026-11-25T10:00:00+00:00"."""
    return _parsed(value, datetime.fromisoformat, "Expected an ISO 8601 date and time.")


def date_or_moment(value: Any) -> str | None:
    return _parsed(value, datetime.fromisoformat, "Expected an ISO 8601 date.")


def _parsed(value: Any, parse: Callable[[str], object], complaint: str) -> str | None:
    if value is None:
        return None
    try:
        parse(value)
    except (TypeError, ValueError) as error:
        raise BadValue(complaint) from error
    return str(value)


def emails(value: Any) -> list[dict[str, Any]]:
    return [
        {"type": row.get("type") or "office", "email": _address(row.get("email")), "is_unsubscribed": False}
        for row in rows(value)
    ]


def _address(value: Any) -> str:
    if isinstance(value, str):
        local, at, domain = value.strip().rpartition("@")
        if local and at and "." in domain and not set(value.strip()) & set(" \r\n\t,<>"):
            return value.strip()
    raise BadValue([{"email": "Invalid email address."}])


def phones(value: Any) -> list[dict[str, Any]]:
    return [
        {
            "type": row.get("type") or "office",
            "phone": _filled(row, "phone"),
            "phone_formatted": _filled(row, "phone"),
            "country": row.get("country"),
        }
        for row in rows(value)
    ]


def urls(value: Any) -> list[dict[str, Any]]:
    return [{"type": row.get("type") or "url", "url": _filled(row, "url")} for row in rows(value)]


def addresses(value: Any) -> list[dict[str, Any]]:
    parts = ("address_1", "address_2", "city", "state", "zipcode", "country")
    return [
        {"label": row.get("label") or "business", **{part: text(row.get(part)) or "" for part in parts}}
        for row in rows(value)
    ]


def rows(value: Any) -> list[dict[str, Any]]:
    """A list of objects; null is an empty one."""
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return value
    raise BadValue("Expected a list of objects.")


def _filled(row: dict[str, Any], name: str) -> str:
    if not isinstance(value := row.get(name), str) or not value.strip():
        raise BadValue([{name: "This field is required."}])
    return value.strip()
