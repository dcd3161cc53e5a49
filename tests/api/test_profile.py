"""GET /api/v1/signups/…/profile: what is known of a customer, with who said so."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signups.models import ApiKey, Person, Signup, Verdict
from tests.api.test_signups import error
from tests.rows import FOUND_AT, make_company, make_signup

pytestmark = pytest.mark.django_db


def get(client: Client, customer: str) -> Any:
    return client.get(f"/api/v1/signups/{quote(customer, safe='')}/profile")


def make_known() -> Signup:
    return make_signup(facts={"employment.title": "CTO"}, company=make_company(metrics__raised=5), external_id="u_42")


def test_the_merged_profile_comes_with_its_provenance(backend: Client) -> None:
    signup = make_known()
    other = {"value": "Engineer", "provider": "gravatar", "at": FOUND_AT.isoformat(), "confidence": 0.5}
    title = {**signup.person.profile["employment.title"], "confidence": 0.9, "others": [other]}
    Person.objects.update(profile={"employment.title": title})
    at = "2026-11-24T09:00:00Z"
    raised = {"value": 5, "provider": "clearbit", "at": at, "confidence": None, "others": []}
    assert get(backend, "ada@dev.test").json() == {
        "id": str(signup.uid),
        "external_id": "u_42",
        "version": signup.profile_version,
        "person": {
            "email": "ada@dev.test",
            "name": "Ada Byrne",
            "facts": {
                "employment.title": {
                    "value": "CTO",
                    "provider": "clearbit",
                    "at": at,
                    "confidence": 0.9,
                    "others": [{**other, "at": at}],
                }
            },
        },
        "company": {"domain": "dev.test", "name": "Devhouse", "facts": {"metrics.raised": raised}},
    }


@pytest.mark.parametrize("name", ["uid", "external_id", "email"])
def test_a_customer_goes_by_any_of_their_names(backend: Client, name: str) -> None:
    signup = make_known()
    assert get(backend, str(getattr(signup, name))).json()["id"] == str(signup.uid)


def test_without_a_company_there_is_none(backend: Client) -> None:
    make_signup()
    assert get(backend, "ada@dev.test").json()["company"] is None


@pytest.mark.parametrize("customer", ["nobody@dev.test", "u_42\x00"])
def test_an_unknown_customer_is_not_found(backend: Client, customer: str) -> None:
    make_signup()
    assert get(backend, customer).status_code == 404


def test_a_rejected_signup_is_nobody_s_customer(backend: Client) -> None:
    make_signup(verdict=Verdict.REJECTED)
    reply = get(backend, "ada@dev.test")
    assert (reply.status_code, error(reply)["code"]) == (404, "unknown_customer")


def test_only_the_backend_s_key_reads(backend: Client) -> None:
    make_known()
    assert get(Client(), "ada@dev.test").status_code == 401
    ApiKey.objects.update(kind=ApiKey.Kind.TRIAL)
    assert get(backend, "ada@dev.test").status_code == 401


def test_an_own_id_that_ends_so_is_a_customer_like_any(backend: Client) -> None:
    make_signup(external_id="team/profile")
    url = f"/api/v1/signups/{quote('team/profile', safe='')}"
    assert backend.patch(url, json.dumps({"plan": "free"}), content_type="application/json").status_code == 200
    assert get(backend, "team/profile").status_code == 200
    assert Signup.objects.get().plan == "free"


def test_the_call_is_described_for_machines(backend: Client) -> None:
    described = backend.get("/api/openapi.json").json()
    call = described["paths"]["/api/v1/signups/{customer}/profile"]
    assert set(call) == {"get"}
    assert call["get"]["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ProfileOut"
    }


def test_thirty_facts_cost_as_many_queries_as_one(backend: Client) -> None:
    make_known()
    numbers = []
    for many in (1, 30):
        fact = {"value": 1, "provider": "github", "at": FOUND_AT.isoformat()}
        Person.objects.update(profile={f"x{n}": {**fact, "others": [fact]} for n in range(many)})
        get(backend, "ada@dev.test")
        with CaptureQueriesContext(connection) as captured:
            get(backend, "ada@dev.test")
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]
