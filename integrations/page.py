"""A company's home page as raw values by attribute of Clearbit's company: pure reading, whatever stands in the page.

`page_source` finds what stands there, `page_kinds` what is nobody's home page, `page_organization` reads JSON-LD,
`page_profiles` links, `page_technology` tools. Here they become one company: where two say different things, data for
machines beats words for visitors. Fetching is `website`'s, and reading values as they should be is `facts`'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from integrations import page_kinds, page_organization, page_profiles, page_technology
from integrations.page_source import Source
from integrations.page_source import read as read_source
from signups.domains import registrable

_MOST_NAME_CHARACTERS = 80
_SEPARATORS = re.compile(r"\s+[|\-–—·•:»›/~]+\s+|\s*\|+\s*|:\s+|\s*::\s*|\s+»\s*")
_WELCOME = re.compile(
    r"^(welcome to|home of|the official (web ?)?site of|willkommen bei|bienvenue chez)\s+", re.IGNORECASE
)
_NO_NAMES = frozenset(
    "home homepage welcome website site untitled index start startseite accueil inicio default main page document app "
    "mysite myblog mywordpress wordpress blog wix wixcom squarespace reactapp viteapp nextjs createnextapp vueapp "
    "angular companyname yourcompany sitename title null undefined none localhost".split()
)
_LEGAL_FORM = re.compile(
    r"[\s,]+(inc|llc|ltd|limited|corp|corporation|co|company|gmbh|ag|kg|ug|se|sa|sas|sarl|srl|spa|bv|nv|ab|as|oy|aps|"
    r"plc|pty|pte|kk|lda|group|labs?|software|app)\.?$",
    re.IGNORECASE,
)
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")


@dataclass(frozen=True)
class Reading:
    """`said`: raw values by attribute of `facts.COMPANY`. `other`: what the page is instead of somebody's home page
    ("is parked"), "" where it may be one. `copies`: the domain that the page says it belongs to, where that is another.
    `refresh`: where it sends visitors on to. What a company's attributes have no place for: `language`, `feeds`,
    `github`.
    """

    said: Mapping[str, Any] = field(default_factory=dict)
    other: str = ""
    copies: str = ""
    refresh: str = ""
    language: str = ""
    feeds: tuple[str, ...] = ()
    github: str = ""


def read(body: bytes, headers: Mapping[str, str], url: str, asked: str = "") -> Reading:
    """What the page at `url` (after redirects) says of whose it is. `headers`: those of its response, of any case;
    `asked`: the registered domain that was asked for, where the page may call itself by that as well."""
    lower = {name.lower(): value for name, value in headers.items()}
    source = read_source(body, lower.get("content-type", ""))
    site = registrable(_host(url)) or _host(url)
    canonical = _absolute(_linked(source, "canonical") or source.metas.get("og:url", ""), source, url)
    elsewhere = registrable(_host(canonical)) if canonical else ""
    own = page_organization.describe(source.data, {site, asked} - {""})
    handles = _handles(source, own, site)
    return Reading(
        said=_company(source, own, handles, lower, url, site),
        other=page_kinds.other_than_home(source),
        copies=elsewhere if elsewhere not in ("", site, asked) else "",
        refresh=_refresh(source, url),
        language=(source.language or source.metas.get("og:locale", "") or lower.get("content-language", ""))[:20],
        feeds=tuple(_feeds(source, url)),
        github=handles.get("github", ""),
    )


def _company(
    source: Source,
    own: Mapping[str, Any],
    handles: Mapping[str, str],
    headers: Mapping[str, str],
    url: str,
    site: str,
) -> dict[str, Any]:
    """The raw values, of which those of the page's JSON-LD come first."""
    metas = source.metas
    emails, phones = page_profiles.contacts(source.anchors)
    emails = [email for email in emails if registrable(email.rpartition("@")[2].lower()) == site]
    tools = page_technology.tools(source, headers)
    said = {
        "name": own.get("name") or _name(source, site),
        "description": own.get("description") or _first(metas, "description", "og:description", "twitter:description"),
        "domain": site,
        "url": f"{urlsplit(url).scheme}://{_host(url)}",
        "site.title": source.title,
        "site.h1": source.heading,
        "site.metaDescription": metas.get("description"),
        "site.phoneNumbers": _once([*own.get("site.phoneNumbers", []), *phones]),
        "site.emailAddresses": _once([*own.get("site.emailAddresses", []), *emails]),
        "phone": own.get("phone") or next(iter(phones), None),
        "logo": _absolute(own.get("logo") or _logo(source), source, url),
        "tech": list(tools),
        "techCategories": _once(list(tools.values())),
        **{f"{network}.handle": handle for network, handle in handles.items() if network != "github"},
    }
    return {path: value for path, value in {**_rest(own), **said}.items() if value}


