"""Who is where in which campaign: events start and end them, and mails go out when they are due.

Which campaigns there are says ``campaigns.py``; how a message is sent is left to ``messages.py``.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sandbox.vendors.customerio.campaigns import CAMPAIGNS, Campaign
from sandbox.vendors.customerio.messages import SENDER, Origin, Outbox
from sandbox.vendors.customerio.people import Customer, Event

TRIGGER_MAX_AGE_S = 72 * 3600
"""An event older than this starts nothing."""

_Due = tuple[float, int, Campaign, int, Customer, Event]


class Automations:
    """A person is in a campaign once at a time: what starts it again starts it over."""

    def __init__(self, outbox: Outbox, now: Callable[[], float]) -> None:
        self._outbox = outbox
        self._now = now
        self._numbers = itertools.count()
        self._due: list[_Due] = []
        self.skipped: list[dict[str, str]] = []
        """Mails that were due and not sent, with the reason."""

    def on_event(self, customer: Customer, event: Event) -> None:
        for campaign in CAMPAIGNS:
            if campaign.ends_on == event.name:
                self._leave(campaign, customer)
        if self._now() - event.at > TRIGGER_MAX_AGE_S:
            return
        for campaign in CAMPAIGNS:
            if campaign.event == event.name and campaign.is_for(customer, event):
                self._leave(campaign, customer)
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

    def _leave(self, campaign: Campaign, customer: Customer) -> None:
        self._due = [due for due in self._due if due[2] is not campaign or due[4] is not customer]
        heapq.heapify(self._due)

    def _send(self, campaign: Campaign, number: int, customer: Customer, event: Event) -> None:
        step, origin = campaign.steps[number], Origin(campaign.name, campaign.id, campaign.id * 100 + number)
        recipient, sender = event.data.get("recipient"), event.data.get("from_address") or SENDER
        known: dict[str, Any] = {
            "first_name": "there",
            "app_url": self._outbox.app_url,
            **customer.attributes,
            **event.data,
        }
        fields = defaultdict(str, {name: str(value) for name, value in known.items() if value is not None})
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
