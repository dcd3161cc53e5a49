"""The Web API methods this product calls, one function each: arguments in, the rest of the reply out."""

from __future__ import annotations

import base64
import binascii
import copy
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.vendors.slack import workspace as home
from sandbox.vendors.slack.arguments import Arguments, content, has_words
from sandbox.vendors.slack.workspace import SlackError

if TYPE_CHECKING:
    from sandbox.vendors.slack import Slack

DEFAULT_PAGE, LARGEST_PAGE = 100, 999
MAX_UPDATE_CHARS = 4_000
_CURSOR_PREFIX = "next_ts:"

Body = dict[str, Any]


async def auth_test(slack: Slack, args: Arguments) -> Body:
    return {
        "url": f"https://{home.TEAM_DOMAIN}.slack.com/",
        "team": home.TEAM_NAME,
        "user": home.BOT_NAME,
        "team_id": home.TEAM_ID,
        "user_id": home.BOT_USER_ID,
        "bot_id": home.BOT_ID,
        "is_enterprise_install": False,
    }


async def chat_post_message(slack: Slack, args: Arguments) -> Body:
    channel = slack.workspace.open_channel(args.required("channel"))
    parts = content(args, slack.is_image_there)
    if not has_words(parts):
        raise SlackError("no_text")
    if args.get("thread_ts"):
        parts["thread_ts"] = slack.workspace.message(channel, str(args["thread_ts"]))["ts"]
    for name in ("username", "icon_url", "icon_emoji"):
        if args.get(name):
            parts[name] = str(args[name])
    slack.spend(channel)
    message = slack.workspace.add(channel, parts)
    return {"channel": channel.id, "ts": message["ts"], "message": copy.deepcopy(message)}


async def chat_update(slack: Slack, args: Arguments) -> Body:
    channel = slack.workspace.own_channel(args.required("channel"))
    message = slack.workspace.message(channel, args.required("ts"))
    parts = content(args, slack.is_image_there)
    if not (has_words(parts) or "metadata" in parts):
        raise SlackError("no_text")
    if len(parts.get("text", "")) > MAX_UPDATE_CHARS:
        raise SlackError("msg_too_long")
    slack.workspace.change(message, parts)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": copy.deepcopy(message),
    }


async def chat_delete(slack: Slack, args: Arguments) -> Body:
    channel = slack.workspace.own_channel(args.required("channel"))
    message = slack.workspace.message(channel, args.required("ts"))
    slack.workspace.remove(message)
    return {"channel": channel.id, "ts": message["ts"]}


async def chat_get_permalink(slack: Slack, args: Arguments) -> Body:
    channel = slack.workspace.own_channel(args.required("channel"))
    message = slack.workspace.message(channel, args.required("message_ts"))
    return {"channel": channel.id, "permalink": slack.permalink(channel, message)}


async def conversations_history(slack: Slack, args: Arguments) -> Body:
    channel = slack.workspace.own_channel(args.required("channel"))
    start, end = _window(args, channel.messages)
    size = min(_whole_number(args.get("limit") or DEFAULT_PAGE), LARGEST_PAGE)
    places = range(end - 1, start - 1, -1)
    found = list(islice((each for at in places if _is_listed(each := channel.messages[at])), size + 1))
    page, has_more = found[:size], len(found) > size
    return {
        "messages": [_as_listed(message, args.flag("include_all_metadata")) for message in page],
        "has_more": has_more,
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
        "response_metadata": {"next_cursor": _cursor(page[-1]["ts"]) if has_more else ""},
    }


async def users_lookup_by_email(slack: Slack, args: Arguments) -> Body:
    email = args.required("email").lower()
    for user in home.USERS.values():
        if user.email == email:
            return {"user": _as_profile(user)}
    raise SlackError("users_not_found")


async def reactions_add(slack: Slack, args: Arguments) -> Body:
    channel = slack.workspace.open_channel(args.required("channel"))
    name = args.required("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise SlackError("invalid_name")
    reactions = slack.workspace.message(channel, args.required("timestamp")).setdefault("reactions", [])
    if any(reaction["name"] == name for reaction in reactions):
        raise SlackError("already_reacted")
    reactions.append({"name": name, "users": [home.BOT_USER_ID], "count": 1})
    return {}


@dataclass(frozen=True)
class Method:
    run: Callable[[Slack, Arguments], Awaitable[Body]]
    scope: str | None = None


METHODS = {
    "auth.test": Method(auth_test),
    "chat.postMessage": Method(chat_post_message, "chat:write"),
    "chat.update": Method(chat_update, "chat:write"),
    "chat.delete": Method(chat_delete, "chat:write"),
    "chat.getPermalink": Method(chat_get_permalink),
    "conversations.history": Method(conversations_history, "channels:history"),
    "users.lookupByEmail": Method(users_lookup_by_email, "users:read.email"),
    "reactions.add": Method(reactions_add, "reactions:write"),
}


# ---- history


def _is_listed(message: Body) -> bool:
    """Neither deleted nor a reply in a thread."""
    return "deleted" not in message and message.get("thread_ts", message["ts"]) == message["ts"]


def _window(args: Arguments, messages: list[Body]) -> tuple[int, int]:
    """The places of the first message that the call asks for, and of the first after these: they stand by time."""
    oldest = _timestamp(args.get("oldest") or "0", "invalid_ts_oldest")
    latest = _timestamp(args.get("latest") or "inf", "invalid_ts_latest")
    is_inclusive = args.flag("inclusive")

    def place(ts: float, *, is_after: bool) -> int:
        return (bisect_right if is_after else bisect_left)(messages, ts, key=lambda message: float(message["ts"]))

    start, end = place(oldest, is_after=not is_inclusive), place(latest, is_after=is_inclusive)
    if args.get("cursor"):
        end = min(end, place(float(_ts_of(str(args["cursor"]))), is_after=False))
    return start, end


def _as_listed(message: Body, with_metadata: bool) -> Body:
    return {name: copy.deepcopy(value) for name, value in message.items() if with_metadata or name != "metadata"}


def _timestamp(value: Any, error: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as reason:
        raise SlackError(error) from reason


def _whole_number(value: Any) -> int:
    try:
        return max(1, int(value))
    except (TypeError, ValueError) as reason:
        raise SlackError("invalid_arguments") from reason


def _cursor(ts: str) -> str:
    return base64.b64encode(f"{_CURSOR_PREFIX}{ts}".encode()).decode()


def _ts_of(cursor: str) -> str:
    try:
        text = base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as reason:
        raise SlackError("invalid_cursor") from reason
    if not text.startswith(_CURSOR_PREFIX):
        raise SlackError("invalid_cursor")
    return text.removeprefix(_CURSOR_PREFIX)


def _as_profile(user: home.User) -> Body:
    return {
        "id": user.id,
        "team_id": home.TEAM_ID,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "is_bot": False,
        "is_app_user": False,
        "updated": 1_420_070_400,
        "profile": {
            "real_name": user.real_name,
            "real_name_normalized": user.real_name,
            "display_name": user.name,
            "display_name_normalized": user.name,
            "email": user.email,
            "team": home.TEAM_ID,
        },
    }
