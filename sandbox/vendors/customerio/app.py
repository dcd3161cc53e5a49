"""The App API: what a back end asks about people, and messages it orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.core import bearer_token
from sandbox.credentials import CUSTOMERIO_APP_KEY
from sandbox.vendors.customerio.messages import METRICS, SENDER, Origin
from sandbox.vendors.customerio.people import TOPICS, Customer, Identifier
from sandbox.vendors.customerio.replies import (
    Handler,
    Office,
    Refused,
    explained,
    from_object,
    json_object,
    meta_error,
)
from sandbox.vendors.customerio.validation import IDENTIFIERS, identifier_flaws, is_email
from sandbox.windows import Window

MAX_RECIPIENTS = 15
LIMITS = {"app": (1, 10), "transactional": (1, 100), "broadcast": (10, 1)}
"""Seconds and calls."""
TEMPLATES = {
    "signup_confirmation": (1, "Please confirm your address", "Hello,\n\nplease confirm: {{confirm_url}}"),
}
"""Transactional messages by trigger name: id, subject, text."""
BROADCASTS = {1: ("Product news", "What is new", "Hello {{first_name}},\n\nhere is what is new.")}
_FIELD = re.compile(r"\{\{\s*(?:customer\.|trigger\.)?(\w+)\s*\}\}")


class AppApi:
    def __init__(self, office: Office) -> None:
        self._office = office

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/app/v1/send/email", self._guarded(self._send_email, "transactional")),
            web.post("/app/v1/campaigns/{broadcast_id:\\d+}/triggers", self._guarded(self._broadcast, "broadcast")),
            web.get("/app/v1/subscription_topics", self._guarded(self._topics)),
            web.get("/app/v1/customers", self._guarded(self._customers)),
            web.get("/app/v1/customers/{id}/attributes", self._guarded(self._attributes)),
            web.get("/app/v1/customers/{id}/messages", self._guarded(self._messages)),
            web.post("/_progress", explained(self._progress)),
        ]

    def _guarded(self, handler: Handler, limit: str = "app") -> Handler:
        async def checked(request: web.Request) -> web.Response:
            workspace = self._office.workspace
            if bearer_token(request) != CUSTOMERIO_APP_KEY:
                raise meta_error(401, "Unauthorized request")
            seconds, calls = LIMITS[limit]
            window = workspace.windows.setdefault(limit, Window(seconds))
            if window.count(calls, workspace.world.now(), is_enforced=workspace.options["rate_limit"]).is_over:
                raise meta_error(429, "too many requests")
            workspace.tick()
            return await handler(request)

        return explained(checked)

    # ---- messages

    async def _send_email(self, request: web.Request) -> web.Response:
        workspace, body = self._office.workspace, await json_object(request)
        recipients = [part.strip() for key in ("to", "cc", "bcc") for part in str(body.get(key) or "").split(",")]
        recipients = [recipient for recipient in recipients if recipient]
        if not body.get("to") or len(recipients) > MAX_RECIPIENTS:
            raise meta_error(400, f'"to" is required, and there can be {MAX_RECIPIENTS} recipients at most')
        if list(identifier_flaws(body.get("identifiers"))):
            raise meta_error(400, '"identifiers" must have exactly one of id, email and cio_id')
        origin, subject, text = _content(body)
        identifier = from_object(body["identifiers"])
        first = re.sub(r".*<([^>]*)>.*", r"\1", recipients[0])
        customer = workspace.people.find(identifier) or self._known_by(identifier, first)
        fields = {**customer.attributes, **(body.get("message_data") or {})}
        html = _filled(str(body["body"]), fields) if body.get("body") else None
        if customer.is_unsubscribed and body.get("send_to_unsubscribed") is False:
            raise meta_error(400, "the customer is unsubscribed")
        message = workspace.outbox.send(
            customer,
            origin,
            _filled(str(body.get("subject") or subject), fields),
            _filled(str(body.get("body_plain") or text), fields),
            recipient=first,
            sender=str(body.get("from") or SENDER),
            html=html,
        )
        return web.json_response({"delivery_id": message.delivery_id, "queued_at": int(workspace.world.now())})

    def _known_by(self, identifier: Identifier, email: str) -> Customer:
        """Whoever is written to begins to exist."""
        workspace = self._office.workspace
        body = {"email": email} if identifier[0] == "id" and is_email(email) else {}
        customer = workspace.people.identify(identifier, body, workspace.world.now())
        if customer is None:
            raise meta_error(400, "no such customer")
        return customer

    async def _broadcast(self, request: web.Request) -> web.Response:
        workspace, number = self._office.workspace, int(request.match_info["broadcast_id"])
        if number not in BROADCASTS:
            raise _errors(404, f"broadcast with id {number} does not exist")
        body = await json_object(request)
        found = [(str(key), workspace.people.find(("id", str(key)))) for key in body.get("ids") or ()]
        found += [(str(key), workspace.people.find(("email", str(key)))) for key in body.get("emails") or ()]
        missing = [key for key, customer in found if customer is None]
        if missing and not (body.get("id_ignore_missing") or body.get("email_ignore_missing")):
            raise _errors(422, f"no such people: {', '.join(missing)}", source={"pointer": "/ids"})
        name, subject, text = BROADCASTS[number]
        for _, customer in found:
            if customer and customer.is_subscribed("topic_1"):
                fields = {**customer.attributes, **(body.get("data") or {})}
                origin = Origin(name, broadcast_id=number)
                workspace.outbox.send(customer, origin, _filled(subject, fields), _filled(text, fields))
        workspace.broadcasts_sent += 1
        return web.json_response({"id": workspace.broadcasts_sent})

    async def _progress(self, request: web.Request) -> web.Response:
        """Not the vendor's: what a person does with a mail, ``{"delivery_id", "metric": "opened", …details}``."""
        body, outbox = await json_object(request), self._office.workspace.outbox
        message, metric = outbox.messages.get(str(body.pop("delivery_id", ""))), body.pop("metric", None)
        if message is None or metric not in METRICS:
            raise meta_error(400, f"delivery_id must be a delivery's and metric one of {', '.join(METRICS)}")
        outbox.progress(message, metric, **body)
        return web.json_response(message.as_dict())

    # ---- reading

    async def _topics(self, request: web.Request) -> web.Response:
        return web.json_response({"topics": list(TOPICS)})

    async def _customers(self, request: web.Request) -> web.Response:
        customer = self._office.workspace.people.find(("email", request.query.get("email", "")))
        return web.json_response({"results": [customer.identifiers()] if customer else []})

    async def _attributes(self, request: web.Request) -> web.Response:
        customer = self._customer(request)
        attributes = {**customer.attributes, **customer.identifiers()}
        return web.json_response(
            {
                "customer": {
                    "id": customer.id,
                    "identifiers": customer.identifiers(),
                    "attributes": {name: _as_text(value) for name, value in attributes.items() if value is not None},
                    "timestamps": customer.timestamps,
                    "unsubscribed": customer.is_unsubscribed,
                    "devices": [],
                }
            }
        )

    async def _messages(self, request: web.Request) -> web.Response:
        customer = self._customer(request)
        theirs = [each for each in self._office.workspace.outbox.messages.values() if each.customer is customer]
        shown = [
            {
                "id": message.delivery_id,
                "type": "email",
                "campaign_id": message.origin.campaign_id,
                "recipient": message.recipient,
                "subject": message.subject,
                "created": int(message.history[0]["at"]),
                "metrics": {step["metric"]: int(step["at"]) for step in message.history},
            }
            for message in theirs
        ]
        return web.json_response({"messages": shown, "next": ""})

    def _customer(self, request: web.Request) -> Customer:
        kind = request.query.get("id_type", "id")
        known = kind in IDENTIFIERS and self._office.workspace.people.find((kind, request.match_info["id"]))
        if not known:
            raise _errors(404, "not found")
        return known


