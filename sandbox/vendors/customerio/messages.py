"""Messages to people: put into the inbox, followed from sent to opened, reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any

from sandbox import mails
from sandbox.core import World
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
    """All messages of the workspace. ``tell`` hears of every change: message, metric, details."""

    def __init__(
        self,
        world: World,
        options: dict[str, Any],
        new_id: Callable[[], str],
        tell: Callable[[Message, str, dict[str, Any]], None],
    ) -> None:
        self._world = world
        self._options = options
        self._new_id = new_id
        self._tell = tell
        self.messages: dict[str, Message] = {}

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
        self.progress(message, "sent")
        if to.lower() in self._options["bounces"]:
            self.progress(message, "bounced", failure_message="550 5.1.1 No such user")
            return message
        mails.keep(self._world, self._mail(message, sender, text, html), sender, [to])
        self.progress(message, "delivered")
        return message

    def progress(self, message: Message, metric: str, **details: Any) -> None:
        """Something happened to a message."""
        message.history.append({"metric": metric, "at": self._world.now(), **details})
        if metric == "unsubscribed":
            message.customer.is_unsubscribed = True
        self._tell(message, metric, details)

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
