"""What all pages share: the templates, the frame around them, style sheet and script, and what a page may load."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import ChainableUndefined, Environment, FileSystemLoader

from sandbox.core import WORLD, World
from sandbox.pages import mrkdwn, words

Record = dict[str, Any]

MOST_ROWS = 200
"""Of any list; the newest are shown."""

_HERE = Path(__file__).resolve().parent.parent
_STATIC = {
    name: ((_HERE / "static" / name).read_text("utf-8"), mime)
    for name, mime in (("sandbox.css", "text/css"), ("live.js", "text/javascript"))
}
_BUILD = hashlib.sha256("".join(text for text, _ in _STATIC.values()).encode()).hexdigest()[:8]
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)

# Undefined values show as nothing: vendors keep what they were sent, and a page must show odd records too.
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=ChainableUndefined,
)
_TEMPLATES.filters |= {
    "clock": words.clock,
    "shown": words.shown,
    "pretty": words.pretty,
    "count": words.count,
    "initials": words.initials,
    "hue": words.hue,
    "money": words.money,
    "slack": mrkdwn.of,
}


def render(request: web.Request, template: str, *, status: int = 200, **context: Any) -> web.Response:
    """A page in the frame all pages have."""
    world = request.app[WORLD]
    text = _TEMPLATES.get_template(template).render(
        path=request.path,
        query=request.query,
        build=_BUILD,
        version=_version(world),
        calls_made=len(world.received.select()),
        mails=len(world.inbox),
        faults=world.faults.as_list(),
        offset_s=world.offset_s,
        app_url=world.app_url,
        sign_up=lambda email: f"{world.app_url}/signup/?email={quote(email, safe='')}",
        picture=lambda url: _picture(world, url),
        **context,
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def missing(request: web.Request, what: str) -> web.Response:
    return render(request, "missing.html", status=404, what=what)


def held(request: web.Request, slug: str) -> Record:
    """What this vendor holds now."""
    vendor = request.app[WORLD].vendors.get(slug)
    if vendor is None:
        return {}
    vendor.tick()
    return vendor.snapshot()


def wanted(request: web.Request, rows: Iterable[Record]) -> list[Record]:
    """The rows in which the words searched for (``?q=``) stand, at most MOST_ROWS."""
    words_sought = request.query.get("q", "").casefold().split()
    found = []
    for row in rows:
        text = json.dumps(row, ensure_ascii=False, default=str).casefold() if words_sought else ""
        if all(word in text for word in words_sought):
            found.append(row)
            if len(found) == MOST_ROWS:
                break
    return found


def _picture(world: World, url: object) -> str:
    """Where this sandbox serves the picture, "" for any other: a page loads nothing from outside."""
    home = f"{world.base_url}/avatars/"
    return url.removeprefix(world.base_url) if isinstance(url, str) and url.startswith(home) else ""


def _version(world: World) -> str:
    """Another text whenever something happened that pages show."""
    calls = world.received.select()
    last = (calls[-1].n, calls[-1].status) if calls else ()
    return f"{last} {len(world.inbox)} {world.faults.as_list()} {world.offset_s}"


async def _tell_version(request: web.Request) -> web.Response:
    return web.Response(text=_version(request.app[WORLD]), headers={"Cache-Control": "no-store"})


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound
    text, mime = _STATIC[name]
    return web.Response(text=text, content_type=mime, headers={"Cache-Control": "public, max-age=86400"})


routes = [web.get("/see/version", _tell_version), web.get("/see/static/{name}", _static)]
