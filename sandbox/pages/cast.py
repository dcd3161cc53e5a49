"""Who can sign up, what should happen, and what the world knows of them."""

from __future__ import annotations

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import render


async def show(request: web.Request) -> web.Response:
    cast = request.app[WORLD].cast
    hosts = {pair.split()[1] for zone in cast.ZONES.values() for pair in zone.mx}
    zones = {name: zone for name, zone in cast.ZONES.items() if name not in hosts}
    people, companies = list(cast.PEOPLE.values()), list(cast.COMPANIES.values())
    return render(request, "cast.html", people=people, companies=companies, zones=zones)


routes = [web.get("/see/cast", show)]
