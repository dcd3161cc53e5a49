"""Newer lists: fetch, compare, refuse what cannot be right, keep, put to use, and go back.

All is decided before anything is written, and one transaction changes which version is in use: an update that is killed
leaves the old one. Which lists there are is `list_sources`' business; other processes find the new version by
themselves (`domain_lists.refresh`).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone
from django.utils.module_loading import import_string

from signups.contracts import ServiceError
from signups.domains.registered import is_public, lineage, public_suffix
from signups.models import Company, DomainListVersion, ListEntry, Verdict
from signups.transactions import write_transaction
from signups.vetting import domain_index, domain_lists, list_sources
from signups.vetting.list_sources import SOURCES, Unreadable

LISTS = tuple(SOURCES)
KEPT = 10  # versions of a list that can be gone back to
SAMPLES = 20
TOP_PROVIDERS = frozenset(
    """gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com msn.com yahoo.com yahoo.co.uk
    yahoo.fr yahoo.co.jp ymail.com aol.com icloud.com me.com mac.com proton.me protonmail.com fastmail.com gmx.de
    gmx.net gmx.com web.de t-online.de orange.fr wanadoo.fr free.fr laposte.net libero.it mail.ru yandex.ru qq.com
    163.com 126.com naver.com zoho.com mail.com duck.com mozmail.com privaterelay.appleid.com comcast.net
    verizon.net att.net btinternet.com seznam.cz wp.pl uol.com.br rediffmail.com""".split()
)
_LOSES_MOST = 0.5
_GROWS_MOST = 10

Fetch = Callable[[str], str]


@dataclass(frozen=True)
class Update:
    """A newer version of a list, as fetched. `numbers` are its domains with how many sources name each.

    `left_out`: what we know better. `problems`: why it is refused; empty where it is not.
    """

    list: str
    source: str
    licence: str
    version: str
    numbers: Mapping[str, int]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    in_use: int = 0

    @property
    def is_news(self) -> bool:
        return bool(self.added or self.removed)


@dataclass(frozen=True)
class _Protected:
    """Names no list may have: `ours` by the lists of good domains, `staffs` by staff's word, `customers`."""

    staffs: frozenset[str] = field(default_factory=frozenset)
    customers: frozenset[str] = field(default_factory=frozenset)


def fetcher() -> Fetch:
    """What the settings name for fetching: path below `LISTS_URL` → text. It raises ServiceError."""
    fetch: Fetch = import_string(settings.LIST_FETCHER)
    return fetch


def prepare(name: str, fetch: Fetch) -> Update:
    """Fetch a list's sources and compare them with the version in use. Writes nothing.

    A source that cannot be fetched is a problem as any other: a list of several can be taken without it.
    """
    read: dict[str, frozenset[str]] = {}
    problems = []
    for source in SOURCES[name]:
        try:
            read[source.name] = list_sources.read(source, fetch(source.path))
        except (ServiceError, Unreadable) as error:
            problems.append(f"{error}.")
    if name == "suspected":
        fetched = list_sources.suspected(read)
    else:
        fetched = dict.fromkeys(frozenset[str]().union(*read.values()), 1)
    protected = _protected()
    problems += _named_wrongly(name, fetched, protected)
    left_out = {domain for domain in fetched if _is_known_better(domain, protected)}
    numbers = {domain: number for domain, number in fetched.items() if domain not in left_out}
    before = _names_in_use(name)
    problems += _odd_size(len(before), len(numbers)) if read else []
    return Update(
        list=name,
        source=", ".join(source.name for source in SOURCES[name]),
        licence=", ".join(dict.fromkeys(source.licence for source in SOURCES[name])),
        version=f"{timezone.now():%Y-%m-%d} {_fingerprint(numbers)}",
        numbers=numbers,
        added=tuple(sorted(numbers.keys() - before)),
        removed=tuple(sorted(before - numbers.keys())),
        left_out=tuple(sorted(left_out)),
        problems=tuple(problems),
        in_use=len(before),
    )


