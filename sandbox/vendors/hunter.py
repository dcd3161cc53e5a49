"""Hunter: people and companies in its own shape, or in Clearbit's with ``clearbit_format``.

https://hunter.io/api-documentation. 403 is its rate limit, 429 the end of the plan, 451 somebody who opted out.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, ClassVar

from aiohttp import web

from sandbox.core import Vendor, bearer_token
from sandbox.credentials import HUNTER_API_KEY
from sandbox.knowledge import HUNTER
from sandbox.vendors.clearbit.records import Record, company_record, person_record
from sandbox.windows import Window

LIMITS = ((1, 15), (60, 500))
"""Seconds and calls."""
LOG_SIZE = 1_000
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class Refused(Exception):
    def __init__(self, status: int, name: str, details: str) -> None:
        super().__init__(details)
        self.status = status
        self.body = {"errors": [{"id": name, "code": status, "details": details}]}


class Hunter(Vendor):
    slug = "hunter"
    name = "Hunter"
    settings: ClassVar[dict[str, Any]] = {
        "rate_limit": False,  # hold callers to LIMITS
        "calls_left": 10_000,  # of the plan
        "opted_out": [],  # addresses of people who asked not to be looked up: 451
    }

    def reset(self) -> None:
        self.lookups: deque[Record] = deque(maxlen=LOG_SIZE)
        self.windows = [Window(seconds) for seconds, _ in LIMITS]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/people/find", self._person),
            web.get("/v2/companies/find", self._company),
            web.get("/v2/combined/find", self._combined),
            web.get("/{rest:.*}", self._no_route),
        ]

    def snapshot(self) -> dict[str, Any]:
        return {**HUNTER.as_state(), "lookups": list(self.lookups)}

    async def _person(self, request: web.Request) -> web.Response:
        return self._answer(request, "person", "email")

    async def _company(self, request: web.Request) -> web.Response:
        return self._answer(request, "company", "domain")

    async def _combined(self, request: web.Request) -> web.Response:
        return self._answer(request, "combined", "email")

    async def _no_route(self, request: web.Request) -> web.Response:
        return web.json_response(Refused(404, "not_found", "No such endpoint.").body, status=404)

    def _answer(self, request: web.Request, what: str, parameter: str) -> web.Response:
        key = request.query.get(parameter, "").strip().lower()
        try:
            _authenticate(request)
            self._count()
            self._check(parameter, key)
            status, body = 200, self._found(what, key, is_clearbit=bool(request.query.get("clearbit_format")))
            self.options["calls_left"] -= 1
        except Refused as refusal:
            status, body = refusal.status, refusal.body
        self.lookups.append({"at": self.world.now(), "what": what, "key": key, "status": status})
        return web.json_response(body, status=status)

    def _count(self) -> None:
        now, is_enforced = self.world.now(), self.options["rate_limit"]
        standings = [
            window.count(calls, now, is_enforced=is_enforced)
            for window, (_, calls) in zip(self.windows, LIMITS, strict=True)
        ]
        if any(standing.is_over for standing in standings):
            raise Refused(403, "too_many_requests", "You have made too many requests. Slow down.")
        if self.options["calls_left"] <= 0:
            raise Refused(429, "usage_limit_reached", "You have used up the calls of your plan.")

    def _check(self, parameter: str, key: str) -> None:
        if not key:
            raise Refused(400, "wrong_params", f"You are missing the {parameter} parameter.")
        if parameter == "email" and not _EMAIL.fullmatch(key):
            raise Refused(400, "invalid_email", "The email is invalid.")
        if parameter == "domain" and not _DOMAIN.fullmatch(key):
            raise Refused(400, "invalid_domain", "The domain is invalid.")
        if key in self.options["opted_out"]:
            raise Refused(451, "claimed_email", "The person asked us not to process their data.")

    def _found(self, what: str, key: str, *, is_clearbit: bool) -> Record:
        email = key if "@" in key else None
        person = self._person_at(email) if email else None
        domain = key if email is None else (person and person["employment"]["domain"]) or key.partition("@")[2]
        company = None if what == "person" else self._company_at(domain)
        if company and email and company["emailProvider"]:
            company = None
        found: Any = {"person": person, "company": company, "combined": {"person": person, "company": company}}[what]
        if not (person or company):
            raise Refused(404, "not_found", "We have no data on this one.")
        if is_clearbit:
            return dict(found)
        parameter = "email" if email else "domain"
        return {"data": _in_own_words(found), "meta": {"params": {parameter: key}}}

    def _person_at(self, email: str) -> Record | None:
        person = HUNTER.person(self.world.cast, email)
        return person_record(person, self.world) if person else None

    def _company_at(self, domain: str) -> Record | None:
        company = HUNTER.company(self.world.cast, domain)
        return company_record(company) if company else None


def _in_own_words(record: Record) -> Record:
    """Where Hunter's shape is not Clearbit's: the provider is named, and there are funding rounds."""
    if record.keys() == {"person", "company"}:
        return {part: _in_own_words(value) if value else None for part, value in record.items()}
    if "metrics" not in record:
        return {**record, "emailProvider": record["email"].partition("@")[2] if record["emailProvider"] else None}
    raised = record["metrics"]["raised"]
    rounds = [{"amount": raised, "currency": "USD", "series": "Series A", "announcedDate": "2024-03-01"}]
    return {**record, "emailProvider": None, "fundingRounds": rounds if raised else []}


def _authenticate(request: web.Request) -> None:
    """The key in X-API-KEY, as a bearer token or in the query."""
    key = request.headers.get("X-API-KEY") or bearer_token(request) or request.query.get("api_key")
    if not key:
        raise Refused(401, "authentication_failed", "No API key was provided.")
    if key != HUNTER_API_KEY:
        raise Refused(401, "authentication_failed", "The API key is wrong.")