def _rest(own: Mapping[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in own.items() if path != "sameAs"}


def _handles(source: Source, own: Mapping[str, Any], site: str) -> dict[str, str]:
    name = own.get("name") or _name(source, site)

    def is_own(handle: str) -> bool:
        return is_like(handle, label(site)) or is_like(handle, name)

    account = page_profiles.account(source.metas.get("twitter:site", ""), is_own)
    claimed = [*own.get("sameAs", []), *([f"https://x.com/{account}"] if account else [])]
    return page_profiles.handles(claimed, source.anchors, is_own)


# -- The name ----------------------------------------------------------------------------------------------------------


def _name(source: Source, site: str) -> str:
    """A name that the page claims for itself; of its title, only the part that is like its domain. "" for none."""
    for meta in ("og:site_name", "application-name", "apple-mobile-web-app-title"):
        said = source.metas.get(meta, "").strip()
        if said and len(said) <= _MOST_NAME_CHARACTERS and _compact(said) not in _NO_NAMES:
            return said
    for title in (source.title, source.metas.get("og:title", "")):
        for part in [title, *_SEPARATORS.split(title)]:
            part = _WELCOME.sub("", part.strip()).strip(" .!")
            if part and len(part) <= _MOST_NAME_CHARACTERS and is_like(part, label(site)):
                return part
    return ""


def label(domain: str) -> str:
    """What somebody chose of a registered domain, as it is read: "bücher" of "xn--bcher-kva.example"."""
    first = domain.partition(".")[0]
    try:
        return first[4:].encode("ascii").decode("punycode") if first.startswith("xn--") else first
    except UnicodeError:
        return first


def is_like(text: str, other: str) -> bool:
    """Whether two spellings of a name are of the same: letters and digits alone, legal forms aside."""
    return bool(_spellings(text) & _spellings(other))


def _spellings(text: str) -> set[str]:
    bare = text
    while (shorter := _LEGAL_FORM.sub("", bare)) != bare:
        bare = shorter
    several = {text, bare, bare.replace("&", " and "), re.sub(r"^the\s+", "", bare, flags=re.IGNORECASE)}
    several |= {_in_german(one) for one in several}
    return {_compact(one) for one in several} - {""}


def _in_german(text: str) -> str:
    """As Germans write umlauts where there are none: "Bücher" → "buecher"."""
    return text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")


def _compact(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text[:200]).casefold()
    return "".join(c for c in plain if c.isalnum())


# -- Links -------------------------------------------------------------------------------------------------------------


def _logo(source: Source) -> str:
    """A picture of the company: the icon for home screens, a large one of the page, at last the one for sharing."""
    for rel in ("apple-touch-icon", "apple-touch-icon-precomposed"):
        if href := _linked(source, rel):
            return href
    for link in source.links:
        sizes = [int(size) for size in re.findall(r"(\d{2,4})x", link.get("sizes", ""))]
        is_icon = "icon" in link.get("rel", "").lower().split()
        if is_icon and (link.get("href", "").endswith(".svg") or max(sizes, default=0) >= 96):
            return link.get("href", "")
    return _first(source.metas, "og:logo", "og:image", "og:image:url", "twitter:image") or ""


def _feeds(source: Source, url: str) -> list[str]:
    feeds = [
        _absolute(link.get("href", ""), source, url)
        for link in source.links
        if "alternate" in link.get("rel", "").lower().split() and link.get("type", "").strip().lower() in _FEEDS
    ]
    return [feed for feed in _once(feeds) if "/comments/" not in feed][:3]


def _refresh(source: Source, url: str) -> str:
    """Where `<meta http-equiv=refresh content="0; url=…">` leads, within 10 s; "" where it does not."""
    found = re.match(
        r"\s*(\d{1,2})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?[\"']?([^\"'\s>]+)", source.refresh, re.IGNORECASE
    )
    return _absolute(found[2], source, url) if found and int(found[1]) <= 10 else ""


def _linked(source: Source, rel: str) -> str:
    return next((link.get("href", "") for link in source.links if rel in link.get("rel", "").lower().split()), "")


def _absolute(link: str, source: Source, url: str) -> str:
    """The link as an http(s) URL, "" for any other."""
    try:
        absolute = urljoin(urljoin(url, source.base.strip()), link.strip()) if link.strip() else ""
        return absolute if urlsplit(absolute).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _first(metas: Mapping[str, str], *names: str) -> str | None:
    return next((metas[name] for name in names if metas.get(name)), None)


def _once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))
