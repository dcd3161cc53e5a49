"""The API of the product's own backend: ask for a verdict. OpenAPI docs at /api/docs.

Bearer keys are made and revoked in the admin. What a call refuses has one shape:
`{"error": {"code", "field", "message"}}`, the message naming the remedy. Bodies too large are refused before they get
here, by `signups.middleware`, in the same shape.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Header, NinjaAPI, Schema, Status
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import ConfigDict, field_validator

from signups import intake, vetting
from signups.models import ApiKey, IdempotentReply, Signup
from signups.next_step import next_url

_LAST_USED_PRECISION = timedelta(minutes=1)  # so that not every call writes


class Bearer(HttpBearer):
    """`Authorization: Bearer <key>`; `kinds` are the kinds of key that may call."""

    def __init__(self, *kinds: ApiKey.Kind) -> None:
        self.kinds = kinds
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        keys = ApiKey.objects.filter(digest=ApiKey.digest_of(token), kind__in=self.kinds, revoked_at=None)
        key = keys.select_related("signup").first()
        if key is not None:
            now = timezone.now()
            stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _LAST_USED_PRECISION)
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
        return key


api = NinjaAPI(
    title="Onboarding",
    version="1",
    description="Ask for a verdict on a signup. Keys are made in the admin, under *API keys*.",
    docs_url="/docs",
    openapi_url="/openapi.json",
    urls_namespace="api",
)


class SignupIn(Schema):
    """A signup as the product's backend received it. Only `email` and `name` are needed."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=254, examples=["ada@example.com"])
    name: str = Field(min_length=1, max_length=255, examples=["Ada Byrne"])
    company: str = Field("", max_length=255)
    newsletter: bool = Field(False, description="Only true where the person ticked the box")
    referrer: str = Field("", max_length=2000)
    landing_page: str = Field("", max_length=2000)
    utm: dict[str, str] = Field(default_factory=dict, max_length=10, examples=[{"utm_source": "newsletter"}])
    anonymous_id: str = Field("", max_length=100, description="The visitor's id before signing up")
    ga_client_id: str = Field("", max_length=100)
    ga_session_id: str = Field("", max_length=100)
    ip: str | None = Field(None, max_length=45, description="The visitor's address, not the backend's")
    user_agent: str = Field("", max_length=500)
    external_id: str = Field("", max_length=100, description="The product's own id of this customer")

    @field_validator("*")
    @classmethod
    def without_control_characters(cls, value: Any) -> Any:
        texts = [value] if isinstance(value, str) else [*value, *value.values()] if isinstance(value, dict) else []
        if any(ord(character) < 32 or ord(character) == 127 for text in texts for character in text):
            raise ValueError("must not contain control characters such as line breaks")
        if any("\ud800" <= character <= "\udfff" for text in texts for character in text):
            raise ValueError("must not contain half a surrogate pair: send the text as UTF-8")
        return value

    @field_validator("name")
    @classmethod
    def not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value.strip()

    @field_validator("utm")
    @classmethod
    def short_values(cls, value: dict[str, str]) -> dict[str, str]:
        if any(len(name) > 50 or len(text) > 300 for name, text in value.items()):
            raise ValueError("names may have 50 characters and values 300")
        return value

    @field_validator("ip")
    @classmethod
    def an_address(cls, value: str | None) -> str | None:
        return str(ipaddress.ip_address(value)) if value else None


class Reason(Schema):
    code: str
    sentence: str


class SignupOut(Schema):
    """The verdict: where to send the person next, and why."""

    id: UUID
    verdict: Literal["accepted", "confirm", "held", "rejected"]
    next_url: str
    reasons: list[Reason]
    score: int


class Problem(Schema):
    code: str
    field: str | None = None
    message: str


class ErrorOut(Schema):
    error: Problem


class Hello(Schema):
    hello: str
    verdict: str


