"""What people type as a fact becomes a value of its kind, as a vendor's would be kept, so that the two can be compared:
"$20M" is 20000000, a profile's link its handle. What does not is refused with the remedy.
"""

from __future__ import annotations

import math
import re
import unicodedata
import zoneinfo
from datetime import UTC, datetime
from functools import cache
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
        # A link may hold a comma; anything else ends there.
        parts = typed.splitlines() if of.of == "link" else re.split(r"[,\r\n]", typed)
        items = [_one(of.of, of, part) for part in parts if part.strip()]
        if not items:
            raise Unfit("Write at least one. To take back what staff said, use “Take back” instead.")
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
            return _name_on(of, typed)
        case "choice" | "yes_no":
            return _chosen(of, typed)
        case "moment":
            return _moment(of, typed)
        case "time_zone":
            return _time_zone(typed)
        case "country":
            return _country(typed)
        case "phone":
            return _phone(typed)
        case "address":
            return _address(typed)
    return _text(typed, MOST_CHARACTERS if shape == "long" else _SHORT)


def _text(typed: str, most: int) -> str:
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in typed.translate(_HIDDEN))
    text = " ".join(str(storable(shown)).split())
    if not text:
        raise Unfit("Write something that can be seen.")
    if len(text) > most:
        raise Unfit(f"This takes {most:,} characters: shorten it by {len(text) - most:,}.")
    return text


def unambiguous(typed: str) -> float | None:
    """A number that can be read in one way, None for what is none. Raises `Unfit` where there are two."""
    plain = typed.strip().lower().replace("\N{MINUS SIGN}", "-")
    found = re.fullmatch(r"\$?\s*\+?(-?[\d,_ ]*\d(?:\.\d+)?)\s*(k|m|bn?)?", plain)
    if found is None:
        return None
    digits, _, fraction = found[1].lstrip("-").partition(".")
    if not re.fullmatch(r"\d+|\d{1,3}([,_ ]\d{3})+", digits):  # "1,2" is 1.2 to some, and 12 by a slip to others
        plain = re.sub(r"[,_ ]", "", found[1])
        as_fraction = "" if fraction or digits.count(",") != 1 else found[1].replace(",", ".")
        remedy = f"{as_fraction} if it is a fraction, {plain} if not" if as_fraction else plain
        raise Unfit(f"“{typed.strip()[:40]}” can be read in two ways. Write {remedy}; thousands as in 1,200.")
    return float(re.sub(r"[,_ ]", "", found[1])) * _SIZES[found[2] or ""]


def _number(of: Kind, typed: str, *, is_whole: bool) -> int | float:
    number = unambiguous(typed)
    if number is None:
        raise Unfit(f"“{typed.strip()[:40]}” is no number. {of.hint}")
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


def _name_on(of: Kind, typed: str) -> str:
    """A handle out of "ada", "@ada" or the profile's link; LinkedIn's and Crunchbase's have their kind before them."""
    network, shown = kinds.NETWORKS[of.network], typed.strip()[:60]
    path = _path_on(network, typed.strip(), of.hint)
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    if of.before and len(parts) < 2:
        parts = [of.before[0], *parts]
    if of.before and parts[0] not in of.before:
        known = " or ".join(f"{one}/" for one in of.before)
        raise Unfit(f"“{shown}” is another kind of profile: a name on {network.title} starts with {known} here.")
    name = (parts[len(of.before[:1]) :] or [""])[0].removeprefix("@")
    if not re.fullmatch(network.name, name) or name.lower() in (*network.hosts, *network.pages):
        raise Unfit(f"“{shown}” is no name on {network.title}. {of.hint}")
    return f"{parts[0]}/{name}" if of.before else name


def _path_on(network: kinds.Network, typed: str, hint: str) -> str:
    """What follows the host of a link, which must be one of the network's; what is no link, as it is."""
    first = typed.partition("/")[0].lower()
    if "://" not in typed and not ("/" in typed and "." in first):
        return typed
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise Unfit(f"“{typed[:60]}” is no link of a profile. {hint}")
    if not any(host == one or host.endswith(f".{one}") for one in network.hosts):
        raise Unfit(f"“{typed[:60]}” leads to {host[:60]}, not to {network.title}. {hint}")
    return parts.path


def _time_zone(typed: str) -> str:
    """A name of the IANA database, in its own letters."""
    name = _time_zones().get(typed.strip().lower().replace(" ", "_"))
    if name is None:
        raise Unfit(f"“{typed.strip()[:40]}” is no time zone. Write its name, such as Europe/Dublin or UTC.")
    return name


@cache
def _time_zones() -> dict[str, str]:
    """Every name by its lower case; "localtime" is a link of some systems to whatever zone they are in."""
    return {name.lower(): name for name in zoneinfo.available_timezones() - {"localtime", "Factory"}}


def _country(typed: str) -> str:
    code = typed.strip().upper()
    if code not in kinds.COUNTRIES:
        remedy = "The United Kingdom is GB." if code == "UK" else "Write the two letters of ISO 3166-1, such as IE."
        raise Unfit(f"“{typed.strip()[:40]}” is no country’s code. {remedy}")
    return code


def _phone(typed: str) -> str:
    number = _text(typed, _SHORT)
    if sum(character.isdigit() for character in number) < 5:
        raise Unfit(
            f"“{number[:40]}” is no phone number: it has fewer than 5 digits. Write one such as +353 1 234 5678."
        )
    return number


def _address(typed: str) -> str:
    address = _text(typed, _SHORT)
    if not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", address):
        raise Unfit(f"“{address[:60]}” is no e-mail address. Write it as info@example.com.")
    return address


def _chosen(of: Kind, typed: str) -> str | bool:
    name = re.sub(r"[\s-]+", "_", typed.strip().lower())
    if name not in of.choices:
        raise Unfit(f"“{typed.strip()[:40]}” is not on the list: {', '.join(of.choices).replace('_', ' ')}.")
    return name == "yes" if of.shape == "yes_no" else name
