"""Brings `rdap_servers.txt` up to date: `python -m integrations.rdap_servers` fetches IANA's bootstrap registry of RDAP
(RFC 9224), shows what changes, and refuses what cannot be right.

For whoever releases the product, or runs it from a checkout. Servers that IANA lacks stand in the file's last part,
kept by hand and left as they are.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from integrations.http import Door
from signups.contracts import ServiceError

URL = "https://data.iana.org/rdap/dns.json"
FILE = Path(__file__).with_name("rdap_servers.txt")
BY_HAND = "# Not in the registry of IANA"
_HEAD = """\
# Where the registry of each top-level domain answers RDAP questions (RFC 9224): its base URL, then the domains.
# Source: https://data.iana.org/rdap/dns.json (IANA, protocol registry: CC0 1.0)
# Publication: {publication}; servers without https left out

"""
_TLD = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,59}")


class Suspicious(Exception):
    """What was fetched is not to be taken over. The message says why."""


def read(text: str) -> dict[str, str]:
    """Top-level domain → base URL, of a file such as ours; of two lines for one domain the first counts."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        url, *tlds = line.split() or ["#"]
        if not url.startswith("#"):
            found |= {tld: url for tld in tlds if tld not in found}
    return found


def from_registry(body: Any) -> tuple[str, dict[str, str]]:
    """When IANA published the registry, and top-level domain → base URL with https. Raises Suspicious."""
    try:
        publication, services = str(body["publication"]), body["services"]
        found: dict[str, str] = {}
        for tlds, urls in services:
            url = next((url for url in urls if urlsplit(url).scheme == "https" and not re.search(r"\s", url)), "")
            if url:
                found |= {tld.lower(): url for tld in tlds if _TLD.fullmatch(tld.lower())}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Suspicious(f"It is no bootstrap registry ({type(error).__name__}: {error}).") from error
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", publication):
        raise Suspicious(f"Its date of publication is {publication[:40]!r}.")
    return publication, found


def refuse(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Raises Suspicious where half of the domains are gone, or one that is always there."""
    if len(new) < len(old) / 2:
        raise Suspicious(f"It has {len(new):,} top-level domains only, where ours has {len(old):,}.")
    if missing := {"com", "net", "org"} - set(new):
        raise Suspicious(f"It lacks .{min(missing)}.")


def as_text(publication: str, servers: Mapping[str, str], by_hand: str) -> str:
    """The file's text; `by_hand` is its last part."""
    tlds: defaultdict[str, list[str]] = defaultdict(list)
    for tld, url in servers.items():
        tlds[url].append(tld)
    lines = [f"{url} {' '.join(sorted(tlds[url]))}" for url in sorted(tlds)]
    return _HEAD.format(publication=publication) + "\n".join(lines) + f"\n\n{by_hand}"


def update(url: str = URL, file: Path = FILE) -> str:
    """Fetch and write; returns a line on what changed. Raises a `ServiceError` or Suspicious, with nothing written."""
    parts = urlsplit(url)
    door = Door("IANA", f"{parts.scheme}://{parts.netloc}")
    publication, servers = from_registry(door.call("GET", parts.path, is_safe=True).json)
    text = file.read_text(encoding="utf-8")
    of_iana, mark, by_hand = text.partition(BY_HAND)
    old = read(of_iana)
    refuse(old, servers)
    file.write_text(as_text(publication, servers, mark + by_hand), encoding="utf-8")
    moved = sum(old[tld] != servers[tld] for tld in old.keys() & servers.keys())
    return (
        f"{publication}: {len(servers):,} top-level domains, {len(servers.keys() - old.keys())} new, "
        f"{len(old.keys() - servers.keys())} gone, {moved} elsewhere."
    )


if __name__ == "__main__":
    try:
        print(update(sys.argv[1] if sys.argv[1:] else URL))
    except (ServiceError, Suspicious) as error:
        sys.exit(f"rdap_servers.txt stays as it is: {error}")
