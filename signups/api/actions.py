"""Report what people did: from the product's backend with its key, or from web pages with a public one.

A public key stands in every page's source, so it can do no more than this, from the origins it lists, and not say who a
visitor is. Our own pages need none. Which origins may call is told to browsers by `signups.middleware`.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Schema, Status
from ninja.security import APIKeyQuery
from ninja.security.base import AuthBase

from signups import capture, origins
from signups.activity.reading import FIELDS
from signups.activity.taking import MOST_AT_ONCE, take
from signups.activity.taking import Status as Became
from signups.api.base import Bearer, ErrorOut, api, problem
from signups.api.limits import Limit
from signups.models import Action, ApiKey

# Of one visitor's address, by one key: many times what a reader does, and what an office behind one address may do.
page_limit = Limit(most=3_000, per_s=60)


class ItemOut(Schema):
    """What became of one action: `field` and `message` say why it was refused."""

    index: int
    id: str
    status: Literal["stored", "duplicate", "refused"]
    field: str | None = None
    message: str = ""


class ActionsOut(Schema):
    """`accepted` counts the actions that are stored now, those that were stored before among them."""

    accepted: int
    items: list[ItemOut]


class OriginRefused(Exception):
    """A public key was used from a page that it does not list."""


@api.exception_handler(OriginRefused)
def _origin_refused(request: HttpRequest, error: Exception) -> HttpResponse:
    return api.create_response(request, problem("origin_refused", str(error), "Origin"), status=403)


# -- Who may report ----------------------------------------------------------------------------------------------------


class ReportingKey(Bearer):
    """`Authorization: Bearer <key>`, the backend's or a public one."""

    def __init__(self) -> None:
        super().__init__(ApiKey.Kind.BACKEND, ApiKey.Kind.PUBLIC)

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        key = super().authenticate(request, token)
        if key is not None and key.kind == ApiKey.Kind.PUBLIC:
            _require_listed_origin(request, key)
        return key


class PublicKey(APIKeyQuery):
    """`?key=<public key>`: lets a page report as it is being left, when it cannot send headers of its own."""

    param_name = "key"

    def authenticate(self, request: HttpRequest, key: str | None) -> ApiKey | None:
        found = Bearer(ApiKey.Kind.PUBLIC).authenticate(request, key) if key else None
        if found is not None:
            _require_listed_origin(request, found)
        return found


class OwnPage(AuthBase):
    """A page of this very site, which browsers name in the header Origin."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "Origin"

    def __call__(self, request: HttpRequest) -> str | None:
        is_own = request.headers.get("Origin") in origins.own(request)
        return "own page" if is_own else None


def _require_listed_origin(request: HttpRequest, key: ApiKey) -> None:
    origin = request.headers.get("Origin", "")
    if origin not in {*key.origins.split(), *origins.own(request)}:
        told = f"not from {origin[:200]}" if origin else "and the request names none in the header Origin"
        listed = ", ".join(key.origins.split()) or "no origin"
        raise OriginRefused(f"This public key works on pages of {listed}, {told}. Its origins are set in the admin.")


# -- The call ----------------------------------------------------------------------------------------------------------

_ACTION: dict[str, Any] = {
    "type": "object",
    "required": ["id", "type", "name", "timestamp"],
    "properties": {
        "id": {"type": "string", "maxLength": 100, "description": "The same id twice is one action"},
        "type": {"type": "string", "enum": ["page", "track"]},
        "name": {"type": "string", "maxLength": 200, "example": "Called the API"},
        "anonymous_id": {"type": "string", "maxLength": 100, "description": "The visitor's; this or user_id is needed"},
        "user_id": {
            "type": "string",
            "maxLength": 254,
            "description": "Backend only: signup id, external id or e-mail",
        },
        "timestamp": {"type": "string", "description": "ISO 8601 with a time zone; or a number, s or ms since 1970"},
        "properties": {"type": "object", "description": "At most 248, nested 3 levels deep, 30,000 bytes as JSON"},
    },
}
_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["actions"],
    "properties": {"actions": {"type": "array", "maxItems": MOST_AT_ONCE, "items": _ACTION}},
}
assert set(_ACTION["properties"]) == set(FIELDS)


@api.post(
    "/v1/actions",
    response={200: ActionsOut, 401: ErrorOut, 403: ErrorOut, 413: ErrorOut, 422: ErrorOut, 429: ErrorOut},
    auth=[ReportingKey(), PublicKey(), OwnPage()],
    summary="Report actions",
    tags=["actions"],
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}},
)
def report_actions(request: HttpRequest, response: HttpResponse) -> Status[Any]:
    """Up to 1,000 actions, in any order and however late; each is answered by itself. The body is read as JSON
    whatever its Content-Type says."""
    key: ApiKey | str = request.auth  # type: ignore[attr-defined]
    is_backend = isinstance(key, ApiKey) and key.kind == ApiKey.Kind.BACKEND
    try:
        items = _items(request.body)
    except ValueError as error:
        return Status(422, problem("invalid", str(error), "actions"))
    if not is_backend:
        caller = f"{key.pk if isinstance(key, ApiKey) else key} {capture.visitor_ip(request)}"
        if wait_s := page_limit.take(caller, max(1, len(items))):
            response["Retry-After"] = str(wait_s)
            message = f"At most {page_limit.most:,} actions a minute are taken. Come again in {wait_s} s."
            return Status(429, problem("too_many_actions", message))
    answers = take(items, Action.Source.BACKEND if is_backend else Action.Source.BROWSER)
    accepted = sum(answer.status != Became.REFUSED for answer in answers)
    shown = [
        {
            "index": answer.index,
            "id": answer.id,
            "status": answer.status.value,
            "field": answer.field,
            "message": answer.message,
        }
        for answer in answers
    ]
    return Status(200, {"accepted": accepted, "items": shown})


def _items(body: bytes) -> list[Any]:
    """The actions a body holds. Raises ValueError, naming the remedy, for what cannot be read at all."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError('The body is not valid JSON. Send {"actions": […]} as UTF-8.') from None
    items = sent.get("actions") if isinstance(sent, dict) else None
    if not isinstance(items, list):
        raise ValueError('The body must be {"actions": […]}.')
    if len(items) > MOST_AT_ONCE:
        message = (
            f"At most {MOST_AT_ONCE:,} actions are taken at once, not {len(items):,}. Send the rest in another call."
        )
        raise ValueError(message)
    return items