def keep(update: Update, by: str) -> DomainListVersion:
    """Keep a version and put it to use; those beyond the last ten go."""
    is_long = update.list == "suspected"
    with write_transaction():
        version = DomainListVersion.objects.create(
            list=update.list,
            source=update.source,
            version=update.version,
            licence=update.licence,
            count=len(update.numbers),
            added=len(update.added),
            removed=len(update.removed),
            samples={"added": update.added[:SAMPLES], "removed": update.removed[:SAMPLES]},
            names=zlib.compress("\n".join(sorted(update.numbers)).encode()),
            index=domain_index.build(update.numbers) if is_long else b"",
            fetched_by=by,
        )
        use(update.list, version)
        kept = DomainListVersion.objects.filter(list=update.list).order_by("-pk").values_list("pk", flat=True)[:KEPT]
        DomainListVersion.objects.filter(list=update.list, is_in_use=False).exclude(pk__in=list(kept)).delete()
    return version


def use(name: str, version: DomainListVersion | None, by: AbstractBaseUser | None = None) -> None:
    """Put a version of a list to use; None: the one that came with the product."""
    with write_transaction():
        DomainListVersion.objects.filter(list=name, is_in_use=True).update(is_in_use=False)
        if version is not None:
            user = by.pk if by is not None else None
            DomainListVersion.objects.filter(pk=version.pk).update(
                is_in_use=True, used_at=timezone.now(), used_by_id=user
            )
    domain_lists.look_again()


def before(name: str) -> DomainListVersion | None:
    """The version that was fetched before the one in use; None: the one that came with the product.

    Raises LookupError where that is in use already.
    """
    in_use = in_use_of(name)
    if in_use is None:
        raise LookupError(f"The {name} list in use is the one that came with the product: there is none before it.")
    return DomainListVersion.objects.filter(list=name, pk__lt=in_use.pk).order_by("-pk").first()


def in_use_of(name: str) -> DomainListVersion | None:
    """The fetched version in use, None where it is the one that came with the product."""
    return DomainListVersion.objects.filter(list=name, is_in_use=True).first()


# -- What speaks against a fetched list --------------------------------------------------------------------------------


def _odd_size(before: int, after: int) -> list[str]:
    if not after:
        return ["It is empty."]
    if before and after < _LOSES_MOST * before:
        return [f"It shrank from {before:,} to {after:,} entries."]
    if before and after > _GROWS_MOST * before:
        return [f"It grew from {before:,} to {after:,} entries."]
    return []


def _named_wrongly(name: str, fetched: Collection[str], protected: _Protected) -> list[str]:
    """Names that show that a list is not to be trusted; the careless ones name customers now and then."""
    known = domain_lists.current().known
    found = [("a big provider or company", [d for d in fetched if (entry := known.get(d)) and _is_big(entry)])]
    if name == "disposable":
        found += [
            ("a registry's suffix", [d for d in fetched if is_public(d) and not public_suffix(d)[1]]),
            ("what staff allowed", [d for d in fetched if d in protected.staffs]),
            ("a customer's domain", [d for d in fetched if d in protected.customers]),
        ]
    return [f"It names {what}: {_some(sorted(domains))}." for what, domains in found if domains]


def _is_big(entry: domain_lists.Entry) -> bool:
    """Whether no list that can be trusted names it. Of smaller providers, and of some companies, lists do err."""
    return entry.name in TOP_PROVIDERS or (entry.list == "legitimate" and "note" not in entry.evidence)


def _is_known_better(domain: str, protected: _Protected) -> bool:
    known = domain_lists.current().known
    entries = (known.get(name) for name in lineage(domain))
    is_good = any(entry is not None and entry.list in domain_lists.GOOD for entry in entries)
    return is_good or domain in protected.staffs or domain in protected.customers or is_public(domain)


def _protected() -> _Protected:
    allowed = ListEntry.objects.in_force().filter(kind=ListEntry.Kind.ALLOW).values_list("value", flat=True)
    customers = Company.objects.filter(signups__verdict=Verdict.ACCEPTED).exclude(profile={})
    return _Protected(
        frozenset(value for value in allowed if "@" not in value), frozenset(customers.values_list("domain", flat=True))
    )


def _names_in_use(name: str) -> frozenset[str]:
    version = in_use_of(name)
    text = domain_lists.shipped(name) if version is None else zlib.decompress(bytes(version.names)).decode()
    return frozenset(domain_lists.names(text))


def _fingerprint(numbers: Iterable[str]) -> str:
    return sha256("\n".join(sorted(numbers)).encode()).hexdigest()[:8]


def _some(domains: list[str]) -> str:
    more = f" and {len(domains) - 5:,} more" if len(domains) > 5 else ""
    return ", ".join(domains[:5]) + more
