"""Reports as Customer.io sends them: signed, over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.test import Client

from signups.models import Mail, Signup

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

    Reply = _MonkeyPatchedWSGIResponse

URL = "/hooks/customerio"
NOW = 1_795_000_000
_numbers = itertools.count(1)


def report(metric: str, signup: Signup | None = None, mail: str = "A1", *, at: int = 0, **data: Any) -> dict[str, Any]:
    """What is told of one mail, `at` seconds after a certain moment."""
    about: dict[str, Any] = {
        "delivery_id": mail,
        "action_id": 301,
        "campaign_id": 3,
        "recipient": "ada@dev.test",
        "subject": "Getting started",
        "identifiers": {"id": str(signup.uid) if signup else "u_9", "email": None, "cio_id": "a3"},
    }
    event = {"metric": metric, "event_id": f"01JD{next(_numbers)}", "object_type": "email", "timestamp": NOW + at}
    return {**event, "data": {**about, **data}}


def of_person(metric: str, signup: Signup, *, at: int = 0, **event: Any) -> dict[str, Any]:
    """What is told of a person's choice, no mail being involved."""
    who = {"identifiers": {"id": str(signup.uid)}, "customer_id": str(signup.uid), "email_address": signup.email}
    named = {"metric": metric, "event_id": f"01JD{next(_numbers)}", "object_type": "customer", "timestamp": NOW + at}
    return {**named, "data": who, **event}


def signed(body: bytes, *, secret: str = "", age_s: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) - age_s)
    key = (secret or settings.CUSTOMERIO["webhook_secret"]).encode()
    signature = hmac.new(key, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-CIO-Timestamp": stamp, "X-CIO-Signature": signature}


def post(body: bytes, headers: dict[str, str] | None = None) -> Reply:
    client = Client(enforce_csrf_checks=True)
    return client.post(URL, body, content_type="application/json", headers=signed(body) if headers is None else headers)


def tell(*reports: Any) -> dict[str, int]:
    """Send each in a call of its own; what the last was answered."""
    answer: dict[str, int] = {}
    for one in reports:
        reply = post(json.dumps(one).encode())
        assert reply.status_code == 200, reply.content.decode()
        answer = reply.json()
    return answer


def moments(mail: str = "A1") -> dict[str, int]:
    """What became of a mail: moment → seconds after that certain moment."""
    row = Mail.objects.get(key=mail)
    known = {name: row.moment(name) for name in Mail.MOMENTS}
    return {name: round(at.timestamp()) - NOW for name, at in known.items() if at is not None}
