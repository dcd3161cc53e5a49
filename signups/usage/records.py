"""What a usage record may say, wherever it comes from, and in which words one that says something else is refused."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from signups.models.usage import API_CALLS

# Of ten years of such days the sum still fits into the 63 bits that databases count with.
MOST: Final = 10**15
FIRST_DAY: Final = date(2000, 1, 1)
_ENDPOINTS, _ENDPOINT_LENGTH = 200, 200
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_METRIC = re.compile(r"[a-z0-9][a-z0-9_.-]{0,49}")


class Refused(ValueError):
    """A record that is not taken: which field is to blame ("" for all of it), and what would be right."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


def _plain(text: Any) -> Any:
    """One line that every database takes: without control characters and half surrogate pairs."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError("must be a text, and not empty")
    if not text.isprintable() and any(ord(c) < 32 or ord(c) == 127 or "\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("must not contain control characters or half a surrogate pair")
    return text.strip()


def _day(text: Any) -> Any:
    if isinstance(text, str) and _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(f"there is no such day: {error}") from error
    raise ValueError("must be a day in UTC written like 2026-11-24")


def _metric(text: Any) -> Any:
    if isinstance(text, str) and _METRIC.fullmatch(text):
        return text
    raise ValueError("may have up to 50 lower-case letters, digits and _ . -, such as api_calls")


_Count = Annotated[int, Field(strict=True, ge=0, le=MOST)]
_Path = Annotated[str, Field(max_length=_ENDPOINT_LENGTH), BeforeValidator(_plain)]
# By pydantic's type of an error (https://docs.pydantic.dev/latest/errors/validation_errors/, 2026-11)
_WORDS: Final[dict[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le:,}",
    "string_too_long": "may have at most {max_length} characters",
    "too_long": "may have at most {max_length} entries",
    "dict_type": 'must be an object such as {{"/v1/people": 12}}',
}


class Record(BaseModel):
    """What one customer used of one metric on one day (UTC)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    customer: Annotated[
        str,
        Field(max_length=254, description="The signup's id, the product's own id of it (external_id), or its e-mail"),
        BeforeValidator(_plain),
    ]
    date: Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
    metric: Annotated[str, BeforeValidator(_metric)] = API_CALLS
    count: Annotated[_Count, Field(description="In all on that day, not since the last report")]
    limit: Annotated[
        int | None, Field(strict=True, ge=1, le=MOST, description="What the plan allows; leave it out if unlimited")
    ] = None
    errors: Annotated[_Count, Field(description="How many of them failed")] = 0
    endpoints: Annotated[
        dict[_Path, _Count],
        Field(max_length=_ENDPOINTS, description="Calls by endpoint", examples=[{"/v1/people": 12}]),
    ] = {}


def read(raw: Any, today: date) -> Record:
    """The record in `raw`, as decoded from JSON. Raises `Refused`.

    Tomorrow's date is taken: at the sender's it may have begun.
    """
    if not isinstance(raw, dict):
        raise Refused("", "must be an object with customer, date and count")
    try:
        record = Record.model_validate(raw)
    except ValidationError as error:
        raise _refused(error) from None
    if not FIRST_DAY <= record.date <= today + timedelta(days=1):
        raise Refused("date", f"date: must be from {FIRST_DAY} to tomorrow ({today + timedelta(days=1)})")
    return record


def _refused(error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_input=False)[0]
    field = _shown(".".join(str(part) for part in first["loc"] if part != "[key]"))
    words = _WORDS.get(first["type"])
    message = words.format(**first.get("ctx", {})) if words else first["msg"].removeprefix("Value error, ")
    return Refused(field, f"{field}: {message}" if field else message)


def _shown(field: str) -> str:
    """A field's name as a reply may carry it, however long or odd it is."""
    return "".join(c if c.isprintable() else "\ufffd" for c in field[:100])
