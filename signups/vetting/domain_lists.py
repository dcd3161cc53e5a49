"""The lists of domains, as this process has them: our own, and the newest that `update_lists` fetched.

Ours lie in `data/`, one file a list; two can be replaced by newer versions, which stand in the database so that all
machines have them. Nothing is read before it is first needed. What a list's entry means is for `signups.vetting.kind`,
and where newer ones come from for `signups.vetting.list_updates`.
"""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from math import inf
from pathlib import Path
from threading import Lock

from django.conf import settings

from signups.domains.registered import lineage
from signups.models import DomainListVersion
from signups.vetting.domain_index import DomainIndex

DATA = Path(__file__).with_name("data")
REFRESH_EVERY_S = 30
# Whoever is on one of these is not disposable, whatever another list says; an earlier list beats a later one.
GOOD = ("relay", "free_mail", "internet_provider", "education", "government", "legitimate")
SHIPPED = (*GOOD, "disposable", "suspected", "free_hosting", "registries", "forwarder", "parked")
UPDATED = ("disposable", "suspected")


@dataclass(frozen=True)
class Entry:
    """A name on a list; `evidence` is what the list says of it beside that ("provider", "verification")."""

    list: str
    name: str
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """Where a list is from. `version` is the source's own word, `date` a day (ISO 8601)."""

    source: str
    version: str
    date: str
    licence: str


@dataclass(frozen=True)
class Lists:
    """All lists. `known`: domains that are told apart by name. `below`: suffixes, all names under which are alike."""

    known: Mapping[str, Entry]
    below: Mapping[str, Entry]
    servers: Mapping[str, Entry]
    disposable: frozenset[str]
    suspected: DomainIndex
    registries: frozenset[str]
    versions: Mapping[str, str]

    def server(self, host: str) -> Entry | None:
        """Whose mail or name server `host` is, as far as it is a forwarder's or a parking service's."""
        return next((entry for name in lineage(host) if (entry := self.servers.get(name))), None)


@dataclass
class _Held:
    lists: Lists | None = None
    in_use: Mapping[str, int] = field(default_factory=dict)  # list → primary key of the version in use
    looked_at: float = -inf


_held = _Held()
_lock = Lock()


def current() -> Lists:
    """The lists of this process. Reads them when first called; asks neither database nor network."""
    if _held.lists is None:
        with _lock:
            if _held.lists is None:
                _held.lists = _load({})
    return _held.lists


def refresh() -> None:
    """Take up versions that came into use since; at most one small query every thirty seconds."""
    if time.monotonic() - _held.looked_at < REFRESH_EVERY_S:
        return
    _held.looked_at = time.monotonic()
    in_use = dict(DomainListVersion.objects.filter(is_in_use=True).values_list("list", "pk"))
    if in_use != _held.in_use:
        lists = _load(in_use)
        with _lock:
            _held.lists, _held.in_use = lists, in_use


def look_again() -> None:
    """Let the next `refresh` look at once; until then all stays as it is."""
    _held.looked_at = -inf


def forget() -> None:
    """Read everything anew when it is next needed."""
    with _lock:
        _held.lists, _held.in_use, _held.looked_at = None, {}, -inf


def versions() -> dict[str, str]:
    """Each list's version, as this process uses it; for the record of a verdict."""
    return dict(current().versions)


# -- Reading the files -------------------------------------------------------------------------------------------------


def shipped(name: str) -> str:
    """A list of ours as text."""
    packed = DATA / f"{name}.txt.gz"
    return gzip.decompress(packed.read_bytes()).decode() if packed.exists() else (DATA / f"{name}.txt").read_text()


@cache
def about(name: str) -> About:
    """Where a list of ours is from: the first lines of its file, "# source: …" and so on."""
    path = DATA / f"{name}.txt"
    with gzip.open(f"{path}.gz", "rt") if not path.exists() else path.open(encoding="utf-8") as lines:
        head = [line[1:].partition(":") for _, line in zip(range(4), lines, strict=False)]
    said = {key.strip(): value.strip() for key, _, value in head}
    return About(said["source"], said["version"], said["date"], said["licence"])


def entries(name: str, text: str) -> Iterator[Entry]:
    """The entries of a list: names apart by spaces; "#" begins a comment, "!" what is said of the names that follow."""
    evidence: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("!"):
            key, _, value = line[1:].strip().partition("=")
            evidence = {key: value} if value else {}
        elif not line.startswith("#"):
            for domain in line.split():
                yield Entry(name, domain, evidence)


def names(text: str) -> list[str]:
    """The names alone, of a list with one a line."""
    return [line for line in text.splitlines() if line and line[0] != "#"]


def _load(in_use: Mapping[str, int]) -> Lists:
    fetched = {row.list: row for row in DomainListVersion.objects.filter(pk__in=in_use.values())} if in_use else {}
    known: dict[str, Entry] = {}
    below: dict[str, Entry] = {}
    for name in (*GOOD, "free_hosting"):
        for entry in entries(name, shipped(name)):
            (below if entry.name[0] == "." else known).setdefault(entry.name.removeprefix("."), entry)
    servers = {e.name: e for name in ("forwarder", "parked") for e in entries(name, shipped(name))}
    disposable = names(_text(fetched["disposable"]) if "disposable" in fetched else shipped("disposable"))
    for domain, kind in settings.SANDBOX_KINDS.items():
        if kind == "disposable":
            disposable.append(domain)
        else:
            known[domain] = Entry(kind, domain)
    return Lists(
        known=known,
        below=below,
        servers=servers,
        disposable=frozenset(disposable),
        suspected=(
            DomainIndex(bytes(fetched["suspected"].index))
            if "suspected" in fetched
            else DomainIndex.mapped(DATA / "suspected.idx")
        ),
        registries=frozenset(entry.name for entry in entries("registries", shipped("registries"))),
        versions={name: fetched[name].version if name in fetched else about(name).version for name in SHIPPED},
    )


def _text(version: DomainListVersion) -> str:
    return zlib.decompress(bytes(version.names)).decode()
