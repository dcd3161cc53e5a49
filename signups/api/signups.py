"""Ask for a verdict on a signup, and the first call of a new customer."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from typing import Any, Literal
from uuid import UUID

from django.db import IntegrityError
from django.http import HttpRequest
from ninja import Field, Header, Schema, Status
from pydantic import ConfigDict, field_validator

from signups import customers, intake, vetting
from signups.api.base import Bearer, ErrorOut, api, own_id, problem, require_storable
from signups.models import ApiKey, IdempotentReply, Signup
from signups.next_step import next_url


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
    device_id: str = Field(
        "",
        max_length=100,
        description="A random id of the visitor's browser, against fraud alone: many signups from one are seen",
    )
    external_id: str = Field(
        "",
        max_length=100,
        description="The product's own id of this customer. One that has an id keeps it: PATCH changes it",
    )

    @field_validator("*")
    @classmethod
    def without_control_characters(cls, value: Any) -> Any:
        texts = [value] if isinstance(value, str) else [*value, *value.values()] if isinstance(value, dict) else []
        require_storable(*texts)
        return value

    @field_validator("name")
    @classmethod
    def not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value.strip()

    @field_validator("external_id", "device_id")
    @classmethod
    def a_real_id(cls, value: str) -> str:
        return own_id(value)

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
    suggestion: str = Field("", description='The address that was probably meant, to ask about; "" for none')


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
        return Status(422, problem("invalid_email", str(error), "email"))
    except customers.Taken as error:
        return Status(422, problem("taken", str(error), "external_id"))
    except IntegrityError:
        # The same key came twice at once, and the other request was faster: its answer holds.
        if idempotency_key and (replayed := _replay(key, idempotency_key, digest)):
            return replayed
        raise
    return answer[0]


@api.get(
    "/v1/hello",
    response={200: Hello, 401: ErrorOut},
    auth=Bearer(ApiKey.Kind.BACKEND, ApiKey.Kind.TRIAL),
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
        "suggestion": signup.suggestion,
    }


def _replay(key: ApiKey, idempotency_key: str, digest: str) -> Status[Any] | None:
    earlier = IdempotentReply.objects.filter(api_key=key, key=idempotency_key).first()
    if earlier is None:
        return None
    if earlier.body_digest != digest:
        message = "This Idempotency-Key was used with another body. Use a new key for a new request."
        return Status(409, problem("idempotency_key_reused", message, "Idempotency-Key"))
    return Status(earlier.status, earlier.reply)
