"""People Data Labs: a person by the hash of their address, a company by its domain. https://docs.peopledatalabs.com

A person comes in an envelope, `{"status": 200, "likelihood": 8, "data": {…}}`, a company without; the vendor's own
description has both without, and both are read. Plans that may not see a value get `true` in its place: such fields are
left out. Only hits are billed. What their words mean in Clearbit's stands in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations import facts, words
from integrations.http import Door, Reply, retry_after_s
from signups.contracts import Answer, Cost, Deadline, Facts, Found, Later, Never, Provider, Rate, UsedUp

_LEAST_LIKELIHOOD = "6"  # of 10: below it they are more often wrong than right
_BAD_INPUT = (400, 422)

# Ours → theirs, where a value is taken as it stands.
_PERSON = {
    "name.fullName": "full_name",
    "name.givenName": "first_name",
    "name.familyName": "last_name",
    "location": "location_name",
    "geo.city": "location_locality",
    "geo.state": "location_region",
    "geo.country": "location_country",
    "phone": "mobile_phone",
    "employment.name": "job_company_name",
    "employment.domain": "job_company_website",
    "employment.title": "job_title",
    "employment.subRole": "job_title_sub_role",
    "facebook.handle": "facebook_username",
    "github.handle": "github_username",
    "twitter.handle": "twitter_username",
    "linkedin.handle": "linkedin_username",
}
_COMPANY = {
    "name": "name",
    "domain": "website",
    "tags": "tags",
    "foundedYear": "founded",
    "location": "location.name",
    "geo.streetAddress": "location.street_address",
    "geo.subPremise": "location.address_line_2",
    "geo.city": "location.locality",
    "geo.state": "location.region",
    "geo.postalCode": "location.postal_code",
    "geo.country": "location.country",
    "facebook.handle": "facebook_url",
    "linkedin.handle": "linkedin_url",
    "twitter.handle": "twitter_url",
    "ticker": "ticker",
    "metrics.employees": "employee_count",
    "metrics.raised": "total_funding_raised",
    "metrics.estimatedAnnualRevenue": "inferred_revenue",
}
_GEO = {"geo.lat", "geo.lng"}


class PeopleDataLabs(Provider):
    slug = "peopledatalabs"
    name = "People Data Labs"
    needs = ("PDL_API_KEY",)
    person_fields = frozenset(_PERSON) | _GEO | {"bio", "employment.role", "employment.seniority"}
    company_fields = (
        frozenset(_COMPANY)
        | _GEO
        | {"description", "category.sector", "category.industry", "type", "metrics.employeesRange", "crunchbase.handle"}
    )
    cost = Cost.PAID
    credits_a_hit = 1.0
    privacy = (
        "The SHA-256 of the e-mail address, never the address, and the company's domain go to People Data Labs (USA)."
    )
    confidence = 0.75

    def missing_settings(self) -> list[str]:
        return [] if settings.PDL["api_key"] else list(self.needs)

    def rate(self) -> Rate:
        return Rate(100, 60)  # of a free plan; each of the two calls has it to itself

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        about = {"email_hash": facts.address_hash(email), "min_likelihood": _LEAST_LIKELIHOOD, "titlecase": "true"}
        reply = self._call("/v5/person/enrich", about, deadline)
        return self._answer(reply, person_facts)

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        about = {"website": domain, "min_likelihood": _LEAST_LIKELIHOOD, "titlecase": "true"}
        reply = self._call("/v5/company/enrich", about, deadline)
        return self._answer(reply, company_facts)

    def _call(self, path: str, params: Mapping[str, str], deadline: Deadline) -> Reply:
        key = settings.PDL["api_key"]
        door = Door(
            self.name,
            settings.PDL["api_url"],
            headers={"X-Api-Key": key},
            secrets=[key],
            key_setting="PDL_API_KEY",
            url_setting="PDL_API_URL",
        )
        accept = (402, 404, *_BAD_INPUT)
        return door.call("GET", path, params=params, is_safe=True, deadline=deadline, accept=accept)

    def _answer(self, reply: Reply, read: Any) -> Answer:
        """What a status means here. Raises UsedUp (all matches of the plan), or Never (a body of another kind)."""
        match reply.status:
            case 402:
                wait_s = retry_after_s({"Retry-After": reply.headers.get("retry-after", "")})
                raise UsedUp(self.name, "the plan's matches are used up", status=402, retry_after_s=wait_s)
            case 404:
                return Answer(Found.NOT_FOUND)
            case 400 | 422:
                return Answer(Found.NOT_FOUND, note=f"Cannot look this up ({_error_type(reply) or 'invalid input'}).")
        body = reply.json
        if not isinstance(body, Mapping):
            raise Never(self.name, "answered with something other than a record", status=reply.status)
        found = read(body["data"] if isinstance(body.get("data"), Mapping) else body)
        spent = facts.number(0, 1_000)(reply.headers.get("x-call-credits-spent"))
        if not found:
            return Answer(Found.NOT_FOUND, note="The profile is empty.", credits=spent)
        likelihood = facts.number(0, 10)(body.get("likelihood"))
        return Answer(
            Found.FOUND, found, confidence=None if likelihood is None else round(likelihood / 10, 2), credits=spent
        )


def person_facts(record: Any) -> Facts:
    """A person's record as facts."""
    latitude, longitude = words.point(facts.dig(record, "location_geo"))
    said = {
        **facts.taken(_PERSON, record),
        "geo.lat": latitude,
        "geo.lng": longitude,
        "bio": words.first(facts.dig(record, "summary"), facts.dig(record, "headline")),
        "employment.role": words.role(facts.dig(record, "job_title_role")),
        "employment.seniority": words.seniority(facts.dig(record, "job_title_levels")),
    }
    return facts.read("peopledatalabs", facts.PERSON, said)


def company_facts(record: Any) -> Facts:
    """A company's record as facts."""
    latitude, longitude = words.point(facts.dig(record, "location.geo"))
    sector, industry = words.industry(facts.dig(record, "industry"))
    said = {
        **facts.taken(_COMPANY, record),
        "geo.lat": latitude,
        "geo.lng": longitude,
        "description": words.first(facts.dig(record, "summary"), facts.dig(record, "headline")),
        "category.sector": sector,
        "category.industry": industry,
        "type": words.company_type(facts.dig(record, "type")),
        "metrics.employeesRange": words.employees_range(facts.dig(record, "employee_count"), facts.dig(record, "size")),
        "crunchbase.handle": _profile_on("crunchbase.com", facts.dig(record, "profiles")),
    }
    return facts.read("peopledatalabs", facts.COMPANY, said)


def _profile_on(host: str, profiles: Any) -> Any:
    """The company's page on a network: they write "crunchbase.com/organization/acme"."""
    for profile in profiles if isinstance(profiles, list) else []:
        if isinstance(profile, str) and facts.domain(profile) == host:
            return facts.link(profile)
    return None


def _error_type(reply: Reply) -> str:
    """The type in `{"status": 400, "error": {"type": "invalid_request_error", …}}`, "" for another body."""
    try:
        return facts.text(facts.dig(reply.json, "error.type")) or ""
    except Later:
        return ""
