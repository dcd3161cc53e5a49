"""The pretend Gravatar behaves like Gravatar, seen over HTTP."""

from __future__ import annotations

import hashlib

import requests

from tests.sandbox_process import Sandbox


def profile(sandbox: Sandbox, identifier: str, key: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return requests.get(f"{sandbox.url}/gravatar/v3/profiles/{identifier}", headers=headers, timeout=10)


def sha256(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()


def test_a_profile_is_found_by_the_hash_of_the_address(sandbox: Sandbox) -> None:
    found = profile(sandbox, sha256("hal@gone.test")).json()
    assert (found["display_name"], found["job_title"]) == ("Hal Greene", "Illustrator")
    assert found["verified_accounts"][0]["url"] == "https://instagram.com/halgreene"


def test_a_profile_is_found_by_its_slug_too(sandbox: Sandbox) -> None:
    assert profile(sandbox, "halgreene").json()["hash"] == sha256("hal@gone.test")


def test_somebody_unknown_is_404(sandbox: Sandbox) -> None:
    assert profile(sandbox, sha256("nora@quietcorp.test")).status_code == 404


def test_the_old_md5_finds_nobody(sandbox: Sandbox) -> None:
    assert profile(sandbox, hashlib.md5(b"hal@gone.test").hexdigest()).status_code == 404


def test_a_key_shows_more(sandbox: Sandbox) -> None:
    without, with_key = (profile(sandbox, "halgreene", key).json() for key in ("", "sandbox-gravatar-key"))
    assert "first_name" not in without
    assert with_key["first_name"] == "Hal"
    assert with_key.keys() > without.keys()


def test_a_wrong_key_is_worse_than_none(sandbox: Sandbox) -> None:
    assert profile(sandbox, "halgreene", "guess").status_code == 401


def test_a_hundred_look_ups_an_hour_are_free(sandbox: Sandbox) -> None:
    sandbox.setting("gravatar", rate_limit=True)
    statuses = [profile(sandbox, "halgreene").status_code for _ in range(100)]
    over = profile(sandbox, "halgreene")
    assert (set(statuses), over.status_code) == ({200}, 429)
    assert over.json() == {"error": "Rate limit exceeded", "code": "rate_limit_exceeded"}
    assert over.headers["X-RateLimit-Remaining"] == "0"
    assert profile(sandbox, "halgreene", "sandbox-gravatar-key").status_code == 200
    sandbox.advance(3601)
    assert profile(sandbox, "halgreene").headers["X-RateLimit-Remaining"] == "99"
