"""Report what customers used, and what their plan allows."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Schema, Status
from pydantic import ConfigDict, WithJsonSchema, field_validator

from signups import customers
from signups.api.base import Bearer, ErrorOut, api, own_id, problem, require_storable
from signups.models import ApiKey, Signup
from signups.usage import plans, records, taking

_MOST = 10_000
# Anything, for one odd record must not refuse the whole body; described as what it should be.
_Record = Annotated[Any, WithJsonSchema(records.Record.model_json_schema())]


class UsageIn(Schema):
    """Up to 10,000 records. Each is checked by itself, so that one that is wrong keeps no other out."""

    model_config = ConfigDict(extra="forbid")

    records: list[_Record] = Field(max_length=_MOST)


class UsageRefused(Schema):
    """An item that was not stored: `index` is its place in `records`, beginning with 0."""

    index: int
    code: Literal["invalid", "unknown_customer"]
    field: str | None
    message: str


class UsageOut(Schema):
    """`stored` is `new` and `replaced` together. `repeated` items stood before another of the same customer, day and
    metric: the last one counts."""

    stored: int
    new: int
    replaced: int
    repeated: int
    refused: list[UsageRefused]


class PlanIn(Schema):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    plan: str = Field("", max_length=50, examples=["trial"])
    limit: int | None = Field(
        None, strict=True, ge=1, le=records.MOST, description="API calls the plan allows in a period; null: no limit"
    )
    limit_period: Literal["day", "month", "total"] = "month"
    external_id: str = Field("", max_length=100, description="The product's own id of this customer")

    @field_validator("plan", "external_id")
    @classmethod
    def one_line(cls, value: str) -> str:
        require_storable(value)
        return value.strip()

    @field_validator("external_id")
    @classmethod
    def a_real_id(cls, value: str) -> str:
        return own_id(value)


class PlanOut(Schema):
    """What a customer may use. `limit` null: no limit is set here, and the one that came with the newest usage counts,
    if one did."""

    id: UUID
    external_id: str
    plan: str
    limit: int | None
    limit_period: Literal["day", "month", "total"]


@api.post(
    "/v1/usage",
    response={200: UsageOut, 400: ErrorOut, 401: ErrorOut, 413: ErrorOut, 422: ErrorOut},
    auth=Bearer(ApiKey.Kind.BACKEND),
    summary="Report usage",
    tags=["usage"],
)
def report_usage(request: HttpRequest, payload: UsageIn) -> Status[Any]:
    """A customer's count of a metric on a day (UTC) replaces what was reported of it before, so that a report may be
    sent again. What could not be stored comes back with its place and the reason; all the others are stored."""
    taken = taking.report(payload.records)
    return Status(
        200,
        {
            "stored": taken.stored,
            "new": taken.new,
            "replaced": taken.replaced,
            "repeated": taken.repeated,
            "refused": [vars(refusal) for refusal in taken.refused],
        },
    )


@api.patch(
    "/v1/signups/{path:customer}",
    response={200: PlanOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 413: ErrorOut, 422: ErrorOut},
    auth=Bearer(ApiKey.Kind.BACKEND),
    summary="Set plan and limit",
    tags=["usage"],
)
def change_plan(request: HttpRequest, customer: str, payload: PlanIn) -> Status[Any]:
    """`customer` is the signup's id, its `external_id` or its e-mail, percent-encoded. Only what is sent changes."""
    signup = customers.find([customer]).get(customer) if customer.isprintable() else None
    if signup is None:
        message = "Nobody who signed up is known so: send the signup's id, its external_id or its e-mail."
        return Status(404, problem("unknown_customer", message, "customer"))
    try:
        changed = plans.change(signup, _changes(payload))
    except customers.Taken as error:
        return Status(422, problem("taken", str(error), "external_id"))
    return Status(200, _plan_of(changed))


@api.patch(
    "/v1/signups/{path:customer}/profile",
    response={200: PlanOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 413: ErrorOut, 422: ErrorOut},
    auth=Bearer(ApiKey.Kind.BACKEND),
    include_in_schema=False,
)
def change_plan_below_profile(request: HttpRequest, customer: str, payload: PlanIn) -> Status[Any]:
    """A customer's own id may end in "/profile", where the profile is read: its plan is set as any other's."""
    return change_plan(request, f"{customer}/profile", payload)


def _changes(payload: PlanIn) -> dict[str, Any]:
    fields = {"plan": "plan", "limit": "plan_limit", "limit_period": "plan_period", "external_id": "external_id"}
    return {fields[name]: value for name, value in payload.model_dump(exclude_unset=True).items()}


def _plan_of(signup: Signup) -> dict[str, Any]:
    return {
        "id": signup.uid,
        "external_id": signup.external_id,
        "plan": signup.plan,
        "limit": signup.plan_limit,
        "limit_period": signup.plan_period,
    }
