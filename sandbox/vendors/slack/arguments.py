"""Reading a call's arguments: from the query, a form or JSON, and into the types the methods expect.

Multipart forms, which Slack takes too, are left out: only file uploads need them, and we upload none.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.vendors.slack import blocks as block_kit
from sandbox.vendors.slack.workspace import SlackError

MAX_ATTACHMENTS = 100
MAX_MARKDOWN_CHARS = 12_000
MAX_METADATA_BYTES = 16 * 1024
"""From memory: the documentation names the error, not the size."""


class Arguments(dict[str, Any]):
    """The arguments of one call, and what Slack will warn about in its reply."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def required(self, name: str) -> str:
        value = self.get(name)
        if value is None or value == "":
            raise SlackError("invalid_arguments", response_metadata=_messages([f"missing required field: {name}"]))
        return str(value)

    def flag(self, name: str) -> bool:
        return str(self.get(name, "")).lower() in ("1", "true")


async def read(request: web.Request) -> Arguments:
    """The call's arguments. Raises SlackError when the body cannot be read."""
    arguments = Arguments()
    arguments.update(request.query)
    if request.method != "POST" or not await request.read():
        return arguments
    if "Content-Type" not in request.headers:
        raise SlackError("missing_post_type")
    if request.content_type == "application/json":
        if request.charset is None:
            arguments.warnings.append("missing_charset")
        elif request.charset.lower() not in ("utf-8", "iso-8859-1"):
            raise SlackError("invalid_charset")
        arguments.update(await _json_object(request))
    elif request.content_type == "application/x-www-form-urlencoded":
        arguments.update(await _form(request))
    else:
        raise SlackError("invalid_post_type")
    return arguments


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.read())
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


async def _form(request: web.Request) -> dict[str, Any]:
    try:
        return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except ValueError as error:
        raise SlackError("invalid_form_data") from error


def content(arguments: dict[str, Any], is_image_there: Callable[[str], bool]) -> dict[str, Any]:
    """What a message is made of, checked: text, blocks, attachments, metadata, as far as given.

    Raises SlackError with the reason and, for blocks, a JSON pointer to each fault.
    """
    parts: dict[str, Any] = {}
    if arguments.get("text"):
        parts["text"] = str(arguments["text"])
    if (blocks := _decoded(arguments, "blocks", "invalid_blocks_format")) is not None:
        parts["blocks"] = _checked_blocks(blocks, is_image_there)
    if (attachments := _decoded(arguments, "attachments", "invalid_attachments")) is not None:
        parts["attachments"] = _numbered(attachments)
    if (metadata := _decoded(arguments, "metadata", "invalid_metadata_format")) is not None:
        parts["metadata"] = _checked_metadata(metadata)
    if arguments.get("markdown_text"):
        parts |= _markdown(str(arguments["markdown_text"]), parts)
    return parts


def has_words(parts: dict[str, Any]) -> bool:
    return any(parts.get(name) for name in ("text", "blocks", "attachments"))


def _decoded(arguments: dict[str, Any], name: str, error: str) -> Any:
    """The value, from JSON where it came as a string; None where it was not given."""
    value = arguments.get(name)
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError as reason:
        raise SlackError(error) from reason


def _checked_blocks(blocks: Any, is_image_there: Callable[[str], bool]) -> list[dict[str, Any]]:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    if problems := block_kit.check(blocks, is_image_there):
        raise SlackError("invalid_blocks", errors=problems, response_metadata=_messages(problems))
    if block_kit.are_too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return blocks


def _messages(problems: list[str]) -> dict[str, list[str]]:
    return {"messages": [f"[ERROR] {problem}" for problem in problems]}


def _numbered(attachments: Any) -> list[dict[str, Any]]:
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return [{"id": number, **item} for number, item in enumerate(attachments, start=1)]


def _checked_metadata(metadata: Any) -> dict[str, Any]:
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not metadata:  # an empty object takes the metadata of a message away
        return metadata
    event_type, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not (isinstance(event_type, str) and event_type and isinstance(payload, dict)):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > MAX_METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


def _markdown(text: str, parts: dict[str, Any]) -> dict[str, Any]:
    if "text" in parts or "blocks" in parts:
        raise SlackError("markdown_text_conflict")
    if len(text) > MAX_MARKDOWN_CHARS:
        raise SlackError("msg_too_long")
    return {"text": text, "blocks": [{"type": "markdown", "text": text}]}
