"""The memory of one Slack workspace: its tokens, channels, people and messages.

It knows what may be said where (``SlackError``), not how a request is read or a reply is worded: that is
``methods.py`` and ``hooks.py``.
"""

from __future__ import annotations

import copy
import string
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from sandbox import credentials
from sandbox.core import World
from sandbox.vendors.slack.limits import Bucket

TEAM_ID = "T0SANDBOX"
TEAM_NAME = "Onboarding Sandbox"
TEAM_DOMAIN = "onboarding-sandbox"
APP_ID = "A0SANDBOX"
BOT_ID = "B0SANDBOX01"
BOT_USER_ID = "U0SANDBOT"
BOT_NAME = "onboarding"

MAX_TEXT_CHARS = 40_000
"""What is longer is cut, without an error."""
NO_FALLBACK = "This content can't be displayed."
"""The text of a message that came with blocks alone."""


Message = dict[str, Any]


class SlackError(Exception):
    """A refusal: the ``error`` of the reply, and what else the reply says."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


@dataclass(frozen=True)
class User:
    id: str
    name: str
    real_name: str
    email: str


USERS = {
    user.id: user
    for user in (
        User("U0ROBHALE", "rob", "Rob Hale", "rob@onboarding.test"),
        User("U0MAYCHEN", "may", "May Chen", "may@onboarding.test"),
    )
}

FULL_SCOPES = frozenset(
    {"chat:write", "chat:write.customize", "channels:history", "reactions:write", "users:read", "users:read.email"}
)
TOKENS = {
    credentials.SLACK_BOT_TOKEN: FULL_SCOPES,
    credentials.SLACK_BOT_TOKEN_WITHOUT_SCOPES: frozenset({"incoming-webhook"}),
}


@dataclass
class Channel:
    id: str
    name: str
    is_archived: bool = False
    is_member: bool = True
    messages: list[Message] = field(default_factory=list)
    ephemeral: list[Message] = field(default_factory=list)
    """What only one person saw: answers to a ``response_url``."""
    last_ts_us: int = 0
    bucket: Bucket = field(default_factory=lambda: Bucket(per_second=1, burst=5))

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "is_archived": self.is_archived,
            "messages": self.messages,
            "ephemeral": self.ephemeral,
        }


class Workspace:
    def __init__(self, world: World) -> None:
        self._world = world
        self.channels = {
            channel.id: channel
            for channel in (
                Channel(credentials.SLACK_CHANNEL, "signups"),
                Channel(credentials.SLACK_HIGH_VALUE_CHANNEL, "signups-high-value"),
                Channel(credentials.SLACK_ARCHIVED_CHANNEL, "signups-2015", is_archived=True),
                Channel(credentials.SLACK_FOREIGN_CHANNEL, "finance", is_member=False),
            )
        }

    # ---- finding

    def channel(self, name: str) -> Channel:
        """A channel by id or by name, with or without its #."""
        for channel in self.channels.values():
            if name in (channel.id, channel.name, f"#{channel.name}"):
                return channel
        raise SlackError("channel_not_found")

    def own_channel(self, channel_id: str) -> Channel:
        """A channel the bot may read and change messages in. By id alone, unlike posting."""
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self._joined(self.channels[channel_id])

    def open_channel(self, name: str) -> Channel:
        """A channel the bot may post to."""
        channel = self._joined(self.channel(name))
        if channel.is_archived:
            raise SlackError("is_archived")
        return channel

    def _joined(self, channel: Channel) -> Channel:
        if not channel.is_member:
            raise SlackError("not_in_channel")
        return channel

    def message(self, channel: Channel, ts: str) -> Message:
        at = bisect_left(channel.messages, ts, key=lambda message: str(message["ts"]))  # they stand by time
        found = channel.messages[at : at + 1]
        if not found or found[0]["ts"] != ts or "deleted" in found[0]:
            raise SlackError("message_not_found")
        return found[0]

    # ---- changing

    def add(self, channel: Channel, content: dict[str, Any]) -> Message:
        """Store a message of the bot's. ``content``: text, and blocks, attachments, metadata, … where given."""
        message = self._message(channel, content)
        channel.messages.append(message)
        return message

    def add_ephemeral(self, channel: Channel, content: dict[str, Any]) -> None:
        channel.ephemeral.append(self._message(channel, content))

    def change(self, message: Message, content: dict[str, Any]) -> None:
        """Replace what is given and keep the rest, with Slack's two exceptions.

        Text without blocks takes the old blocks away, and only such a change is shown as an edit.
        """
        if "text" in content and "blocks" not in content:
            message.pop("blocks", None)
            message["edited"] = {"user": BOT_USER_ID, "ts": f"{int(self._world.now())}.000000"}
        message |= self._prepared(content)
        if message.get("metadata") == {}:
            del message["metadata"]

    def remove(self, message: Message) -> None:
        """Kept for the snapshot, marked; no method sees it any more."""
        message["deleted"] = True

    def _message(self, channel: Channel, content: dict[str, Any]) -> Message:
        return {
            "type": "message",
            "subtype": "bot_message",
            "ts": self._next_ts(channel),
            "user": BOT_USER_ID,
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "team": TEAM_ID,
            "username": BOT_NAME,
            "text": "",
            **self._prepared(content),
        }

    def _prepared(self, content: dict[str, Any]) -> dict[str, Any]:
        prepared = copy.deepcopy(content)
        if prepared.get("blocks"):
            prepared.setdefault("text", NO_FALLBACK)
        if "text" in prepared:
            prepared["text"] = prepared["text"][:MAX_TEXT_CHARS]
        for block in prepared.get("blocks", ()):
            self._name_parts(block)
        return prepared

    def _name_parts(self, block: dict[str, Any]) -> None:
        """Give the ids that the sender left out: every block has one, and every element that can be pressed."""
        block.setdefault("block_id", self._short_id())
        accessory = [block["accessory"]] if "accessory" in block else []
        for element in [*(block.get("elements") or ()), *accessory]:
            if block["type"] in ("actions", "section", "context_actions") and element["type"] != "image":
                element.setdefault("action_id", self._short_id())

    def _short_id(self) -> str:
        return "".join(self._world.rng.choices(string.ascii_letters + string.digits, k=5))

    def _next_ts(self, channel: Channel) -> str:
        channel.last_ts_us = max(int(self._world.now() * 1_000_000), channel.last_ts_us + 1)
        seconds, micros = divmod(channel.last_ts_us, 1_000_000)
        return f"{seconds}.{micros:06d}"
