"""Hunter: a person by address, a company by domain, in Hunter's own shape, `{"data": {…}, "meta": {…}}`.

https://hunter.io/api-documentation (2026-08). The attributes are named as Clearbit's are. Of its own are the funding
rounds, which are not read, and `emailProvider`, which names the provider where Clearbit says yes or no. For the same
records in Clearbit's shape see `clearbit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from integrations import facts, hunter_refusals
from integrations.http import Door
from signups.contracts import Answer, Cost, Deadline, Facts, Found, Never, Provider, Rate

_NOT_READ = frozenset({"emailProvider", "site.title", "site.h1", "site.metaDescription"})


class Hunter(Provider):
    slug = "hunter"
    name = "Hunter"
    needs = ("HUNTER_API_KEY",)
    person_fields = frozenset(facts.PERSON) - _NOT_READ
    company_fields = frozenset(facts.COMPANY) - _NOT_READ
    cost = Cost.PAID
    credits_a_hit = 1.0
    privacy = "The e-mail address and the company's domain go to Hunter (France)."
    confidence = 0.75

    def missing_settings(self) -> list[str]:
        return [] if settings.HUNTER["api_key"] else list(self.needs)

    def rate(self) -> Rate:
        return hunter_refusals.RATE

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        record = self._find("/people/find", {"email": email}, deadline)
        return record if isinstance(record, Answer) else _answered(person_facts(record))

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        record = self._find("/companies/find", {"domain": domain}, deadline)
        return record if isinstance(record, Answer) else _answered(company_facts(record))

    def _find(self, path: str, about: Mapping[str, str], deadline: Deadline) -> Any:
        """The record, or the answer that a refusal means."""
        key = settings.HUNTER["api_key"]
        door = Door(
            self.name,
            settings.HUNTER["api_url"],
            headers={"X-API-KEY": key},
            secrets=[key],
            key_setting="HUNTER_API_KEY",
            url_setting="HUNTER_API_URL",
        )
        accept = hunter_refusals.STATUSES
        reply = door.call("GET", path, params=about, is_safe=True, deadline=deadline, accept=accept)
        if refusal := hunter_refusals.read(reply):
            return refusal
        if not isinstance(reply.json, Mapping):
            raise Never(self.name, "answered with something other than a record", status=reply.status)
        return reply.json.get("data")


def person_facts(record: Any) -> Facts:
    """The `data` of a person as facts."""
    return facts.read_clearbit("hunter", _without(facts.PERSON), record)


def company_facts(record: Any) -> Facts:
    """The `data` of a company as facts."""
    return facts.read_clearbit("hunter", _without(facts.COMPANY), record)


def _without(table: Mapping[str, facts.Reader]) -> dict[str, facts.Reader]:
    return {path: reader for path, reader in table.items() if path not in _NOT_READ}


def _answered(found: Facts) -> Answer:
    return Answer(Found.FOUND, found) if found else Answer(Found.NOT_FOUND, note="The profile is empty.")
