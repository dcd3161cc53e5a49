"""How a domain's mail is set up: its provider, SPF (RFC 7208) and DMARC (RFC 7489), and whose services it has proven.

Weak evidence for a company, and never anything against one. Optional, off by default (`VETTING_MAIL_SETUP`). Nothing is
evaluated for a mail that came: only the domain's own records are read, and what they include is not asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from signups import domains
from signups.contracts import Deadline, Finding
from signups.domains import mail_providers, name_servers
from signups.domains.name_servers import Unanswered

NAME = "mail_setup"

MOST_RECORDS = 50  # TXT records looked at
LONGEST_RECORD = 4_000  # characters read of one
LONGEST_POLICY = 500
MOST_TERMS = 60  # of an SPF record; RFC 7208 allows no more than ten that ask DNS
_POLICIES = ("none", "quarantine", "reject")
_TAG = re.compile(r"\s*([a-z]{1,10})\s*=\s*([^;]{1,200}?)\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Texts:
    """The TXT records of a domain and of its `_dmarc` name; None: nobody could say."""

    domain: tuple[str, ...] | None
    dmarc: tuple[str, ...] | None


async def ask(domain: str, deadline: Deadline) -> Texts:
    """Ask for the domain's records, and for the policy of it or, where it has none, of its registered domain."""
    organisation = domains.registrable(domain) or domain
    names = dict.fromkeys((domain, f"_dmarc.{domain}", f"_dmarc.{organisation}"))
    answers = dict(zip(names, await asyncio.gather(*(_texts(name, deadline) for name in names)), strict=True))
    own = answers[f"_dmarc.{domain}"]
    return Texts(answers[domain], own if own and _dmarc_records(own) else answers[f"_dmarc.{organisation}"])


async def _texts(name: str, deadline: Deadline) -> tuple[str, ...] | None:
    try:
        records = await name_servers.ask(name, "TXT", deadline)
    except Unanswered:
        return None
    # A record's strings belong together without anything between them (RFC 7208 section 3.3).
    return tuple(
        b"".join(record.strings).decode("utf-8", "replace")[:LONGEST_RECORD] for record in records.found[:MOST_RECORDS]
    )


def read(domain: str, hosts: Sequence[str], texts: Texts) -> Finding:
    """What the mail servers (lower case, those with the lowest preference first) and the records say of the domain."""
    provider, is_business = mail_providers.of_servers(hosts)
    if not provider and hosts and domains.registrable(hosts[0]) == domains.registrable(domain):
        provider = "own server"
    said = texts.domain or ()
    evidence: dict[str, Any] = {"provider": provider or (domains.registrable(hosts[0]) if hosts else "")}
    evidence |= {"spf": spf(said)} if texts.domain is not None else {}
    evidence |= {"dmarc": dmarc(texts.dmarc)} if texts.dmarc is not None else {}
    evidence["services"] = services(said, evidence.get("spf", {}).get("includes", []))
    if is_business or len(evidence["services"]) > 1:
        by = provider if is_business else " and ".join(evidence["services"][:2])
        return Finding("good", "business_mail", f"{domain} has the mail of a company: {by}.", evidence)
    if texts.domain is None:
        return Finding("unknown", "dns_unknown", f"Nobody could say how the mail of {domain} is set up.", evidence)
    return Finding("good", "plain", f"The mail of {domain} is set up as anybody's.", evidence)


def spf(texts: Iterable[str]) -> dict[str, Any]:
    """The SPF record in short: `result` "none", "permerror" (more than one record) or "found"; `all` as "-all";
    `includes`: whose senders it takes over, in their order.
    """
    records = [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if len(records) != 1:
        return {"result": "permerror" if records else "none", "includes": []}
    terms = records[0].lower().split()[1 : 1 + MOST_TERMS]
    includes = [name for term in terms if (name := _included(term))]
    policy = next((term for term in terms if term.lstrip("+-~?") == "all"), "")
    return {"result": "found", "all": policy, "includes": list(dict.fromkeys(includes))}


def _included(term: str) -> str:
    """The domain whose record this term takes over, "" where it takes over none."""
    term = term.lstrip("+-~?")
    for prefix in ("include:", "redirect="):
        if term.startswith(prefix):
            return term.removeprefix(prefix).strip(".")[:253]
    return ""


def dmarc(texts: Iterable[str]) -> dict[str, Any]:
    """The DMARC policy in short: `policy` "none", "quarantine" or "reject", "" where there is no one valid record."""
    records = _dmarc_records(texts)
    if len(records) != 1:  # RFC 7489 section 6.6.3: more than one count as none
        return {"policy": ""}
    tags = {name.lower(): value for name, value in _TAG.findall(records[0][:LONGEST_POLICY])}
    policy = tags.get("p", "").lower()
    said: dict[str, Any] = {"policy": policy if policy in _POLICIES else ""}
    return said | ({"percent": int(tags["pct"])} if re.fullmatch(r"\d{1,2}|100", tags.get("pct", "")) else {})


def _dmarc_records(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]


def services(texts: Iterable[str], includes: Iterable[str]) -> list[str]:
    """The services whose customer the domain is, by what it includes and what it has proven to them; sorted."""
    found = {
        mail_providers.INCLUDES[entry]
        for name in includes
        if (entry := mail_providers.below(name, mail_providers.INCLUDES))
    }
    for text in texts:
        start = text[:60].lower()
        found |= {service for prefix, service in mail_providers.VERIFICATIONS.items() if start.startswith(prefix)}
    return sorted(found)
