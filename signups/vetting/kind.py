"""What kind of address it is, by its domain: one class, and what it rests on.

Most specific first: the lists of good domains beat every other, then come disposable, suspected, parked, free hosting,
forwarder, and at last company. Lists are `signups.vetting.domain_lists`'; staff's own word is `signups.vetting.lists`',
and beats all of this in the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signups.domains.registered import is_public, public_suffix, registrable
from signups.vetting import domain_lists
from signups.vetting.address import Address, InvalidAddress, parse
from signups.vetting.domain_lists import Entry, Lists
from signups.vetting.result import CheckResult

if TYPE_CHECKING:
    from signups.vetting.mx import Mail

KINDS = (
    "company", "free_mail", "internet_provider", "education", "government", "relay", "forwarder", "disposable",
    "suspected_disposable", "parked", "free_hosting", "unknown",
)  # fmt: skip
# Kinds whose domain says nothing of an employer.
NOBODYS = frozenset({"free_mail", "internet_provider", "relay", "disposable", "free_hosting", "unknown"})

_OUTCOMES = {"disposable": "bad", "suspected_disposable": "risky", "parked": "risky", "free_hosting": "risky"}
_SENTENCES = {
    "company": "{name} is an organisation's own domain.",
    "free_mail": "{name} gives mailboxes to everybody: it says nothing of a company.",
    "internet_provider": "{name} gives addresses with an Internet line: it says nothing of a company.",
    "education": "{name} is a school's or a university's domain.",
    "government": "{name} is a public body's domain.",
    "relay": "{name} passes mail on to its user's own mailbox: a hidden address, not a throw-away one.",
    "forwarder": "{name} is somebody's own domain, whose mail is passed on to another mailbox.",
    "disposable": "{name} hands out throw-away addresses.",
    "suspected_disposable": "Less careful lists say that {name} hands out throw-away addresses.",
    "parked": "{name} is parked: nobody uses the domain.",
    "free_hosting": "Names below {name} cost nothing, and anybody gets one.",
    "unknown": "Many owners have names below {name}: it says nothing of one of them.",
}


@dataclass(frozen=True)
class Kind:
    """One class of domain. `name` is the domain it is known by: a list's entry, or the registered one."""

    code: str
    name: str
    evidence: Mapping[str, str | int] = field(default_factory=dict)


def check(address: Address, mail: Mail | None = None) -> CheckResult:
    """The class of the address's domain. Without `mail` (what DNS said), forwarded and parked ones look like any."""
    kind = of(address.domain, mail)
    sentence = _SENTENCES[kind.code].format(name=kind.name)
    return CheckResult("kind", _OUTCOMES.get(kind.code, "good"), kind.code, sentence, kind.evidence)


def known_company_domain(address: Address) -> str:
    """The registered domain of a work address; "" where the domain says nothing of an employer."""
    return "" if of(address.domain).code in NOBODYS else registrable(address.domain)


def is_company_domain(domain: str) -> bool:
    """Whether a company can be known by a domain that somebody named, such as an employer's."""
    try:
        return bool(known_company_domain(parse(f"info@{domain}")))
    except InvalidAddress:
        return False


def mailbox_provider(domain: str) -> str:
    """The free-mail, Internet or relay provider's domain that `domain` is or lies below, "" where there is none."""
    entry = _by_name(domain_lists.current(), _names(domain))
    return entry.name if entry and entry.code in ("free_mail", "internet_provider", "relay") else ""


def of(domain: str, mail: Mail | None = None) -> Kind:
    """The class of a domain (lower case, ASCII). Neither database nor network."""
    lists = domain_lists.current()
    names = _names(domain)
    if entry := _by_name(lists, names):
        return entry
    registered = registrable(domain)
    if lists.suspected and (known_to := _suspected(lists, names)):
        return known_to
    if mail is not None and (parked := _by_servers(lists, "parked", (*mail.hosts, *mail.name_servers), registered)):
        return parked
    if hosting := _free_hosting(lists, domain):
        return hosting
    if not registered:
        return Kind("unknown", domain)
    if mail is not None and (forwarder := _by_servers(lists, "forwarder", mail.hosts, registered)):
        return forwarder
    return Kind("company", registered, {"domain": registered})


def _names(domain: str) -> list[str]:
    """The domain and those above it, without the top-level one."""
    names = [domain]
    while (domain := domain.partition(".")[2]) and "." in domain:
        names.append(domain)
    return names


def _by_name(lists: Lists, names: list[str]) -> Kind | None:
    """What the careful lists say. A disposable domain stays one below a suffix that is open to everybody (edu.pl)."""
    hosting = None
    for name in names:
        entry = lists.known.get(name)
        if entry is not None and entry.list != "free_hosting":
            return _as_kind(entry)
        hosting = hosting or entry
    for name in names:
        if name in lists.disposable and not is_public(name):
            return Kind("disposable", name, {"entry": name, "list": "disposable"})
    for name in (*names, names[0].rpartition(".")[2]):  # "gov.sg" has mailboxes itself
        if name in lists.below:
            return _as_kind(Entry(lists.below[name].list, names[0], {"suffix": name}))
    return _as_kind(hosting) if hosting else None


def _as_kind(entry: Entry) -> Kind:
    if entry.list == "legitimate":
        return Kind("company", entry.name, {"domain": entry.name, "list": entry.list})
    return Kind(entry.list, entry.name, {"entry": entry.name, "list": entry.list, **entry.evidence})


def _suspected(lists: Lists, names: list[str]) -> Kind | None:
    for name in names:
        if (count := lists.suspected.get(name)) and not is_public(name):
            return Kind("suspected_disposable", name, {"entry": name, "list": "suspected", "lists": count})
    return None


def _by_servers(lists: Lists, code: str, hosts: tuple[str, ...], registered: str) -> Kind | None:
    """Whether a mail or name server is that of a forwarder or of a parking service."""
    for host in hosts:
        entry = lists.server(host)
        if entry is not None and entry.list == code:
            return Kind(code, registered, {"domain": registered, "server": host, **entry.evidence})
    return None


def _free_hosting(lists: Lists, domain: str) -> Kind | None:
    """Below a company's suffix ("github.io"), unless that company sells names as a registry does ("uk.com")."""
    suffix, is_private = public_suffix(domain)
    if is_private and suffix != domain and suffix not in lists.registries:
        return Kind("free_hosting", suffix, {"entry": suffix, "list": "public suffix list"})
    return None
