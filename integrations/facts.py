"""How a provider's words become facts: one table per subject, each attribute with the way its value is read.

The attributes and enums are those of Clearbit's person and company objects, whoever the provider is; a provider's file
only says where it keeps each. What cannot be read as it should is left out and logged, never raised: one odd field does
not cost the others. What is read is safe to store and to show: no control characters, http(s) links only, bounded
lengths. Escaping is left to whoever shows it.

Missing on purpose: `email` (what was asked for), `googleplus` and `klout` (closed), `indexedAt` and `id` (the
provider's own business), and the pictures of Clearbit's logo service (closed in December 2025: dead links).
"""

from __future__ import annotations

import hashlib
import logging
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from requests.utils import requote_uri

from signups.contracts import Facts

logger = logging.getLogger(__name__)

Reader = Callable[[Any], Any]  # the value, clean, or None where it cannot be read

_SHORT, _LONG = 200, 1_000  # characters
_MOST_ITEMS = 50
# C0 and C1 controls, bidirectional overrides, lone surrogates and noncharacters.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")
_DEAD_IMAGE_HOSTS = frozenset({"logo.clearbit.com"})

ROLES = frozenset(
    "ceo communications consulting customer_service education engineering finance founder health_professional "
    "human_resources information_technology legal marketing operations owner president product public_relations "
    "real_estate recruiting research sales".split()
)
SENIORITIES = frozenset({"executive", "director", "manager"})
COMPANY_TYPES = frozenset({"private", "public", "education", "government", "nonprofit", "personal"})


def read(provider: str, table: Mapping[str, Reader], said: Mapping[str, Any]) -> Facts:
    """The facts in what a provider said, `path → raw value`; only paths of `table`, only what is known and readable."""
    facts: Facts = {}
    for path, value in said.items():
        if value is None or value in ("", [], {}):
            continue
        fact = table[path](value)
        if fact is None or fact in ("", []):
            shown = repr(value)[:60] if path in _ENUMS else f"a {type(value).__name__}"  # no personal data in logs
            logger.info("%s: %s cannot be read (%s)", provider, path, shown)
            continue
        facts[path] = fact
    return facts


def read_clearbit(provider: str, table: Mapping[str, Reader], body: Any) -> Facts:
    """The facts in a body that has them where Clearbit's objects do."""
    return read(provider, table, {path: dig(body, path) for path in table})


def taken(paths: Mapping[str, str], body: Any) -> dict[str, Any]:
    """Attribute → what stands in `body` at the path that the table names for it."""
    return {attribute: dig(body, path) for attribute, path in paths.items()}


def dig(body: Any, path: str) -> Any:
    """What stands in `body` at a dotted path, None where nothing does."""
    for name in path.split("."):
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body


def address_hash(email: str) -> str:
    """The SHA-256 of the address in lower case without surrounding blanks, in hex: what is sent instead of it."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


# -- Readers -----------------------------------------------------------------------------------------------------------


def text(value: Any, most: int = _SHORT) -> str | None:
    """One line without control characters, at most so many characters."""
    if not isinstance(value, str):
        return None
    return " ".join(_UNFIT.sub(" ", value[: most * 4]).split())[:most].rstrip() or None


def long_text(value: Any) -> str | None:
    return text(value, _LONG)


def identifier(value: Any) -> str | None:
    """An id or code, which some providers write as a number."""
    return text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def number(least: float, most: float) -> Reader:
    """A finite number between two bounds, also when written as text ("1,200")."""

    def reader(value: Any) -> float | None:
        if isinstance(value, str) and re.fullmatch(r"-?[\d,]{1,20}(\.\d{1,9})?", value.strip()):
            value = value.strip().replace(",", "") or None
        try:
            found = math.nan if value is None or isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            return None
        return found if least <= found <= most else None

    return reader


def whole(least: int, most: int) -> Reader:
    """A whole number between two bounds; what stands behind the point is dropped."""
    bounded = number(least, most)

    def reader(value: Any) -> int | None:
        found = bounded(value)
        return None if found is None else int(found)

    return reader


def one_of(names: frozenset[str]) -> Reader:
    """An enum's value in its standard spelling ("Human Resources" → "human_resources")."""

    def reader(value: Any) -> str | None:
        name = re.sub(r"[\s-]+", "_", (text(value) or "").lower())
        return name if name in names else None

    return reader


def several(reader: Reader) -> Reader:
    """A list of what `reader` reads, each once, in order; a single value is a list of one."""

    def read_all(value: Any) -> list[Any]:
        items = [reader(item) for item in (value if isinstance(value, list) else [value])[:_MOST_ITEMS]]
        return list(dict.fromkeys(item for item in items if item is not None))

    return read_all


def inner(name: str, reader: Reader) -> Reader:
    """What `reader` reads, also where it stands in an object under `name`."""
    return lambda value: reader(value.get(name) if isinstance(value, Mapping) else value)


def tag(value: Any) -> str | None:
    """A technology as Clearbit spells it ("Google Analytics" → "google_analytics")."""
    return re.sub(r"[^\w+#.]+", "_", (text(value) or "").lower()).strip("_") or None


def moment(value: Any) -> str | None:
    """A date, or a date with its time, in ISO 8601; a time of no zone is taken for UTC."""
    said = text(value) or ""
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    if len(said) <= len("2026-11-24"):
        return found.date().isoformat()
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()


def link(value: Any) -> str | None:
    """An absolute http(s) URL, percent-encoded; a bare host name is taken for https. No user name, no password."""
    url = text(value, 2_000)
    if url is None or " " in url:
        return None
    if "://" not in url and domain(url.split("/")[0]):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        is_link = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        return requote_uri(url) if is_link else None
    except ValueError:
        return None


