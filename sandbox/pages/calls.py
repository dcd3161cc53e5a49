"""The journal of calls: who was asked what, and what they said."""

from __future__ import annotations

from collections import Counter

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import render

PAGE_SIZE = 100


async def show(request: web.Request) -> web.Response:
    """The newest calls, of one vendor (``?vendor=``) or path (``?route=``) if wanted, below a number (``?before=``)."""
    journal, query = request.app[WORLD].received, request.query
    before = int(query["before"]) if query.get("before", "").isdecimal() else None
    vendor, route = query.get("vendor", ""), query.get("route", "")
    fitting = [call for call in journal.select(vendor, route) if before is None or call.n < before]
    calls = [call.as_dict() for call in fitting[: -PAGE_SIZE - 1 : -1]]
    return render(
        request,
        "calls.html",
        calls=calls,
        by_vendor=Counter(call.vendor for call in journal.select()),
        vendor=vendor,
        route=route,
        is_first_page=before is None,
        has_more=len(fitting) > PAGE_SIZE,
    )


routes = [web.get("/calls", show)]
