"""Apollo: hashes instead of addresses, null for nobody, and refusals in several shapes."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials

from integrations import apollo
from integrations.apollo import Apollo
from signups.contracts import Answer, Found, Later, Misconfigured, Never, UsedUp
from tests.integrations.look_up import bodies, company, parts, person, seen, switch_on
from tests.sandbox_process import Sandbox

PERSON: dict[str, Any] = {
    "id": "64a7ff0cc4dfae00013df1a5",
    "first_name": "Grace",
    "last_name": "Okafor",
    "name": "Grace Okafor",
    "linkedin_url": "http://www.linkedin.com/in/grace-okafor",
    "title": "Founder & CEO",
    "email_status": "verified",
    "photo_url": "https://pictures.example/grace.png",
    "twitter_url": "https://twitter.com/graceokafor/",
    "github_url": "https://github.com/graceo",
    "facebook_url": "https://www.facebook.com/GraceOkafor",
    "headline": "Founder & CEO at Rocket",
    "city": "Oakland",
    "state": "California",
    "country": "United States",
    "contact": {"name": "Roy Somebody", "title": "President", "time_zone": "America/New_York"},
    "organization": {"name": "Rocket", "website_url": "http://www.rocket.test", "primary_domain": "rocket.test"},
    "departments": ["c_suite"],
    "subdepartments": ["founder"],
    "functions": ["entrepreneurship"],
    "seniority": "founder",
}
PERSON_FACTS: dict[str, Any] = {
    "name.fullName": "Grace Okafor",
    "name.givenName": "Grace",
    "name.familyName": "Okafor",
    "location": "Oakland, California, United States",
    "geo.city": "Oakland",
    "geo.state": "California",
    "geo.country": "United States",
    "bio": "Founder & CEO at Rocket",
    "avatar": "https://pictures.example/grace.png",
    "employment.name": "Rocket",
    "employment.domain": "rocket.test",
    "employment.title": "Founder & CEO",
    "employment.role": "founder",
    "employment.seniority": "executive",
    "facebook.handle": "GraceOkafor",
    "github.handle": "graceo",
    "twitter.handle": "graceokafor",
    "linkedin.handle": "in/grace-okafor",
}
COMPANY: dict[str, Any] = {
    "id": "5e66b6381e05b4008c8331b8",
    "name": "Rocket",
    "website_url": "http://www.rocket.test",
    "linkedin_url": "http://www.linkedin.com/company/rocket-freight",
    "twitter_url": "https://twitter.com/rocketfreight",
    "facebook_url": "https://www.facebook.com/RocketFreight",
    "crunchbase_url": "https://www.crunchbase.com/organization/rocket-freight",
    "primary_phone": {"number": "+1 510-555-0142", "source": "Scraped"},
    "phone": "+1 510-555-0100",
    "alexa_ranking": 3514,
    "founded_year": 2019,
    "publicly_traded_symbol": "RCKT",
    "logo_url": "https://pictures.example/rocket.png",
    "primary_domain": "rocket.test",
    "industry": "logistics & supply chain",
    "keywords": ["freight", "api"],
    "estimated_num_employees": 125,
    "raw_address": "1 Pier, Oakland, California 94607, US",
    "street_address": "1 Pier",
    "city": "Oakland",
    "state": "California",
    "postal_code": "94607-1000",
    "country": "United States",
    "owned_by_organization": {"name": "Holding", "website_url": "http://www.holding.test"},
    "ultimate_parent_organization": {"name": "Trust", "website_url": "http://www.trust.test"},
    "short_description": "Same-day freight.\n\nFor factories.",
    "annual_revenue": 30_000_000,
    "total_funding": 20_000_000,
    "technology_names": ["Google Analytics", "Stripe"],
    "current_technologies": [
        {"uid": "stripe", "name": "Stripe", "category": "Payments"},
        {"uid": "ai", "name": "AI", "category": "Other"},
    ],
}
COMPANY_FACTS: dict[str, Any] = {
    "name": "Rocket",
    "domain": "rocket.test",
    "url": "http://www.rocket.test",
    "description": "Same-day freight. For factories.",
    "tags": ["freight", "api"],
    "foundedYear": 2019,
    "location": "1 Pier, Oakland, California 94607, US",
    "geo.streetAddress": "1 Pier",
    "geo.city": "Oakland",
    "geo.state": "California",
    "geo.postalCode": "94607-1000",
    "geo.country": "United States",
    "logo": "https://pictures.example/rocket.png",
    "facebook.handle": "RocketFreight",
    "linkedin.handle": "company/rocket-freight",
    "twitter.handle": "rocketfreight",
    "crunchbase.handle": "organization/rocket-freight",
    "type": "public",
    "ticker": "RCKT",
    "phone": "+1 510-555-0142",
    "category.sector": "Industrials",
    "category.industry": "Air Freight & Logistics",
    "metrics.alexaGlobalRank": 3514,
    "metrics.employees": 125,
    "metrics.employeesRange": "51-250",
    "metrics.raised": 20_000_000,
    "metrics.annualRevenue": 30_000_000,
    "tech": ["google_analytics", "stripe"],
    "techCategories": ["payments"],
    "parent.domain": "holding.test",
    "ultimateParent.domain": "trust.test",
}
ODD = bodies(parts({*PERSON, *COMPANY, "number", "category"}))


@pytest.fixture(autouse=True)
def switched_on(settings: Any) -> None:
    switch_on(settings)


def test_a_full_person_and_a_full_company_as_facts() -> None:
    assert apollo.person_facts(PERSON) == PERSON_FACTS
    assert apollo.company_facts(COMPANY) == COMPANY_FACTS


def test_the_address_never_leaves_but_as_its_hash(sandbox: Sandbox) -> None:
    exchange = seen(Apollo(), "Grace@rocket.test ")
    (call,) = sandbox.received("apollo")
    hashed = hashlib.sha256(b"grace@rocket.test").hexdigest()
    url = f"{sandbox.url}/apollo/api/v1/people/match?hashed_email={hashed}"
    assert (exchange.method, exchange.url, exchange.request) == ("POST", url, "")
    assert call["headers"]["x-api-key"] == "sandbox-apollo"


def test_a_company_is_asked_for_by_its_domain(sandbox: Sandbox) -> None:
    assert company(Apollo(), "bank.test").facts["metrics.employees"] == 44_000
    (call,) = sandbox.received("apollo")
    assert (call["method"], call["query"]) == ("GET", {"domain": "bank.test"})


def test_a_person_is_found_by_the_hash(sandbox: Sandbox) -> None:
    assert person(Apollo(), "grace@rocket.test").facts["employment.title"] == "Co-Founder & CEO"


def test_null_is_nobody(sandbox: Sandbox) -> None:
    assert person(Apollo(), "nora@quietcorp.test") == Answer(Found.NOT_FOUND)
    assert company(Apollo(), "quietcorp.test") == Answer(Found.NOT_FOUND)
    assert [call["status"] for call in sandbox.received("apollo")] == [200, 200]


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ({"status": 200, "body": {"person": {}}}, ""),
        ({"status": 200, "body": {"person": {"id": "1"}}}, "The profile is empty."),
        ({"status": 200, "body": {"waterfall": {}}}, ""),
        ({"status": 422, "body": {"error": "Nothing given"}}, "Cannot look this up (Nothing given)."),
        ({"status": 422, "body": "no"}, "Cannot look this up (invalid input)."),
    ],
)  # fmt: skip
def test_a_miss_says_why(sandbox: Sandbox, fault: Any, note: str) -> None:
    sandbox.fault("apollo", **fault)
    assert person(Apollo(), "grace@rocket.test") == Answer(Found.NOT_FOUND, note=note)


@pytest.mark.parametrize(
    ("fault", "failure", "reason"),
    [
        ({"status": 401, "body": "Invalid API key."}, Misconfigured, "check APOLLO_API_KEY"),
        ({"status": 403, "body": {"error_code": "API_INACCESSIBLE"}}, Misconfigured, "may not call /people/match"),
        ({"status": 422, "body": {"error": "You have insufficient credits."}}, UsedUp, "credits are used up"),
        ({"status": 500}, Later, "500"),
        ({"status": 302, "headers": {"location": "/"}}, Misconfigured, "check APOLLO_API_URL"),
        ({"status": 200, "body": "welcome"}, Later, "not JSON"),
        ({"status": 200, "body": [None]}, Never, "something other than a record"),
    ],
)
def test_how_it_fails(sandbox: Sandbox, fault: Any, failure: type[Exception], reason: str) -> None:
    sandbox.fault("apollo", **fault)
    with pytest.raises(failure, match=reason):
        person(Apollo(), "grace@rocket.test")


def test_a_rate_limit_waits_as_long_as_it_is_told(sandbox: Sandbox) -> None:
    body = {"message": "The maximum number of api calls allowed for api/v1/people/match is 600 times per hour."}
    sandbox.fault("apollo", status=429, body=body, retry_after=1_234)
    with pytest.raises(Later) as caught:
        person(Apollo(), "grace@rocket.test")
    assert caught.value.retry_after_s == 1_234


def test_what_the_account_s_own_crm_holds_is_not_taken_for_the_person(sandbox: Sandbox) -> None:
    sandbox.fault("apollo", status=200, body={"person": {"contact": PERSON["contact"]}})
    assert person(Apollo(), "grace@rocket.test").facts == {}


@trials(max_examples=60, deadline=None)
@given(ODD)
def test_no_body_is_too_odd(body: Any) -> None:
    assert apollo.person_facts(body).keys() <= Apollo.person_fields
    assert apollo.company_facts(body).keys() <= Apollo.company_fields
