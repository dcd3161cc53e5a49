"""How people sign their mails, as an answer that is kept: who signs with which company, and when they last did.

The mails' text is read here and goes no further. What the signatures say of somebody's workplace is `evidence`'s.
"""

from __future__ import annotations

from collections.abc import Iterable

from signups.contracts import Answer, Found, IncomingMail, Subject
from signups.enrichment import signatures
from signups.enrichment.answers import Result
from signups.enrichment.clues import Signed
from signups.enrichment.signatures import Signature

MOST = 20  # people of one answer


def answer(mails: Iterable[IncomingMail]) -> Answer:
    """Of every sender the latest signature that says a company, the latest first."""
    latest = sorted(mails, key=lambda mail: mail.at, reverse=True)
    found: dict[str, dict[str, str]] = {}
    for mail in latest:
        if mail.sender in found or len(found) >= MOST:
            continue
        if signature := signatures.read(mail.text, mail.name, mail.sender):
            found[mail.sender] = _entry(mail, signature)
    if not found:
        number = len(latest)
        read = f"{number} mail{'s' * (number != 1)} read, and no signature names a company." if number else "No mails."
        return Answer(Found.NOT_FOUND, note=read)
    return Answer(Found.FOUND, {Subject.SIGNATURES.value: list(found.values())})


def of(results: Iterable[Result]) -> list[Signed]:
    """What such answers say, one signature a person."""
    found = (result.facts.get(Subject.SIGNATURES.value, ()) for result in results if result.outcome is Found.FOUND)
    signed = (Signed(one["by"], one["name"], one["company"], one["domain"]) for entries in found for one in entries)
    return list({one.by: one for one in signed}.values())


def _entry(mail: IncomingMail, signature: Signature) -> dict[str, str]:
    return {
        "by": mail.sender[:254],
        "name": mail.name[:200],
        "company": signature.company,
        "domain": signature.domain,
        "at": mail.at.isoformat(),
    }
