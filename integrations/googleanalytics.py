"""Google Analytics 4: one `sign_up` event, joined to the browser's visit by the tag's client id.

API: https://www.google-analytics.com/mp/collect
(https://developers.google.com/analytics/devguides/collection/protocol/ga4). Page views are the browser tag's. The API
answers 204 to whatever it gets and cannot tell a repeat from a second signup: so an event is checked here before it is
sent, and one that may have been counted is not sent again.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, ClassVar

from django.conf import settings

from integrations.http import Door
from integrations.rows import at_ms, missing
from signups.contracts import Ambiguous, Delivered, Integration, Never, Outcome, Skipped, TestEvent
from signups.models import Delivery, Signup

MOST_HOURS_BACK = 72
_MOST_BYTES, _MOST_EVENTS, _MOST_PARAMS = 130_000, 25, 25
_MOST_NAME, _MOST_VALUE, _MOST_USER_ID = 40, 100, 256  # characters
_RESERVED_EVENTS = frozenset({"session_start", "first_visit", "user_engagement", "error", "screen_view"})
_RESERVED_PREFIXES = ("_", "firebase_", "ga_", "google_", "gtag.")


class GoogleAnalytics(Integration):
    """Settings: the stream's measurement id and a Measurement Protocol secret."""

    slug = "googleanalytics"
    name = "Google Analytics"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm", "held"})

    def missing_settings(self) -> list[str]:
        return missing({"GA_MEASUREMENT_ID": settings.GA["measurement_id"], "GA_API_SECRET": settings.GA["api_secret"]})

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        if not signup.ga_client_id:
            return Skipped("The browser had no Google Analytics client id, so there is no visit to join.")
        if time.time() - at_ms(delivery) / 1000 > MOST_HOURS_BACK * 3600:
            return Skipped(f"Google Analytics takes no event older than {MOST_HOURS_BACK} hours.")
        body = sign_up(signup, delivery)
        if problems := list(flaws(body)):
            raise Never("Google Analytics", f"would drop the event without a word: {'; '.join(problems)}")
        _collect(body)
        return Delivered(external_id=signup.ga_client_id, note="Sent; Google Analytics never says what it counted.")

    def send_test(self, test: TestEvent) -> Delivered:
        """An event with `debug_mode`: DebugView shows it, and it is no key event and no user's session."""
        params = {"debug_mode": 1, "note": test.words[:_MOST_VALUE]}
        body = {"client_id": "1.1", "events": [{"name": "onboarding_test", "params": params}]}
        _collect(body)
        note = "DebugView shows onboarding_test; Google Analytics answers yes to everything, so look there."
        return Delivered(external_id=test.key, note=note)

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome:
        """It may have been counted, nothing can tell, and twice would be worse than once too few."""
        return Delivered(
            external_id=signup.ga_client_id,
            note="May have been counted; not repeated, for Google Analytics would count a repeat as another signup.",
        )


def sign_up(signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """The request body: GA4's recommended event `sign_up`, in the visit's session."""
    params: dict[str, Any] = {"method": signup.source, "engagement_time_msec": 100}
    if signup.ga_session_id:
        params["session_id"] = signup.ga_session_id
    return {
        "client_id": signup.ga_client_id,
        "user_id": str(signup.uid),
        "timestamp_micros": str(at_ms(delivery) * 1000),
        "consent": {"ad_user_data": "DENIED", "ad_personalization": "DENIED"},
        "events": [{"name": "sign_up", "params": params}],
    }


def _collect(body: dict[str, Any]) -> None:
    """Send events that were checked. Raises a ServiceError."""
    params = {"measurement_id": settings.GA["measurement_id"], "api_secret": settings.GA["api_secret"]}
    door = _door(settings.GA["api_url"], settings.GA["api_secret"])
    reply = door.call("POST", "/mp/collect", params=params, json=body, is_safe=False)
    if reply.status != 204:
        reason = f"answered {reply.status} instead of 204: somebody else may have answered"
        raise Ambiguous("Google Analytics", reason, status=reply.status, excerpt=reply.text[:500])


def flaws(body: dict[str, Any]) -> Iterator[str]:
    """What the validation server would say of a request body: the vendor's limits and reserved names."""
    if not body.get("client_id"):
        yield "client_id is missing"
    user_id = body.get("user_id", "")
    if len(user_id) > _MOST_USER_ID or "@" in user_id:
        yield f"user_id must be at most {_MOST_USER_ID} characters and no e-mail address"
    if len(json.dumps(body).encode()) > _MOST_BYTES:
        yield f"the body is longer than {_MOST_BYTES} bytes"
    if not 1 <= len(body["events"]) <= _MOST_EVENTS:
        yield f"there must be 1 to {_MOST_EVENTS} events"
    for event in body["events"]:
        yield from _event_flaws(event)


def _event_flaws(event: dict[str, Any]) -> Iterator[str]:
    if not _is_name(event["name"]) or event["name"] in _RESERVED_EVENTS:
        yield f"{event['name']!r} cannot be an event's name"
    if len(event["params"]) > _MOST_PARAMS:
        yield f"{event['name']} has more than {_MOST_PARAMS} parameters"
    for name, value in event["params"].items():
        if not _is_name(name):
            yield f"{name!r} cannot be a parameter's name"
        if len(str(value)) > _MOST_VALUE:
            yield f"{name} is longer than {_MOST_VALUE} characters"
    if not re.fullmatch(r"\d+", str(event["params"].get("session_id", "0"))):
        yield "session_id must be digits"


def _is_name(name: str) -> bool:
    return (
        len(name) <= _MOST_NAME
        and re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None
        and not name.startswith(_RESERVED_PREFIXES)
    )


@cache
def _door(url: str, secret: str) -> Door:
    return Door(
        "Google Analytics",
        url,
        variables={"GA_API_SECRET": secret},
        key_setting="GA_API_SECRET",
        url_setting="GA_API_URL",
    )
