"""Fingerprints: do the servers behind a domain serve throw-away domains, and hardly any other?

Throw-away services run hundreds of domains on a few servers: an unknown domain on those servers is most likely theirs.
Here a domain is judged, in one query; what is known of servers is learned by `signups.vetting.learning`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signups.domains.registered import lineage, registrable
from signups.models import Fingerprint, LearnedDomain
from signups.vetting.address import Address
from signups.vetting.result import CheckResult

if TYPE_CHECKING:
    from signups.vetting.mx import Mail

# A Beta prior worth a quarter of a domain, four to one against: three domains without an exception are 15 : 1.
PRIOR_DISPOSABLE, PRIOR_OTHER = 0.05, 0.2
FEWEST, ODDS = 3, 9.0  # disposable domains, and odds, from which servers are a weak sign
STRONG_FEWEST, STRONG_ODDS = 5, 50.0  # … from which they may reject together with a second sign: ten without exception
MANY_OTHER = 20  # other domains of which nobody thinks ill: whoever serves so many serves everybody
# Few other domains are known where few customers are: each stands for many, but for no more than these.
MOST_WEIGHT = 20.0
MOST_VALUES = 12  # of a kind, of one domain

Kind = Fingerprint.Kind
Servers = Mapping[str, Sequence[str]]
_FILE = Path(__file__).with_name("data") / "shared_infrastructure.txt"
_SUBJECTS = {
    Kind.MX_HOST: "The mail server {value}",
    Kind.MX_DOMAIN: "The mail servers of {value}",
    Kind.MX_ADDRESS: "The mail server at {value}",
    Kind.NAME_SERVER: "The name servers of {value}",
}


@dataclass(frozen=True)
class Odds:
    """What a fingerprint's counts come to. `odds` are those of a domain being disposable, to one."""

    disposable: int
    other: int
    odds: float

    @property
    def is_weak_sign(self) -> bool:
        return self.disposable >= FEWEST and self.odds >= ODDS

    @property
    def is_strong(self) -> bool:
        return self.disposable >= STRONG_FEWEST and self.odds >= STRONG_ODDS

    def in_words(self) -> str:
        """As in "50 : 1"."""
        return f"{self.odds:,.0f} : 1" if self.odds >= 1 else f"1 : {1 / self.odds:,.0f}"


def check(address: Address, mail: Mail) -> CheckResult:
    """Compare the servers that DNS named with those learned about; one query, none where it named none."""
    domain = registrable(address.domain)
    servers = servers_of(mail, domain)
    if not any(servers.values()):
        if mail.check.outcome == "unknown":
            sentence = "The servers of the domain are not known yet."
            return CheckResult("fingerprint", "unknown", "not_asked", sentence)
        return CheckResult("fingerprint", "good", "unfamiliar", "The domain names no servers to compare.")
    total, found = _known(servers, domain)
    shared = is_shared(servers) or any(is_exempt(row) for row in found)
    judged = [(odds_of(row, total, domain_label=row.own_label), row) for row in found if not is_exempt(row)]
    evidence: dict[str, Any] = {"servers": servers}
    strongest = max(judged, key=lambda one: (one[0].is_strong, one[0].odds), default=None)
    weak = [one for one in judged if one[0].is_weak_sign]
    if weak:
        odds, row = max(weak, key=lambda one: (one[0].is_strong, one[0].odds))
        evidence |= _evidence(odds, row)
        return CheckResult("fingerprint", "risky", "disposable_servers", sentence_on(row, odds), evidence)
    if strongest is not None:
        evidence |= _evidence(*strongest)
    if shared:
        sentence = "Its servers are shared by everybody, and say nothing."
        return CheckResult("fingerprint", "good", "shared_infrastructure", sentence, evidence)
    sentence = "Its servers are not known for throw-away domains."
    return CheckResult("fingerprint", "good", "unfamiliar", sentence, evidence)


def servers_of(mail: Mail, domain: str) -> dict[str, list[str]]:
    """What DNS named, by kind. A registered domain's own name is no fingerprint: nobody else has it.

    Servers of shared infrastructure stand in it by their owner's domain alone, and their addresses not at all.
    """
    owners = list(dict.fromkeys(registrable(host) or host for host in mail.hosts))
    name_servers = list(dict.fromkeys(registrable(host) or host for host in mail.name_servers))
    are_shared = any(map(shared_reason, owners))
    found = {
        Kind.MX_HOST: [] if are_shared else [host for host in mail.hosts if (registrable(host) or host) != domain],
        Kind.MX_DOMAIN: [owner for owner in owners if owner != domain],
        Kind.MX_ADDRESS: [] if are_shared else list(dict.fromkeys(mail.addresses)),
        Kind.NAME_SERVER: [owner for owner in name_servers if owner != domain],
    }
    return {kind.value: values[:MOST_VALUES] for kind, values in found.items() if values}


