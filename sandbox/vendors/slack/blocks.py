"""Block Kit as Slack accepts it in a message: every block and element with its fields and limits.

Sources: docs.slack.dev/reference/block-kit and the models of slack_sdk 3.47. ``check`` is the door; the rules
themselves are in ``rules.py``. What a block means or looks like is not decided here. Rich text is taken as it
comes below its first level, and ``call`` and ``auth_provider`` blocks, which apps of ours never send, are unknown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.vendors.slack.rules import (
    Report,
    Rule,
    anything,
    by_type,
    either,
    every,
    flag,
    image_url,
    items,
    number,
    one_of,
    shape,
    string,
    union,
    url,
)

MAX_BLOCKS = 50
MAX_MARKDOWN_CHARS = 12_000
"""All markdown blocks of one message together."""
MAX_BLOCKS_JSON_CHARS = 13_200
"""Undocumented; where ``msg_blocks_too_long`` was observed."""


def check(blocks: Any, is_image_there: Callable[[str], bool]) -> list[str]:
    """What Slack would object to in the ``blocks`` of a message, each with its JSON pointer; [] for nothing."""
    report = Report(is_image_there)
    items(_BLOCK, MAX_BLOCKS, least=0)(blocks, "/blocks", report)
    if not report.problems:
        _check_whole(blocks, report)
    return report.problems


def are_too_long(blocks: Any) -> bool:
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > MAX_BLOCKS_JSON_CHARS


def _check_whole(blocks: list[dict[str, Any]], report: Report) -> None:
    """The limits that no block can break alone."""
    kinds = Counter(block["type"] for block in blocks)
    if kinds["table"] > 1:
        report.add("only one table block is allowed", "/blocks")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MAX_MARKDOWN_CHARS:
        report.add(f"markdown blocks must be less than {MAX_MARKDOWN_CHARS + 1} characters in all", "/blocks")
    _check_unique("block_id", {f"/blocks/{n}": block for n, block in enumerate(blocks)}, report)
    for n, block in enumerate(blocks):
        elements = block.get("elements") if block["type"] in ("actions", "context_actions") else None
        where = {f"/blocks/{n}/elements/{m}": element for m, element in enumerate(elements or [])}
        _check_unique("action_id", where, report)


def _check_unique(key: str, holders: Mapping[str, dict[str, Any]], report: Report) -> None:
    seen = set()
    for pointer, holder in holders.items():
        if (value := holder.get(key)) is None:
            continue
        if value in seen:
            report.add(f'`{key}` "{value}" already exists', f"{pointer}/{key}")
        seen.add(value)


# ---- composition objects


def _plain(most: int) -> Rule:
    return shape({"type": one_of("plain_text"), "text": string(most)}, {"emoji": flag})


def _text(most: int) -> Rule:
    mrkdwn = shape({"type": anything, "text": string(most)}, {"verbatim": flag})
    return union(by_type({"plain_text": _plain(most), "mrkdwn": mrkdwn}))


def _kind(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return shape({"type": anything, **required}, optional)


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    return _kind(required, {"block_id": string(255, least=0), **(optional or {})})


_ID = string(255)
_STYLE = one_of("primary", "danger")
_CONFIRM = shape(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)}, {"style": _STYLE}
)
_OPTION_FIELDS = {"text": _text(75), "value": string(150)}
_OPTION = shape(_OPTION_FIELDS, {"description": _text(75)})
_OPTION_WITH_URL = shape(_OPTION_FIELDS, {"description": _text(75), "url": url(3000)})
_OPTION_GROUP = shape({"label": _plain(75), "options": items(_OPTION, 100)})
_SLACK_FILE = every(shape({}, {"id": anything, "url": anything}), either("id", "url"))

# ---- elements

_SELECT = {"action_id": _ID, "placeholder": _plain(150), "confirm": _CONFIRM, "focus_on_load": flag}
_MULTI = {**_SELECT, "max_selected_items": number}
_CHOICES = {"options": items(_OPTION, 100), "option_groups": items(_OPTION_GROUP, 100)}
_TICKS = {"action_id": _ID, "confirm": _CONFIRM, "focus_on_load": flag}
_INPUT = {
    "action_id": _ID,
    "placeholder": _plain(150),
    "initial_value": anything,
    "dispatch_action_config": anything,
    "focus_on_load": flag,
}

_IMAGE = every(
    _kind({"alt_text": string(2000)}, {"image_url": image_url, "slack_file": _SLACK_FILE}),
    either("image_url", "slack_file"),
)
_BUTTON = _kind(
    {"text": _plain(75)},
    {
        "action_id": _ID,
        "url": url(3000),
        "value": string(2000, least=0),
        "style": _STYLE,
        "confirm": _CONFIRM,
        "accessibility_label": string(75),
        "agent_prompt": string(4000),
        "agent_prompt_display": anything,
        "visible_to_user_ids": anything,
    },
)
_FEEDBACK_BUTTON = shape(
    {"text": _plain(75), "value": string(2000)}, {"accessibility_label": string(75), "type": anything}
)
_STATIC_SELECT = every(
    _kind({}, {**_SELECT, **_CHOICES, "initial_option": anything}), either("options", "option_groups")
)
_MULTI_STATIC_SELECT = every(
    _kind({}, {**_MULTI, **_CHOICES, "initial_options": anything}), either("options", "option_groups")
)
_CONVERSATIONS = {"default_to_current_conversation": flag, "filter": anything}

_PICKERS: dict[str, Rule] = {
    "static_select": _STATIC_SELECT,
    "external_select": _kind({}, {**_SELECT, "initial_option": anything, "min_query_length": number}),
    "users_select": _kind({}, {**_SELECT, "initial_user": anything}),
    "conversations_select": _kind(
        {}, {**_SELECT, **_CONVERSATIONS, "initial_conversation": anything, "response_url_enabled": flag}
    ),
    "channels_select": _kind({}, {**_SELECT, "initial_channel": anything, "response_url_enabled": flag}),
    "multi_static_select": _MULTI_STATIC_SELECT,
    "multi_external_select": _kind({}, {**_MULTI, "initial_options": anything, "min_query_length": number}),
    "multi_users_select": _kind({}, {**_MULTI, "initial_users": anything}),
    "multi_conversations_select": _kind({}, {**_MULTI, **_CONVERSATIONS, "initial_conversations": anything}),
    "multi_channels_select": _kind({}, {**_MULTI, "initial_channels": anything}),
    "checkboxes": _kind({"options": items(_OPTION, 10)}, {**_TICKS, "initial_options": anything}),
    "radio_buttons": _kind({"options": items(_OPTION, 10)}, {**_TICKS, "initial_option": anything}),
    "datepicker": _kind({}, {**_SELECT, "initial_date": anything}),
    "timepicker": _kind({}, {**_SELECT, "initial_time": anything, "timezone": anything}),
    "datetimepicker": _kind({}, {**_TICKS, "initial_date_time": number}),
}
_ACTIONS: dict[str, Rule] = {
    **_PICKERS,
    "button": _BUTTON,
    "overflow": _kind({"options": items(_OPTION_WITH_URL, 5)}, {"action_id": _ID, "confirm": _CONFIRM}),
    "workflow_button": _kind(
        {"text": _plain(75), "workflow": anything},
        {"action_id": _ID, "style": _STYLE, "accessibility_label": string(75)},
    ),
}
_CONTEXT: dict[str, Rule] = {
    "image": _IMAGE,
    "plain_text": _plain(3000),
    "mrkdwn": _kind({"text": string(3000)}, {"verbatim": flag}),
}
_CONTEXT_ACTIONS: dict[str, Rule] = {
    "feedback_buttons": _kind(
        {"positive_button": _FEEDBACK_BUTTON, "negative_button": _FEEDBACK_BUTTON}, {"action_id": _ID}
    ),
    "icon_button": _kind(
        {"icon": anything, "text": _plain(75)},
        {
            "action_id": _ID,
            "value": string(2000),
            "confirm": _CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": anything,
        },
    ),
}
_INPUTS: dict[str, Rule] = {
    **_PICKERS,
    "plain_text_input": _kind({}, {**_INPUT, "multiline": flag, "min_length": number, "max_length": number}),
    "email_text_input": _kind({}, _INPUT),
    "url_text_input": _kind({}, _INPUT),
    "number_input": _kind({"is_decimal_allowed": flag}, {**_INPUT, "min_value": anything, "max_value": anything}),
    "rich_text_input": _kind({}, {**_INPUT, "min_lines": number, "max_lines": number}),
    "file_input": _kind({}, {"action_id": _ID, "filetypes": anything, "max_files": number}),
}
_RICH_TEXT_PART = _kind({"elements": items(anything, 10_000, least=0)}, dict.fromkeys(
    ("style", "indent", "offset", "border"), anything
))  # fmt: skip
_RICH_TEXT_PARTS = dict.fromkeys(
    ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"), _RICH_TEXT_PART
)
_CELL = by_type(
    {
        "raw_text": _kind({"text": string(3000, least=0)}),
        "raw_number": _kind({"value": number}, {"text": string(3000, least=0)}),
        "rich_text": _kind({"elements": anything}),
    }
)

# ---- blocks

_CARD_FIELDS = {
    "hero_image": _IMAGE,
    "icon": _IMAGE,
    "title": _text(150),
    "subtitle": _text(150),
    "body": _text(200),
    "actions": items(by_type(_ACTIONS), 25),
}
_CARD = _block({}, _CARD_FIELDS)
_TASK_CARD = _block(
    {"task_id": string(255), "title": string(3000), "status": one_of("pending", "in_progress", "complete", "error")},
    {"details": anything, "output": anything, "sources": anything},
)

_MESSAGE_BLOCKS: dict[str, Rule] = {
    "section": every(
        _block(
            {},
            {
                "text": _text(3000),
                "fields": items(_text(2000), 10),
                "accessory": by_type({**_ACTIONS, "image": _IMAGE}),
                "expand": flag,
            },
        ),
        either("text", "fields"),
    ),
    "divider": _block({}),
    "header": _block({"text": _plain(150)}),
    "image": every(
        _block(
            {"alt_text": string(2000)},
            {"image_url": image_url, "slack_file": _SLACK_FILE, "title": _plain(2000)},
        ),
        either("image_url", "slack_file"),
    ),
    "context": _block({"elements": items(by_type(_CONTEXT), 10)}),
    "context_actions": _block({"elements": items(by_type(_CONTEXT_ACTIONS), 5)}),
    "actions": _block({"elements": items(by_type(_ACTIONS), 25)}),
    "input": _block(
        {"label": _plain(2000), "element": by_type(_INPUTS)},
        {"hint": _plain(2000), "dispatch_action": flag, "optional": flag},
    ),
    "markdown": _block({"text": string(MAX_MARKDOWN_CHARS)}),
    "video": _block(
        {
            "alt_text": string(2000),
            "title": _plain(199),
            "video_url": url(3000),
            "thumbnail_url": image_url,
        },
        {
            "title_url": url(3000),
            "description": _plain(200),
            "author_name": string(50),
            "provider_name": string(50),
            "provider_icon_url": image_url,
        },
    ),
    "table": _block({"rows": items(items(_CELL, 20), 100)}, {"column_settings": items(anything, 20)}),
    "rich_text": _block({"elements": items(by_type(_RICH_TEXT_PARTS), 10_000)}),
    "file": _block({"external_id": string(255), "source": one_of("remote")}),
    "card": every(_CARD, either("hero_image", "title", "actions", "body")),
    "carousel": _block({"elements": items(by_type({"card": _CARD}), 10)}),
    "task_card": _TASK_CARD,
    "plan": _block({"title": string(3000)}, {"tasks": items(anything, MAX_BLOCKS, least=0)}),
    "alert": _block({"text": _text(200)}, {"level": one_of("default", "info", "warning", "error", "success")}),
}
_BLOCK = by_type(_MESSAGE_BLOCKS)
