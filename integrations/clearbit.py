"""Clearbit-shaped look-ups: a person by e-mail address, a company by domain.

Any host that answers as Clearbit's Person and Company APIs do (API-Version 2019-12-19) will serve; Clearbit itself has
given out no new keys since 2024. Its attributes are the product's own model of a profile, so nothing is renamed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations import facts
from integrations.http import Door, Reply
from signups.contracts import Answer, Cost, Deadline, Facts, Found, Misconfigured, Never, Provider

API_VERSION = "2019-12-19"


class Clearbit(Provider):
    slug = "clearbit"
    name = "Clearbit"
    needs = ("CLEARBIT_API_KEY",)
    cost = Cost.PAID
    credits_a_hit = 1.0

    def missing_settings(self) -> list[str]:
        return [] if settings.CLEARBIT["api_key"] else list(self.needs)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        reply = self._find("person", "/v2/people/find", {"email": email}, deadline)
        return self._answer(reply, "person")

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        reply = self._find("company", "/v2/companies/find", {"domain": domain}, deadline)
        return self._answer(reply, "company")

    def _find(self, subject: str, path: str, params: Mapping[str, str], deadline: Deadline) -> Reply:
        key = settings.CLEARBIT["api_key"]
        door = Door(
            self.name,
            settings.CLEARBIT[f"{subject}_url"],
            headers={"Authorization": f"Bearer {key}", "API-Version": API_VERSION},
            secrets=[key],
            key_setting="CLEARBIT_API_KEY",
        )
        return door.call("GET", path, params=params, is_safe=True, deadline=deadline, accept=(402, 404, 422, 451))

    def _answer(self, reply: Reply, subject: str) -> Answer:
        """What a status means here. Raises Misconfigured (plan used up, wrong URL), Never (a body of another kind)."""
        match reply.status:
            case 202:
                return Answer(Found.PENDING, note="Looking it up; asked again later.")
            case 402:
                raise Misconfigured(self.name, "the plan is used up: check the account of CLEARBIT_API_KEY", status=402)
            case 404 if _error_type(reply) == "unknown_route":
                setting = f"CLEARBIT_{subject.upper()}_URL"
                raise Misconfigured(self.name, f"knows no such API: check {setting}", status=404)
            case 404:
                return Answer(Found.NOT_FOUND)
            case 422:
                return Answer(Found.NOT_FOUND, note=f"Cannot look this up ({_error_type(reply) or 'invalid input'}).")
            case 451:
                return Answer(Found.REFUSED, note="The person asked not to be looked up.")
        body = _record(reply.json, subject)
        if body is None:
            return Answer(Found.NOT_FOUND)
        if not isinstance(body, Mapping):
            raise Never(self.name, f"answered with a {type(body).__name__} instead of an object", status=reply.status)
        found = person_facts(body) if subject == "person" else company_facts(body)
        return Answer(Found.FOUND, found) if found else Answer(Found.NOT_FOUND, note="The profile is empty.")


def person_facts(body: Any) -> Facts:
    """Clearbit's person object as facts."""
    return facts.read("clearbit", facts.PERSON, {path: facts.dig(body, path) for path in facts.PERSON})


def company_facts(body: Any) -> Facts:
    """Clearbit's company object as facts."""
    return facts.read("clearbit", facts.COMPANY, {path: facts.dig(body, path) for path in facts.COMPANY})


def _record(body: Any, subject: str) -> Any:
    """The record itself: some compatible hosts answer as the combined API does, `{"person": …, "company": …}`."""
    is_combined = isinstance(body, Mapping) and {"person", "company"} & set(body) and "id" not in body
    return body.get(subject) if is_combined else body


def _error_type(reply: Reply) -> str:
    """The type in `{"error": {"type": "unknown_record"}}`; empty where the body is something else."""
    try:
        return facts.text(facts.dig(reply.json, "error.type")) or ""
    except Exception:  # a refusal is understood by its status, whatever its body is
        return ""
