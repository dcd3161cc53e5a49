"""How values are worded for people: times, amounts, JSON values, initials. Template filters, all of them."""

from __future__ import annotations

import json
import re
import zlib
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

MOST_JSON_CHARS = 8_000
_EPOCH_NAME = re.compile(r"(_at|_time|timestamp)$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.+Z-]*")
_LINK = re.compile(r"https?://[^\s<>\"]+")


def clock(moment: object) -> Markup | str:
    """A time by this machine's clock, from epoch seconds or ISO 8601 text; the day too where it is not today."""
    try:
        at = _moment(moment).astimezone()
    except (ValueError, OverflowError, OSError):
        return str(moment or "")
    is_today = at.date() == datetime.now(at.tzinfo).date()
    text = at.strftime("%H:%M:%S") if is_today else f"{at.day} {at.strftime('%b %Y, %H:%M')}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), at.strftime("%A %d %B %Y, %H:%M:%S %Z"), text
    )


def _moment(moment: object) -> datetime:
    if isinstance(moment, str) and "-" in moment:
        return datetime.fromisoformat(moment)
    return datetime.fromtimestamp(float(str(moment)), UTC)


def day(at: float) -> str:
    """ "Tuesday 24 November", from epoch seconds."""
    moment = datetime.fromtimestamp(at, UTC).astimezone()
    return f"{moment.strftime('%A')} {moment.day} {moment.strftime('%B')}"


def shown(value: object, name: str = "") -> Markup | str:
    """A JSON value as a person would write it. ``name``: its field's, for "created_at" is a moment."""
    if value is None or value == "":
        return Markup('<span class="none">none</span>')
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return (
            clock(value) if _EPOCH_NAME.search(name) and value > 1e9 else f"{value:,}" if value >= 1e4 else f"{value}"
        )
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return clock(value)
    if isinstance(value, str):
        return Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(value) if _LINK.fullmatch(value) else value
    if isinstance(value, list):
        return Markup(", ").join(shown(item) for item in value)
    if isinstance(value, dict):
        return Markup(", ").join(Markup("{} {}").format(key, shown(item, str(key))) for key, item in value.items())
    return str(value)


def pretty(value: object) -> str:
    """JSON with indents, or the text itself; cut where it is very long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return text if len(text) <= MOST_JSON_CHARS else f"{text[:MOST_JSON_CHARS]}\n… and {len(text):,} characters in all"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 message", "2 messages", "no messages"."""
    if number == 1:
        return f"1 {one}"
    return f"{f'{number:,}' if number else 'no'} {many or one + 's'}"


def initials(name: object) -> str:
    """At most two letters to stand for a picture."""
    found = re.findall(r"[^\W\d_]+", str(name or ""))
    return "".join(word[0] for word in (found[:1] + found[-1:] if len(found) > 1 else found)).upper() or "?"


def hue(name: object) -> int:
    """One of twelve colours, always the same for the same name."""
    return zlib.crc32(str(name).encode()) % 12


def money(dollars: Any) -> str:
    """ "$20M"."""
    if not isinstance(dollars, int | float):
        return ""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if dollars >= size:
            return f"${dollars / size:.3g}{letter}"
    return f"${dollars:g}"