def _content(body: Mapping[str, Any]) -> tuple[Origin, str, str]:
    """Where the message comes from, its subject and its text: a template's, or the caller's own."""
    wanted = body.get("transactional_message_id")
    for name, (number, subject, text) in TEMPLATES.items():
        if wanted in (name, number, str(number)):
            return Origin(name, transactional_message_id=number), subject, text
    if wanted is not None and body.get("auto_create") is not True:
        raise meta_error(400, f"transactional message {wanted!r} was not found")
    if missing := [key for key in ("from", "subject", "body") if not body.get(key)]:
        raise meta_error(400, f"without a template these are required: {', '.join(missing)}")
    text = re.sub(r"<[^>]*>", "", str(body["body"]))
    return Origin(str(wanted or "Transactional"), transactional_message_id=wanted), str(body["subject"]), text


def _filled(text: str, fields: Mapping[str, Any]) -> str:
    """The text with ``{{name}}`` replaced; what is not known becomes empty, as in Liquid."""
    return _FIELD.sub(lambda found: str(fields.get(found[1], "")), text)


def _as_text(value: Any) -> str:
    """Attributes come back as text, yes and no in lower case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _errors(status: int, detail: str, **more: Any) -> Refused:
    return Refused(status, {"errors": [{"detail": detail, "status": str(status), **more}]})