@api.post(
    "/v1/signups",
    response={
        201: SignupOut,
        200: SignupOut,
        400: ErrorOut,
        401: ErrorOut,
        409: ErrorOut,
        413: ErrorOut,
        422: ErrorOut,
    },
    auth=Bearer(ApiKey.Kind.BACKEND),
    summary="Vet a signup",
    tags=["signups"],
)
def create_signup(
    request: HttpRequest,
    payload: SignupIn,
    idempotency_key: str | None = Header(None, alias="Idempotency-Key", max_length=255),  # type: ignore[type-arg]
) -> Status[Any]:
    """201 with the verdict; 200 where this address had signed up before (its present verdict). The same
    `Idempotency-Key` with the same body gives the same answer again, with another body 409."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    digest = hashlib.sha256(json.dumps(payload.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    if idempotency_key and (replayed := _replay(key, idempotency_key, digest)):
        return replayed
    answer: list[Status[dict[str, Any]]] = []

    def keep_answer(signup: Signup, is_repeat: bool) -> None:
        status, reply = 200 if is_repeat else 201, _reply(signup, is_repeat)
        if idempotency_key:
            IdempotentReply.objects.create(
                api_key=key, key=idempotency_key, body_digest=digest, status=status, reply=reply
            )
        answer.append(Status(status, reply))

    try:
        intake.receive(_submission(payload), on_saved=keep_answer)
    except vetting.InvalidAddress as error:
        return Status(422, _problem("invalid_email", str(error), "email"))
    except IntegrityError:
        # The same key came twice at once, and the other request was faster: its answer holds.
        if idempotency_key and (replayed := _replay(key, idempotency_key, digest)):
            return replayed
        raise
    return answer[0]


@api.get(
    "/v1/hello",
    response={200: Hello, 401: ErrorOut},
    auth=Bearer(*ApiKey.Kind),
    summary="The first call",
    tags=["hello"],
)
def hello(request: HttpRequest) -> dict[str, str]:
    """Greets whoever the key belongs to: the call the welcome page shows."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if key.signup is None:
        return {"hello": key.name, "verdict": "accepted"}
    return {"hello": key.signup.name, "verdict": key.signup.verdict}


def _submission(payload: SignupIn) -> intake.Submission:
    sent = payload.model_dump()
    sent["company_name"], sent["wants_newsletter"] = sent.pop("company"), sent.pop("newsletter")
    return intake.Submission(**sent, source=Signup.Source.API)


def _reply(signup: Signup, is_repeat: bool) -> dict[str, Any]:
    return {
        "id": str(signup.uid),
        "verdict": signup.verdict,
        "next_url": next_url(signup, is_repeat),
        "reasons": signup.reasons,
        "score": signup.score,
    }


def _replay(key: ApiKey, idempotency_key: str, digest: str) -> Status[Any] | None:
    earlier = IdempotentReply.objects.filter(api_key=key, key=idempotency_key).first()
    if earlier is None:
        return None
    if earlier.body_digest != digest:
        message = "This Idempotency-Key was used with another body. Use a new key for a new request."
        return Status(409, _problem("idempotency_key_reused", message, "Idempotency-Key"))
    return Status(earlier.status, earlier.reply)


def _problem(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "field": field, "message": message}}


# -- Errors ------------------------------------------------------------------------------------------------------------


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: Any) -> HttpResponse:
    first = error.errors[0]
    place = [str(part) for part in first.get("loc", ()) if part not in ("body", "payload", "header", "query")]
    field = ".".join(place) or None
    message = str(first.get("msg", "is not valid")).removeprefix("Value error, ")
    return api.create_response(request, _problem("invalid", f"{field or 'The body'}: {message}", field), status=422)


@api.exception_handler(AuthenticationError)
def _unauthorised(request: HttpRequest, error: Any) -> HttpResponse:
    message = "Send `Authorization: Bearer <key>` with a key from the admin's *API keys* that is not revoked."
    response = api.create_response(request, _problem("unauthorised", message, "Authorization"), status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    message = "The body is not valid JSON." if error.status_code == 400 else str(error)
    return api.create_response(request, _problem("bad_request", message), status=error.status_code)
