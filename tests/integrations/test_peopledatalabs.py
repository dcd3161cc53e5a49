"""People Data Labs: hashes instead of addresses, their words in Clearbit's, and what a plan may not see."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials

from integrations import peopledatalabs
from integrations.peopledatalabs import PeopleDataLabs
from signups.contracts import Answer, Found, Later, Misconfigured, Never, UsedUp
from tests.integrations.look_up import bodies, company, parts, person, seen, switch_on
from tests.sandbox_process import Sandbox

PERSON: dict[str, Any] = {
    "id": "qEnOZ5Oh0poWnQ1luFBfVw_0000",
    "full_name": "Grace Okafor",
    "first_name": "Grace",
    "last_name": "Okafor",
    "linkedin_url": "linkedin.com/in/grace-okafor",
    "linkedin_username": "grace-okafor",
    "github_username": "graceo",
    "twitter_username": "graceokafor",
    "facebook_username": "grace.okafor",
    "mobile_phone": "+15105550142",
    "job_title": "Chief Executive Officer",
    "job_title_role": "operations",
    "job_title_sub_role": "logistics",
    "job_title_levels": ["owner", "cxo"],
    "job_company_name": "Rocket",
    "job_company_website": "rocket.test",
    "job_company_size": "51-200",
    "location_name": "Oakland, California, United States",
    "location_locality": "Oakland",
    "location_region": "California",
    "location_country": "United States",
    "location_geo": "37.80,-122.27",
    "summary": "Moving heavy things fast.",
}
PERSON_FACTS: dict[str, Any] = {
    "name.fullName": "Grace Okafor",
    "name.givenName": "Grace",
    "name.familyName": "Okafor",
    "location": "Oakland, California, United States",
    "geo.city": "Oakland",
    "geo.state": "California",
    "geo.country": "United States",
    "geo.lat": 37.8,
    "geo.lng": -122.27,
    "bio": "Moving heavy things fast.",
    "phone": "+15105550142",
    "employment.name": "Rocket",
    "employment.domain": "rocket.test",
    "employment.title": "Chief Executive Officer",
    "employment.role": "operations",
    "employment.subRole": "logistics",
    "employment.seniority": "executive",
    "facebook.handle": "grace.okafor",
    "github.handle": "graceo",
    "twitter.handle": "graceokafor",
    "linkedin.handle": "in/grace-okafor",
}
COMPANY: dict[str, Any] = {
    "status": 200,
    "likelihood": 9,
    "name": "Rocket",
    "website": "rocket.test",
    "summary": "Same-day freight for factories.",
    "founded": 2019,
    "employee_count": 131,
    "size": "51-200",
    "industry": "logistics and supply chain",
    "type": "educational",
    "ticker": "RCKT",
    "tags": ["b2b"],
    "linkedin_url": "linkedin.com/company/rocket-freight",
    "twitter_url": "twitter.com/rocketfreight",
    "facebook_url": "facebook.com/rocketfreight",
    "profiles": ["linkedin.com/company/rocket-freight", "crunchbase.com/organization/rocket-freight"],
    "location": {
        "name": "Oakland, California, United States",
        "street_address": "1 Pier",
        "address_line_2": "Suite 4",
        "locality": "Oakland",
        "region": "California",
        "postal_code": "94607",
        "country": "United States",
        "geo": "37.80,-122.27",
    },
    "total_funding_raised": 22_500_000,
    "inferred_revenue": "$10M-$25M",
}
COMPANY_FACTS: dict[str, Any] = {
    "name": "Rocket",
    "domain": "rocket.test",
    "description": "Same-day freight for factories.",
    "foundedYear": 2019,
    "metrics.employees": 131,
    "metrics.employeesRange": "51-250",
    "category.sector": "Industrials",
    "category.industry": "Air Freight & Logistics",
    "type": "education",
    "ticker": "RCKT",
    "tags": ["b2b"],
    "linkedin.handle": "company/rocket-freight",
    "twitter.handle": "rocketfreight",
    "facebook.handle": "rocketfreight",
    "crunchbase.handle": "organization/rocket-freight",
    "location": "Oakland, California, United States",
    "geo.streetAddress": "1 Pier",
    "geo.subPremise": "Suite 4",
    "geo.city": "Oakland",
    "geo.state": "California",
    "geo.postalCode": "94607",
    "geo.country": "United States",
    "geo.lat": 37.8,
    "geo.lng": -122.27,
    "metrics.raised": 22_500_000,
    "metrics.estimatedAnnualRevenue": "$10M-$25M",
}
ODD = bodies(parts({*PERSON, *COMPANY, *COMPANY["location"]}))


@pytest.fixture(autouse=True)
def switched_on(settings: Any) -> None:
    switch_on(settings)


def test_a_full_person_and_a_full_company_as_facts() -> None:
    assert peopledatalabs.person_facts(PERSON) == PERSON_FACTS
    assert peopledatalabs.company_facts(COMPANY) == COMPANY_FACTS


def test_the_address_never_leaves_but_as_its_hash(sandbox: Sandbox) -> None:
    exchange = seen(PeopleDataLabs(), "Ada@dev.test ")
    (call,) = sandbox.received("peopledatalabs")
    hashed = hashlib.sha256(b"ada@dev.test").hexdigest()
    query = f"email_hash={hashed}&min_likelihood=6&titlecase=true"
    assert (exchange.method, exchange.url) == ("GET", f"{sandbox.url}/peopledatalabs/v5/person/enrich?{query}")
    assert call["headers"]["X-Api-Key"] == "sandbox-pdl"


def test_a_company_is_asked_for_by_its_domain(sandbox: Sandbox) -> None:
    assert company(PeopleDataLabs(), "rocket.test").facts["metrics.raised"] == 22_500_000
    (call,) = sandbox.received("peopledatalabs")
    assert call["query"] == {"website": "rocket.test", "min_likelihood": "6", "titlecase": "true"}


def test_it_says_how_sure_it_is_and_what_that_cost(sandbox: Sandbox) -> None:
    answer = person(PeopleDataLabs(), "ada@dev.test")
    assert (answer.outcome, answer.confidence, answer.credits) == (Found.FOUND, 0.8, 1)


def test_a_person_without_the_envelope_is_read_as_well(sandbox: Sandbox) -> None:
    with_envelope = person(PeopleDataLabs(), "ada@dev.test")
    sandbox.setting("peopledatalabs", is_flat=True)
    assert person(PeopleDataLabs(), "ada@dev.test") == with_envelope


def test_what_a_plan_may_not_see_is_left_out_and_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    whole = person(PeopleDataLabs(), "grace@rocket.test").facts
    sandbox.setting("peopledatalabs", is_free_plan=True)
    left_out = whole.keys() - person(PeopleDataLabs(), "grace@rocket.test").facts.keys()
    assert left_out == {"location", "geo.city", "employment.seniority"}
    assert "peopledatalabs: location cannot be read (a bool)" in caplog.messages


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ({"status": 404, "body": {"status": 404, "error": {"type": "not_found"}}}, ""),
        ({"status": 404, "body": "no"}, ""),
        ({"status": 400, "body": {"error": {"type": "invalid_request"}}}, "Cannot look this up (invalid_request)."),
        ({"status": 422, "body": "no"}, "Cannot look this up (invalid input)."),
        ({"status": 200, "body": {"status": 200, "likelihood": 8, "data": {}}}, "The profile is empty."),
        ({"status": 200, "body": {"full_name": True}}, "The profile is empty."),
    ],
)  # fmt: skip
def test_a_miss_says_why(sandbox: Sandbox, fault: Any, note: str) -> None:
    sandbox.fault("peopledatalabs", **fault)
    assert person(PeopleDataLabs(), "ada@dev.test") == Answer(Found.NOT_FOUND, note=note)


@pytest.mark.parametrize(
    ("fault", "failure", "reason"),
    [
        ({"status": 401}, Misconfigured, "check PDL_API_KEY"),
        ({"status": 402}, UsedUp, "the plan's matches are used up"),
        ({"status": 405}, Never, "405 Method Not Allowed"),
        ({"status": 503}, Later, "503"),
        ({"status": 302, "headers": {"location": "/"}}, Misconfigured, "check PDL_API_URL"),
        ({"status": 200, "body": "welcome"}, Later, "not JSON"),
        ({"status": 200, "body": "7"}, Never, "something other than a record"),
    ],
)
def test_how_it_fails(sandbox: Sandbox, fault: Any, failure: type[Exception], reason: str) -> None:
    sandbox.fault("peopledatalabs", **fault)
    with pytest.raises(failure, match=reason):
        person(PeopleDataLabs(), "ada@dev.test")


def test_a_rate_limit_waits_until_the_moment_that_it_names(sandbox: Sandbox) -> None:
    reset = (datetime.now(UTC) + timedelta(seconds=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    sandbox.fault("peopledatalabs", status=429, headers={"x-ratelimit-reset": reset})
    with pytest.raises(Later) as caught:
        person(PeopleDataLabs(), "ada@dev.test")
    assert caught.value.retry_after_s == pytest.approx(100, abs=3)


@pytest.mark.parametrize("likelihood", [None, True, "high", -1, 11, [8]])
def test_an_odd_likelihood_is_none(sandbox: Sandbox, likelihood: Any) -> None:
    body = {"status": 200, "likelihood": likelihood, "data": PERSON}
    sandbox.fault("peopledatalabs", status=200, body=body, headers={"x-call-credits-spent": "{}"})
    assert person(PeopleDataLabs(), "ada@dev.test") == Answer(Found.FOUND, PERSON_FACTS)


@trials(max_examples=60, deadline=None)
@given(ODD)
def test_no_body_is_too_odd(body: Any) -> None:
    assert peopledatalabs.person_facts(body).keys() <= PeopleDataLabs.person_fields
    assert peopledatalabs.company_facts(body).keys() <= PeopleDataLabs.company_fields
