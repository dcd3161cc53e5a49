"""What every call of the API shares: keys, the shape of a refusal, and text that can be stored.

Bearer keys are made and revoked in the admin. What a call refuses has one shape:
`{"error": {"code", "field", "message"}}`, the message naming the remedy. Bodies too large are refused before they get
here, by `signups.middleware`, in the same shape.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer

from signups.models import ApiKey, is_forbidden_id
from signups.transactions import write_transaction

_LAST_USED_PRECISION = timedelta(minutes=1)  # so that not every call writes


class Bearer(HttpBearer):
    """`Authorization: Bearer <key>`; `kinds` are the kinds of key that may call."""

    def __init__(self, *kinds: ApiKey.Kind) -> None:
        self.kinds = kinds
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        keys = ApiKey.objects.filter(digest=ApiKey.digest_of(token), kind__in=self.kinds, revoked_at=None)
        key = keys.select_related("signup").first()
        now = timezone.now()
        if key is not None and (key.last_used_at is None or key.last_used_at < now - _LAST_USED_PRECISION):
            with write_transaction():
                ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return key


api = NinjaAPI(
    title="Onboarding",
    version="1",
    description="Ask for a verdict on a signup. Keys are made in the admin, under *API keys*.",
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
)


class Problem(Schema):
    code: str
    field: str | None = None
    message: str


class ErrorOut(Schema):
    error: Problem


def problem(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "field": field, "message": message}}


def require_storable(*texts: str, is_one_line: bool = True) -> None:
    """Raises ValueError, naming the remedy, for text that not every database takes, or with line breaks in it."""
    allowed = "" if is_one_line else "\t\n\r"
    for text in texts:
        if any((ord(character) < 32 and character not in allowed) or ord(character) == 127 for character in text):
            raise ValueError("must not contain control characters" + (" such as line breaks" if is_one_line else ""))
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError("must not contain half a surrogate pair: send the text as UTF-8")


def own_id(text: str) -> str:
    """The product's own id of a customer, trimmed; "" where there is none.

    Raises ValueError for what stands for no id: everybody whose id was lost would be one customer.
    """
    text = text.strip()
    if is_forbidden_id(text):
        raise ValueError(f"must not be {text!r}, which stands for no id: send the real one, or leave it out")
    return text


# -- Errors ------------------------------------------------------------------------------------------------------------


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    first = error.errors[0]
    place = [str(part) for part in first.get("loc", ()) if part not in ("body", "payload", "header", "query")]
    field = ".".join(place) or None
    message = str(first.get("msg", "is not valid")).removeprefix("Value error, ")
    return api.create_response(request, problem("invalid", f"{field or 'The body'}: {message}", field), status=422)


@api.exception_handler(AuthenticationError)
def _unauthorised(request: HttpRequest, error: Any) -> HttpResponse:
    message = "Send `Authorization: Bearer <key>` with a key from the admin's *API keys* that is not revoked."
    response = api.create_response(request, problem("unauthorised", message, "Authorization"), status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    message = "The body is not valid JSON." if error.status_code == 400 else str(error)
    return api.create_response(request, problem("bad_request", message), status=error.status_code)
