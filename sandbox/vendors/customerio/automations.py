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

_Due = tuple[float, int, Campaign, int, Customer, Event, int]


class Automations:
    """A person is in a campaign once at a time: what starts it again starts it over. Where the option ``campaigns`` is
    off, nothing starts one."""

    def __init__(self, outbox: Outbox, options: dict[str, Any], now: Callable[[], float]) -> None:
        self._outbox = outbox
        self._options = options
        self._now = now
        self._numbers = itertools.count()
        self._due: list[_Due] = []
        self._turns: dict[tuple[int, str], int] = {}
        """By campaign and person, how often they left it: what was due of an earlier turn is not sent."""
        self.skipped: list[dict[str, str]] = []
        """Mails that were due and not sent, with the reason."""

    def on_event(self, customer: Customer, event: Event) -> None:
        for campaign in CAMPAIGNS:
            if campaign.ends_on == event.name:
                self._leave(campaign, customer)
        if not self._options["campaigns"] or self._now() - event.at > TRIGGER_MAX_AGE_S:
            return
        for campaign in CAMPAIGNS:
            if campaign.event == event.name and campaign.is_for(customer, event):
                turn = self._leave(campaign, customer)
                for number, step in enumerate(campaign.steps):
                    due_at = self._now() + step.after_s
                    heapq.heappush(self._due, (due_at, next(self._numbers), campaign, number, customer, event, turn))
        self.run_due()

    def run_due(self) -> None:
        while self._due and self._due[0][0] <= self._now():
            *_, campaign, number, customer, event, turn = heapq.heappop(self._due)
            if turn != self._turns[campaign.id, customer.cio_id]:
                continue
            if reason := _reason_not_to(campaign, customer):
                mail = campaign.steps[number].subject
                self.skipped.append({"campaign": campaign.name, "mail": mail, "to": str(customer.email), "why": reason})
                continue
            self._send(campaign, number, customer, event)

    def _leave(self, campaign: Campaign, customer: Customer) -> int:
        """Returns the number of the turn that may begin now."""
        key = campaign.id, customer.cio_id
        self._turns[key] = self._turns.get(key, 0) + 1
        return self._turns[key]

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
