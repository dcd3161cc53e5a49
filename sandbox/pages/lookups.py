"""The vendors that are asked who somebody is: whom they know, and what they were asked."""

from __future__ import annotations

from hashlib import sha256

from aiohttp import web

from sandbox import credentials
from sandbox.core import WORLD
from sandbox.pages.site import Record, held, render

SLUGS = ("clearbit", "peopledatalabs", "apollo", "hunter", "gravatar", "github")
KEYS = {
    "peopledatalabs": f"PDL_API_KEY={credentials.PDL_API_KEY}",
    "apollo": f"APOLLO_API_KEY={credentials.APOLLO_API_KEY}",
    "hunter": f"HUNTER_API_KEY={credentials.HUNTER_API_KEY}",
}
"""What switches on those that the sandbox mode leaves off."""
MOST_LOOKUPS = 100
"""Of one vendor on its page; the newest."""


async def show(request: web.Request) -> web.Response:
    shown = [{**each, "total": len(each["lookups"])} for each in vendors(request)]
    for each in shown:
        each["lookups"] = each["lookups"][: -MOST_LOOKUPS - 1 : -1]
    return render(request, "lookups.html", vendors=shown)


def vendors(request: web.Request) -> list[Record]:
    """Each vendor's name, whom it knows, and its look-ups, oldest first, with whom they are ``about``."""
    world = request.app[WORLD]
    snapshots = {slug: held(request, slug) for slug in SLUGS if slug in world.vendors}
    lookups = {slug: snapshot.pop("lookups", []) for slug, snapshot in snapshots.items()}
    addresses = {*world.cast.PEOPLE, *(str(each["key"]) for each in lookups.get("clearbit", []))}
    # Several are asked for an address by its hash, which tells a person who looks nothing.
    known = {sha256(address.encode()).hexdigest(): address for address in addresses}
    return [
        {
            "name": world.vendors[slug].name,
            "knows": {what: known for what, known in snapshot.items() if isinstance(known, list)},
            "key": KEYS.get(slug),
            "lookups": [{**each, "about": known.get(each["key"], each["key"])} for each in lookups[slug]],
        }
        for slug, snapshot in snapshots.items()
    ]


routes = [web.get("/see/enrichment", show)]
