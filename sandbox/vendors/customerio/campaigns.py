"""The campaigns of the pretend workspace: who gets which mail after what they did, and when.

Their texts are the demo's own; how a message is sent is left to ``messages.py``.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.vendors.customerio.messages import SENDER, Origin, Outbox
from sandbox.vendors.customerio.people import Customer, Event

DAY_S = 86_400
TRIGGER_MAX_AGE_S = 72 * 3600
"""An event older than this starts nothing."""


def is_developer(customer: Customer) -> bool:
    return bool(customer.attributes.get("github")) or "github.com" in str(customer.attributes.get("referrer"))


@dataclass(frozen=True)
class Step:
    after_s: int
    subject: str
    text: str


@dataclass(frozen=True)
class Campaign:
    """Started by an event. With ``topic``: only for those subscribed to it when a mail is due."""

    id: int
    name: str
    event: str
    steps: tuple[Step, ...]
    topic: str | None = None
    is_for: Callable[[Customer], bool] = lambda customer: True


CAMPAIGNS = (
    Campaign(
        1,
        "Welcome, developers",
        "signed_up",
        (
            Step(
                0,
                "Welcome, {first_name}: your first call in two minutes",
                "Hello {first_name},\n\nyour key is on the page you came to after signing up. Paste the curl line "
                "there into a terminal, and you have made your first call.\n\nAn answer to this mail reaches a "
                "developer of ours.",
            ),
        ),
        is_for=is_developer,
    ),
    Campaign(
        2,
        "Welcome",
        "signed_up",
        (
            Step(
                0,
                "Welcome, {first_name}",
                "Hello {first_name},\n\ngood to have you with us. Most begin by looking at what others built; "
                "when you are ready, pass the integration page on to a developer of yours.\n\nAn answer to this "
                "mail reaches a person.",
            ),
        ),
        is_for=lambda customer: not is_developer(customer),
    ),
    Campaign(
        3,
        "Getting started",
        "signed_up",
        (
            Step(1 * DAY_S, "Getting started, 1 of 3: one call", "Hello {first_name},\n\nstart with one call."),
            Step(3 * DAY_S, "Getting started, 2 of 3: real data", "Hello {first_name},\n\nnow with your own data."),
            Step(7 * DAY_S, "Getting started, 3 of 3: go live", "Hello {first_name},\n\na checklist for going live."),
        ),
        topic="topic_1",
    ),
)


class Automations:
    """Who is where in which campaign."""

    def __init__(self, outbox: Outbox, now: Callable[[], float]) -> None:
        self._outbox = outbox
        self._now = now
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Campaign, int, Customer, Event]] = []
        self.skipped: list[dict[str, str]] = []
        """Mails that were due and not sent, with the reason."""

    def on_event(self, customer: Customer, event: Event) -> None:
        if self._now() - event.at > TRIGGER_MAX_AGE_S:
            return
        for campaign in CAMPAIGNS:
            if campaign.event == event.name and campaign.is_for(customer):
                for number, step in enumerate(campaign.steps):
                    due_at = self._now() + step.after_s
                    heapq.heappush(self._due, (due_at, next(self._numbers), campaign, number, customer, event))
        self.run_due()

    def run_due(self) -> None:
        while self._due and self._due[0][0] <= self._now():
            *_, campaign, number, customer, event = heapq.heappop(self._due)
            if reason := _reason_not_to(campaign, customer):
                mail = campaign.steps[number].subject
                self.skipped.append({"campaign": campaign.name, "mail": mail, "to": str(customer.email), "why": reason})
                continue
            self._send(campaign, number, customer, event)

    def _send(self, campaign: Campaign, number: int, customer: Customer, event: Event) -> None:
        step, origin = campaign.steps[number], Origin(campaign.name, campaign.id, campaign.id * 100 + number)
        recipient, sender = event.data.get("recipient"), event.data.get("from_address") or SENDER
        fields = {"first_name": str(customer.attributes.get("first_name") or "there")}
        subject, text = step.subject.format_map(fields), step.text.format_map(fields)
        self._outbox.send(customer, origin, subject, text, recipient=recipient, sender=str(sender))


def _reason_not_to(campaign: Campaign, customer: Customer) -> str:
    if customer.is_suppressed:
        return "suppressed or deleted"
    if customer.is_unsubscribed:
        return "unsubscribed"
    if campaign.topic and not customer.is_subscribed(campaign.topic):
        return f"not subscribed to {campaign.topic}"
    return ""
