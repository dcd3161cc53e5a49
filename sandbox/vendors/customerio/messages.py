"""Messages to people: put into the inbox, followed from sent to opened, reported.

What people do with them, where they do anything by themselves, says ``readers.py``.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any

from sandbox import mails
from sandbox.core import World
from sandbox.vendors.customerio import readers
from sandbox.vendors.customerio.people import Customer

SENDER = "The team <team@startup.test>"
METRICS = ("drafted", "attempted", "sent", "delivered", "opened", "clicked", "converted", "unsubscribed", "bounced") + (
    "dropped",
    "spammed",
    "failed",
    "undeliverable",
    "deferred",
)
_URL = re.compile(r"https?://[^\s<]+")


@dataclass(frozen=True)
class Origin:
    """What a message was sent for: a step of a campaign, a broadcast or a transactional message."""

    name: str
    campaign_id: int | None = None
    action_id: int | None = None
    broadcast_id: int | None = None
    transactional_message_id: int | str | None = None


@dataclass
class Message:
    delivery_id: str
    customer: Customer
    recipient: str
    subject: str
    origin: Origin
    history: list[dict[str, Any]] = field(default_factory=list)
    """``{"metric", "at"}`` each, oldest first."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "delivery_id": self.delivery_id,
            "customer_id": self.customer.id,
            "recipient": self.recipient,
            "subject": self.subject,
            "campaign": self.origin.name,
            "campaign_id": self.origin.campaign_id,
            "broadcast_id": self.origin.broadcast_id,
            "transactional_message_id": self.origin.transactional_message_id,
            "metric": self.history[-1]["metric"],
            "history": self.history,
        }


class Outbox:
    """All messages of the workspace. ``tell`` hears of every change: message, metric, details. ``wake`` has ``run_due``
    called after so many seconds."""

    def __init__(
        self,
        world: World,
        options: dict[str, Any],
        new_id: Callable[[], str],
        tell: Callable[[Message, str, dict[str, Any]], None],
        wake: Callable[[float], None],
    ) -> None:
        self._world = world
        self._options = options
        self._new_id = new_id
        self._tell = tell
        self._wake = wake
        self._numbers = itertools.count()
        self._due: list[tuple[float, int, Message, readers.Reaction]] = []
        self._received: Counter[str] = Counter()
        self._blocked: set[str] = set()
        """Addresses that bounced or complained: nothing is sent there any more."""
        self.messages: dict[str, Message] = {}

    @property
    def app_url(self) -> str:
        """Where the product is, for links in mails."""
        return self._world.app_url

    def send(
        self,
        customer: Customer,
        origin: Origin,
        subject: str,
        text: str,
        *,
        recipient: str | None = None,
        sender: str = SENDER,
        html: str | None = None,
    ) -> Message:
        """Send at once, to ``recipient`` or the person's own address. What cannot be sent is noted all the same."""
        to = recipient or customer.email or ""
        message = Message(self._new_id(), customer, to, " ".join(subject.split()), origin)
        self.messages[message.delivery_id] = message
        if not to:
            self.progress(message, "undeliverable", failure_message="no e-mail address")
            return message
        if to.lower() in self._blocked:
            self.progress(message, "dropped", failure_message="suppressed: bounced or complained before")
            return message
        self.progress(message, "sent")
        if to.lower() in self._options["bounces"] or (self._options["people_react"] and not readers.has_mailbox(to)):
            self.progress(message, "bounced", failure_message="550 5.1.1 No such user")
            return message
        mails.keep(self._world, self._mail(message, sender, text, html), sender, [to])
        self.progress(message, "delivered")
        if self._options["people_react"]:
            self._expect_reactions(message, text)
        return message

    def progress(self, message: Message, metric: str, **details: Any) -> None:
        """Something happened to a message."""
        message.history.append({"metric": metric, "at": self._world.now(), **details})
        if metric == "unsubscribed":
            message.customer.is_unsubscribed = True
        if metric in ("bounced", "spammed"):
            self._blocked.add(message.recipient.lower())
        self._tell(message, metric, details)

    def run_due(self) -> None:
        """Have people do what they do by now."""
        while self._due and self._due[0][0] <= self._world.now():
            _, _, message, reaction = heapq.heappop(self._due)
            self.progress(message, reaction.metric, **reaction.details)

    def _expect_reactions(self, message: Message, text: str) -> None:
        number = self._received[message.recipient.lower()] = self._received[message.recipient.lower()] + 1
        for reaction in readers.reactions(message.recipient, _URL.findall(text), number):
            due_at = self._world.now() + reaction.after_s
            heapq.heappush(self._due, (due_at, next(self._numbers), message, reaction))
            self._wake(reaction.after_s)

    def _mail(self, message: Message, sender: str, text: str, html: str | None) -> bytes:
        url = f"{self._world.base_url}/customerio/track/unsubscribe/{message.delivery_id}"
        mail = EmailMessage()
        mail["From"] = " ".join(sender.split())
        mail["To"] = " ".join(message.recipient.split())
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._world.now(), UTC))
        mail["Message-ID"] = f"<{message.delivery_id}@mail.customerio.test>"
        mail["List-Unsubscribe"] = f"<{url}>"
        footer = f"Unsubscribe: {url}"
        mail.set_content(f"{text}\n\n-- \n{footer}\n")
        mail.add_alternative(f"{html or as_html(text)}\n<hr>{as_html(footer)}\n", subtype="html")
        return mail.as_bytes()


def as_html(text: str) -> str:
    """Paragraphs at empty lines, links where URLs are; everything else is text."""
    paragraphs = (escape(paragraph).replace("\n", "<br>") for paragraph in text.split("\n\n"))
    return "\n".join(f"<p>{_URL.sub(_link, paragraph)}</p>" for paragraph in paragraphs)


def _link(found: re.Match[str]) -> str:
    return f'<a href="{found[0]}">{found[0]}</a>'
