"""What is made to harm whoever fetches it: redirects to where nobody outside should get, bodies without end, floods.

Each answers like a server that means it; nothing here is held in memory, and everything ends when the caller goes.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable

from aiohttp import web

Trap = Callable[[web.Request], Awaitable[web.StreamResponse]]

BOMB_BYTES = 10 * 1024**3
"""Unpacked."""
_PIECE = 1024 * 1024
FLOOD_HEADERS = 20_000


def to(location: str, status: int = 302) -> Trap:
    async def redirect(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": location})

    return redirect


async def endless(request: web.Request) -> web.StreamResponse:
    """Every page leads to the next."""
    number = int(request.query.get("page", "0") or 0) + 1
    return web.Response(status=302, headers={"Location": f"/?page={number}"})


async def bomb(request: web.Request) -> web.StreamResponse:
    """10 GB of blanks behind the beginning of a page, in 10 MB of gzip."""
    response = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})
    await response.prepare(request)
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    beginning = b"<!doctype html><title>Bomb</title><meta property=og:site_name content=Bomb><body>"
    blanks = b" " * _PIECE
    try:
        await response.write(packer.compress(beginning))
        for _ in range(BOMB_BYTES // _PIECE):
            if piece := packer.compress(blanks):
                await response.write(piece)
            await asyncio.sleep(0)
        await response.write(packer.flush())
    except ConnectionError:
        pass
    return response


async def dripping(request: web.Request) -> web.StreamResponse:
    """A byte a second, for an hour."""
    response = web.StreamResponse(headers={"Content-Type": "text/html"})
    await response.prepare(request)
    page = b"<!doctype html><title>Dripping</title>" + b" " * 3_600
    try:
        for byte in page[:3_600]:
            await response.write(bytes([byte]))
            await asyncio.sleep(1)
    except ConnectionError:
        pass
    return response


async def flood(request: web.Request) -> web.StreamResponse:
    """Twenty thousand headers before the first byte of the page."""
    headers = {f"X-Flood-{n}": "x" * 80 for n in range(FLOOD_HEADERS)}
    return web.Response(text="<title>Flood</title>", content_type="text/html", headers=headers)


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Announces a page and ends the connection in the middle of it."""
    response = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": "100000"})
    await response.prepare(request)
    await response.write(b"<!doctype html><title>Hangs up</title>")
    if request.transport is not None:
        request.transport.close()
    return response
