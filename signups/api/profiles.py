"""Read what is known of a customer and their company, with who said so.

Its path lies below the one that sets a plan (`usage`), which takes whatever a customer is called, slashes too: this one
must be registered first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Schema, Status

from signups import customers
from signups.api.base import Bearer, ErrorOut, api, problem
from signups.models import ApiKey
from signups.models.profile import Profile


class ClaimOut(Schema):
    """What somebody said: a provider's slug, "staff", "form" (they themselves) or "derived" (from other facts)."""

    value: Any
    provider: str
    at: datetime | None = Field(None, description="When it was fetched or said")
    confidence: float | None = Field(None, description="How sure the provider is, from 0 to 1; null: it does not say")


class FactOut(ClaimOut):
    """A fact that holds. `others`: the answers that lost, the most believed first."""

    others: list[ClaimOut] = Field(default_factory=list)


class PersonOut(Schema):
    email: str
    name: str
    facts: dict[str, FactOut] = Field(description='By dotted path, such as "employment.title"')


class CompanyOut(Schema):
    domain: str
    name: str
    facts: dict[str, FactOut] = Field(description='By dotted path, such as "metrics.raised"')


class ProfileOut(Schema):
    """The merged profile. `company` null: none is known."""

    id: UUID
    external_id: str
    version: int = Field(description="Counts the changes of the profile")
    person: PersonOut
    company: CompanyOut | None


@api.get(
    "/v1/signups/{path:customer}/profile",
    response={200: ProfileOut, 401: ErrorOut, 404: ErrorOut},
    auth=Bearer(ApiKey.Kind.BACKEND),
    summary="Read a profile",
    tags=["signups"],
)
def read_profile(request: HttpRequest, customer: str) -> Status[Any]:
    """`customer` is the signup's id, its `external_id` or its e-mail, percent-encoded. Nobody is asked for it: it is
    what is known by now."""
    signup = customers.find([customer]).get(customer) if customer.isprintable() else None
    if signup is None:
        message = "Nobody who signed up is known so: send the signup's id, its external_id or its e-mail."
        return Status(404, problem("unknown_customer", message, "customer"))
    person, company = signup.person, signup.company
    return Status(
        200,
        {
            "id": signup.uid,
            "external_id": signup.external_id,
            "version": signup.profile_version,
            "person": {"email": person.email, "name": person.name, "facts": _facts(person.profile)},
            "company": company and {"domain": company.domain, "name": company.name, "facts": _facts(company.profile)},
        },
    )


def _facts(profile: Profile) -> dict[str, Any]:
    return {
        path: {**_claim(fact), "others": [_claim(one) for one in fact.get("others", [])]}
        for path, fact in sorted(profile.items())
    }


def _claim(said: dict[str, Any]) -> dict[str, Any]:
    return {name: said.get(name) for name in ("value", "provider", "at", "confidence")}
