"""Buttons that make things go wrong, put them right, and begin again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import render


@dataclass(frozen=True)
class Preset:
    """A fault in one press: what the button says, what it does, and the wish for the fault book."""

    label: str
    what: str
    wish: dict[str, Any]


_HTTP = {
    "down": Preset("Down", "503 until cleared", {"status": 503, "times": None}),
    "slow": Preset("Slow", "3 seconds a call until cleared", {"latency_ms": 3_000, "times": None}),
    "busy": Preset("Busy", "429, Retry-After 2, for the next 3 calls", {"status": 429, "retry_after": 2, "times": 3}),
    "error": Preset("Error", "500 for the next call", {"status": 500}),
    "garbage": Preset("Garbage", "the next reply is no JSON", {"status": 200, "body": "<html>It works!</html>"}),
    "lost": Preset("Reset before", "the next call is cut off before it is done", {"reset": "before"}),
    "unsure": Preset("Reset after", "the next call is done, then cut off without a reply", {"reset": "after"}),
}
_DNS = {
    "down": Preset("Down", "SERVFAIL until cleared", {"status": "SERVFAIL", "times": None}),
    "silent": Preset("Silent", "no answer until cleared", {"status": "timeout", "times": None}),
    "slow": Preset("Slow", "1 second a question until cleared", {"latency_ms": 1_000, "times": None}),
    "refused": Preset("Refused", "REFUSED for the next question", {"status": "REFUSED"}),
}
_SMTP = {
    "down": Preset("Down", "451, try later, until cleared", {"status": 451, "times": None}),
    "slow": Preset("Slow", "3 seconds a mail until cleared", {"latency_ms": 3_000, "times": None}),
    "refused": Preset("Refused", "550 for the next mail", {"status": 550}),
    "unsure": Preset("Reset after", "the next mail is taken, then cut off without a reply", {"reset": "after"}),
}
_OTHERS = {"dns": ("DNS", _DNS), "smtp": ("Mail (SMTP)", _SMTP)}


def _presets(request: web.Request) -> dict[str, tuple[str, dict[str, Preset]]]:
    """Vendor → its name and its presets by key."""
    return {slug: (vendor.name, _HTTP) for slug, vendor in request.app[WORLD].vendors.items()} | _OTHERS


async def show(request: web.Request) -> web.Response:
    return render(request, "faults.html", vendors=_presets(request))


async def add(request: web.Request) -> web.Response:
    form = await request.post()
    vendor, key = str(form.get("vendor", "")), str(form.get("fault", ""))
    _, presets = _presets(request).get(vendor, ("", {}))
    if key not in presets:
        raise web.HTTPBadRequest(text="There is no such fault.")
    request.app[WORLD].faults.add({"vendor": vendor, **presets[key].wish})
    raise web.HTTPSeeOther("/see/faults")


async def clear(request: web.Request) -> web.Response:
    """The faults of one vendor, or all."""
    form = await request.post()
    request.app[WORLD].faults.clear(str(form.get("vendor", "")))
    raise web.HTTPSeeOther("/see/faults")


async def reset(request: web.Request) -> web.Response:
    """Everything, as on the first day."""
    request.app[WORLD].reset()
    raise web.HTTPSeeOther("/")


routes = [
    web.get("/see/faults", show),
    web.post("/see/faults", add),
    web.post("/see/faults/clear", clear),
    web.post("/see/reset", reset),
]
