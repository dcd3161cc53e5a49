"""The addresses Slack hands out: incoming webhooks, and the ``response_url`` of an interaction.

Both take JSON and answer in plain text, without the ``ts`` of what they posted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox import credentials
from sandbox.vendors.slack.arguments import content, has_words
from sandbox.vendors.slack.workspace import TEAM_ID, Channel, SlackError

if TYPE_CHECKING:
    from sandbox.vendors.slack import Slack

INCOMING = {
    f"{TEAM_ID}/B0HOOK{number}/sandboxhook{number}": channel_id
    for number, channel_id in enumerate(
        (credentials.SLACK_CHANNEL, credentials.SLACK_HIGH_VALUE_CHANNEL, credentials.SLACK_ARCHIVED_CHANNEL), 1
    )
}
"""Path below ``/services/`` → the channel the hook was made for."""

RESPONSE_USES = 5
RESPONSE_LIFE_S = 30 * 60

_STATUS = {"no_service": 404, "channel_not_found": 404, "channel_is_archived": 410, "expired_url": 404}


@dataclass
class ResponseUrl:
    """The right to answer one interaction, five times within thirty minutes."""

    channel_id: str
    message_ts: str | None
    made_at: float
    uses: int = 0


async def incoming(slack: Slack, request: web.Request) -> web.Response:
    """``POST /services/T…/B…/…``."""
    try:
        if (channel_id := INCOMING.get(request.match_info["hook"])) is None:
            raise SlackError("no_service")
        channel = slack.workspace.channel(channel_id)
        if channel.is_archived:
            raise SlackError("channel_is_archived")
        _add(slack, channel, await _payload(request))
    except SlackError as error:
        return refusal(error)
    return web.Response(text="ok")


async def response(slack: Slack, request: web.Request) -> web.Response:
    """``POST /actions/T…/…/…``."""
    try:
        answer = slack.response_urls.get(request.match_info["answer"])
        if answer is None or answer.uses >= RESPONSE_USES:
            raise SlackError("expired_url")
        if slack.world.now() - answer.made_at > RESPONSE_LIFE_S:
            raise SlackError("expired_url")
        _answer(slack, answer, await _payload(request))
        answer.uses += 1
    except SlackError as error:
        return refusal(error)
    return web.Response(text="ok")


def refusal(error: SlackError) -> web.Response:
    headers = {}
    if error.code == "ratelimited":
        headers["Retry-After"] = str(error.extra["retry_after"])
    return web.Response(status=429 if headers else _STATUS.get(error.code, 400), text=error.code, headers=headers)


async def _payload(request: web.Request) -> dict[str, Any]:
    """The message: JSON as the body, or in the form field ``payload``."""
    if request.content_type == "application/x-www-form-urlencoded":
        text = str((await request.post()).get("payload", ""))
    else:
        text = (await request.read()).decode("utf-8", "replace")
    try:
        payload = json.loads(text)
    except ValueError as reason:
        raise SlackError("invalid_payload") from reason
    if not isinstance(payload, dict):
        raise SlackError("invalid_payload")
    return payload


def _add(slack: Slack, channel: Channel, payload: dict[str, Any]) -> None:
    parts = content(payload, slack.is_image_there)
    if not has_words(parts):
        raise SlackError("no_text")
    slack.spend(channel)
    slack.workspace.add(channel, parts)


def _answer(slack: Slack, answer: ResponseUrl, payload: dict[str, Any]) -> None:
    channel = slack.workspace.channel(answer.channel_id)
    if payload.get("delete_original") and answer.message_ts:
        slack.workspace.remove(slack.workspace.message(channel, answer.message_ts))
        return
    parts = content(payload, slack.is_image_there)
    if not has_words(parts):
        raise SlackError("no_text")
    if payload.get("replace_original") and answer.message_ts:
        slack.workspace.change(slack.workspace.message(channel, answer.message_ts), parts)
    elif payload.get("response_type") == "in_channel":
        slack.workspace.add(channel, parts)
    else:
        slack.workspace.add_ephemeral(channel, parts)
