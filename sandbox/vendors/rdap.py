"""RDAP: the one registry of the pretend world, for every top-level domain (RFC 9082, RFC 9083).

The cast's companies registered their domain in the year they were founded, if there were domains then; three names
stand for what else a registry may say, and any other domain with a zone is of 2012.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Any, ClassVar

from aiohttp import web

from sandbox.core import Vendor
from sandbox.windows import Window

MEDIA_TYPE = "application/rdap+json"
PER_MINUTE = 60
LOG_SIZE = 1_000
_DAY_S = 86_400
AGES_DAYS = {"brandnew.test": 3, "lastmonth.test": 29}
"""Domains that are as many days old, whenever one looks."""
MOVED = {"moved.test": "dev.test"}
"""Names that the registry redirects to another."""
UNDATED = ("undated.test",)


class Rdap(Vendor):
    slug = "rdap"
    name = "RDAP"
    settings: ClassVar[dict[str, Any]] = {"rate_limit": False}
    """``rate_limit``: hold callers to 60 questions a minute."""

    def reset(self) -> None:
        self.window = Window(60)
        self.lookups: deque[dict[str, Any]] = deque(maxlen=LOG_SIZE)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/domain/{name}", self._domain), web.get("/dns.json", self._bootstrap)]

    def snapshot(self) -> dict[str, Any]:
        return {"lookups": list(self.lookups)}

    async def _domain(self, request: web.Request) -> web.Response:
        name = request.match_info["name"].lower().rstrip(".")
        standing = self.window.count(PER_MINUTE, self.world.now(), is_enforced=self.options["rate_limit"])
        if standing.is_over:
            response = _error(429, "Rate limit exceeded")
            response.headers["Retry-After"] = "30"
        elif name in MOVED:
            response = web.Response(status=302, headers={"Location": f"/rdap/domain/{MOVED[name]}?for={name}"})
        else:
            response = self._answer(request.query.get("for", name))
        self.lookups.append({"at": self.world.now(), "what": "domain", "key": name, "status": response.status})
        return response

    async def _bootstrap(self, request: web.Request) -> web.Response:
        """IANA's registry of registries (RFC 9224), as one that knows a few of the real world's and this one."""
        services = [
            [["com"], ["https://rdap.verisign.com/com/v1/"]],
            [["net"], ["https://rdap.verisign.com/net/v1/"]],
            [["org"], ["http://rdap.pir.test/", "https://rdap.publicinterestregistry.org/rdap/"]],
            [["kg"], ["http://rdap.cctld.kg/"]],
            [["test"], ["https://rdap.sandbox.test/"]],
        ]
        publication = datetime.fromtimestamp(self.world.now(), UTC)
        return web.json_response(
            {
                "version": "1.0",
                "publication": f"{publication:%Y-%m-%dT%H:%M:%S}Z",
                "description": "RDAP bootstrap file for Domain Name System registrations",
                "services": services,
            }
        )

    def _answer(self, name: str) -> web.Response:
        registered = self._registered(name)
        if registered is None and name not in UNDATED:
            return _error(404, "Not found")
        return web.json_response(_domain_object(name, registered), content_type=MEDIA_TYPE)

    def _registered(self, name: str) -> datetime | None:
        if name in AGES_DAYS:
            return datetime.fromtimestamp(self.world.now() - AGES_DAYS[name] * _DAY_S, UTC)
        if name in MOVED:
            return datetime(2009, 5, 4, tzinfo=UTC)
        if company := self.world.cast.company(name):
            return datetime(max(company.founded, 1995), 3, 1, 9, 30, tzinfo=UTC)
        return datetime(2012, 6, 7, tzinfo=UTC) if self.world.cast.zone(name) and name not in UNDATED else None


def _domain_object(name: str, registered: datetime | None) -> dict[str, Any]:
    events = [{"eventAction": "last changed", "eventDate": "2026-01-02T03:04:05Z"}]
    if registered is not None:
        events.append({"eventAction": "registration", "eventDate": f"{registered:%Y-%m-%dT%H:%M:%S}Z"})
    card = ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Sandbox Registrar Ltd"]]]
    return {
        "rdapConformance": ["rdap_level_0"],
        "objectClassName": "domain",
        "ldhName": name,
        "status": ["active"],
        "events": events,
        "entities": [{"objectClassName": "entity", "roles": ["registrar"], "vcardArray": card}],
    }


def _error(status: int, title: str) -> web.Response:
    return web.json_response({"errorCode": status, "title": title}, status=status, content_type=MEDIA_TYPE)
