"""Clearbit-shaped look-ups: a person by e-mail address, a company by domain.

Any host that answers as Clearbit's Person and Company APIs do (API-Version 2019-12-19) will serve; Clearbit itself has
given out no new keys since 2024. Hunter's does with `clearbit_format=1` among CLEARBIT_PARAMS: the records are
Clearbit's then, the refusals Hunter's. Clearbit's attributes are the product's own model of a profile, so nothing is
renamed here. What was looked up only later comes by webhook (`clearbit_webhooks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations import clearbit_webhooks, facts, hunter_refusals
from integrations.http import Door, Reply
from signups.contracts import (
    Answer,
    Cost,
    Deadline,
    Facts,
    Found,
    Heard,
    Later,
    Misconfigured,
    Never,
    Provider,
    Rate,
    Subject,
    UsedUp,
)

API_VERSION = "2019-12-19"


class Clearbit(Provider):
    slug = "clearbit"
    name = "Clearbit"
    needs = ("CLEARBIT_API_KEY",)
    person_fields = frozenset(facts.PERSON)
    company_fields = frozenset(facts.COMPANY) - {"site.title", "site.h1", "site.metaDescription"}  # until 2016
    cost = Cost.PAID
    credits_a_hit = 1.0
    privacy = "The e-mail address and the company's domain go to the host of CLEARBIT_PERSON_URL and …COMPANY_URL."
    confidence = 0.85

    def missing_settings(self) -> list[str]:
        return [] if settings.CLEARBIT["api_key"] else list(self.needs)

    def rate(self) -> Rate:
        return hunter_refusals.RATE if _is_hunter() else Rate(600, 60)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        reply = self._find(Subject.PERSON, "/v2/people/find", {"email": email}, deadline)
        return self._answer(reply, Subject.PERSON)

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        reply = self._find(Subject.COMPANY, "/v2/companies/find", {"domain": domain}, deadline)
        return self._answer(reply, Subject.COMPANY)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Heard | None:
        """What came of a look-up that was queued. Raises NotTheVendor, and Misconfigured where we have no key."""
        key = settings.CLEARBIT["api_key"]
        if not key:
            raise Misconfigured(self.name, "set CLEARBIT_API_KEY: webhooks are signed with it")
        clearbit_webhooks.check_signature(key, headers, body)
        told = clearbit_webhooks.read(body)
        if told is None:
            return None
        answer = _answered(told.record, told.subject) if told.status == 200 else Answer(Found.NOT_FOUND)
        return Heard(told.subject, told.key, answer)

    def _find(self, subject: Subject, path: str, about: Mapping[str, str], deadline: Deadline) -> Reply:
        key = settings.CLEARBIT["api_key"]
        door = Door(
            self.name,
            settings.CLEARBIT[f"{subject}_url"],
            headers={"Authorization": f"Bearer {key}", "API-Version": API_VERSION},
            secrets=[key],
            key_setting="CLEARBIT_API_KEY",
            url_setting=f"CLEARBIT_{subject.upper()}_URL",
        )
        (asked_for,) = about.values()
        back = {} if _is_hunter() else clearbit_webhooks.parameters(subject, asked_for)
        params = {**settings.CLEARBIT["params"], **about, **back}
        accept = {402, 404, 422, 451} | (hunter_refusals.STATUSES if _is_hunter() else set())
        return door.call("GET", path, params=params, is_safe=True, deadline=deadline, accept=accept)

    def _answer(self, reply: Reply, subject: Subject) -> Answer:
        """What a status means here. Raises UsedUp (the plan), Later (the rate), Misconfigured (wrong URL) or Never (a
        body of another kind)."""
        if _is_hunter() and (refusal := hunter_refusals.read(reply)):
            return refusal
        match reply.status:
            case 202:
                return Answer(Found.PENDING, note="Looking it up; asked again later.")
            case 402:
                raise UsedUp(self.name, "the plan of CLEARBIT_API_KEY is used up", status=402)
            case 404 if _error_type(reply) == "unknown_route":
                setting = f"CLEARBIT_{subject.upper()}_URL"
                raise Misconfigured(self.name, f"knows no such API: check {setting}", status=404)
            case 404:
                return Answer(Found.NOT_FOUND)
            case 422:
                return Answer(Found.NOT_FOUND, note=f"Cannot look this up ({_error_type(reply) or 'invalid input'}).")
            case 451:
                return Answer(Found.REFUSED, note="The person asked not to be looked up.")
        if not isinstance(reply.json, Mapping | None):
            kind = type(reply.json).__name__
            raise Never(self.name, f"answered with a {kind} instead of an object", status=reply.status)
        return _answered(_record(reply.json, subject), subject)


def person_facts(body: Any) -> Facts:
    """Clearbit's person object as facts."""
    return facts.read_clearbit("clearbit", facts.PERSON, body)


def company_facts(body: Any) -> Facts:
    """Clearbit's company object as facts."""
    return facts.read_clearbit("clearbit", facts.COMPANY, body)


def _is_hunter() -> bool:
    return "clearbit_format" in settings.CLEARBIT["params"]


def _answered(record: Any, subject: Subject) -> Answer:
    """What a record says; one that is empty, or no object, says nothing."""
    if not isinstance(record, Mapping):
        return Answer(Found.NOT_FOUND)
    found = person_facts(record) if subject is Subject.PERSON else company_facts(record)
    return Answer(Found.FOUND, found) if found else Answer(Found.NOT_FOUND, note="The profile is empty.")


def _record(body: Any, subject: Subject) -> Any:
    """The record itself: some compatible hosts answer as the combined API does, `{"person": …, "company": …}`."""
    is_combined = isinstance(body, Mapping) and {"person", "company"} & set(body) and "id" not in body
    return body.get(subject) if is_combined else body


def _error_type(reply: Reply) -> str:
    """The type in `{"error": {"type": "unknown_record"}}`; empty where the body is something else."""
    try:
        return facts.text(facts.dig(reply.json, "error.type")) or ""
    except Later:  # a refusal is understood by its status, whatever its body is
        return ""