def image(value: Any) -> str | None:
    url = link(value)
    return url if url and urlsplit(url).hostname not in _DEAD_IMAGE_HOSTS else None


def domain(value: Any) -> str | None:
    """A host name in lower case, also out of a URL, without `www.`."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", (text(value) or "").lower())
    host = re.split(r"[/?#:]", host)[0].rstrip(".").removeprefix("www.")
    return host if len(host) <= 253 and re.fullmatch(r"[\w-]{1,63}(\.[\w-]{1,63})+", host) else None


def handle(value: Any) -> str | None:
    """A name on a network, out of "name", "@name" or the profile's URL."""
    name = (text(value) or "").split("?")[0].rstrip("/")
    name = name.rsplit("/", 1)[-1].removeprefix("@")
    return name if re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) else None


def path_handle(default_kind: str) -> Reader:
    """A handle that has its kind before it, as LinkedIn's "in/ada" and Crunchbase's "organization/acme"."""

    def reader(value: Any) -> str | None:
        said = text(value, 500) or ""
        path = urlsplit(said).path if "://" in said else re.sub(r"^(\w+\.)*linkedin\.com/", "", said)
        parts = [unquote(part) for part in path.strip("/").split("/")[:2]]
        kind, name = parts if len(parts) == 2 else (default_kind, parts[0])
        fits = re.fullmatch(r"[a-z]{2,20}", kind) and re.fullmatch(r"[\w.&'’-]{1,150}", name)
        return f"{kind}/{name}" if fits else None

    return reader


# -- The attributes ----------------------------------------------------------------------------------------------------

_COUNT = whole(0, 10**12)
_MONEY = whole(0, 10**15)

_GEO: dict[str, Reader] = {
    "location": text,
    "timeZone": text,
    "utcOffset": number(-14, 14),
    "geo.city": text,
    "geo.state": text,
    "geo.stateCode": text,
    "geo.country": text,
    "geo.countryCode": text,
    "geo.lat": number(-90, 90),
    "geo.lng": number(-180, 180),
}
_TWITTER: dict[str, Reader] = {
    "twitter.handle": handle,
    "twitter.id": identifier,
    "twitter.bio": long_text,
    "twitter.followers": _COUNT,
    "twitter.following": _COUNT,
    "twitter.location": text,
    "twitter.statuses": _COUNT,
    "twitter.favorites": _COUNT,
    "twitter.site": link,
    "twitter.avatar": image,
}
PERSON: Mapping[str, Reader] = {
    "name.fullName": text,
    "name.givenName": text,
    "name.familyName": text,
    **_GEO,
    "bio": long_text,
    "site": link,
    "avatar": image,
    "phone": text,
    "employment.domain": domain,
    "employment.name": text,
    "employment.title": text,
    "employment.role": one_of(ROLES),
    "employment.subRole": text,
    "employment.seniority": one_of(SENIORITIES),
    "facebook.handle": handle,
    "github.handle": handle,
    "github.id": identifier,
    "github.avatar": image,
    "github.company": text,
    "github.blog": link,
    "github.followers": _COUNT,
    "github.following": _COUNT,
    **_TWITTER,
    "linkedin.handle": path_handle("in"),
    "gravatar.handle": handle,
    "gravatar.avatar": image,
    "gravatar.urls": several(inner("value", link)),
    "gravatar.avatars": several(inner("url", image)),
    "fuzzy": boolean,
    "emailProvider": boolean,
    "activeAt": moment,
    "inactiveAt": moment,
}
COMPANY: Mapping[str, Reader] = {
    "name": text,
    "legalName": text,
    "domain": domain,
    "domainAliases": several(domain),
    "url": link,
    "site.title": text,
    "site.h1": text,
    "site.metaDescription": long_text,
    "site.phoneNumbers": several(text),
    "site.emailAddresses": several(text),
    "category.sector": text,
    "category.industryGroup": text,
    "category.industry": text,
    "category.subIndustry": text,
    "category.gicsCode": identifier,
    "category.sicCode": identifier,
    "category.sic4Codes": several(identifier),
    "category.naicsCode": identifier,
    "category.naics6Codes": several(identifier),
    "category.naics6Codes2022": several(identifier),
    "tags": several(text),
    "description": long_text,
    "foundedYear": whole(800, 2100),
    **_GEO,
    "geo.streetNumber": identifier,
    "geo.streetName": text,
    "geo.subPremise": identifier,
    "geo.streetAddress": text,
    "geo.postalCode": identifier,
    "logo": image,
    "facebook.handle": handle,
    "facebook.likes": _COUNT,
    "linkedin.handle": path_handle("company"),
    **_TWITTER,
    "crunchbase.handle": path_handle("organization"),
    "emailProvider": boolean,
    "type": one_of(COMPANY_TYPES),
    "ticker": text,
    "identifiers.usEIN": identifier,
    "phone": text,
    "metrics.alexaUsRank": _COUNT,
    "metrics.alexaGlobalRank": _COUNT,
    "metrics.trafficRank": text,
    "metrics.employees": _COUNT,
    "metrics.employeesRange": text,
    "metrics.marketCap": _MONEY,
    "metrics.raised": _MONEY,
    "metrics.annualRevenue": _MONEY,
    "metrics.estimatedAnnualRevenue": text,
    "metrics.fiscalYearEnd": identifier,  # a month, as a number
    "tech": several(tag),
    "techCategories": several(tag),
    "parent.domain": domain,
    "ultimateParent.domain": domain,
}
_ENUMS = frozenset({"employment.role", "employment.seniority", "type"})
