"""Clearbit-shaped look-ups: Clearbit's own, Hunter's in Clearbit's shape, and the webhooks after a 202."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as trials

from integrations import clearbit, clearbit_webhooks, facts
from integrations.clearbit import Clearbit
from signups.contracts import Answer, Found, Heard, Later, Misconfigured, Never, NotTheVendor, Rate, Subject, UsedUp
from tests.integrations.clearbit_records import COMPANY, COMPANY_FACTS, PERSON, PERSON_FACTS
from tests.integrations.look_up import bodies, company, is_said_of_nobody, parts, person, seen
from tests.sandbox_process import Sandbox

ODD = bodies([*parts(facts.PERSON.keys() | facts.COMPANY.keys()), "person", "company"])
KEY = "sk_sandbox_clearbit"


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    secret = key.removeprefix("sk_").encode()
    return {"X-Request-Signature": "sha1=" + hmac.new(secret, body, hashlib.sha1).hexdigest()}


def told(status: Any = 200, record: Any = None, kind: str = "person", key: str = "ada@dev.test", **more: Any) -> bytes:
    subject = Subject.COMPANY if kind == "company" else Subject.PERSON
    token = clearbit_webhooks.parameters(subject, key)["webhook_id"]
    return json.dumps({"id": token, "type": kind, "status": status, "body": record, **more}).encode()


def heard(body: bytes) -> Heard | None:
    return Clearbit().read_webhook(signed(body), body)


def as_hunter(settings: Any, sandbox: Sandbox) -> Clearbit:
    mine = {"params": {"clearbit_format": "1"}, "api_key": "sandbox-hunter"}
    urls = dict.fromkeys(("person_url", "company_url"), f"{sandbox.url}/hunter")
    settings.CLEARBIT = settings.CLEARBIT | mine | urls
    return Clearbit()


def test_a_full_person_and_a_full_company_as_facts() -> None:
    assert clearbit.person_facts(PERSON) == PERSON_FACTS
    assert clearbit.company_facts(COMPANY) == COMPANY_FACTS


def test_the_request(sandbox: Sandbox, settings: Any) -> None:
    settings.SANDBOX = False  # and BASE_URL is of this machine: no webhook could come
    exchange = seen(Clearbit(), "ada@dev.test")
    (call,) = sandbox.received("clearbit")
    assert (exchange.method, exchange.url) == (
        "GET",
        f"{sandbox.url}/clearbit/person/v2/people/find?email=ada%40dev.test",
    )
    assert (call["headers"]["Authorization"], call["headers"]["API-Version"]) == (f"Bearer {KEY}", "2019-12-19")


def test_a_company_is_asked_for_by_its_domain(sandbox: Sandbox) -> None:
    assert company(Clearbit(), "rocket.test").facts["metrics.raised"] == 20_000_000
    assert sandbox.received("clearbit")[0]["query"]["domain"] == "rocket.test"


@pytest.mark.parametrize(
    ("fault", "outcome", "note"),
    [
        ({"status": 202, "body": ""}, Found.PENDING, "Looking it up; asked again later."),
        ({"status": 202, "body": {"error": {"type": "queued"}}}, Found.PENDING, "Looking it up; asked again later."),
        ({"status": 404, "body": {"error": {"type": "unknown_record"}}}, Found.NOT_FOUND, ""),
        ({"status": 404, "body": "<h1>Not found</h1>"}, Found.NOT_FOUND, ""),
        ({"status": 422, "body": {"error": {"type": "invalid"}}}, Found.NOT_FOUND, "Cannot look this up (invalid)."),
        ({"status": 451, "body": "{}"}, Found.REFUSED, "The person asked not to be looked up."),
        ({"status": 200, "body": "null"}, Found.NOT_FOUND, ""),
        ({"status": 200, "body": {"person": None, "company": None}}, Found.NOT_FOUND, ""),
        ({"status": 200, "body": {"id": "1", "name": {"fullName": None}}}, Found.NOT_FOUND, "The profile is empty."),
    ],
)  # fmt: skip
def test_what_a_status_means(sandbox: Sandbox, fault: Any, outcome: Found, note: str) -> None:
    sandbox.fault("clearbit", **fault)
    assert person(Clearbit(), "ada@dev.test") == Answer(outcome, note=note)


@pytest.mark.parametrize(
    ("fault", "failure", "reason"),
    [
        ({"status": 401}, Misconfigured, "check CLEARBIT_API_KEY"),
        ({"status": 402}, UsedUp, "the plan of CLEARBIT_API_KEY is used up"),
        ({"status": 404, "body": {"error": {"type": "unknown_route"}}}, Misconfigured, "check CLEARBIT_PERSON_URL"),
        ({"status": 301, "headers": {"location": "/"}}, Misconfigured, "check CLEARBIT_PERSON_URL"),
        ({"status": 400}, Never, "400 Bad Request"),
        ({"status": 500}, Later, "500 Internal Server Error"),
        ({"status": 200, "body": "welcome"}, Later, "something that is not JSON"),
        ({"status": 200, "body": [1]}, Never, "a list instead of an object"),
    ],
)
def test_how_it_fails(sandbox: Sandbox, fault: Any, failure: type[Exception], reason: str) -> None:
    sandbox.fault("clearbit", **fault)
    with pytest.raises(failure, match=reason):
        person(Clearbit(), "ada@dev.test")


def test_a_rate_limit_waits_for_its_reset(sandbox: Sandbox) -> None:
    sandbox.setting("clearbit", rate_limit=True, per_minute=0)
    with pytest.raises(Later) as caught:
        person(Clearbit(), "ada@dev.test")
    assert 55 < (caught.value.retry_after_s or 0) <= 62


@trials(max_examples=60, deadline=None)
@given(ODD)
def test_no_body_is_too_odd(body: Any) -> None:
    assert clearbit.person_facts(body).keys() <= Clearbit.person_fields
    assert clearbit.company_facts(body).keys() <= Clearbit.company_fields


# -- Hunter in Clearbit's shape ----------------------------------------------------------------------------------------


def test_hunter_serves_as_clearbit_by_two_urls_and_a_parameter(sandbox: Sandbox, settings: Any) -> None:
    hunter = as_hunter(settings, sandbox)
    assert person(hunter, "kit@acme.test").facts["employment.title"] == "Office Manager"
    assert company(hunter, "dev.test").facts["metrics.employees"] == 44
    wanted = {"clearbit_format": "1", "email": "kit@acme.test"}
    assert sandbox.received("hunter")[0]["query"] == wanted, "and no webhook, which it does not send"
    assert hunter.rate() == Rate(8, 1)


def test_hunter_s_refusals_are_understood(sandbox: Sandbox, settings: Any) -> None:
    hunter = as_hunter(settings, sandbox)
    sandbox.setting("hunter", opted_out=["ada@dev.test"])
    assert person(hunter, "ada@dev.test").outcome is Found.REFUSED
    assert is_said_of_nobody(person(hunter, "nora@quietcorp.test"))
    sandbox.setting("hunter", calls_left=0)
    with pytest.raises(UsedUp):
        person(hunter, "ada@dev.test")


# -- Webhooks ----------------------------------------------------------------------------------------------------------


def test_a_look_up_says_where_its_answer_may_be_sent(sandbox: Sandbox) -> None:
    query = parse_qs(urlsplit(seen(Clearbit(), "ada@dev.test").url).query)
    assert query["webhook_url"] == ["http://127.0.0.1:8000/hooks/clearbit"]
    assert clearbit_webhooks._question(query["webhook_id"][0]) == (Subject.PERSON, "ada@dev.test")


@pytest.mark.parametrize(
    ("base_url", "is_reachable"),
    [
        ("https://signups.example.com", True),
        ("http://8.8.8.8:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("http://10.0.0.7", False),
        ("http://[::1]:8000", False),
        ("https://onboarding.internal", False),
        ("https://onboarding", False),
    ],
)
def test_no_webhook_is_asked_for_where_none_could_come(settings: Any, base_url: str, is_reachable: bool) -> None:
    settings.SANDBOX, settings.BASE_URL = False, base_url
    assert bool(clearbit_webhooks.parameters(Subject.PERSON, "ada@dev.test")) is is_reachable


def test_a_webhook_tells_of_what_was_asked_for() -> None:
    assert heard(told(record=PERSON)) == Heard(Subject.PERSON, "ada@dev.test", Answer(Found.FOUND, facts=PERSON_FACTS))
    assert heard(told(record=COMPANY, kind="company", key="dev.test")) == Heard(
        Subject.COMPANY, "dev.test", Answer(Found.FOUND, facts=COMPANY_FACTS)
    )


def test_a_webhook_of_both_tells_of_the_one_that_was_asked_for() -> None:
    both = heard(told(record={"person": PERSON, "company": COMPANY}, kind="person_company"))
    assert both == Heard(Subject.PERSON, "ada@dev.test", Answer(Found.FOUND, facts=PERSON_FACTS))


def test_a_webhook_may_tell_that_nobody_was_found() -> None:
    nobody = {"error": {"type": "unknown_record"}}
    assert heard(told(404, nobody)) == Heard(Subject.PERSON, "ada@dev.test", Answer(Found.NOT_FOUND))


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{}", b"[" * 100_000, told(id="7"), told(id=None), told(id=["a"]), told(status=500),
     told(status="200"), told(type="company"), told(type={})],
)  # fmt: skip
def test_what_is_signed_and_about_nothing_of_ours_says_nothing(body: bytes) -> None:
    assert heard(body) is None


@pytest.mark.parametrize("record", [None, [], "Ada", 7, {"person": []}, {"name": []}])
def test_an_odd_record_in_a_webhook_is_nobody(record: Any) -> None:
    for kind in ("person", "person_company"):
        answer = heard(told(record=record, kind=kind))
        assert answer is not None
        assert is_said_of_nobody(answer.answer)


def test_an_id_of_another_signer_is_refused(settings: Any) -> None:
    body = told(record=PERSON)
    settings.SECRET_KEY = "another" * 10
    assert heard(body) is None


@pytest.mark.parametrize(
    ("headers", "remedy"),
    [
        ({}, "X-Request-Signature is missing"),
        ({"X-Request-Signature": "sha1=0"}, "CLEARBIT_API_KEY"),
        ({"X-Request-Signature": "é"}, "CLEARBIT_API_KEY"),
        (signed(b"{}", "sk_another"), "CLEARBIT_API_KEY"),
        (signed(b"{} "), "CLEARBIT_API_KEY"),
    ],
)
def test_the_unsigned_is_refused(headers: dict[str, str], remedy: str) -> None:
    with pytest.raises(NotTheVendor, match=remedy):
        Clearbit().read_webhook(headers, b"{}")


def test_without_a_key_nothing_can_be_told(settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": ""}
    with pytest.raises(Misconfigured, match="CLEARBIT_API_KEY"):
        Clearbit().read_webhook(signed(b"{}"), b"{}")
