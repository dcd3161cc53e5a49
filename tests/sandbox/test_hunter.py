"""The pretend Hunter behaves like Hunter, seen over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

KEY = {"X-API-KEY": "sandbox-hunter"}


def get(sandbox: Sandbox, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
    given = KEY if headers is None else headers
    return requests.get(f"{sandbox.url}/hunter/v2/{path}", params=query, headers=given, timeout=10)


def ada(sandbox: Sandbox, **more: Any) -> requests.Response:
    return get(sandbox, "people/find", email="ada@dev.test", **more)


def error(reply: requests.Response) -> tuple[int, str]:
    (problem,) = reply.json()["errors"]
    return problem["code"], problem["id"]


def test_a_person_comes_in_hunter_s_own_shape(sandbox: Sandbox) -> None:
    found = ada(sandbox).json()
    assert (found["data"]["employment"]["title"], found["meta"]) == (
        "Software Engineer",
        {"params": {"email": "ada@dev.test"}},
    )


def test_a_company_has_funding_rounds(sandbox: Sandbox) -> None:
    found = get(sandbox, "companies/find", domain="rocket.test").json()["data"]
    assert [each["amount"] for each in found["fundingRounds"]] == [20_000_000]


def test_clearbit_s_shape_on_request(sandbox: Sandbox) -> None:
    found = ada(sandbox, clearbit_format="1").json()
    assert (found["email"], found["emailProvider"]) == ("ada@dev.test", False)
    both = get(sandbox, "combined/find", email="kit@acme.test", clearbit_format="1").json()
    assert (both["person"]["employment"]["title"], both["company"]["name"]) == ("Office Manager", "Acme")


@pytest.mark.parametrize(
    "headers", [KEY, {"Authorization": "Bearer sandbox-hunter"}, {"X-API-KEY": "sandbox-hunter", "X-More": "1"}]
)
def test_a_key_is_taken_in_either_header(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert ada(sandbox, headers=headers).status_code == 200


def test_a_key_is_taken_in_the_query(sandbox: Sandbox) -> None:
    assert ada(sandbox, headers={}, api_key="sandbox-hunter").status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-API-KEY": "guess"}])
def test_a_wrong_key_is_refused(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert error(ada(sandbox, headers=headers)) == (401, "authentication_failed")


@pytest.mark.parametrize(
    ("path", "query", "answer"),
    [
        ("people/find", {"email": "nora@quietcorp.test"}, (404, "not_found")),
        ("people/find", {"email": "uma@acme.test"}, (404, "not_found")),  # whom Clearbit knows
        ("people/find", {"email": "nobody"}, (400, "invalid_email")),
        ("people/find", {}, (400, "wrong_params")),
        ("companies/find", {"domain": "not a domain"}, (400, "invalid_domain")),
        ("companies/find", {"domain": "quietcorp.test"}, (404, "not_found")),
        ("nobody/find", {}, (404, "not_found")),
    ],
)
def test_a_refusal_names_itself(sandbox: Sandbox, path: str, query: dict[str, Any], answer: tuple[int, str]) -> None:
    assert error(get(sandbox, path, **query)) == answer


def test_somebody_who_opted_out_is_451(sandbox: Sandbox) -> None:
    sandbox.setting("hunter", opted_out=["ada@dev.test"])
    assert error(ada(sandbox)) == (451, "claimed_email")


def test_the_rate_limit_is_403(sandbox: Sandbox) -> None:
    sandbox.setting("hunter", rate_limit=True)
    with requests.Session() as session:
        url = f"{sandbox.url}/hunter/v2/people/find?email=nobody"
        replies = [session.get(url, headers=KEY, timeout=10) for _ in range(501)]
    assert error(replies[-1]) == (403, "too_many_requests"), "500 a minute, 15 a second"
    sandbox.advance(61)
    assert ada(sandbox).status_code == 200


def test_the_plan_s_end_is_429_and_only_hits_count(sandbox: Sandbox) -> None:
    sandbox.setting("hunter", calls_left=1)
    get(sandbox, "people/find", email="nora@quietcorp.test")
    assert [ada(sandbox).status_code for _ in range(2)] == [200, 429]


def test_one_of_the_crowd_is_known(sandbox: Sandbox) -> None:
    found = get(sandbox, "combined/find", email="member-7@crowd-12.test").json()["data"]
    assert (found["person"]["name"]["fullName"], found["company"]["name"]) == ("Member 7", "Crowd 12")


def test_the_look_ups_are_shown(sandbox: Sandbox) -> None:
    ada(sandbox)
    (lookup,) = sandbox.state("hunter")["lookups"]
    assert (lookup["what"], lookup["key"], lookup["status"]) == ("person", "ada@dev.test", 200)
