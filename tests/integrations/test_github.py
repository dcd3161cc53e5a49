"""GitHub: the account behind an address, and only where it is proven."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import settings as trials

from integrations import github
from integrations.github import GitHub
from signups.contracts import Answer, Deadline, Found, Later, Never, Rate, recording
from tests.integrations.look_up import bodies, parts, person
from tests.sandbox_process import Sandbox

TOKEN = "ghp_sandbox_github"
ORGANISATION = {"login": "devhouse", "type": "Organization"}
NO_TOKEN = "Public profile addresses were not searched: that takes GITHUB_TOKEN."
PERSON: dict[str, Any] = {
    "login": "adabyrne",
    "id": 41001,
    "avatar_url": "https://avatars.example/u/41001",
    "type": "User",
    "name": "Ada Byrne",
    "company": "@devhouse and friends",
    "blog": "ada.example",
    "location": "Leeds",
    "email": "ada@dev.test",
    "bio": "Queues, ledgers.",
    "twitter_username": "adabyrne",
    "followers": 212,
    "following": 9,
}
PERSON_FACTS: dict[str, Any] = {
    "name.fullName": "Ada Byrne",
    "location": "Leeds",
    "bio": "Queues, ledgers.",
    "site": "https://ada.example",
    "avatar": "https://avatars.example/u/41001",
    "employment.name": "devhouse",
    "github.handle": "adabyrne",
    "github.id": "41001",
    "github.avatar": "https://avatars.example/u/41001",
    "github.company": "@devhouse and friends",
    "github.blog": "https://ada.example",
    "github.followers": 212,
    "github.following": 9,
    "twitter.handle": "adabyrne",
}


def with_token(settings: Any, token: str = TOKEN) -> GitHub:
    settings.GITHUB = settings.GITHUB | {"token": token}
    return GitHub()


def calls(provider: GitHub, email: str) -> list[str]:
    with recording() as exchanges:
        provider.find_person(email, Deadline(5_000))
    return [unquote_plus(one.url.partition("/github")[2]) for one in exchanges]


def test_a_full_person_as_facts() -> None:
    assert github.person_facts(PERSON) == PERSON_FACTS


def test_the_requests_without_a_token(sandbox: Sandbox) -> None:
    asked = calls(GitHub(), "leo@solo.test")
    assert asked == ["/search/commits?q=author-email:leo@solo.test&per_page=5", "/users/leobrandt"]
    headers = sandbox.received("github")[0]["headers"]
    assert (headers["Accept"], headers["X-GitHub-Api-Version"]) == ("application/vnd.github+json", "2022-11-28")
    assert "Authorization" not in headers


def test_the_requests_with_a_token(sandbox: Sandbox, settings: Any) -> None:
    asked = calls(with_token(settings), "leo@solo.test")
    assert asked[0] == "/search/users?q=leo@solo.test in:email type:user&per_page=5"
    assert asked[1:] == ["/search/commits?q=author-email:leo@solo.test&per_page=5", "/users/leobrandt"]
    assert sandbox.received("github")[0]["headers"]["Authorization"] == f"Bearer {TOKEN}"


def test_a_namesake_that_the_search_finds_is_not_the_person(sandbox: Sandbox, settings: Any) -> None:
    assert person(with_token(settings), "not-ada@dev.test").facts["github.handle"] == "notada"
    assert person(with_token(settings), "ada@dev.test").facts["github.handle"] == "adabyrne"


def test_a_token_that_the_search_refuses_is_done_without(sandbox: Sandbox, settings: Any) -> None:
    sandbox.setting("github", search_refuses_tokens=True)
    answer = person(with_token(settings), "leo@solo.test")
    assert (answer.outcome, answer.note) == (Found.FOUND, "GITHUB_TOKEN was refused; asked without it.")


def test_a_look_up_with_a_token_takes_two_searches(settings: Any) -> None:
    assert GitHub().rate() == Rate(10, 60)
    assert with_token(settings).rate() == Rate(15, 60)


def test_nobody_is_a_miss(sandbox: Sandbox) -> None:
    assert person(GitHub(), "nora@quietcorp.test") == Answer(Found.NOT_FOUND, note=NO_TOKEN)


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ({"status": 422, "body": {"message": "Validation Failed"}}, "GitHub cannot search for this address."),
        ({"status": 200, "body": {"items": []}}, NO_TOKEN),
        ({"status": 200, "body": {"items": [{}, None, {"author": ORGANISATION}]}}, NO_TOKEN),
        ({"status": 200, "body": {"items": [{"author": {"login": "gone", "type": "User"}}]}}, NO_TOKEN),
    ],
)  # fmt: skip
def test_a_miss_says_why(sandbox: Sandbox, fault: Any, note: str) -> None:
    sandbox.fault("github", **fault)
    assert person(GitHub(), "ada@dev.test") == Answer(Found.NOT_FOUND, note=note)


@pytest.mark.parametrize(
    ("fault", "failure", "reason"),
    [
        ({"status": 503}, Later, "503"),
        ({"status": 200, "body": "welcome"}, Later, "not JSON"),
        ({"status": 200, "body": [1]}, Never, "the search of commits with something else"),
    ],
)
def test_how_it_fails(sandbox: Sandbox, fault: Any, failure: type[Exception], reason: str) -> None:
    sandbox.fault("github", **fault)
    with pytest.raises(failure, match=reason):
        person(GitHub(), "ada@dev.test")


@pytest.mark.parametrize("status", [403, 429])
def test_a_rate_limit_waits_for_its_reset(sandbox: Sandbox, status: int) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "45"}
    sandbox.fault("github", status=status, headers=headers)
    with pytest.raises(Later) as caught:
        person(GitHub(), "ada@dev.test")
    assert caught.value.retry_after_s == 45


@trials(max_examples=60, deadline=None)
@given(bodies(parts(PERSON)))
def test_no_body_is_too_odd(body: Any) -> None:
    assert github.person_facts(body).keys() <= GitHub.person_fields
