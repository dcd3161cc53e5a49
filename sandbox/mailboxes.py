"""What the mail server of a domain says to whoever only asks for a mailbox: the cast's exist, and some domains are odd.

The sandbox's one SMTP port plays two servers: the relay that takes every mail, for whoever sends, and the domain's own
mail server, for whoever introduces itself as ``PROBER``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.cast import HOUSE_RULES
from sandbox.core import World

PROBER = "probe.onboarding.test"
HANGS_S = 3_600.0
TARPIT_S = 5.0


@dataclass(frozen=True)
class Answer:
    """A reply to RCPT, and how long it takes."""

    text: str
    after_s: float = 0.0


def answer(world: World, address: str) -> Answer:
    local, _, domain = address.lower().rpartition("@")
    exists = local == "postmaster" or world.cast.person(address) is not None
    unknown = Answer(f"550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table")
    match HOUSE_RULES.get(domain):
        case "takes all":
            return Answer("250 2.1.5 Ok")
        case "greylists":
            return Answer("451 4.7.1 Greylisted, please try again in 300 seconds")
        case "refuses strangers":
            return Answer("554 5.7.1 Service unavailable; client host blocked using dnsbl.test")
        case "tarpits":
            return Answer("250 2.1.5 Ok", TARPIT_S)
        case "hangs":
            return Answer("", HANGS_S)
        case "is full":
            return Answer(f"452 4.2.2 <{address}>: mailbox is over its quota")
        case "like Exchange Online":
            refusal = Answer("550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [x.test]")
            return Answer("250 2.1.5 Recipient OK") if local == "known" else refusal
    return Answer("250 2.1.5 Ok") if exists else unknown
