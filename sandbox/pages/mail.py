"""The inbox: every mail that was sent to anybody, with links that work."""

from __future__ import annotations

from aiohttp import web

from sandbox.core import WORLD
from sandbox.pages.site import Record, missing, render, wanted

# A mail is somebody else's page: no scripts, no forms, nothing loaded from anywhere; links open in a tab of their own.
_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'"
)


async def inbox(request: web.Request) -> web.Response:
    mails = [{**mail, "n": n} for n, mail in enumerate(request.app[WORLD].inbox, start=1)]
    return render(request, "inbox.html", mails_shown=wanted(request, reversed(mails)), total=len(mails))


async def one(request: web.Request) -> web.Response:
    mail = _mail(request)
    if mail is None:
        return missing(request, "There is no such mail in the inbox. It was emptied, or the sandbox was reset.")
    return render(request, "mail.html", mail=mail)


async def body(request: web.Request) -> web.Response:
    """The HTML of a mail, for a frame."""
    mail = _mail(request)
    if mail is None:
        raise web.HTTPNotFound
    html = f'<!doctype html><meta charset="utf-8"><base target="_blank">{mail["html"]}'
    return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": _POLICY})


def _mail(request: web.Request) -> Record | None:
    mails, n = request.app[WORLD].inbox, int(request.match_info["n"])
    return {**mails[n - 1], "n": n} if 1 <= n <= len(mails) else None


routes = [
    web.get("/mail", inbox),
    web.get("/mail/{n:\\d{1,9}}", one),
    web.get("/mail/{n:\\d{1,9}}/body", body),
]
