"""Slack: Web API, incoming webhooks, response URLs, and people who press buttons.

The methods are in ``methods.py``, the rules of Block Kit in ``blocks.py``, what is remembered in
``workspace.py``. What Slack does not do is not done here either: markup in a text is not escaped or checked.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.core import Vendor, bearer_token
from sandbox.vendors.slack import arguments, hooks, people
from sandbox.vendors.slack.methods import METHODS
from sandbox.vendors.slack.workspace import TOKENS, Channel, SlackError, Workspace

MAX_IMAGE_URL_CHARS = 3_000


class Slack(Vendor):
    slug = "slack"
    name = "Slack"
    settings: ClassVar[dict[str, Any]] = {"rate_limit": False}
    """``rate_limit``: hold every channel to one message a second with bursts of five."""

    workspace: Workspace
    response_urls: dict[str, hooks.ResponseUrl]

    def reset(self) -> None:
        self.workspace = Workspace(self.world)
        self.response_urls = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.route("*", "/api/{method}", self._call),
            web.post("/services/{hook:.+}", self._incoming),
            web.post("/actions/{answer:.+}", self._response),
            web.post("/_click", self._click),
            web.post("/_command", self._command),
        ]

    def snapshot(self) -> dict[str, Any]:
        return {"channels": [channel.as_dict() for channel in self.workspace.channels.values()]}

    # ---- for the methods and hooks

    def is_image_there(self, url: str) -> bool:
        """Whether Slack could download this picture. Nothing is fetched: a .test host exists if it is in the DNS."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not host or len(url) > MAX_IMAGE_URL_CHARS:
            return False
        return not host.endswith(".test") or self.world.cast.zone(host) is not None

    def spend(self, channel: Channel) -> None:
        """Count one message against the channel's rate. Raises SlackError when it is too many."""
        wait_s = channel.bucket.take(self.world.now()) if self.options["rate_limit"] else 0
        if wait_s:
            raise SlackError("ratelimited", retry_after=wait_s)

    def permalink(self, channel: Channel, message: dict[str, Any]) -> str:
        """The page of a message, in this sandbox rather than at slack.com."""
        return f"{self.world.base_url}/slack/archives/{channel.id}/p{message['ts'].replace('.', '')}"

    # ---- handlers

    async def _call(self, request: web.Request) -> web.Response:
        """``/api/<method>``: HTTP 200 whatever happened, except for rate limiting."""
        warnings: list[str] = []
        try:
            args = await arguments.read(request)
            warnings = args.warnings
            body = await self._answer(request, args)
        except SlackError as error:
            if error.code == "ratelimited":
                limited = {"Retry-After": str(error.extra["retry_after"])}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=limited)
            body = {"ok": False, "error": error.code, **error.extra}
        if warnings:
            body["warning"] = ",".join(warnings)
            body["response_metadata"] = {**body.get("response_metadata", {}), "warnings": warnings}
        return web.json_response(body)

    async def _answer(self, request: web.Request, args: arguments.Arguments) -> dict[str, Any]:
        name = request.match_info["method"]
        if (method := METHODS.get(name)) is None:
            raise SlackError("unknown_method", req_method=name)
        if not (token := bearer_token(request) or args.get("token")):
            raise SlackError("not_authed")
        if (scopes := TOKENS.get(str(token))) is None:
            raise SlackError("invalid_auth")
        if method.scope and method.scope not in scopes:
            raise SlackError("missing_scope", needed=method.scope, provided=",".join(sorted(scopes)))
        return {"ok": True, **await method.run(self, args)}

    async def _incoming(self, request: web.Request) -> web.Response:
        return await hooks.incoming(self, request)

    async def _response(self, request: web.Request) -> web.Response:
        return await hooks.response(self, request)

    async def _click(self, request: web.Request) -> web.Response:
        return await people.click(self, request)

    async def _command(self, request: web.Request) -> web.Response:
        return await people.command(self, request)
