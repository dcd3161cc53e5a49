"""Google Analytics 4, Measurement Protocol: collects anything, and tells nobody what it threw away.

``/mp/collect`` answers 204 to whatever it gets, as outside. ``/debug/mp/collect`` validates and records
nothing. The snapshot shows every hit with what the validation would have said, so that a person sees what
the real thing drops. Pages and ports are left to ``server.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from aiohttp import web

from sandbox.core import Vendor
from sandbox.credentials import GA_API_SECRET, GA_MEASUREMENT_ID

MAX_BODY_BYTES = 130_000
MAX_EVENTS = 25
MAX_PARAMS = 25
MAX_USER_PROPERTIES = 25
MAX_AGE_S = 72 * 3600
MAX_AHEAD_S = 60

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RESERVED_PREFIXES = ("_", "firebase_", "ga_", "google_", "gtag.")
RESERVED_EVENTS = frozenset(
    (
        "ad_activeview",
        "ad_click",
        "ad_exposure",
        "ad_query",
        "ad_reward",
        "adunit_exposure",
        "app_background",
        "app_clear_data",
        "app_exception",
        "app_remove",
        "app_store_refund",
        "app_update",
        "app_upgrade",
        "dynamic_link_app_open",
        "dynamic_link_app_update",
        "dynamic_link_first_open",
        "error",
        "first_open",
        "first_visit",
        "in_app_purchase",
        "notification_dismiss",
        "notification_foreground",
        "notification_open",
        "notification_receive",
        "notification_send",
        "os_update",
        "screen_view",
        "session_start",
        "user_engagement",
    )
)

Message = dict[str, str]


class GoogleAnalytics(Vendor):
    """One web stream. ``region1`` and the world-wide host are the same here."""

    slug = "ga"
    name = "Google Analytics"

    def reset(self) -> None:
        self.hits: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/mp/collect", self.collect),
            web.post("/debug/mp/collect", self.validate),
        ]

    async def collect(self, request: web.Request) -> web.Response:
        raw = await request.read()
        now = self.world.now()
        payload, messages = read_payload(raw, now)
        self.hits.append(
            {
                "at": now,
                "client_id": payload.get("client_id") if payload else None,
                "payload": payload,
                "stream_messages": stream_messages(request),
                "messages": messages,
            }
        )
        return web.Response(status=204)

    async def validate(self, request: web.Request) -> web.Response:
        """The validation server. It looks at the body only, never at the stream or its secret."""
        _, messages = read_payload(await request.read(), self.world.now())
        return web.json_response({"validationMessages": messages})

    def snapshot(self) -> dict[str, Any]:
        clients: dict[str, dict[str, Any]] = {}
        for hit in self.hits:
            client_id = hit["client_id"] if isinstance(hit["client_id"], str) else ""
            client = clients.setdefault(client_id, {"client_id": client_id, "user_ids": [], "events": []})
            user_id = (hit["payload"] or {}).get("user_id")
            if user_id is not None and user_id not in client["user_ids"]:
                client["user_ids"].append(user_id)
            client["events"].extend(_shown_events(hit))
        return {"hits": len(self.hits), "clients": list(clients.values())}


def _shown_events(hit: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The hit's events, each with the messages about itself and those about the whole request."""
    events = (hit["payload"] or {}).get("events")
    if not isinstance(events, list) or not events:
        events = [None]
    for index, event in enumerate(events):
        own = f"events[{index}]"
        messages = hit["stream_messages"] + [
            message
            for message in hit["messages"]
            if not message["fieldPath"].startswith("events[") or message["fieldPath"].startswith(own)
        ]
        params = event.get("params") if isinstance(event, dict) else None
        params = params if isinstance(params, dict) else {}
        yield {
            "at": hit["at"],
            "name": event.get("name") if isinstance(event, dict) else None,
            "params": params,
            "validation_messages": messages,
            "is_kept": not messages,
            "is_realtime": not messages and "session_id" in params and "engagement_time_msec" in params,
        }


def stream_messages(request: web.Request) -> list[Message]:
    """What is wrong with the address of the hit. GA never says; the hit just never shows up."""
    messages = []
    if request.query.get("measurement_id") != GA_MEASUREMENT_ID:
        messages.append(_message("measurement_id", "VALUE_INVALID", "Unknown measurement_id: nothing is kept."))
    if request.query.get("api_secret") != GA_API_SECRET:
        messages.append(_message("api_secret", "VALUE_INVALID", "Unknown api_secret: nothing is kept."))
    return messages


def read_payload(raw: bytes, now: float) -> tuple[dict[str, Any] | None, list[Message]]:
    """The payload if it is a JSON object, and all validation messages about it.

    ``now`` is in epoch seconds. Rules: the Measurement Protocol reference, "limitations" and "reserved names".
    """
    if len(raw) > MAX_BODY_BYTES:
        return None, [_message("", "VALUE_OUT_OF_BOUNDS", f"The body exceeds {MAX_BODY_BYTES} bytes.")]
    try:
        payload = json.loads(raw)
    except ValueError:
        return None, [_message("", "VALUE_INVALID", "The body is not valid JSON.")]
    if not isinstance(payload, dict):
        return None, [_message("", "VALUE_INVALID", "The body must be a JSON object.")]
    return payload, [
        *_check_ids(payload),
        *_check_timestamp(payload.get("timestamp_micros"), now),
        *_check_consent(payload.get("consent")),
        *_check_user_properties(payload.get("user_properties")),
        *_check_events(payload.get("events")),
    ]


