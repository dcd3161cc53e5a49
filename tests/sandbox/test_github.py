"""The pretend GitHub behaves like GitHub, seen over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

TOKEN = "ghp_sandbox_github"


def get(sandbox: Sandbox, path: str, *, token: str = "", headers: Any = None, **query: Any) -> requests.Response:
    headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    return requests.get(f"{sandbox.url}/github/{path}", params=query, headers=headers, timeout=10)


def search(sandbox: Sandbox, query: str, *, what: str = "users", **more: Any) -> requests.Response:
    return get(sandbox, f"search/{what}", q=query, **more)


def logins(reply: requests.Response) -> list[str]:
    return [item["login"] for item in reply.json()["items"]]


def test_the_search_matches_words_so_that_a_namesake_is_found_too(sandbox: Sandbox) -> None:
    assert logins(search(sandbox, "ada@dev.test in:email type:user")) == ["adabyrne", "notada"]


def test_a_search_result_has_no_address(sandbox: Sandbox) -> None:
    item = search(sandbox, "ada@dev.test in:email").json()["items"][0]
    assert "email" not in item
    assert item["score"] == 1.0


def test_organisations_are_found_unless_users_are_asked_for(sandbox: Sandbox) -> None:
    assert logins(search(sandbox, "hello@dev.test in:email")) == ["devhouse"]
    assert logins(search(sandbox, "hello@dev.test in:email type:user")) == []


def test_an_account_shows_its_address_to_a_token_alone(sandbox: Sandbox) -> None:
    assert get(sandbox, "users/AdaByrne", token=TOKEN).json()["email"] == "ada@dev.test"
    assert get(sandbox, "users/adabyrne").json()["email"] is None


def test_a_private_address_is_found_by_its_commits(sandbox: Sandbox) -> None:
    assert logins(search(sandbox, "leo@solo.test in:email")) == []
    (commit,) = search(sandbox, "author-email:leo@solo.test", what="commits").json()["items"]
    assert (commit["author"]["login"], commit["commit"]["author"]["email"]) == ("leobrandt", "leo@solo.test")


def test_results_come_in_pages_with_links(sandbox: Sandbox) -> None:
    first = search(sandbox, "ada@dev.test in:email", per_page=1)
    assert (first.json()["total_count"], logins(first)) == (2, ["adabyrne"])
    assert set(first.links) == {"next", "last"}
    assert logins(search(sandbox, "ada@dev.test in:email", per_page=1, page=2)) == ["notada"]


def test_an_unknown_account_is_404(sandbox: Sandbox) -> None:
    reply = get(sandbox, "users/nobody")
    assert (reply.status_code, reply.json()["message"]) == (404, "Not Found")


@pytest.mark.parametrize("query", ["", "ada@dev.test", "ada in:email shoe:9", "ada in:login"])
def test_a_query_it_does_not_understand_is_422(sandbox: Sandbox, query: str) -> None:
    reply = search(sandbox, query)
    assert (reply.status_code, reply.json()["message"]) == (422, "Validation Failed")


def test_a_user_agent_is_required(sandbox: Sandbox) -> None:
    reply = get(sandbox, "users/adabyrne", headers={"User-Agent": ""})
    assert (reply.status_code, "User-Agent" in reply.json()["message"]) == (403, True)


def test_a_wrong_token_is_worse_than_none(sandbox: Sandbox) -> None:
    assert get(sandbox, "users/adabyrne", token="guess").json()["message"] == "Bad credentials"


def test_the_search_may_refuse_tokens(sandbox: Sandbox) -> None:
    sandbox.setting("github", search_refuses_tokens=True)
    assert search(sandbox, "ada@dev.test in:email", token=TOKEN).status_code == 403
    assert search(sandbox, "ada@dev.test in:email").status_code == 200


def test_ten_searches_a_minute_are_free_and_counted_apart(sandbox: Sandbox) -> None:
    sandbox.setting("github", rate_limit=True)
    statuses = {search(sandbox, "ada@dev.test in:email").status_code for _ in range(10)}
    over = search(sandbox, "ada@dev.test in:email")
    assert (statuses, over.status_code) == ({200}, 403)
    assert (over.headers["x-ratelimit-remaining"], over.headers["x-ratelimit-resource"]) == ("0", "search")
    assert get(sandbox, "users/adabyrne").headers["x-ratelimit-resource"] == "core"
    assert search(sandbox, "ada@dev.test in:email", token=TOKEN).status_code == 200
    sandbox.advance(61)
    assert search(sandbox, "ada@dev.test in:email").status_code == 200
