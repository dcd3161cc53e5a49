"""What people in the workspace do: press a button, type a slash command. Signed and sent as Slack would.

``POST /slack/_click`` and ``POST /slack/_command`` are this sandbox's own; Slack has no such routes.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from sandbox.credentials import SLACK_SIGNING_SECRET
from sandbox.faults import ControlError
from sandbox.vendors.slack import workspace as home
from sandbox.vendors.slack.hooks import ResponseUrl
from sandbox.vendors.slack.workspace import Channel, SlackError

if TYPE_CHECKING:
    from sandbox.vendors.slack import Slack

ACK_WITHIN_S = 3
LEGACY_TOKEN = "sandbox-verification-token"

Wish = dict[str, Any]


async def click(slack: Slack, request: web.Request) -> web.Response:
    """Press a button: {"channel", "ts", "action_id", "url"} and, if wanted, "user" (rob) and "age_s" (0).

    ``url`` is the app's interactivity URL. Answers {"acknowledged", "status", "body", "response_url"}.
    """
    wish = await _wish(request, "channel", "ts", "action_id", "url")
    try:
        channel = slack.workspace.channel(wish["channel"])
        message = slack.workspace.message(channel, wish["ts"])
    except SlackError as error:
        raise ControlError(f"no such message to click in: {error.code}") from error
    user, response_url = _user(wish), _response_url(slack, channel, message["ts"])
    payload = {
        "type": "block_actions",
        "api_app_id": home.APP_ID,
        "token": LEGACY_TOKEN,
        "trigger_id": _trigger_id(slack),
        "team": {"id": home.TEAM_ID, "domain": home.TEAM_DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": home.TEAM_ID},
        "channel": {"id": channel.id, "name": channel.name},
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel.id,
            "is_ephemeral": False,
        },
        "message": message,
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [_pressed(message, wish["action_id"])],
    }
    return await _send(wish, {"payload": json.dumps(payload)}, response_url)


async def command(slack: Slack, request: web.Request) -> web.Response:
    """Type a slash command: {"channel", "command", "url"} and, if wanted, "text", "user" and "age_s"."""
    wish = await _wish(request, "channel", "command", "url")
    try:
        channel = slack.workspace.channel(wish["channel"])
    except SlackError as error:
        raise ControlError(f"no such channel: {wish['channel']}") from error
    user, response_url = _user(wish), _response_url(slack, channel, None)
    form = {
        "token": LEGACY_TOKEN,
        "team_id": home.TEAM_ID,
        "team_domain": home.TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": wish["command"],
        "text": str(wish.get("text", "")),
        "api_app_id": home.APP_ID,
        "response_url": response_url,
        "trigger_id": _trigger_id(slack),
    }
    return await _send(wish, form, response_url)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Slack's v0 request signature."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    return f"v0={digest.hexdigest()}"


async def _wish(request: web.Request, *names: str) -> Wish:
    try:
        wish = json.loads(await request.read())
    except ValueError as error:
        raise ControlError(f"the body is not valid JSON: {error}") from error
    for name in names:
        if not isinstance(wish, dict) or not isinstance(wish.get(name), str):
            raise ControlError(f"{name} is missing; give an object with the strings {', '.join(names)}")
    if not wish["url"].startswith(("http://", "https://")):
        raise ControlError(f"url must start with http:// or https://, not {wish['url']!r}")
    return dict(wish)


def _user(wish: Wish) -> home.User:
    for user in home.USERS.values():
        if wish.get("user", "rob") in (user.id, user.name):
            return user
    raise ControlError(f"user must be one of {', '.join(user.name for user in home.USERS.values())}")


def _pressed(message: dict[str, Any], action_id: str) -> dict[str, Any]:
    for block in message.get("blocks", ()):
        for element in [*(block.get("elements") or ()), block.get("accessory") or {}]:
            if element.get("action_id") == action_id:
                kept = {name: element[name] for name in ("type", "text", "value", "style", "url") if name in element}
                now = f"{time.time():.6f}"
                return {"action_id": action_id, "block_id": block["block_id"], **kept, "action_ts": now}
    raise ControlError(f"the message has nothing with action_id {action_id!r}")


def _response_url(slack: Slack, channel: Channel, ts: str | None) -> str:
    path = f"{home.TEAM_ID}/{slack.world.rng.randrange(10**12)}/{slack.world.rng.getrandbits(120):x}"
    slack.response_urls[path] = ResponseUrl(channel.id, ts, slack.world.now())
    return f"{slack.world.base_url}/slack/actions/{path}"


def _trigger_id(slack: Slack) -> str:
    return f"{slack.world.rng.randrange(10**12)}.{slack.world.rng.randrange(10**12)}.sandbox"


async def _send(wish: Wish, form: dict[str, str], response_url: str) -> web.Response:
    """Post the signed form. The time stamp is real time, whatever ``/_clock`` says: the app's clock is real."""
    body = urlencode(form).encode()
    timestamp = int(time.time()) - int(wish.get("age_s", 0))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(timestamp),
        "X-Slack-Signature": signature(SLACK_SIGNING_SECRET, timestamp, body),
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }
    outcome: dict[str, Any] = {"acknowledged": False, "response_url": response_url}
    timeout = aiohttp.ClientTimeout(total=ACK_WITHIN_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(wish["url"], data=body, headers=headers, allow_redirects=False) as reply,
        ):
            outcome |= {"acknowledged": reply.status == 200, "status": reply.status, "body": await reply.text()}
    except (TimeoutError, aiohttp.ClientError) as error:
        outcome["error"] = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return web.json_response(outcome)
