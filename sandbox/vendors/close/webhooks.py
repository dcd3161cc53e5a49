"""Webhook subscriptions: ``/webhook/``, and telling the subscribers, signed, what changed.

A delivery is tried a few times within seconds; Close itself goes on for some three days before it pauses a
subscription, which this sandbox does not wait for.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import time
from typing import Any

import aiohttp

from sandbox.vendors.close.api import Call, Record, Reply, Route, field_errors, not_found
from sandbox.vendors.close.organization import Organization

TRIES = 3
PAUSE_S = 0.5
TIMEOUT_S = 5
ACTIONS = ("created", "updated", "deleted", "merged", "completed", "sent")
log = logging.getLogger(__name__)


class Webhooks:
    """The subscriptions of one organisation and the deliveries under way."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Record] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        for task in self._under_way:
            task.cancel()

    def tell(self, org: Organization, kind: str, action: str, before: Record, after: Record) -> None:
        """Send the event to each active subscription that wants it. Returns at once."""
        wanting = [each for each in self.subscriptions.values() if _wants(each, kind, action)]
        if not wanting:
            return
        event = _event(org, kind, action, before, after)
        for subscription in wanting:
            task = asyncio.get_running_loop().create_task(_deliver(subscription, event))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)


def _wants(subscription: Record, kind: str, action: str) -> bool:
    return subscription["status"] == "active" and any(
        event["object_type"] == kind and event["action"] == action for event in subscription["events"]
    )


def _event(org: Organization, kind: str, action: str, before: Record, after: Record) -> Record:
    subject = after or before
    ignored = {"date_updated", "updated_by", "updated_by_name"}
    changed = sorted(
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name) and name not in ignored
    )
    is_update = action == "updated"
    return {
        "id": org.new_id("ev"),
        "date_created": org.stamp(),
        "date_updated": org.stamp(),
        "action": action,
        "object_type": kind,
        "object_id": subject["id"],
        "lead_id": subject["id"] if kind == "lead" else subject.get("lead_id"),
        "changed_fields": changed if is_update else [],
        "previous_data": {name: before.get(name) for name in changed} if is_update else {},
        "data": after,
        "meta": {"request_method": None, "request_path": None},
        "organization_id": org.id,
        "user_id": org.actor["id"],
    }


def signature(key: str, timestamp: str, body: bytes) -> str:
    """``close-sig-hash``: the key is 64 hexadecimal digits."""
    return hmac.new(bytes.fromhex(key), timestamp.encode() + body, hashlib.sha256).hexdigest()


async def _deliver(subscription: Record, event: Record) -> None:
    body = json.dumps({"event": event, "subscription_id": subscription["id"]}).encode()
    timestamp = str(int(time.time()))  # real time, whatever /_clock says: the receiver's clock is real
    headers = {
        "Content-Type": "application/json",
        "close-sig-timestamp": timestamp,
        "close-sig-hash": signature(subscription["signature_key"], timestamp, body),
    }
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
        for number in range(TRIES):
            await asyncio.sleep(number * PAUSE_S)
            try:
                async with session.post(
                    subscription["url"], data=body, headers=headers, ssl=subscription["verify_ssl"]
                ) as reply:
                    if reply.status < 300:
                        subscription["health_status"] = "healthy"
                        return
                    problem = f"HTTP {reply.status}"
            except (TimeoutError, aiohttp.ClientError) as error:
                problem = f"{type(error).__name__}: {error}"
    subscription["health_status"] = "unhealthy"
    log.warning("Close webhook to %s failed: %s", subscription["url"], problem)


# ---- the endpoints


def routes(webhooks: Webhooks) -> tuple[Route, ...]:
    def post(org: Organization, call: Call) -> Reply:
        subscription = {
            **org.new_record("whsub"),
            "url": None,
            "events": [],
            "status": "active",
            "health_status": "healthy",
            "verify_ssl": True,
            **_checked(call.body),
        }
        for name in ("url", "events"):
            call.required(name)
        webhooks.subscriptions[subscription["id"]] = {**subscription, "signature_key": org.token()}
        return Reply(webhooks.subscriptions[subscription["id"]], status=201)

    def listed(org: Organization, call: Call) -> Reply:
        return Reply({"data": [_without_key(each) for each in webhooks.subscriptions.values()]})

    def get(org: Organization, call: Call) -> Reply:
        return Reply(_without_key(_found(webhooks, call)))

    def put(org: Organization, call: Call) -> Reply:
        subscription = _found(webhooks, call)
        subscription |= {**_checked(call.body), "date_updated": org.stamp()}
        return Reply(_without_key(subscription))

    def delete(org: Organization, call: Call) -> Reply:
        del webhooks.subscriptions[_found(webhooks, call)["id"]]
        return Reply({})

    return (
        Route("POST", "webhook/", post),
        Route("GET", "webhook/", listed),
        Route("GET", "webhook/{id}/", get),
        Route("PUT", "webhook/{id}/", put),
        Route("DELETE", "webhook/{id}/", delete),
    )


def _found(webhooks: Webhooks, call: Call) -> Record:
    if (subscription := webhooks.subscriptions.get(call.path["id"])) is None:
        raise not_found()
    return subscription


def _without_key(subscription: Record) -> Record:
    """The signature key is shown once, when the subscription is made."""
    return {name: value for name, value in subscription.items() if name != "signature_key"}


def _checked(body: Record) -> Record:
    errors: dict[str, Any] = {}
    if "url" in body and not str(body["url"]).startswith(("http://", "https://")):
        errors["url"] = "Expected an http or https URL."
    if "events" in body and not _are_events(body["events"]):
        errors["events"] = f"Expected a list of {{object_type, action}}; actions: {', '.join(ACTIONS)}."
    if body.get("status", "active") not in ("active", "paused"):
        errors["status"] = "Expected one of: active, paused."
    if not isinstance(body.get("verify_ssl", True), bool):
        errors["verify_ssl"] = "Expected a boolean."
    if errors:
        raise field_errors(errors)
    return {name: body[name] for name in ("url", "events", "status", "verify_ssl") if name in body}


def _are_events(events: Any) -> bool:
    return isinstance(events, list) and all(
        isinstance(event, dict) and isinstance(event.get("object_type"), str) and event.get("action") in ACTIONS
        for event in events
    )
