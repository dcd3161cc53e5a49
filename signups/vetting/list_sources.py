"""Who publishes lists of disposable domains, and what we make of them.

*Careful* lists are kept by people who check each domain and take back what was wrong: whoever is on one is disposable.
The others collect from everywhere. A name on two of those, or seen by one that asks the disposable services themselves
which domains they have, is suspected.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)")
_LONGEST_NAME = 253  # RFC 1035 section 2.3.4, without the root


@dataclass(frozen=True)
class Source:
    """A published list: one domain a line, or a JSON array. `path` lies below `LISTS_URL`.

    `sees_itself`: it is made from what disposable services offer, so that its word alone is worth a suspicion.
    """

    name: str
    path: str
    licence: str
    sees_itself: bool = False


CAREFUL = (
    Source(
        "disposable-email-domains",
        "disposable-email-domains/disposable-email-domains/main/disposable_email_blocklist.conf",
        "CC0-1.0",
    ),
)
ALLOWED = Source(
    "disposable-email-domains-allowlist",
    "disposable-email-domains/disposable-email-domains/main/allowlist.conf",
    "CC0-1.0",
)
CARELESS = (
    Source("fakefilter", "7c/fakefilter/main/txt/data.txt", "BSD-3-Clause", sees_itself=True),
    Source("mailchecker", "FGRibreau/mailchecker/master/list.txt", "MIT"),
    Source("ivolo-disposable-email-domains", "ivolo/disposable-email-domains/master/index.json", "MIT"),
    Source("tompec-disposable-email-domains", "tompec/disposable-email-domains/main/index.json", "MIT"),
    Source("burner-email-providers", "wesbos/burner-email-providers/master/emails.txt", "MIT"),
)
# Which sources make which list.
SOURCES: Mapping[str, tuple[Source, ...]] = {"disposable": CAREFUL, "suspected": (ALLOWED, *CARELESS)}


class Unreadable(ValueError):
    """What a source sent is no list of domains. The message says what it looks like."""


def read(source: Source, text: str) -> frozenset[str]:
    """The domains in what a source sent, in lower case. Raises Unreadable where that is no list of domains."""
    found = _items(text)
    domains = {item.strip().lower() for item in found}
    well_formed = frozenset(d for d in domains if len(d) <= _LONGEST_NAME and _NAME.fullmatch(d))
    if not well_formed:
        raise Unreadable(f"{source.name}: no domain in {len(text):,} characters, which begin with {text[:40]!r}")
    if len(well_formed) < 0.9 * len(domains):
        odd = next(iter(domains - well_formed))
        raise Unreadable(
            f"{source.name}: {len(domains) - len(well_formed):,} lines are no domain, such as {odd[:60]!r}"
        )
    return well_formed


def _items(text: str) -> Iterable[str]:
    if text.lstrip()[:1] == "[":
        try:
            items = json.loads(text)
        except ValueError as error:
            raise Unreadable(f"The JSON cannot be read: {error}") from error
        return [str(item) for item in items]
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("//")]


def suspected(read_by_source: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """The suspected domains, with how many lists name each. An allow-list takes a name from all of them."""
    counts: Counter[str] = Counter()
    for source in CARELESS:
        counts.update(read_by_source.get(source.name, frozenset()))
    seen = frozenset[str]().union(*(read_by_source.get(s.name, frozenset()) for s in CARELESS if s.sees_itself))
    allowed = read_by_source.get(ALLOWED.name, frozenset())
    return {name: n for name, n in counts.items() if (n > 1 or name in seen) and name not in allowed}
