"""Slack's channels with their messages, as the people in the workspace see them."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from aiohttp import web

from sandbox.pages.site import MOST_ROWS, Record, held, missing, render
from sandbox.pages.words import clock, day


async def show(request: web.Request) -> web.Response:
    """One channel: the one asked for, else the first."""
    channels = held(request, "slack").get("channels", [])
    wanted = request.match_info.get("channel") or (channels[0]["id"] if channels else "")
    channel = next((each for each in channels if each["id"] == wanted), None)
    if channel is None:
        return missing(request, "There is no such channel in the pretend Slack.")
    shown = [_message(each) for each in sorted(_said(channel), key=lambda each: each["ts"])[-MOST_ROWS:]]
    days = [(label, list(messages)) for label, messages in groupby(shown, key=lambda each: each["day"])]
    return render(request, "slack.html", channels=channels, channel=channel, days=days)


async def permalink(request: web.Request) -> web.Response:
    """Where a message's permalink leads."""
    channel, message = request.match_info["channel"], request.match_info["message"]
    raise web.HTTPFound(f"/see/slack/{channel}#{message}")


def _said(channel: Record) -> list[Record]:
    return [*channel["messages"], *({**each, "is_ephemeral": True} for each in channel["ephemeral"])]


def _message(message: Record) -> Record:
    at = float(message["ts"])
    attachments: list[Any] = message.get("attachments") or []
    return {
        **message,
        "anchor": f"p{message['ts'].replace('.', '')}",
        "at": clock(at),
        "day": day(at),
        "attachments": [each for each in attachments if isinstance(each, dict)],
    }


routes = [
    web.get("/see/slack", show),
    web.get("/see/slack/{channel}", show),
    web.get("/slack/archives/{channel}/{message:p\\d+}", permalink),
]
