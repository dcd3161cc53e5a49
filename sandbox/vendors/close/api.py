"""The manners of Close's REST API: calls, replies, the two shapes of an error, pages, field selection.

What an endpoint does is in ``leads.py``, ``contacts.py``, ``activities.py``, ``account.py``, ``search.py`` and
``webhooks.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.vendors.close.organization import Organization

Record = dict[str, Any]

LARGEST_PAGE = 200
DEFAULT_PAGE = 100
LARGEST_SKIP = 35_000


class CloseError(Exception):
    """A refusal with its HTTP status and JSON body."""

    def __init__(self, status: int, body: Record) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def plain_error(status: int, text: str) -> CloseError:
    """The shape of 401, 404, 405, 415 and unreadable bodies."""
    return CloseError(status, {"error": text})


def not_found() -> CloseError:
    return plain_error(404, "Not Found")


def field_errors(errors: Record) -> CloseError:
    """The shape of a 400 about fields; a value may itself be an object or a list."""
    return CloseError(400, {"errors": [], "field-errors": errors})


@dataclass
class Call:
    """One request, read: path parameters, query (or ``_params``) and JSON body."""

    path: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    body: Record = field(default_factory=dict)

    def required(self, name: str) -> Any:
        if (value := self.body.get(name)) in (None, ""):
            raise field_errors({name: "This field is required."})
        return value


@dataclass(frozen=True)
class Reply:
    body: Any
    status: int = 200


Handler = Callable[["Organization", Call], Reply]


@dataclass(frozen=True)
class Route:
    """``path`` is relative to ``/api/v1/`` and ends in a slash, as every path of Close does."""

    method: str
    path: str
    handler: Handler

    def match(self, path: str) -> dict[str, str] | None:
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


def page_bounds(params: Record) -> tuple[int, int]:
    """``_skip`` and ``_limit``, checked."""
    skip = _bounded(params, "_skip", default=0, least=0, most=LARGEST_SKIP)
    limit = _bounded(params, "_limit", default=DEFAULT_PAGE, least=1, most=LARGEST_PAGE)
    return skip, limit


def _bounded(params: Record, name: str, *, default: int, least: int, most: int) -> int:
    value = params.get(name)
    if value is None:
        return default
    try:
        number = int(value)
    except (TypeError, ValueError) as error:
        raise field_errors({name: "Input should be a valid integer"}) from error
    if number > most:
        raise field_errors({name: f"Input should be less than or equal to {most}"})
    if number < least:
        raise field_errors({name: f"Input should be greater than or equal to {least}"})
    return number


def page(call: Call, rows: Iterable[Record]) -> Reply:
    """One page of a list, as most lists of Close are answered."""
    skip, limit = page_bounds(call.params)
    found = list(rows)
    return Reply({"data": found[skip : skip + limit], "has_more": len(found) > skip + limit})


def matching(call: Call, rows: Iterable[Record], *names: str) -> list[Record]:
    """The rows that agree with the filters of the query; a filter is a field's name and its text, or several texts."""
    wanted = {name: str(call.params[name]).lower().split(",") for name in names if name in call.params}
    return [row for row in rows if all(str(row.get(name)).lower() in values for name, values in wanted.items())]


def with_fields(body: Any, names: str | None) -> Any:
    """What ``_fields=id,name`` leaves of an object, or of each object of a list; ``custom`` is every custom field."""
    if not names or not isinstance(body, dict):
        return body
    if isinstance(body.get("data"), list):
        return {**body, "data": [pick(row, names.split(",")) for row in body["data"]]}
    return pick(body, names.split(","))


def pick(row: Record, names: Iterable[str]) -> Record:
    wanted = {str(name).strip() for name in names}
    every_custom = "custom" in wanted
    return {
        name: value for name, value in row.items() if name in wanted or (every_custom and name.startswith("custom."))
    }
