"""Apollo: a person by the hash of their address, a company by its domain. https://docs.apollo.io/reference

Nobody found is no 404 but `{"person": null}`, and so it is for companies. A hit costs a credit each time it is asked
for. Phone numbers and private addresses, which cost more, are not asked for. Not read: a person's `contact`, which is
what the account's own CRM holds, under another name at times. What their words mean in Clearbit's stands in `words`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations import facts, words
from integrations.http import Door, Reply
from signups.contracts import Answer, Cost, Deadline, Facts, Found, Later, Misconfigured, Never, Provider, Rate, UsedUp

# Ours → theirs, where a value is taken as it stands.
_PERSON = {
    "name.fullName": "name",
    "name.givenName": "first_name",
    "name.familyName": "last_name",
    "geo.city": "city",
    "geo.state": "state",
    "geo.country": "country",
    "bio": "headline",
    "avatar": "photo_url",
    "employment.name": "organization.name",
    "employment.title": "title",
    "facebook.handle": "facebook_url",
    "github.handle": "github_url",
    "twitter.handle": "twitter_url",
    "linkedin.handle": "linkedin_url",
}
_COMPANY = {
    "name": "name",
    "domain": "primary_domain",
    "url": "website_url",
    "tags": "keywords",
    "foundedYear": "founded_year",
    "location": "raw_address",
    "geo.streetAddress": "street_address",
    "geo.city": "city",
    "geo.state": "state",
    "geo.postalCode": "postal_code",
    "geo.country": "country",
    "logo": "logo_url",
    "facebook.handle": "facebook_url",
    "linkedin.handle": "linkedin_url",
    "twitter.handle": "twitter_url",
    "crunchbase.handle": "crunchbase_url",
    "ticker": "publicly_traded_symbol",
    "metrics.alexaGlobalRank": "alexa_ranking",
    "metrics.employees": "estimated_num_employees",
    "metrics.raised": "total_funding",
    "metrics.annualRevenue": "annual_revenue",
    "tech": "technology_names",
    "parent.domain": "owned_by_organization.website_url",
    "ultimateParent.domain": "ultimate_parent_organization.website_url",
}


class Apollo(Provider):
    slug = "apollo"
    name = "Apollo"
    needs = ("APOLLO_API_KEY",)
    person_fields = frozenset(_PERSON) | {"location", "employment.domain", "employment.role", "employment.seniority"}
    company_fields = frozenset(_COMPANY) | {
        "description",
        "category.sector",
        "category.industry",
        "type",
        "phone",
        "metrics.employeesRange",
        "techCategories",
    }
    cost = Cost.PAID
    credits_a_hit = 1.0
    privacy = "The SHA-256 of the e-mail address, never the address, and the company's domain go to Apollo (USA)."
    confidence = 0.75

    def missing_settings(self) -> list[str]:
        return [] if settings.APOLLO["api_key"] else list(self.needs)

    def rate(self) -> Rate:
        return Rate(600, 3600)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        reply = self._call("POST", "/people/match", {"hashed_email": facts.address_hash(email)}, deadline)
        return self._answer(reply, "person")

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        reply = self._call("GET", "/organizations/enrich", {"domain": domain}, deadline)
        return self._answer(reply, "organization")

    def _call(self, method: str, path: str, params: Mapping[str, str], deadline: Deadline) -> Reply:
        key = settings.APOLLO["api_key"]
        door = Door(
            self.name,
            settings.APOLLO["api_url"],
            headers={"x-api-key": key},
            secrets=[key],
            key_setting="APOLLO_API_KEY",
            url_setting="APOLLO_API_URL",
        )
        reply = door.call(method, path, params=params, is_safe=True, deadline=deadline, accept=(403, 422))
        if reply.status == 403:
            advice = f"the key of APOLLO_API_KEY may not call {path}: give it that endpoint at Apollo"
            raise Misconfigured(self.name, advice, status=403, excerpt=reply.text[:500])
        return reply

    def _answer(self, reply: Reply, what: str) -> Answer:
        """What was said of a `what`. Raises UsedUp (no credits), or Never (a body of another kind)."""
        if reply.status == 422:
            error = _error(reply)
            if "credit" in error.lower():
                raise UsedUp(self.name, f"the plan's credits are used up ({error})", status=422)
            return Answer(Found.NOT_FOUND, note=f"Cannot look this up ({error or 'invalid input'}).")
        if not isinstance(reply.json, Mapping):
            raise Never(self.name, "answered with something other than a record", status=reply.status)
        record = reply.json.get(what)
        found = person_facts(record) if what == "person" else company_facts(record)
        if found:
            return Answer(Found.FOUND, found)
        return Answer(Found.NOT_FOUND, note="The profile is empty." if record else "")


def person_facts(record: Any) -> Facts:
    """A person's record as facts."""
    departments = [facts.dig(record, name) for name in ("functions", "departments", "subdepartments")]
    said = {
        **facts.taken(_PERSON, record),
        "location": words.place(*(facts.dig(record, part) for part in ("city", "state", "country"))),
        "employment.domain": _domain(facts.dig(record, "organization")),
        "employment.role": words.role([one for some in departments if isinstance(some, list) for one in some]),
        "employment.seniority": words.seniority(facts.dig(record, "seniority")),
    }
    return facts.read("apollo", facts.PERSON, said)


def company_facts(record: Any) -> Facts:
    """An organisation's record as facts."""
    sector, industry = words.industry(facts.dig(record, "industry"))
    technologies = facts.dig(record, "current_technologies")
    said = {
        **facts.taken(_COMPANY, record),
        "domain": _domain(record),
        "description": words.first(facts.dig(record, "short_description"), facts.dig(record, "seo_description")),
        "category.sector": sector,
        "category.industry": industry,
        "type": "public" if facts.text(facts.dig(record, "publicly_traded_symbol")) else None,
        "phone": words.first(facts.dig(record, "primary_phone.number"), facts.dig(record, "phone")),
        "metrics.employeesRange": words.employees_range(facts.dig(record, "estimated_num_employees")),
        "techCategories": [
            category
            for technology in (technologies if isinstance(technologies, list) else [])
            if (category := facts.dig(technology, "category")) != "Other"
        ],
    }
    return facts.read("apollo", facts.COMPANY, said)


def _domain(organization: Any) -> Any:
    return words.first(facts.dig(organization, "primary_domain"), facts.dig(organization, "website_url"))


def _error(reply: Reply) -> str:
    """The sentence in `{"error": "Required parameter 'domain' missing"}`, "" for another body."""
    try:
        return facts.text(facts.dig(reply.json, "error")) or ""
    except Later:
        return ""
