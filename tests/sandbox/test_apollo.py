"""The pretend Apollo behaves like Apollo, seen over HTTP."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

KEY = {"x-api-key": "sandbox-apollo"}


def match(sandbox: Sandbox, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
    given = KEY if headers is None else headers
    return requests.post(f"{sandbox.url}/apollo/api/v1/people/match", params=query, headers=given, timeout=10)


def enrich(sandbox: Sandbox, **query: Any) -> requests.Response:
    url = f"{sandbox.url}/apollo/api/v1/organizations/enrich"
    return requests.get(url, params=query, headers=KEY, timeout=10)


@pytest.mark.parametrize("algorithm", [hashlib.sha256, hashlib.md5])
def test_a_person_is_found_by_the_hash_of_the_address(sandbox: Sandbox, algorithm: Any) -> None:
    found = match(sandbox, hashed_email=algorithm(b"grace@rocket.test").hexdigest()).json()["person"]
    assert (found["title"], found["seniority"], found["functions"]) == (
        "Co-Founder & CEO",
        "founder",
        ["entrepreneurship"],
    )
    assert found["organization"]["primary_domain"] == "rocket.test"


def test_nobody_is_null_and_200(sandbox: Sandbox) -> None:
    people, companies = match(sandbox, email="nora@quietcorp.test"), enrich(sandbox, domain="quietcorp.test")
    assert (people.status_code, people.json()["person"]) == (200, None)
    assert (companies.status_code, companies.json()) == (200, {"organization": None})


def test_whom_clearbit_knows_apollo_may_not(sandbox: Sandbox) -> None:
    assert match(sandbox, email="ada@dev.test").json()["person"] is None


def test_a_company_is_found_by_its_domain(sandbox: Sandbox) -> None:
    found = enrich(sandbox, domain="acme.test").json()["organization"]
    assert (found["total_funding"], found["technology_names"]) == (4_000_000, ["Salesforce", "Sap", "Google Analytics"])


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "guess"}])
def test_a_wrong_key_is_refused_in_plain_text(sandbox: Sandbox, headers: dict[str, str]) -> None:
    reply = match(sandbox, headers, email="tom@acme.test")
    assert (reply.status_code, reply.headers["Content-Type"]) == (401, "text/plain; charset=utf-8")
    assert reply.text.startswith("Invalid API key.")


def test_a_key_may_not_be_good_for_an_endpoint(sandbox: Sandbox) -> None:
    sandbox.setting("apollo", is_accessible=False)
    reply = enrich(sandbox, domain="acme.test")
    assert (reply.status_code, reply.json()["error_code"]) == (403, "API_INACCESSIBLE")


def test_a_company_s_domain_is_needed(sandbox: Sandbox) -> None:
    reply = enrich(sandbox)
    assert (reply.status_code, reply.json()) == (422, {"error": "Required parameter 'domain' missing"})


def test_a_hit_costs_a_credit_each_time_and_a_miss_none(sandbox: Sandbox) -> None:
    sandbox.setting("apollo", credits=2)
    for email in ("nora@quietcorp.test", "tom@acme.test", "tom@acme.test"):
        assert match(sandbox, email=email).status_code == 200
    reply = match(sandbox, email="tom@acme.test")
    assert (reply.status_code, reply.json()) == (422, {"error": "You have insufficient credits."})


def test_the_rate_limit_says_how_long_to_wait(sandbox: Sandbox) -> None:
    sandbox.setting("apollo", rate_limit=True)
    with requests.Session() as session:
        url = f"{sandbox.url}/apollo/api/v1/people/match?email=nobody"
        replies = [session.post(url, headers=KEY, timeout=10) for _ in range(601)]
    assert [reply.status_code for reply in replies[-2:]] == [200, 429]
    assert 3_500 < int(replies[-1].headers["retry-after"]) <= 3_601
    assert "600 times per hour" in replies[-1].json()["message"]


def test_the_look_ups_are_shown(sandbox: Sandbox) -> None:
    match(sandbox, email="tom@acme.test")
    (lookup,) = sandbox.state("apollo")["lookups"]
    assert (lookup["what"], lookup["key"], lookup["status"]) == ("person", "tom@acme.test", 200)
