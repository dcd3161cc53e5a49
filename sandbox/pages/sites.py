"""The web sites of the pretend internet: which there are and why, who came, and what stands in a page."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import held, missing, render, wanted
from sandbox.sites.table import site

MOST_VISITS = 50
MOST_CHARACTERS = 20_000


async def show(request: web.Request) -> web.Response:
    snapshot = held(request, "sites")
    visits, sites = snapshot.get("visits", []), snapshot.get("sites", [])
    times = Counter(visit["host"] for visit in visits)
    shown = [{**one, "visits": times[one["host"]]} for one in wanted(request, sites)]
    return render(request, "sites.html", sites=shown, total=len(sites), visits=visits[: -MOST_VISITS - 1 : -1])


async def show_one(request: web.Request) -> web.Response:
    """A page's source, as text; of what answers for itself, only what it does."""
    known = site(request.match_info["host"].lower())
    if known is None:
        return missing(request, f"site called {request.match_info['host']}")
    source = ""
    if known.page is not None and "Content-Encoding" not in known.headers:
        body = known.page(request.app[WORLD].avatar_url(known.host.split(".")[0]))
        source = body if isinstance(body, str) else body.decode("utf-8", "replace")
    visits = [visit for visit in held(request, "sites").get("visits", []) if visit["host"] == known.host]
    latest = visits[: -MOST_VISITS - 1 : -1]
    return render(request, "site.html", site=known, source=source[:MOST_CHARACTERS], visits=latest)


routes = [web.get("/see/sites", show), web.get("/see/sites/{host}", show_one)]
