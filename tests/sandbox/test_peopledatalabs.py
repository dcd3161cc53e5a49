"""The pretend People Data Labs behaves like People Data Labs, seen over HTTP."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

KEY = {"X-Api-Key": "sandbox-pdl"}


def get(sandbox: Sandbox, path: str, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
    given = KEY if headers is None else headers
    return requests.get(f"{sandbox.url}/peopledatalabs/v5/{path}", params=query, headers=given, timeout=10)


def ada(sandbox: Sandbox, **more: Any) -> requests.Response:
    return get(sandbox, "person/enrich", email_hash=hashlib.sha256(b"ada@dev.test").hexdigest(), **more)


def error(reply: requests.Response) -> tuple[int, str]:
    body = reply.json()
    assert body["status"] == reply.status_code
    return body["status"], body["error"]["type"]


@pytest.mark.parametrize("algorithm", [hashlib.sha256, hashlib.md5])
def test_a_person_is_found_by_the_hash_of_the_address_in_an_envelope(sandbox: Sandbox, algorithm: Any) -> None:
    found = get(sandbox, "person/enrich", email_hash=algorithm(b"grace@rocket.test").hexdigest()).json()
    assert (found["status"], found["likelihood"], found["data"]["full_name"]) == (200, 8, "grace okafor")
    assert (found["data"]["job_title_levels"], found["data"]["linkedin_username"]) == (["cxo"], "grace-okafor")


def test_a_company_is_found_without_an_envelope(sandbox: Sandbox) -> None:
    found = get(sandbox, "company/enrich", website="rocket.test").json()
    assert (found["name"], found["employee_count"], found["size"], found["likelihood"]) == ("rocket", 131, "51-200", 9)


def test_title_case_on_request(sandbox: Sandbox) -> None:
    found = ada(sandbox, titlecase="true").json()["data"]
    assert (found["full_name"], found["job_title"], found["job_title_role"]) == (
        "Ada Byrne",
        "Backend Engineer",
        "engineering",
    )


def test_only_a_hit_costs(sandbox: Sandbox) -> None:
    replies = [ada(sandbox), get(sandbox, "company/enrich", website="dev.test")]
    assert [reply.headers["x-call-credits-spent"] for reply in replies] == ["1", "0"]
    assert [reply.headers["x-totallimit-remaining"] for reply in replies] == ["999", "999"]


def test_when_all_matches_are_used_it_is_402(sandbox: Sandbox) -> None:
    sandbox.setting("peopledatalabs", credits=1)
    assert ada(sandbox).status_code == 200
    assert error(ada(sandbox)) == (402, "payment_required")


@pytest.mark.parametrize(
    ("path", "query", "answer"),
    [
        ("person/enrich", {"email": "nora@quietcorp.test"}, (404, "not_found")),
        ("person/enrich", {"email": "tom@acme.test"}, (404, "not_found")),  # whom Clearbit knows
        ("person/enrich", {"email": "ada@dev.test", "min_likelihood": "9"}, (404, "not_found")),
        ("person/enrich", {"email": "ada@dev.test", "min_likelihood": "11"}, (400, "invalid_request_error")),
        ("person/enrich", {}, (400, "invalid_request_error")),
        ("company/enrich", {"website": "dev.test"}, (404, "not_found")),
        ("school/enrich", {}, (404, "not_found")),
    ],
)
def test_a_refusal_names_its_type(sandbox: Sandbox, path: str, query: dict[str, Any], answer: tuple[int, str]) -> None:
    assert error(get(sandbox, path, **query)) == answer


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "guess"}])
def test_a_wrong_key_is_refused(sandbox: Sandbox, headers: dict[str, str]) -> None:
    assert error(ada(sandbox, headers=headers)) == (401, "authentication_error")


def test_the_rate_limit_names_the_moment_when_it_ends(sandbox: Sandbox) -> None:
    sandbox.setting("peopledatalabs", rate_limit=True, per_minute=1)
    replies = [ada(sandbox) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 429]
    reset = datetime.fromisoformat(replies[1].headers["x-ratelimit-reset"])
    assert timedelta(0) < reset - datetime.now(UTC) < timedelta(seconds=62)
    assert replies[1].headers["x-ratelimit-remaining"] == '{"minute": 0, "day": null, "month": null}'


def test_a_free_plan_is_told_what_there_is_and_not_told_it(sandbox: Sandbox) -> None:
    sandbox.setting("peopledatalabs", is_free_plan=True)
    found = ada(sandbox).json()["data"]
    assert (found["location_name"], found["mobile_phone"], found["full_name"]) == (True, None, "ada byrne")


def test_a_company_only_it_knows(sandbox: Sandbox) -> None:
    assert get(sandbox, "company/enrich", website="quietcorp.test").json()["industry"] == "building materials"


def test_the_look_ups_are_shown(sandbox: Sandbox) -> None:
    ada(sandbox)
    (lookup,) = sandbox.state("peopledatalabs")["lookups"]
    assert (lookup["what"], lookup["key"], lookup["status"]) == (
        "person",
        hashlib.sha256(b"ada@dev.test").hexdigest(),
        200,
    )
