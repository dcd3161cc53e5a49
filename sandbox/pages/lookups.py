"""The vendors that are asked who somebody is: whom they know, and what they were asked."""

from __future__ import annotations

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import Record, held, render

SLUGS = ("clearbit", "gravatar", "github")
MOST_LOOKUPS = 100


async def show(request: web.Request) -> web.Response:
    vendors = [_vendor(request, slug) for slug in SLUGS if slug in request.app[WORLD].vendors]
    return render(request, "lookups.html", vendors=vendors)


def _vendor(request: web.Request, slug: str) -> Record:
    snapshot = held(request, slug)
    lookups = snapshot.pop("lookups", [])
    return {
        "name": request.app[WORLD].vendors[slug].name,
        "knows": snapshot,
        "lookups": lookups[::-1][:MOST_LOOKUPS],
        "total": len(lookups),
    }


routes = [web.get("/see/enrichment", show)]
