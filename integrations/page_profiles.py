"""Profiles on networks, and contacts, out of a page's links: which of them are the company's own is not said there.

A profile that the page's data claims counts. Of those that it only links to, one that is alone for its network does,
else the one with the company's name: a page may link to its customers', authors' and makers' as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote, urlsplit

MOST_CONTACTS = 10
_MOST_LINKS = 500

# Network → its hosts, the path of an organisation's profile, and the handle in Clearbit's form.
_NETWORKS = {
    "linkedin": (
        ("linkedin.com",),
        re.compile(r"/(company|school|showcase)/([\w.&'%’-]{1,150})(?=/|$)"),
        "{0}/{1}",
    ),
    "twitter": (("twitter.com", "x.com"), re.compile(r"/@?(\w{1,15})/?$"), "{0}"),
    "facebook": (("facebook.com", "fb.com"), re.compile(r"/([\w.-]{3,80})/?$"), "{0}"),
    "crunchbase": (
        ("crunchbase.com",),
        re.compile(r"/(?:organization|company)/([\w-]{1,150})/?$"),
        "organization/{0}",
    ),
    "github": (("github.com",), re.compile(r"/(?:orgs/)?([A-Za-z0-9-]{1,39})/?$"), "{0}"),
}
NETWORKS = tuple(_NETWORKS)
_NO_PROFILES = {
    "twitter": "home hashtag i intent login privacy search share signup tos widgets",
    "facebook": "dialog events groups hashtag help home.php login login.php people pages pg plugins policies privacy "
    "profile.php share share.php sharer sharer.php story.php terms tr watch",
    "github": "about contact enterprise features issues login marketplace orgs pricing security sponsors topics",
}
# What themes and site builders leave in the pages made with them.
_MAKERS = frozenset(
    "wix squarespace wordpress wordpressdotcom automattic shopify weebly godaddy webflow elementor joomla drupal ghost "
    "yourhandle yourusername username yourpage yourcompany example".split()
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_PHONE = re.compile(r"\+?[\d\s()./-]{5,30}")


def profile(url: str) -> tuple[str, str] | None:
    """The network and the handle of a profile's URL; None for any other URL, a button to share with, say."""
    try:
        parts = urlsplit(url if "://" in url else f"https:{url}" if url.startswith("//") else f"https://{url}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return None
    for network, (hosts, path, form) in _NETWORKS.items():
        if not any(host == one or host.endswith(f".{one}") for one in hosts):
            continue
        found = path.match(parts.path)
        handle = form.format(*found.groups()) if found else ""
        if not handle or handle.lower() in _NO_PROFILES.get(network, "").split():
            return None
        return network, unquote(handle)
    return None


def handles(claimed: Iterable[str], linked: Iterable[str], is_own: Callable[[str], bool]) -> dict[str, str]:
    """Handle by network. `claimed`: URLs that the page calls the company's own; `linked`: those it links to.
    `is_own`: whether a handle is like the company's name."""
    found: dict[str, str] = {}
    for network, handle in _profiles(claimed):
        found.setdefault(network, handle)
    seen: dict[str, dict[str, str]] = {}
    for network, handle in _profiles(linked):
        seen.setdefault(network, {}).setdefault(handle.lower(), handle)
    for network, candidates in seen.items():
        fitting = [one for one in candidates.values() if is_own(one.rpartition("/")[2])]
        others = [one for one in candidates.values() if one.rpartition("/")[2].lower() not in _MAKERS]
        chosen = fitting[:1] or (others if len(others) == 1 else [])
        if chosen:
            found.setdefault(network, chosen[0])
    return found


def account(said: str, is_own: Callable[[str], bool]) -> str:
    """The account that `twitter:site` names ("@acme"), "" where it is a site builder's."""
    handle = said.strip().removeprefix("@")
    is_makers = handle.lower() in _MAKERS and not is_own(handle)
    return "" if is_makers or not re.fullmatch(r"\w{1,15}", handle) else handle


def contacts(links: Iterable[str]) -> tuple[list[str], list[str]]:
    """Mail addresses and telephone numbers out of mailto: and tel: links (RFC 6068, RFC 3966), each once."""
    emails: dict[str, str] = {}
    phones: dict[str, str] = {}
    for link in list(links)[:_MOST_LINKS]:
        scheme, _, rest = link.partition(":")
        said = unquote(rest.partition("?")[0]).strip()
        if scheme.lower() == "mailto":
            for address in said.split(",")[:3]:
                if _EMAIL.fullmatch(address.strip()):
                    emails.setdefault(address.strip().lower(), address.strip())
        elif scheme.lower() == "tel":
            number = said.partition(";")[0].removeprefix("//").strip()
            if _PHONE.fullmatch(number) and sum(c.isdigit() for c in number) >= 5:
                phones.setdefault(re.sub(r"\D", "", number), number)
    return list(emails.values())[:MOST_CONTACTS], list(phones.values())[:MOST_CONTACTS]


def _profiles(urls: Iterable[str]) -> Iterable[tuple[str, str]]:
    for url in list(urls)[:_MOST_LINKS]:
        if found := profile(url.strip()):
            yield found
