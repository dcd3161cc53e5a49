"""How the journeys are walked: somebody signs up, the engine delivers, and the vendors are looked at."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.test import Client

from signups import contracts, deliveries
from signups.models import ApiKey, Delivery, Signup
from tests.sandbox_process import Sandbox


def api_client() -> Client:
    """The product's backend, with a key."""
    key = ApiKey.generate()
    row = ApiKey(name="backend")
    row.set_key(key)
    row.save()
    return Client(headers={"Authorization": f"Bearer {key}"})


def sign_up(email: str, name: str = "Somebody", client: Client | None = None, **sent: Any) -> Signup:
    """One signup through the API."""
    body = {"email": email, "name": name, **sent}
    reply = (client or api_client()).post("/api/v1/signups", body, content_type="application/json")
    assert reply.status_code in (200, 201), reply.content
    return Signup.objects.select_related("person", "company").get(uid=reply.json()["id"])


def deliver(within_s: float = 30) -> None:
    """Drain every integration until nothing is waiting."""
    until = time.monotonic() + within_s
    while Delivery.objects.filter(due_at__isnull=False).exists():
        assert time.monotonic() < until, list(waiting())
        for integration in contracts.integrations():
            deliveries.drain(integration.slug)
        time.sleep(0.05)


def waiting() -> Any:
    rows = Delivery.objects.filter(due_at__isnull=False)
    return rows.values_list("integration", "event", "state", "attempts_used", "outcome")


def states(signup: Signup) -> dict[str, str]:
    """Integration and event → state, of all deliveries of one signup."""
    return {f"{row.integration}.{row.event}": row.state for row in signup.deliveries.all()}


# -- What the vendors hold ---------------------------------------------------------------------------------------------


def slack_messages(sandbox: Sandbox, channel: str = "") -> list[dict[str, Any]]:
    wanted = channel or settings.SLACK["channel"]
    for one in sandbox.state("slack")["channels"]:
        if one["id"] == wanted:
            return list(one["messages"])
    return []


def close_leads(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(sandbox.state("close")["leads"])


def close_contacts(sandbox: Sandbox, email: str) -> list[dict[str, Any]]:
    return [
        contact
        for lead in close_leads(sandbox)
        for contact in lead["contacts"]
        if email in [one["email"] for one in contact["emails"]]
    ]


def mixpanel_events(sandbox: Sandbox, signup: Signup, name: str = "Signed up") -> list[dict[str, Any]]:
    return [
        event
        for user in sandbox.state("mixpanel")["users"]
        if user["id"] == str(signup.uid)
        for event in user["events"]
        if event["event"] == name
    ]


def mails(sandbox: Sandbox, to: str) -> list[dict[str, Any]]:
    return [mail for mail in sandbox.state("mail") if to in mail["to"]]
