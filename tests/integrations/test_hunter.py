"""Hunter in its own shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials

from integrations import facts, hunter
from integrations.hunter import Hunter
from signups.contracts import Answer, Found, Later, Misconfigured, Never, Rate, UsedUp
from tests.integrations import clearbit_records
from tests.integrations.look_up import bodies, company, parts, person, seen, switch_on
from tests.sandbox_process import Sandbox

# Named as Clearbit's, but that the mail provider is told by its name.
PERSON = {**clearbit_records.PERSON, "emailProvider": "google.com"}
COMPANY = {**clearbit_records.COMPANY, "emailProvider": "google.com", "fundingRounds": [{"amount": 250_000}]}
PERSON_FACTS = {name: value for name, value in clearbit_records.PERSON_FACTS.items() if name != "emailProvider"}
COMPANY_FACTS = {name: value for name, value in clearbit_records.COMPANY_FACTS.items() if name != "emailProvider"}
ODD = bodies(parts(facts.PERSON.keys() | facts.COMPANY.keys()))


@pytest.fixture(autouse=True)
def switched_on(settings: Any) -> None:
    switch_on(settings)


def error(status: int, name: str) -> dict[str, Any]:
    return {"status": status, "body": {"errors": [{"id": name, "code": status, "details": "…"}]}}


def test_a_full_person_and_a_full_company_as_facts() -> None:
    assert hunter.person_facts(PERSON) == PERSON_FACTS
    assert hunter.company_facts(COMPANY) == COMPANY_FACTS


def test_the_request(sandbox: Sandbox) -> None:
    exchange = seen(Hunter(), "ada@dev.test")
    (call,) = sandbox.received("hunter")
    assert (exchange.method, exchange.url) == ("GET", f"{sandbox.url}/hunter/v2/people/find?email=ada%40dev.test")
    assert call["headers"]["X-API-KEY"] == "sandbox-hunter"


def test_a_person_and_a_company_are_found(sandbox: Sandbox) -> None:
    assert person(Hunter(), "kit@acme.test").facts["employment.title"] == "Office Manager"
    assert company(Hunter(), "acme.test").facts["metrics.employees"] == 2_150


def test_somebody_unknown_is_a_miss(sandbox: Sandbox) -> None:
    assert person(Hunter(), "nora@quietcorp.test") == Answer(Found.NOT_FOUND)
    assert company(Hunter(), "quietcorp.test") == Answer(Found.NOT_FOUND)


def test_whoever_opted_out_is_not_to_be_asked_about_elsewhere(sandbox: Sandbox) -> None:
    sandbox.setting("hunter", opted_out=["ada@dev.test"])
    assert person(Hunter(), "ada@dev.test") == Answer(Found.REFUSED, note="The person asked not to be looked up.")


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        (error(400, "invalid_email"), "Cannot look this up (invalid_email)."),
        (error(422, "invalid_domain"), "Cannot look this up (invalid_domain)."),
        ({"status": 400, "body": "no"}, "Cannot look this up (invalid input)."),
        ({"status": 400, "body": {"errors": [7, None]}}, "Cannot look this up (invalid input)."),
        ({"status": 404, "body": "no"}, ""),
        ({"status": 200, "body": {"data": None}}, "The profile is empty."),
        ({"status": 200, "body": {"data": {}}}, "The profile is empty."),
        ({"status": 200, "body": {"person": {}}}, "The profile is empty."),
    ],
)
def test_what_cannot_be_looked_up_is_a_miss_that_says_why(sandbox: Sandbox, fault: Any, note: str) -> None:
    sandbox.fault("hunter", **fault)
    assert person(Hunter(), "ada@dev.test") == Answer(Found.NOT_FOUND, note=note)


@pytest.mark.parametrize(
    ("fault", "failure", "reason"),
    [
        (error(401, "authentication_failed"), Misconfigured, "check HUNTER_API_KEY"),
        (error(403, "too_many_requests"), Later, "asked too often"),
        (error(429, "usage_limit_reached"), UsedUp, "the plan's calls are used up"),
        ({"status": 302, "headers": {"location": "/"}}, Misconfigured, "check HUNTER_API_URL"),
        ({"status": 500}, Later, "500"),
        ({"status": 200, "body": "welcome"}, Later, "not JSON"),
        ({"status": 200, "body": [1]}, Never, "something other than a record"),
    ],
)
def test_how_it_fails(sandbox: Sandbox, fault: Any, failure: type[Exception], reason: str) -> None:
    sandbox.fault("hunter", **fault)
    with pytest.raises(failure, match=reason):
        person(Hunter(), "ada@dev.test")


def test_403_is_no_wrong_key_but_the_rate_limit(sandbox: Sandbox) -> None:
    sandbox.fault("hunter", **error(403, "too_many_requests"))
    with pytest.raises(Later) as caught:
        person(Hunter(), "ada@dev.test")
    assert (type(caught.value), caught.value.retry_after_s) == (Later, 60)


def test_its_rate_keeps_both_of_its_limits() -> None:
    assert Hunter().rate() == Rate(8, 1)  # 15 a second, 500 a minute


@trials(max_examples=60, deadline=None)
@given(ODD)
def test_no_body_is_too_odd(body: Any) -> None:
    assert hunter.person_facts(body).keys() <= Hunter.person_fields
    assert hunter.company_facts(body).keys() <= Hunter.company_fields
