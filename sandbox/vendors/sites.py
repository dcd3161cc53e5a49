"""The web sites of the pretend internet, at whatever host they are asked for (``server.py`` leads their callers here).

What each of them answers is told in ``sandbox/sites``; here it is kept who asked for what.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.core import Vendor
from sandbox.sites.table import SITES, site

LOG_SIZE = 1_000


class Sites(Vendor):
    slug = "sites"
    name = "Web sites"

    def reset(self) -> None:
        self.visits: deque[dict[str, Any]] = deque(maxlen=LOG_SIZE)

    def routes(self) -> list[web.RouteDef]:
        return []

    def snapshot(self) -> dict[str, Any]:
        sites = [{"host": one.host, "why": one.why, "is_hostile": one.is_hostile} for one in SITES.values()]
        return {"sites": sites, "visits": list(self.visits)}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the site of the Host header answers to this path."""
        host = host_of(request)
        visit = {
            "at": self.world.now(),
            "host": host,
            "path": request.path_qs,
            "agent": request.headers.get("User-Agent", ""),
            "status": None,
        }
        self.visits.append(visit)
        response = await self._page(host, request)
        visit["status"] = response.status
        return response

    async def _page(self, host: str, request: web.Request) -> web.StreamResponse:
        known = site(host)
        if request.method not in ("GET", "HEAD"):
            return web.Response(status=405, text="Only GET and HEAD are answered here.\n")
        if known is None:
            return web.Response(status=404, text=f"There is no site called {host}.\n")
        if request.path == "/robots.txt":
            return web.Response(status=404 if known.robots is None else 200, text=known.robots or "No robots.txt\n")
        if request.path != "/" and known.trap is None:
            return web.Response(status=404, text="Each site here has one page.\n")
        return await known.answer(request, self.world.avatar_url(host.removeprefix("www.").split(".")[0]))


def host_of(request: web.Request) -> str:
    """The host that is asked for, in lower case and without its port."""
    return (urlsplit(f"//{request.host}").hostname or "").rstrip(".")


def is_elsewhere(request: web.Request) -> bool:
    """Whether the caller wants a site of the pretend internet rather than this sandbox: a full host name that is no
    address. (Names without a dot are this machine's, or a container's.)"""
    try:
        host = host_of(request)
        ipaddress.ip_address(host)
    except ValueError:
        return "." in request.host.rstrip(".") and not request.host.startswith("[")
    return False
