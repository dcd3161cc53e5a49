"""How Customer.io refuses, and how both its APIs read a body."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from aiohttp import web

from sandbox.vendors.customerio.people import Identifier
from sandbox.vendors.customerio.validation import Flaw
from sandbox.vendors.customerio.workspace import Workspace

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Office(Protocol):
    """Where the workspace of the moment is found; a reset opens a new one."""

    workspace: Workspace


class Refused(Exception):
    def __init__(self, status: int, body: Any) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def explained(handler: Handler) -> Handler:
    """The handler, with what it refuses as a reply."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except Refused as refusal:
            return web.json_response(refusal.body, status=refusal.status)

    return answer


def meta_error(status: int, message: str) -> Refused:
    return Refused(status, {"meta": {"error": message}})


def refuse_flaws_v1(flaws: Iterable[Flaw]) -> None:
    """Raise the version 1 error where there is anything to complain about."""
    if complaints := [f"{flaw.field}: {flaw.message}" for flaw in flaws]:
        raise Refused(400, {"meta": {"errors": complaints}})


async def json_object(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise meta_error(400, "malformed request: the body is not valid JSON") from error
    if not isinstance(body, dict):
        raise meta_error(400, "malformed request: the body must be a JSON object")
    return body


def from_path(identifier: str) -> Identifier:
    """An id, an e-mail address, or a cio_id written ``cio_<it>``."""
    if identifier.startswith("cio_"):
        return "cio_id", identifier.removeprefix("cio_")
    return ("email" if "@" in identifier else "id"), identifier


def from_object(identifiers: dict[str, Any]) -> Identifier:
    ((kind, value),) = identifiers.items()
    return kind, str(value).strip()
