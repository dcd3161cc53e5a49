"""What a page or a backend reports, and what the pretend Mixpanel holds of it."""

from __future__ import annotations

import time
import uuid
from typing import Any

from signups.activity import forwarding
from signups.activity.taking import Answer, take
from signups.models import Action, Forward, IntegrationState
from tests.sandbox_process import Sandbox

VISITOR = "3f0c8a52-7c55-4d7e-9a0c-0d8a52b1c001"


def track(name: str = "Read the docs", **changes: Any) -> dict[str, Any]:
    """One action as JSON; a field given as None is left out."""
    sent = {"id": str(uuid.uuid4()), "type": "track", "name": name, "anonymous_id": VISITOR, "timestamp": time.time()}
    return {field: value for field, value in {**sent, **changes}.items() if value is not None}


def page(path: str = "/docs/start", **changes: Any) -> dict[str, Any]:
    properties = {"url": f"https://www.dev.test{path}", "path": path, "title": "Start", "referrer": ""}
    return track("Start", **{"type": "page", "properties": properties, **changes})


def report(*items: Any, source: Action.Source = Action.Source.BACKEND) -> list[Answer]:
    return take(items, source)


def statuses(answers: list[Answer]) -> list[str]:
    return [answer.status.value for answer in answers]


def forward_all() -> None:
    """Send on what is due, until nothing is."""
    while forwarding.forward("mixpanel"):
        pass


def now_due() -> None:
    """Let waiting rows be due, and end a breaker's wait."""
    Forward.objects.filter(due_at__isnull=False).update(due_at="2026-01-01T00:00:00Z")
    IntegrationState.objects.update(open_until=None)


def events(sandbox: Sandbox) -> list[dict[str, Any]]:
    """What Mixpanel's reports count, by time."""
    return list(sandbox.state("mixpanel")["events"])
