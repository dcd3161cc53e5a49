"""The Track API, versions 1 and 2: everything a site or a back end tells about people.

200 means accepted; what comes of it shows later, and a failure never.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from html import escape
from typing import Any

from aiohttp import web

from sandbox.core import basic_auth
from sandbox.credentials import CUSTOMERIO_API_KEY, CUSTOMERIO_SITE_ID
from sandbox.vendors.customerio import entity
from sandbox.vendors.customerio.people import Identifier
from sandbox.vendors.customerio.replies import (
    Handler,
    Office,
    Refused,
    explained,
    from_object,
    from_path,
    json_object,
    meta_error,
    refuse_flaws_v1,
)
from sandbox.vendors.customerio.validation import Flaw, attribute_flaws, event_flaws, identifier_flaws

MAX_BATCH_BYTES = 500 * 1024
HOSTS = {"us": "track.customer.io", "eu": "track-eu.customer.io"}
DONE = "{}\n"
"""The body of every success, as recorded: an empty object and a line feed."""


class TrackApi:
    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[web.RouteDef]:
        def about_somebody(act: Callable[[Identifier, dict[str, Any]], None]) -> Handler:
            async def handler(request: web.Request) -> web.Response:
                named = request.match_info["identifier"]
                identifier = from_path(named)
                refuse_flaws_v1(identifier_flaws({identifier[0]: identifier[1]}, "identifier"))
                act(identifier, await json_object(request))
                return _done()

            return self._guarded(handler)

        customer = "/track/api/v1/customers/{identifier}"
        return [
            web.get("/track/api/v1/accounts/region", self._guarded(self._region, redirects=False)),
            web.put(customer, about_somebody(self._identify)),
            web.delete(customer, about_somebody(self._delete)),
            web.post(f"{customer}/events", about_somebody(self._event)),
            web.post(f"{customer}/suppress", about_somebody(partial(self._suppress, is_suppressed=True))),
            web.post(f"{customer}/unsuppress", about_somebody(partial(self._suppress, is_suppressed=False))),
            web.post("/track/api/v1/events", self._guarded(self._anonymous_event)),
            web.post("/track/api/v1/merge_customers", self._guarded(self._merge)),
            web.post("/track/api/v2/entity", self._guarded(self._entity)),
            web.post("/track/api/v2/batch", self._guarded(self._batch)),
            web.get("/track/unsubscribe/{delivery_id}", self._ask_to_unsubscribe),
            web.post("/track/unsubscribe/{delivery_id}", self._unsubscribe),
        ]

    def _guarded(self, handler: Callable[[web.Request], Awaitable[web.Response]], *, redirects: bool = True) -> Handler:
        """Let in who has the site's key, and send away whose workspace lives on another continent."""

        async def checked(request: web.Request) -> web.Response:
            if basic_auth(request) != (CUSTOMERIO_SITE_ID, CUSTOMERIO_API_KEY):
                raise meta_error(401, "Unauthorized request")
            if redirects and self._office.workspace.options["is_wrong_region"]:
                path = request.path_qs.removeprefix("/customerio/track")
                return web.Response(status=301, headers={"Location": f"https://{HOSTS['eu']}{path}"})
            return await handler(request)

        return explained(checked)

    # ---- version 1

    async def _region(self, request: web.Request) -> web.Response:
        region = "eu" if self._office.workspace.options["is_wrong_region"] else "us"
        return web.json_response({"url": HOSTS[region], "region": region, "environment_id": 1})

    def _identify(self, identifier: Identifier, body: dict[str, Any]) -> None:
        workspace = self._office.workspace
        refuse_flaws_v1(attribute_flaws(body))
        workspace.apply(lambda: workspace.people.identify(identifier, body, workspace.world.now()))

    def _event(self, identifier: Identifier, body: dict[str, Any]) -> None:
        workspace = self._office.workspace
        refuse_flaws_v1(event_flaws(body))
        workspace.apply(lambda: workspace.add_event(identifier, body))

    def _delete(self, identifier: Identifier, body: dict[str, Any]) -> None:
        workspace = self._office.workspace
        workspace.apply(lambda: workspace.delete(identifier))

    def _suppress(self, identifier: Identifier, body: dict[str, Any], *, is_suppressed: bool) -> None:
        workspace = self._office.workspace
        workspace.apply(lambda: workspace.suppress(identifier, is_suppressed=is_suppressed))

    async def _anonymous_event(self, request: web.Request) -> web.Response:
        workspace, body = self._office.workspace, await json_object(request)
        refuse_flaws_v1(event_flaws(body))
        workspace.apply(lambda: workspace.add_event(None, body))
        return _done()

    async def _merge(self, request: web.Request) -> web.Response:
        workspace, body = self._office.workspace, await json_object(request)
        for part in ("primary", "secondary"):
            refuse_flaws_v1(identifier_flaws(body.get(part), part))
        primary, secondary = from_object(body["primary"]), from_object(body["secondary"])
        workspace.apply(lambda: workspace.merge(primary, secondary))
        return _done()

    # ---- version 2

    async def _entity(self, request: web.Request) -> web.Response:
        operation = await _json_v2(request)
        if flaws := list(entity.flaws(operation)):
            raise _refused_v2(flaws)
        self._accept(operation)
        return _done()

    async def _batch(self, request: web.Request) -> web.Response:
        """Good operations are carried out although others are refused."""
        if len(await request.read()) > MAX_BATCH_BYTES:
            raise _refused_v2([Flaw("batch", f"cannot be larger than {MAX_BATCH_BYTES} bytes")])
        body = await _json_v2(request)
        batch = body.get("batch") if isinstance(body, dict) else None
        if not isinstance(batch, list) or not batch:
            raise _refused_v2([Flaw("batch", "must be a list of operations", "required")])
        errors: list[dict[str, Any]] = []
        for index, operation in enumerate(batch):
            if flaws := list(entity.flaws(operation)):
                errors.extend({"batch_index": index, **flaw.as_dict()} for flaw in flaws)
            else:
                self._accept(operation)
        return web.json_response({"errors": errors}, status=207) if errors else _done()

    def _accept(self, operation: entity.Operation) -> None:
        workspace = self._office.workspace
        workspace.apply(lambda: entity.carry_out(operation, workspace))

    # ---- the link below every mail

    async def _ask_to_unsubscribe(self, request: web.Request) -> web.Response:
        message = self._office.workspace.outbox.messages.get(request.match_info["delivery_id"])
        text = f"Send no more mails to {message.recipient}?" if message else "This link is from another time."
        button = '<form method="post"><button>Unsubscribe</button></form>' if message else ""
        head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Unsubscribe</title>'
        return web.Response(text=f"{head}<p>{escape(text)}</p>{button}", content_type="text/html")

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        """From a person who pressed the button, or from a site's own page with ``{"unsubscribe": true}``."""
        workspace = self._office.workspace
        message = workspace.outbox.messages.get(request.match_info["delivery_id"])
        is_form = request.content_type != "application/json"
        wants = is_form or (await json_object(request)).get("unsubscribe") is True
        if message and wants:
            workspace.outbox.progress(message, "unsubscribed")
        return web.Response(text="Done: no more mails.") if is_form else _done()


def _done() -> web.Response:
    return web.Response(text=DONE, content_type="application/json")


async def _json_v2(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise _refused_v2([Flaw("", "the body is not valid JSON", "malformed")]) from error


def _refused_v2(flaws: list[Flaw]) -> Refused:
    return Refused(400, {"errors": [flaw.as_dict() for flaw in flaws]})