def odds_of(row: Any, total: Any | None, domain_label: str | None = None) -> Odds:
    """The odds that a domain with this fingerprint is disposable. `total`: the row that counts all domains.

    A domain that was learned about itself is left out of the counts: it is no witness in its own case.
    """
    disposable = row.disposable - (domain_label == LearnedDomain.Label.DISPOSABLE)
    other = row.other - (domain_label == LearnedDomain.Label.OTHER)
    weight = 1.0
    if total is not None and total.other:
        weight = min(max(1.0, total.disposable / total.other), MOST_WEIGHT)
    odds = (disposable + PRIOR_DISPOSABLE) / (other * weight + PRIOR_OTHER)
    return Odds(disposable, other, round(odds, 2))


def is_exempt(row: Any) -> bool:
    """Whether the fingerprint says nothing: staff's word, else the shipped list, else because many others have it."""
    if row.is_exempt is not None:
        return bool(row.is_exempt)
    return row.other >= MANY_OTHER or bool(row.kind != Kind.MX_ADDRESS and shared_reason(row.value))


def is_shared(servers: Servers) -> bool:
    """Whether any of the servers is on the shipped list."""
    return any(shared_reason(value) for kind, values in servers.items() if kind != Kind.MX_ADDRESS for value in values)


def shared_reason(host: str) -> str:
    """Why the server is exempt, "" where it is not on the shipped list."""
    if "awsdns-" in host:  # Route 53's name servers have a registered domain each: awsdns-00.com to awsdns-63.co.uk
        return "Amazon Route 53"
    return next((reason for name in lineage(host) if (reason := shared().get(name))), "")


@cache
def shared() -> Mapping[str, str]:
    """The shipped list: domain → reason."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


def sentence_on(row: Any, odds: Odds) -> str:
    """As in "The mail server mx.tempmail.example serves 212 disposable domains and no other."."""
    subject = _SUBJECTS[Kind(row.kind)].format(value=row.value)
    serves = "serves" if row.kind in (Kind.MX_HOST, Kind.MX_ADDRESS) else "serve"
    domains = "domain" if odds.disposable == 1 else "domains"
    others = "no other" if not odds.other else f"{odds.other:,} other{'' if odds.other == 1 else 's'}"
    return f"{subject} {serves} {odds.disposable:,} disposable {domains} and {others}."


def _known(servers: Servers, domain: str) -> tuple[Any | None, list[Any]]:
    """The row that counts all domains, and those of these servers, with what the domain itself was called."""
    found = list(Fingerprint.objects.raw(*_query(servers, domain)))
    total = next((row for row in found if row.kind == Kind.ALL), None)
    return total, [row for row in found if row.kind != Kind.ALL]


def _query(servers: Servers, domain: str) -> tuple[str, list[str]]:
    """SQL and its parameters. Asked at every signup: the ORM takes several times as long to put the query together."""
    wanted, parameters = ["kind = %s"], [Kind.ALL.value]
    for kind, values in servers.items():
        wanted.append(f"kind = %s AND value IN ({', '.join(['%s'] * len(values))})")
        parameters += [kind, *values]
    learned, link = LearnedDomain._meta.db_table, LearnedDomain.fingerprints.through._meta.db_table
    sql = (
        f"SELECT one.*, (SELECT learned.label FROM {learned} AS learned JOIN {link} AS link"  # noqa: S608
        " ON link.learneddomain_id = learned.id WHERE learned.domain = %s AND link.fingerprint_id = one.id"
        f") AS own_label FROM {Fingerprint._meta.db_table} AS one WHERE ({') OR ('.join(wanted)})"
        " ORDER BY disposable DESC, kind, value"
    )
    return sql, [domain, *parameters]


def _evidence(odds: Odds, row: Any) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "value": row.value,
        "disposable": odds.disposable,
        "other": odds.other,
        "odds": odds.in_words(),
        "strong": odds.is_strong,
    }
