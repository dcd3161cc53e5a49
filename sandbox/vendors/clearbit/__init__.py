"""Clearbit: who is behind an address, and which company behind a domain, as far as the cast tells.

The hosts person., company. and their -stream twins are path prefixes here. How records look: ``records.py``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections import Counter, deque
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from sandbox.core import Vendor, basic_auth, bearer_token
from sandbox.credentials import CLEARBIT_API_KEY
from sandbox.vendors.clearbit.records import Record, company_record, person_record
from sandbox.windows import Window

API_VERSION = "2019-12-19"
LOG_SIZE = 1_000
WEBHOOK_TIMEOUT_S = 5
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class Refused(Exception):
    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message}}


class Clearbit(Vendor):
    """One account. A person the cast calls queued is answered 202 so often, or until the webhook has gone out."""

    slug = "clearbit"
    name = "Clearbit"
    settings: ClassVar[dict[str, Any]] = {
        "rate_limit": False,  # hold callers to per_minute
        "per_minute": 600,
        "webhook_delay_s": 0.2,
        "queued_unknown_calls": 0,  # 202 so many times before somebody unknown is 404
        "opted_out": [],  # addresses of people who asked not to be looked up: 451
    }

    def reset(self) -> None:
        self.lookups: deque[Record] = deque(maxlen=LOG_SIZE)
        self.windows = {"person": Window(60), "company": Window(60)}
        self.calls_while_queued: Counter[str] = Counter()
        self.ready: set[str] = set()
        for task in getattr(self, "_under_way", ()):
            task.cancel()
        self._under_way: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/{host:person|person-stream}/v2/people/find", self._person),
            web.get("/{host:person|person-stream}/v2/combined/find", self._combined),
            web.get("/{host:company|company-stream}/v2/companies/find", self._company),
            web.get("/{host}/{rest:.*}", self._unknown_route),
        ]

    def snapshot(self) -> dict[str, Any]:
        known = [person.email for person in self.world.cast.PEOPLE.values() if person.clearbit]
        return {"people": known, "companies": list(self.world.cast.COMPANIES), "lookups": list(self.lookups)}

    # ---- the three look-ups

    async def _person(self, request: web.Request) -> web.Response:
        return self._answer(request, "person", "email")

    async def _combined(self, request: web.Request) -> web.Response:
        return self._answer(request, "person_company", "email")

    async def _company(self, request: web.Request) -> web.Response:
        return self._answer(request, "company", "domain")

    async def _unknown_route(self, request: web.Request) -> web.Response:
        return self._reply(404, Refused(404, "unknown_route", "No such route.").body)

    def _answer(self, request: web.Request, kind: str, parameter: str) -> web.Response:
        window = self.windows["company" if kind == "company" else "person"]
        limit = int(self.options["per_minute"])
        standing = window.count(limit, self.world.now(), is_enforced=self.options["rate_limit"])
        key = request.query.get(parameter, "").strip().lower()
        try:
            _authenticate(request)
            if standing.is_over:
                raise Refused(429, "rate_limit", f"Rate limit exceeded. Limit is {limit} requests per minute.")
            self._check(parameter, key)
            status, body = self._look_up(request, kind, key)
        except Refused as refusal:
            status, body = refusal.status, refusal.body
        self.lookups.append({"at": self.world.now(), "what": kind, "key": key, "status": status})
        return self._reply(status, body, standing.headers())

    def _check(self, parameter: str, key: str) -> None:
        if not key:
            raise Refused(400, "params_invalid", f"Missing {parameter}.")
        if parameter == "email" and not _EMAIL.fullmatch(key):
            raise Refused(422, "email_invalid", "Invalid email.")
        if parameter == "domain" and not _DOMAIN.fullmatch(key):
            raise Refused(422, "domain_invalid", "Invalid domain.")
        if key in self.options["opted_out"]:
            raise Refused(451, "unavailable_for_legal_reasons", "This person asked not to be looked up.")

    def _look_up(self, request: web.Request, kind: str, key: str) -> tuple[int, Record]:
        if not request.match_info["host"].endswith("-stream") and self._is_queued(kind, key):
            if url := request.query.get("webhook_url"):
                self._tell_later(url, request.query.get("webhook_id"), kind, key)
            return 202, {"error": {"type": "queued"}}
        return self._found(kind, key)

    def _found(self, kind: str, key: str) -> tuple[int, Record]:
        if kind == "company":
            company = self._company_at(key)
            return (200, company) if company else _unknown("company")
        person = self._person_at(key)
        if kind == "person":
            return (200, person) if person else _unknown("person")
        domain = (person and person["employment"]["domain"]) or key.partition("@")[2]
        company = self._company_at(domain)
        if company and company["emailProvider"]:
            company = None
        return (200, {"person": person, "company": company}) if person or company else _unknown("person")

    def _person_at(self, email: str) -> Record | None:
        person = self.world.cast.person(email)
        return person_record(person, self.world) if person else None

    def _company_at(self, domain: str) -> Record | None:
        company = self.world.cast.company(domain.removeprefix("www."))
        return company_record(company) if company else None

    # ---- queued records

    def _is_queued(self, kind: str, key: str) -> bool:
        if kind == "company" or key in self.ready:
            return False
        person = self.world.cast.person(key)
        known = person.clearbit if person else None
        patience = known.queued_calls if known else int(self.options["queued_unknown_calls"])
        self.calls_while_queued[key] += 1
        return self.calls_while_queued[key] <= patience

    def _tell_later(self, url: str, webhook_id: str | None, kind: str, key: str) -> None:
        """Finish the look-up after a while and send what came of it to the caller."""
        task = asyncio.get_running_loop().create_task(self._tell(url, webhook_id, kind, key))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _tell(self, url: str, webhook_id: str | None, kind: str, key: str) -> None:
        await asyncio.sleep(self.options["webhook_delay_s"])
        self.ready.add(key)
        status, body = self._found(kind, key)
        raw = json.dumps({"id": webhook_id, "type": kind, "status": status, "body": body}).encode()
        headers = {"Content-Type": "application/json", "X-Request-Signature": signature(CLEARBIT_API_KEY, raw)}
        timeout = aiohttp.ClientTimeout(total=WEBHOOK_TIMEOUT_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.post(url, data=raw, headers=headers):
                pass
        except (TimeoutError, aiohttp.ClientError, ValueError):
            pass  # Clearbit tells nobody that a webhook did not arrive: the record can still be fetched

    def _reply(self, status: int, body: Record, headers: dict[str, str] | None = None) -> web.Response:
        return web.json_response(body, status=status, headers={"X-API-Version": API_VERSION, **(headers or {})})


def signature(key: str, raw_body: bytes) -> str:
    """``X-Request-Signature``: HMAC-SHA1 under the key without its sk_ or pk_."""
    secret = key.removeprefix("sk_").removeprefix("pk_").encode()
    return f"sha1={hmac.new(secret, raw_body, hashlib.sha1).hexdigest()}"


def _authenticate(request: web.Request) -> None:
    """Bearer, or Basic with the key as user name and no password."""
    key = bearer_token(request)
    if key is None and (pair := basic_auth(request)):
        key = pair[0]
    if not key:
        raise Refused(401, "auth_required", "Authentication required.")
    if key != CLEARBIT_API_KEY:
        raise Refused(401, "invalid_api_key", "Invalid API key provided.")


def _unknown(kind: str) -> tuple[int, Record]:
    return 404, Refused(404, "unknown_record", f"Unknown {kind}.").body
