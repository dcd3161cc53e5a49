"""What people type as a fact becomes a value of its kind, as a vendor's would be kept, so that the two can be compared:
"$20M" is 20000000, a profile's link its handle. What does not is refused with the remedy.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from signups.contracts import Subject
from signups.enrichment import kinds
from signups.enrichment.kinds import Kind, Shape
from signups.storable import storable

MOST_CHARACTERS: Final = 1_000
MOST_ITEMS: Final = 50
_SHORT: Final = 200
_SIZES: Final = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}
# Zero-width space, byte order mark, and the marks that reverse what follows.
_HIDDEN: Final = dict.fromkeys((0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


class Unfit(ValueError):
    """What was typed is no value of this fact. The message names the remedy."""


def read(subject: Subject, path: str, typed: str) -> Any:
    """What somebody typed as a value of this fact. Raises `Unfit`, naming the remedy."""
    of = kinds.kind(subject, path)
    if not typed.strip():
        raise Unfit("Write a value. To take back what staff said, use “Take back” instead.")
    if len(typed) > MOST_CHARACTERS * 10:
        raise Unfit(f"A fact takes {MOST_CHARACTERS:,} characters: shorten this one.")
    if of.shape == "list":
        items = [_one(of.of, of, line) for line in typed.splitlines() if line.strip()]
        if len(items) > MOST_ITEMS:
            raise Unfit(f"A list takes {MOST_ITEMS} items: leave out {len(items) - MOST_ITEMS}.")
        return list(dict.fromkeys(items))
    return _one(of.shape, of, typed)


def written(value: Any) -> str:
    """A value as `read` takes it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "\n".join(str(item) for item in value)
    return str(value)


def _one(shape: Shape, of: Kind, typed: str) -> Any:
    match shape:
        case "number" | "whole":
            return _number(of, typed, is_whole=shape == "whole")
        case "link":
            return _link(typed)
        case "domain":
            return _domain(typed)
        case "handle":
            return _name_on(of.network, typed)
        case "choice" | "yes_no":
            return _chosen(of, typed)
        case "moment":
            return _moment(of, typed)
    return _text(typed, MOST_CHARACTERS if shape == "long" else _SHORT)


def _text(typed: str, most: int) -> str:
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in typed.translate(_HIDDEN))
    text = " ".join(str(storable(shown)).split())
    if not text:
        raise Unfit("Write something that can be seen.")
    if len(text) > most:
        raise Unfit(f"This takes {most:,} characters: shorten it by {len(text) - most:,}.")
    return text


def _number(of: Kind, typed: str, *, is_whole: bool) -> int | float:
    found = re.fullmatch(r"\$?\s*(-?[\d,_ ]*\d(?:\.\d+)?)\s*(k|m|bn?)?", typed.strip().lower())
    if found is None:
        raise Unfit(f"“{typed.strip()[:40]}” is no number. {of.hint}")
    number = float(re.sub(r"[,_ ]", "", found[1])) * _SIZES[found[2] or ""]
    if not math.isfinite(number) or not of.least <= number <= of.most:
        raise Unfit(f"It must lie between {of.least:,.0f} and {of.most:,.0f}. {of.hint}")
    if is_whole and number != int(number):
        raise Unfit(f"It must be a whole number. {of.hint}")
    return int(number) if is_whole or number == int(number) else number


def _moment(of: Kind, typed: str) -> str:
    """A date, or a date with its time; a time of no zone is taken for UTC."""
    try:
        found = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise Unfit(f"“{typed.strip()[:40]}” is no date. {of.hint}") from None
    if len(typed.strip()) <= len("2026-11-24"):
        return found.date().isoformat()
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def _link(typed: str) -> str:
    url = typed.strip()
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    fits = parts.scheme.lower() in ("http", "https") and "." in host and "@" not in parts.netloc
    if not fits or len(url) > MOST_CHARACTERS or re.search(r"[\s\x00-\x1f\x7f<>\"]", url):
        raise Unfit(f"“{typed.strip()[:60]}” is no link. Write one such as https://example.com, without a password.")
    return url


def _domain(typed: str) -> str:
    host = re.split(r"[/?#:]", re.sub(r"^[a-z]+://", "", typed.strip().lower()))[0].rstrip(".").removeprefix("www.")
    if len(host) > 253 or not re.fullmatch(r"[\w-]{1,63}(\.[\w-]{1,63})+", host):
        raise Unfit(f"“{typed.strip()[:60]}” is no domain. Write it as example.com.")
    return host


def _name_on(network: str, typed: str) -> str:
    """A handle out of "ada", "@ada" or the profile's link; LinkedIn's and Crunchbase's have their kind before them."""
    _, _, default = network.partition(":")
    path = urlsplit(typed.strip()).path if "://" in typed else re.sub(r"^[\w.]+\.(com|org)/", "", typed.strip())
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    name = parts[1] if default and len(parts) > 1 else parts[0] if parts else ""
    before = f"{parts[0] if len(parts) > 1 else default}/" if default else ""
    name = name.removeprefix("@")
    if not re.fullmatch(r"[\w.&'’-]{1,100}", name) or not re.fullmatch(r"([a-z]{2,20}/)?", before):
        raise Unfit(f"“{typed.strip()[:60]}” is no name on a network. Write the name there or the profile’s link.")
    return f"{before}{name}"


def _chosen(of: Kind, typed: str) -> str | bool:
    name = re.sub(r"[\s-]+", "_", typed.strip().lower())
    if name not in of.choices:
        raise Unfit(f"“{typed.strip()[:40]}” is not on the list: {', '.join(of.choices).replace('_', ' ')}.")
    return name == "yes" if of.shape == "yes_no" else name
