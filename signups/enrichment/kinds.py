"""Which facts there are, what kind of value each has, and how what people type becomes one.

The facts are Clearbit's attributes of a person and of a company; what vendors write is read by the vendors' own files.
A value is kept as a vendor's would be, so that the two can be compared: "$20M" as 20000000, a profile's link as its
handle.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

from signups.contracts import Subject
from signups.storable import storable

MOST_CHARACTERS: Final = 1_000
MOST_ITEMS: Final = 50
_SHORT: Final = 200
_SIZES: Final = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}
# Zero-width space, byte order mark, and the marks that reverse what follows.
_HIDDEN: Final = dict.fromkeys((0x200B, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))

Shape = Literal["text", "long", "number", "whole", "link", "domain", "handle", "choice", "yes_no", "moment", "list"]


class Unfit(ValueError):
    """What was typed is no value of this fact. The message names the remedy."""


@dataclass(frozen=True)
class Kind:
    """One kind of value. `least` and `most` bound numbers; `of` is the kind of a list's items; `network` a handle's."""

    shape: Shape
    hint: str
    least: float = 0
    most: float = 10**12
    choices: tuple[str, ...] = ()
    of: Shape = "text"
    network: str = ""


_TEXT: Final = Kind("text", "A line of text.")
_LONG: Final = Kind("long", "A few sentences.")
_LINK: Final = Kind("link", "A link, such as https://example.com/about.")
_DOMAIN: Final = Kind("domain", "A domain, such as example.com.")
_COUNT: Final = Kind("whole", "A whole number, such as 1,200.")
_MONEY: Final = Kind("whole", "US dollars, such as 20,000,000 or $20M.", most=10**15)
_LIST: Final = Kind("list", "One a line.")
_LINKS: Final = Kind("list", "Links, one a line.", of="link")
_MOMENT: Final = Kind("moment", "A date, such as 2026-11-24, or with its time, such as 2026-11-24T09:30Z.")
_DOMAINS: Final = Kind("list", "Domains, one a line.", of="domain")
_YES_NO: Final = Kind("yes_no", "Yes or no.", choices=("yes", "no"))


def _choice(names: str) -> Kind:
    return Kind("choice", "One of the list.", choices=tuple(names.split()))


def _handle(network: str, example: str) -> Kind:
    return Kind("handle", f"The name there, such as {example}, or the link of the profile.", network=network)


_PLACE: Final = {
    "location": _TEXT,
    "timeZone": Kind("text", "The name of a time zone, such as Europe/Dublin."),
    "utcOffset": Kind("number", "Hours from UTC, such as -7 or 5.5.", -14, 14),
    "geo.city": _TEXT,
    "geo.state": _TEXT,
    "geo.stateCode": _TEXT,
    "geo.country": _TEXT,
    "geo.countryCode": Kind("text", "Two letters, such as IE."),
    "geo.lat": Kind("number", "Degrees of latitude, from -90 to 90.", -90, 90),
    "geo.lng": Kind("number", "Degrees of longitude, from -180 to 180.", -180, 180),
}
_TWITTER: Final = {
    "twitter.handle": _handle("twitter", "adabyrne"),
    "twitter.id": _TEXT,
    "twitter.bio": _LONG,
    "twitter.followers": _COUNT,
    "twitter.following": _COUNT,
    "twitter.location": _TEXT,
    "twitter.statuses": _COUNT,
    "twitter.favorites": _COUNT,
    "twitter.site": _LINK,
    "twitter.avatar": _LINK,
}
PERSON: Final[Mapping[str, Kind]] = {
    "name.fullName": _TEXT,
    "name.givenName": _TEXT,
    "name.familyName": _TEXT,
    "employment.title": _TEXT,
    "employment.name": _TEXT,
    "employment.domain": _DOMAIN,
    "employment.role": _choice(
        "ceo communications consulting customer_service education engineering finance founder health_professional"
        " human_resources information_technology legal marketing operations owner president product public_relations"
        " real_estate recruiting research sales"
    ),
    "employment.subRole": _TEXT,
    "employment.seniority": _choice("executive director manager"),
    **_PLACE,
    "bio": _LONG,
    "site": _LINK,
    "avatar": _LINK,
    "phone": _TEXT,
    "linkedin.handle": _handle("linkedin:in", "in/adabyrne"),
    "github.handle": _handle("github", "adabyrne"),
    "github.id": _TEXT,
    "github.avatar": _LINK,
    "github.company": _TEXT,
    "github.blog": _LINK,
    "github.followers": _COUNT,
    "github.following": _COUNT,
    **_TWITTER,
    "gravatar.handle": _handle("gravatar", "adabyrne"),
    "gravatar.urls": _LINKS,
    "gravatar.avatar": _LINK,
    "gravatar.avatars": _LINKS,
    "facebook.handle": _handle("facebook", "adabyrne"),
    "emailProvider": _YES_NO,
    "fuzzy": _YES_NO,
    "activeAt": _MOMENT,
    "inactiveAt": _MOMENT,
}
COMPANY: Final[Mapping[str, Kind]] = {
    "name": _TEXT,
    "legalName": _TEXT,
    "domain": _DOMAIN,
    "domainAliases": _DOMAINS,
    "url": _LINK,
    "description": _LONG,
    "category.industry": _TEXT,
    "category.industryGroup": _TEXT,
    "category.subIndustry": _TEXT,
    "category.sector": _TEXT,
    "category.gicsCode": _TEXT,
    "category.sicCode": _TEXT,
    "category.sic4Codes": _LIST,
    "category.naicsCode": _TEXT,
    "category.naics6Codes": _LIST,
    "category.naics6Codes2022": _LIST,
    "tags": _LIST,
    "tech": _LIST,
    "techCategories": _LIST,
    "type": _choice("private public education government nonprofit personal"),
    "foundedYear": Kind("whole", "A year, such as 2014.", 800, 2100),
    "metrics.employees": _COUNT,
    "metrics.employeesRange": Kind("text", "From and to, such as 51-250."),
    "metrics.raised": _MONEY,
    "metrics.annualRevenue": _MONEY,
    "metrics.estimatedAnnualRevenue": Kind("text", "From and to, such as $10M-$50M."),
    "metrics.marketCap": _MONEY,
    "metrics.trafficRank": _TEXT,
    "metrics.alexaUsRank": _COUNT,
    "metrics.alexaGlobalRank": _COUNT,
    "metrics.fiscalYearEnd": Kind("text", "The month, as a number: 12 is December."),
    "ticker": _TEXT,
    "identifiers.usEIN": _TEXT,
    **_PLACE,
    "geo.streetAddress": _TEXT,
    "geo.streetNumber": _TEXT,
    "geo.streetName": _TEXT,
    "geo.subPremise": _TEXT,
    "geo.postalCode": _TEXT,
    "phone": _TEXT,
    "site.phoneNumbers": _LIST,
    "site.emailAddresses": _LIST,
    "logo": _LINK,
    "linkedin.handle": _handle("linkedin:company", "company/acme"),
    **_TWITTER,
    "facebook.handle": _handle("facebook", "acme"),
    "facebook.likes": _COUNT,
    "crunchbase.handle": _handle("crunchbase:organization", "organization/acme"),
    "emailProvider": _YES_NO,
    "parent.domain": _DOMAIN,
    "ultimateParent.domain": _DOMAIN,
}
BY_SUBJECT: Final[Mapping[Subject, Mapping[str, Kind]]] = {Subject.PERSON: PERSON, Subject.COMPANY: COMPANY}


def kind(subject: Subject, path: str) -> Kind:
    """The kind of a fact's value; a line of text for one that no list of ours names."""
    return BY_SUBJECT[subject].get(path, _TEXT)


def read(subject: Subject, path: str, typed: str) -> Any:
    """What somebody typed as a value of this fact. Raises `Unfit`, naming the remedy."""
    of = kind(subject, path)
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


def typed(value: Any) -> str:
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
