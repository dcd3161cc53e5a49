"""What somebody registered, and what only hands out names: the Public Suffix List (https://publicsuffix.org)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache

from publicsuffixlist import PublicSuffixList


def registrable(domain: str) -> str:
    """The registered domain that `domain` (lower case, ASCII) is or lies below: "acme.co.uk" of "eu.acme.co.uk".

    "" for what registries hand out names below ("co.uk"). A company that lets others register below its own domain
    ("github.io") has registered that domain itself.
    """
    return str(_suffixes().privatesuffix(domain) or _suffixes(only_icann=True).privatesuffix(domain) or "")


def listed_as(domain: str, entries: Collection[str]) -> str:
    """The entry that `domain` is, or lies below; "" where there is none.

    An entry that is itself a public suffix is passed over: it would list the domains of many owners.
    """
    return next((name for name in _lineage(domain) if name in entries and not _suffixes().is_public(name)), "")


def _lineage(domain: str) -> Iterator[str]:
    """The domain, its parent, and so on up to the top-level domain."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


@cache
def _suffixes(*, only_icann: bool = False) -> PublicSuffixList:
    return PublicSuffixList(only_icann=only_icann)
