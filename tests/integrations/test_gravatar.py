"""Gravatar: the profile behind the hash of an address."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials

from integrations import facts, gravatar
from integrations.gravatar import Gravatar
from signups.contracts import Answer, Found, Later, Misconfigured, Never, Rate
from tests.integrations.look_up import bodies, parts, person, seen
from tests.sandbox_process import Sandbox

ORGANISATION = "The profile is an organisation's, not a person's."
PERSON: dict[str, Any] = {
    "hash": "84059b07d4be67b806386c0aad8070a23f18836bbaae342275dc0a83414c32ee",
    "display_name": "Ada Byrne",
    "first_name": "Ada",
    "last_name": "Byrne",
    "profile_url": "https://gravatar.com/adabyrne",
    "avatar_url": "https://gravatar.com/avatar/8405",
    "location": "Leeds, UK",
    "description": "Queues, ledgers.",
    "job_title": "Backend Developer",
    "company": "Devhouse",
    "is_organization": False,
    "timezone": "Europe/London",
    "verified_accounts": [
        {"service_type": "github", "url": "https://github.com/adabyrne", "is_hidden": False},
        {"service_type": "GitHub", "url": "https://github.com/another", "is_hidden": False},
        {"service_type": "linkedin", "url": "https://www.linkedin.com/in/ada-byrne"},
        {"service_type": "x", "url": "https://x.com/adabyrne"},
        {"service_type": "facebook", "url": "https://facebook.com/adabyrne"},
        {"service_type": "mastodon", "url": "https://social.test/@ada"},
    ],
}
PERSON_FACTS: dict[str, Any] = {
    "name.fullName": "Ada Byrne",
    "name.givenName": "Ada",
    "name.familyName": "Byrne",
    "location": "Leeds, UK",
    "timeZone": "Europe/London",
    "bio": "Queues, ledgers.",
    "avatar": "https://gravatar.com/avatar/8405",
    "employment.name": "Devhouse",
    "employment.title": "Backend Developer",
    "facebook.handle": "adabyrne",
    "github.handle": "adabyrne",
    "gravatar.handle": "adabyrne",
    "gravatar.avatar": "https://gravatar.com/avatar/8405",
    "linkedin.handle": "in/ada-byrne",
    "twitter.handle": "adabyrne",
}


def test_a_full_person_as_facts() -> None:
    assert gravatar.person_facts(PERSON) == PERSON_FACTS


def test_the_hash_is_of_the_address_in_lower_case_without_blanks() -> None:
    wanted = "84059b07d4be67b806386c0aad8070a23f18836bbaae342275dc0a83414c32ee"  # the vendor's own example
    assert facts.address_hash("MyEmailAddress@example.com ") == wanted


def test_the_address_never_leaves_but_as_its_hash(sandbox: Sandbox, settings: Any) -> None:
    settings.GRAVATAR = settings.GRAVATAR | {"api_key": "sandbox-gravatar-key"}
    exchange = seen(Gravatar(), "ada@dev.test")
    (call,) = sandbox.received("gravatar")
    hashed = hashlib.sha256(b"ada@dev.test").hexdigest()
    assert (exchange.method, exchange.url) == ("GET", f"{sandbox.url}/gravatar/v3/profiles/{hashed}")
    assert call["headers"]["Authorization"] == "Bearer sandbox-gravatar-key"


def test_a_key_is_not_needed(sandbox: Sandbox) -> None:
    assert person(Gravatar(), "hal@gone.test").facts["employment.title"] == "Illustrator"
    assert "Authorization" not in sandbox.received("gravatar")[0]["headers"]


def test_a_key_is_worth_ten_times_the_look_ups(settings: Any) -> None:
    assert Gravatar().rate() == Rate(100, 3600)
    settings.GRAVATAR = settings.GRAVATAR | {"api_key": "key"}
    assert Gravatar().rate() == Rate(1_000, 3600)


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ({"status": 404, "body": ""}, ""),
        ({"status": 200, "body": {"hash": "1"}}, "The profile is empty."),
        ({"status": 200, "body": {**PERSON, "is_organization": True}}, ORGANISATION),
    ],
)  # fmt: skip
def test_a_miss_says_why(sandbox: Sandbox, fault: Any, note: str) -> None:
    sandbox.fault("gravatar", **fault)
    assert person(Gravatar(), "ada@dev.test") == Answer(Found.NOT_FOUND, note=note)


@pytest.mark.parametrize(
    ("fault", "failure", "reason"),
    [
        ({"status": 401}, Misconfigured, "check GRAVATAR_API_KEY"),
        ({"status": 500}, Later, "500"),
        ({"status": 200, "body": "welcome"}, Later, "not JSON"),
        ({"status": 200, "body": [1]}, Never, "something other than a profile"),
    ],
)
def test_how_it_fails(sandbox: Sandbox, fault: Any, failure: type[Exception], reason: str) -> None:
    sandbox.fault("gravatar", **fault)
    with pytest.raises(failure, match=reason):
        person(Gravatar(), "ada@dev.test")


def test_a_rate_limit_waits_for_its_reset(sandbox: Sandbox) -> None:
    sandbox.fault("gravatar", status=429, headers={"X-RateLimit-Reset": "90"})
    with pytest.raises(Later) as caught:
        person(Gravatar(), "ada@dev.test")
    assert caught.value.retry_after_s == 90


def test_a_hidden_account_stays_hidden() -> None:
    hidden = {"service_type": "github", "url": "https://github.com/adabyrne", "is_hidden": True}
    assert gravatar.person_facts({"verified_accounts": [hidden]}) == {}


@trials(max_examples=60, deadline=None)
@given(bodies(parts({*PERSON, *PERSON["verified_accounts"][0]})))
def test_no_body_is_too_odd(body: Any) -> None:
    assert gravatar.person_facts(body).keys() <= Gravatar.person_fields