def _message(path: str, code: str, description: str) -> Message:
    return {"fieldPath": path, "description": description, "validationCode": code}


def _check_ids(payload: dict[str, Any]) -> Iterator[Message]:
    client_id, user_id = payload.get("client_id"), payload.get("user_id")
    if client_id in (None, ""):
        yield _message("client_id", "VALUE_REQUIRED", "Measurement requires a client_id.")
    elif not isinstance(client_id, str):
        yield _message("client_id", "VALUE_INVALID", "client_id must be a string.")
    if user_id is None:
        return
    if not isinstance(user_id, str) or len(user_id) > 256:
        yield _message("user_id", "VALUE_INVALID", "user_id must be a string of at most 256 characters.")
    elif "@" in user_id:
        yield _message("user_id", "VALUE_INVALID", "user_id must not be an e-mail address.")


def _check_timestamp(micros: Any, now: float) -> Iterator[Message]:
    if micros is None:
        return
    if isinstance(micros, bool) or not re.fullmatch(r"\d{1,19}", str(micros)):
        yield _message("timestamp_micros", "VALUE_INVALID", "timestamp_micros must be microseconds since 1970.")
    elif not now - MAX_AGE_S <= int(micros) / 1e6 <= now + MAX_AHEAD_S:
        yield _message("timestamp_micros", "VALUE_OUT_OF_BOUNDS", "timestamp_micros must lie in the last 72 hours.")


def _check_consent(consent: Any) -> Iterator[Message]:
    if consent is None:
        return
    if not isinstance(consent, dict):
        yield _message("consent", "VALUE_INVALID", "consent must be an object.")
        return
    for key, value in consent.items():
        if key not in ("ad_user_data", "ad_personalization"):
            yield _message(f"consent.{key}", "NAME_INVALID", f"{key} is no consent type.")
        elif value not in ("GRANTED", "DENIED"):
            yield _message(f"consent.{key}", "VALUE_INVALID", "Consent is GRANTED or DENIED.")


def _check_user_properties(properties: Any) -> Iterator[Message]:
    if properties is None:
        return
    if not isinstance(properties, dict):
        yield _message("user_properties", "VALUE_INVALID", "user_properties must be an object.")
        return
    if len(properties) > MAX_USER_PROPERTIES:
        yield _message("user_properties", "EXCEEDED_MAX_ENTITIES", f"At most {MAX_USER_PROPERTIES} are allowed.")
    for name, wrapped in properties.items():
        path = f"user_properties.{name}"
        yield from _check_name(path, name, 24)
        if not isinstance(wrapped, dict) or "value" not in wrapped:
            yield _message(path, "VALUE_REQUIRED", 'A user property is written {"value": …}.')
        else:
            yield from _check_value(f"{path}.value", wrapped["value"], 36)


def _check_events(events: Any) -> Iterator[Message]:
    if not isinstance(events, list) or not events:
        yield _message("events", "VALUE_REQUIRED", "events must be a list with at least one event.")
        return
    if len(events) > MAX_EVENTS:
        yield _message("events", "EXCEEDED_MAX_ENTITIES", f"At most {MAX_EVENTS} events are allowed.")
    for index, event in enumerate(events):
        path = f"events[{index}]"
        if not isinstance(event, dict):
            yield _message(path, "VALUE_INVALID", "An event must be an object.")
            continue
        yield from _check_name(f"{path}.name", event.get("name"), 40, RESERVED_EVENTS)
        yield from _check_params(f"{path}.params", event.get("params", {}))


def _check_params(path: str, params: Any) -> Iterator[Message]:
    if not isinstance(params, dict):
        yield _message(path, "VALUE_INVALID", "params must be an object.")
        return
    if len(params) > MAX_PARAMS:
        yield _message(path, "EXCEEDED_MAX_ENTITIES", f"At most {MAX_PARAMS} params are allowed.")
    for name, value in params.items():
        if name == "items" and isinstance(value, list):
            continue  # e-commerce items have rules of their own; a signup has none
        yield from _check_name(f"{path}.{name}", name, 40)
        yield from _check_value(f"{path}.{name}", value, 100)
    session_id = params.get("session_id")
    if session_id is not None and not re.fullmatch(r"\d+", str(session_id)):
        yield _message(f"{path}.session_id", "VALUE_INVALID", "session_id must consist of digits.")


def _check_name(path: str, name: Any, limit: int, reserved: frozenset[str] = frozenset()) -> Iterator[Message]:
    if name in (None, ""):
        yield _message(path, "VALUE_REQUIRED", "A name is required.")
    elif not isinstance(name, str):
        yield _message(path, "NAME_INVALID", "A name must be a string.")
    elif name in reserved or name.startswith(RESERVED_PREFIXES):
        yield _message(path, "NAME_RESERVED", f"{name} is a reserved name or has a reserved prefix.")
    elif len(name) > limit or not NAME.fullmatch(name):
        allowed = f"A letter, then letters, digits and underscores; at most {limit} characters."
        yield _message(path, "NAME_INVALID", allowed)


def _check_value(path: str, value: Any, limit: int) -> Iterator[Message]:
    if value is not None and not isinstance(value, str | int | float):
        yield _message(path, "VALUE_INVALID", "A value must be a string or a number.")
    elif isinstance(value, str) and len(value) > limit:
        yield _message(path, "VALUE_OUT_OF_BOUNDS", f"A value has at most {limit} characters.")
