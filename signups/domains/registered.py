"""What somebody registered, and what only hands out names: the Public Suffix List (https://publicsuffix.org).

The list itself is the `publicsuffixlist` package's file. It is read here, in a fifth of the package's own time, so that
the sections can be told apart: registries' suffixes ("co.uk"), and companies that hand out names below their own domain
("github.io").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files


@dataclass(frozen=True)
class Suffixes:
    """The rules without their marks: "co.uk", the parents of wildcards ("*.ck" as "ck"), exceptions ("www.ck").

    `private` are those of `plain` and `wild` that companies, not registries, hand out names below.
    """

    plain: frozenset[str]
    wild: frozenset[str]
    exceptions: frozenset[str]
    private: frozenset[str]


@lru_cache(maxsize=1024)  # each check of one address asks
def registrable(domain: str) -> str:
    """The registered domain that `domain` (lower case, ASCII) is or lies below: "acme.co.uk" of "eu.acme.co.uk".

    "" for what registries hand out names below ("co.uk"). A company that lets others register below its own domain
    ("github.io") has registered that domain itself.
    """
    suffix, is_private = public_suffix(domain)
    if suffix == domain and is_private:
        suffix, _ = public_suffix(domain, with_private=False)
    if suffix == domain or not suffix:
        return ""
    return f"{domain[: -len(suffix) - 1].rpartition('.')[2]}.{suffix}"


@lru_cache(maxsize=1024)  # each check of one address asks
def public_suffix(domain: str, *, with_private: bool = True) -> tuple[str, bool]:
    """The longest public suffix that `domain` is or lies below, and whether it is a company's rather than a registry's.

    A top-level domain that the list does not know is a suffix.
    """
    rules = suffixes()
    for name in lineage(domain):
        parent = name.partition(".")[2]
        if name in rules.exceptions:
            return parent, False
        if name in rules.plain:
            is_private = name in rules.private
        elif parent and parent in rules.wild:
            is_private = parent in rules.private
        elif not parent:
            return name, False
        else:
            continue
        if with_private or not is_private:
            return name, is_private
    return "", False


def is_public(domain: str) -> bool:
    """Whether many owners have names directly below `domain`."""
    return public_suffix(domain)[0] == domain


def listed_as(domain: str, entries: Collection[str]) -> str:
    """The entry that `domain` is, or lies below; "" where there is none.

    An entry that is itself a public suffix is passed over: it would list the domains of many owners.
    """
    return next((name for name in lineage(domain) if name in entries and not is_public(name)), "")


def lineage(domain: str) -> Iterator[str]:
    """The domain, its parent, and so on up to the top-level domain."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


@cache
def suffixes() -> Suffixes:
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    registries, _, companies = text.partition("===BEGIN PRIVATE DOMAINS===")
    first, second = _rules(registries), _rules(companies)
    rules = first + second
    wild = frozenset(rule[2:] for rule in rules if rule[0] == "*")
    exceptions = frozenset(rule[1:] for rule in rules if rule[0] == "!")
    plain = frozenset(rule for rule in rules if rule[0] not in "*!")
    return Suffixes(plain, wild, exceptions, frozenset(rule.removeprefix("*.") for rule in second if rule[0] != "!"))


def _rules(section: str) -> list[str]:
    """Rules in ASCII: the file writes international ones as people do."""
    lines = (line.strip() for line in section.splitlines())
    rules = [line for line in lines if line and not line.startswith("//") and " " not in line]
    return [rule if rule.isascii() else ".".join(map(_in_ascii, rule.split("."))) for rule in rules]


def _in_ascii(label: str) -> str:
    """A label of the list, which is normalised already, in Punycode (RFC 3492)."""
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
