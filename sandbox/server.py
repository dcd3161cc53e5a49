"""The HTTP side of the sandbox: every vendor under its prefix, recorded and disturbed, and the control routes. Whoever
asks for another host than this machine gets that host's web site, as recorded and disturbed as any vendor.

What a vendor answers is its own business (``vendors/``), what a person sees is ``pages``'s.
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import avatars, pages
from sandbox.core import WORLD, World
from sandbox.faults import ControlError, Fault
from sandbox.vendors.sites import Sites, host_of, is_elsewhere

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes. Above the largest body any vendor of ours accepts, so that their own limits can be met."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PAGES = frozenset(route.handler for route in pages.routes)
"""Some stand below a vendor's prefix, as the page of a lead does; they are looked at, not called."""


def build_app(world: World) -> web.Application:
    """The whole sandbox as one aiohttp application."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_explain_control_errors, _record_and_disturb])
    app[WORLD] = world
    for vendor in world.vendors.values():
        prefix = f"/{vendor.slug}"
        app.add_routes(web.RouteDef(r.method, prefix + r.path, r.handler, r.kwargs) for r in vendor.routes())
    app.add_routes(avatars.routes)
    app.add_routes(_CONTROL)
    app.add_routes(pages.routes)
    return app


# ---- what every vendor call goes through


@web.middleware
async def _record_and_disturb(request: web.Request, handler: Handler) -> web.StreamResponse:
    world = request.app[WORLD]
    slug, path = request.path.split("/", 2)[1], request.path
    sites = world.vendors.get("sites")
    if isinstance(sites, Sites) and is_elsewhere(request):
        slug, path, handler = sites.slug, host_of(request) + request.path, sites.answer
    elif slug not in world.vendors or request.match_info.handler in _PAGES:
        return await handler(request)
    call = world.received.enter(
        world.now(),
        slug,
        request.method,
        path,
        query=_plain_query(request),
        headers=dict(request.headers),
        body=await request.read(),
    )
    fault = world.faults.take(slug, request.method, path)
    call.fault = fault.id if fault else None
    response = await (_act_out(fault, request, handler) if fault else _run(request, handler))
    if response is None:
        return _reset_connection(request)
    call.status = response.status
    if isinstance(response, web.Response) and isinstance(response.body, bytes):
        call.raw_reply = response.body
    return response


def _plain_query(request: web.Request) -> dict[str, Any]:
    """Each parameter's value, a list where it came more than once."""
    query = request.query
    return {name: values[0] if len(values) == 1 else values for name in query if (values := query.getall(name))}


async def _run(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as answer:
        return answer


async def _act_out(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse | None:
    """The reply under this fault; None for none at all. What is to be done is done on arrival, then comes latency."""
    response = await _run(request, handler) if fault.is_handled else None
    if fault.latency_ms:
        await asyncio.sleep(fault.latency_ms / 1000)
    if fault.reset:
        return None
    return response if fault.status is None else _faulty_reply(fault)


def _faulty_reply(fault: Fault) -> web.Response:
    assert isinstance(fault.status, int)
    headers = {"Content-Type": "application/json", **fault.headers}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if isinstance(fault.body, str):
        body = fault.body
    else:
        body = json.dumps({"error": f"sandbox fault {fault.id}"} if fault.body is None else fault.body)
    return web.Response(status=fault.status, body=body.encode(), headers=headers)


def _reset_connection(request: web.Request) -> web.Response:
    send_rst(request.transport)
    return web.Response(status=500)  # never sent: the transport is gone


def send_rst(transport: asyncio.BaseTransport | None) -> None:
    """Cut the connection so that the client sees ECONNRESET: closing with SO_LINGER 0 sends RST, not FIN."""
    if not isinstance(transport, asyncio.Transport):
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


# ---- control routes: JSON in, JSON out, for tests and tools


@web.middleware
async def _explain_control_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ControlError as error:
        return web.json_response({"error": str(error)}, status=400)


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.read())
    except ValueError as error:
        raise ControlError(f"the body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ControlError("the body must be a JSON object")
    return value


async def _add_fault(request: web.Request) -> web.Response:
    fault = request.app[WORLD].faults.add(await _json_object(request))
    return web.json_response({"id": fault.id}, status=201)


async def _list_faults(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].faults.as_list())


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[WORLD].faults.clear()
    return web.Response(status=204)


async def _received(request: web.Request) -> web.Response:
    since = request.query.get("since", "0")
    if not since.isdecimal():
        raise ControlError(f"since must be the number (n) of a call, not {since!r}")
    calls = request.app[WORLD].received.select(
        request.query.get("vendor", ""), request.query.get("route", ""), int(since)
    )
    return web.json_response([call.as_dict() for call in calls])


async def _reset(request: web.Request) -> web.Response:
    request.app[WORLD].reset()
    return web.json_response({"ok": True})


async def _settings(request: web.Request) -> web.Response:
    changes = await _json_object(request)
    world, slug = request.app[WORLD], changes.pop("vendor", None)
    if slug not in world.vendors:
        raise ControlError(f"vendor must be one of {', '.join(world.vendors)}, not {slug!r}")
    vendor = world.vendors[slug]
    vendor.configure(changes)
    return web.json_response(vendor.options)


async def _clock(request: web.Request) -> web.Response:
    """``advance_s`` moves this world's clock forward. ``offset_s`` sets it, and says that the product's goes with it:
    what the vendors have to tell the product is told before the move, and what the move causes before the reply."""
    world, wish = request.app[WORLD], await _json_object(request)
    if "offset_s" in wish:
        offset_s = _seconds(wish, "offset_s", least=None)
        await world.settle()
        world.travel(offset_s)
        left = await world.settle()
        return web.json_response({"now": world.now(), "offset_s": world.offset_s, "calls_waiting": left})
    world.offset_s += _seconds(wish, "advance_s", least=0)
    world.tick()
    return web.json_response({"now": world.now(), "offset_s": world.offset_s})


def _seconds(wish: dict[str, Any], name: str, least: float | None) -> float:
    seconds: Any = wish.get(name)
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool) and math.isfinite(seconds)
    if not is_number or (least is not None and seconds < least):
        bound = "" if least is None else ", not negative"
        raise ControlError(f"{name} must be a number of seconds{bound}; got {seconds!r}")
    return float(seconds)


async def _state(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    world.tick()
    state = {slug: vendor.snapshot() for slug, vendor in world.vendors.items()}
    return web.json_response({**state, "mail": world.inbox})


async def _state_of(request: web.Request) -> web.Response:
    world, slug = request.app[WORLD], request.match_info["slug"]
    world.tick()
    if slug == "mail":
        return web.json_response(world.inbox)
    if slug == "cast":
        return web.json_response(world.cast.snapshot())
    if slug not in world.vendors:
        known = ", ".join([*world.vendors, "mail", "cast"])
        return web.json_response({"error": f"no state called {slug!r}; there are: {known}"}, status=404)
    return web.json_response(world.vendors[slug].snapshot())


_CONTROL = [
    web.post("/_faults", _add_fault),
    web.get("/_faults", _list_faults),
    web.delete("/_faults", _clear_faults),
    web.get("/_received", _received),
    web.post("/_reset", _reset),
    web.post("/_settings", _settings),
    web.post("/_clock", _clock),
    web.get("/_state", _state),
    web.get("/_state/{slug}", _state_of),
]
