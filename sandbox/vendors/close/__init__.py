"""Close, the CRM: leads, contacts, custom fields, advanced filtering, activities, webhooks.

The front desk: authentication, rates, reading the call, choosing the endpoint, the two shapes of an error. Each
endpoint stands in the module of what it is about; all of them work on one ``Organization``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from aiohttp import web

from sandbox import credentials
from sandbox.core import Vendor, basic_auth
from sandbox.vendors.close import account, activities, contacts, handmade, leads, search, webhooks
from sandbox.vendors.close.api import (
    Call,
    CloseError,
    Record,
    Reply,
    Route,
    not_found,
    plain_error,
    with_fields,
)
from sandbox.vendors.close.custom_fields import OBJECT_TYPES
from sandbox.vendors.close.organization import Organization
from sandbox.vendors.close.rates import Rates, Standing, group_of


class Close(Vendor):
    slug = "close"
    name = "Close"
    settings: ClassVar[dict[str, Any]] = {
        "index_lag_s": 0,
        "delete_lag_s": 0,
        "rate_limit": False,
        "rate_limit_header": True,
    }
    """``index_lag_s``: how old what search sees is, 0 to 300. ``delete_lag_s``: how long a deleted lead can still be
    read. ``rate_limit``: enforce 30, 10 and 2 calls a second. ``rate_limit_header``: whether replies say so."""

    org: Organization
    webhooks: webhooks.Webhooks

    def reset(self) -> None:
        if hasattr(self, "webhooks"):
            self.webhooks.stop()
        self.webhooks = webhooks.Webhooks()
        self.org = Organization(self.world, self.options, self._tell)
        self.rates = Rates()
        self._routes: tuple[Route, ...] = (
            *account.ROUTES,
            *leads.ROUTES,
            *contacts.ROUTES,
            *activities.ROUTES,
            *search.ROUTES,
            *webhooks.routes(self.webhooks),
        )
        handmade.type_in(self.org)

    def _tell(self, kind: str, action: str, before: Record, after: Record) -> None:
        self.webhooks.tell(self.org, kind, action, before, after)

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/api/v1/{path:.*}", self._serve)]

    def snapshot(self) -> dict[str, Any]:
        views = self.org.views
        return {
            "leads": views("lead"),
            "custom_fields": {name: list(self.org.fields.by_type[name].values()) for name in OBJECT_TYPES},
            "notes": views("activity.note"),
            "emails": views("activity.email"),
            "tasks": views("task"),
            "opportunities": views("opportunity"),
            "lead_statuses": self.org.lead_statuses,
            "webhooks": list(self.webhooks.subscriptions.values()),
        }

    # ---- the front desk

    async def _serve(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        method = request.headers.get("x-http-method-override", request.method).upper()
        standing = self.rates.count(group_of(method, path), self.world.now())
        headers = {"RateLimit": standing.header()} if self.options["rate_limit_header"] else {}
        try:
            reply = await self._answer(request, method, path, standing)
        except CloseError as error:
            reply = Reply(error.body, error.status)
        if reply.status == 429:
            headers["Retry-After"] = standing.retry_after()
        return web.json_response(reply.body, status=reply.status, headers=headers)

    async def _answer(self, request: web.Request, method: str, path: str, standing: Standing) -> Reply:
        if (basic_auth(request) or ("",))[0] != credentials.CLOSE_API_KEY:
            raise plain_error(401, "Unauthorized")
        if standing.is_over and self.options["rate_limit"]:
            raise plain_error(429, "Too many requests. See the RateLimit header.")
        route, ids = self._route(method, path)
        call = await _read(request, ids)
        reply = route.handler(self.org, call)
        return Reply(with_fields(reply.body, call.params.get("_fields")), reply.status)

    def _route(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The endpoint for a path, which is only one with its trailing slash."""
        fitting = [(route, ids) for route in self._routes if (ids := route.match(path)) is not None]
        if not fitting:
            raise not_found()
        for route, ids in fitting:
            if route.method == method:
                return route, ids
        raise plain_error(405, "Method Not Allowed")


async def _read(request: web.Request, ids: Mapping[str, str]) -> Call:
    """Query and body; a GET disguised as a POST brings its query as ``_params``."""
    body = {}
    if raw := await request.read():
        if request.content_type != "application/json":
            raise plain_error(415, "Unsupported Media Type")
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise plain_error(400, "The request contains invalid JSON.") from error
        if not isinstance(body, dict):
            raise plain_error(400, "The request body must be a JSON object.")
    params = body.get("_params")
    return Call(dict(ids), {**request.query, **(params if isinstance(params, dict) else {})}, body)
