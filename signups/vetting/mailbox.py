"""Whether the mailbox exists, as the domain's own mail server says when it is asked for it (RCPT) and for one that
surely does not exist. Optional, off by default (`VETTING_SMTP_PROBE`).

Many servers do not tell, and some hold it against whoever asks: providers known for that are not asked, no provider is
asked often, and what is known is kept. Only addresses of the public internet are connected to, exactly those that DNS
named. How one talks to a server is `smtp_dialogue`'s.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import string
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings

from signups import domains
from signups.contracts import Deadline, Finding
from signups.domains import addresses, mail_providers, name_servers
from signups.domains.name_servers import Records, Unanswered
from signups.vetting import rcpt_replies, smtp_dialogue
from signups.vetting.address import Address
from signups.vetting.smtp_dialogue import NoDialogue

NAME = "mailbox"

AT_ONCE = 32  # dialogues under way in this process
MOST_A_MINUTE = 20  # dialogues with one provider's servers, from this process
MOST_SERVERS = 3  # tried one after the other while none can be talked to
_CONNECTING = 0.4  # the share of the time left that one server gets before the next is tried
_MOST_PROVIDERS = 5_000

# About whom an answer is, and for how long it is believed.
HOLDS_FOR = {
    "exists": timedelta(days=7),
    "no_such_mailbox": timedelta(hours=6),  # it may be made a minute later
    "mailbox_full": timedelta(hours=6),
    "catch_all": timedelta(days=30),
    "refused": timedelta(days=1),
}
ABOUT_DOMAIN = frozenset({"catch_all", "refused"})

# Their servers take every recipient, refuse strangers, or count probes as an attack: nothing is learnt by asking.
NOT_TOLD = frozenset(
    "yahoodns.net olc.protection.outlook.com mail.icloud.com protonmail.ch mail.ru yandex.net yandex.ru gmx.net web.de "
    "t-online.de qq.com 163.com pphosted.com ppe-hosted.com mimecast.com barracudanetworks.com messagelabs.com "
    "iphmx.com fireeyecloud.com trendmicro.com trendmicro.eu mailcontrol.com sophos.com antispameurope.com "
    "hornetsecurity.com secureserver.net emailsrvr.com".split()
)

_SENTENCES = {
    "exists": ("good", "The mail server of {domain} knows this mailbox, and refuses one that does not exist."),
    "no_such_mailbox": ("risky", "The mail server of {domain} says that there is no such mailbox."),
    "mailbox_full": ("unknown", "The mailbox exists, and the mail server of {domain} says that it is full."),
    "catch_all": ("unknown", "The mail server of {domain} takes mail for every address, so it cannot tell."),
    "not_told": ("unknown", "The mail servers of {domain} do not tell which mailboxes exist."),
    "refused": ("unknown", "The mail server of {domain} refuses to be asked by us."),
    "try_later": ("unknown", "The mail server of {domain} wants to be asked again later."),
    "unclear": ("unknown", "What the mail server of {domain} answers says nothing about the mailbox."),
    "no_answer": ("unknown", "No mail server of {domain} could be talked to."),
    "no_mail_server": ("unknown", "No mail server of {domain} could be found to ask."),
    "late": ("unknown", "The mail server of {domain} did not answer in time."),
    "not_asked": ("unknown", "The mail server of {domain} was not asked: its provider has been asked enough for now."),
    "not_askable": ("unknown", "Mail servers cannot be asked for an address with such letters."),
}


async def ask(address: Address, deadline: Deadline) -> Finding:
    """Ask about the mailbox; "late" where the time is up first. The caller has made sure that probes are on."""
    if not _is_askable(address.email):
        return finding("not_askable", address.domain)
    try:
        async with asyncio.timeout(max(0.0, deadline.remaining_s() - 0.02)), _turns():
            return await _ask(address, deadline)
    except TimeoutError:
        return finding("late", address.domain)


async def _ask(address: Address, deadline: Deadline) -> Finding:
    try:
        hosts = await _hosts(address.domain, deadline)
    except Unanswered:
        hosts = []
    if not hosts:
        return finding("no_mail_server", address.domain)
    if any(mail_providers.below(host, NOT_TOLD) for host in hosts):
        return finding("not_told", address.domain, {"server": hosts[0]})
    if not _take_turn(domains.registrable(hosts[0]) or hosts[0]):
        return finding("not_asked", address.domain, {"server": hosts[0]})
    troubles: list[str] = []
    async for host, where, port in _places(hosts, deadline):
        try:
            said = await smtp_dialogue.ask(
                where,
                port,
                host=host,
                helo=settings.SMTP_PROBE["helo"],
                sender=settings.SMTP_PROBE["sender"],
                recipients=(address.email, f"{_nobody()}@{address.domain}"),
                connect_s=deadline.remaining_s() * _CONNECTING,
            )
        except NoDialogue as error:
            troubles.append(f"{host}: {error}")
            continue
        code, reply = rcpt_replies.read(said)
        evidence = {"server": host, "stage": said.stage, "is_encrypted": said.is_encrypted}
        return finding(code, address.domain, evidence | {"reply": _without(address, reply)})
    return finding("no_answer", address.domain, {"servers": troubles} if troubles else {})


def finding(code: str, domain: str, evidence: Mapping[str, Any] | None = None) -> Finding:
    outcome, sentence = _SENTENCES[code]
    return Finding(outcome, code, sentence.format(domain=domain), evidence or {}, HOLDS_FOR.get(code, timedelta(0)))


def _without(address: Address, text: str) -> str:
    """The text without the address, which servers repeat: what is kept for others must not tell it."""
    text = re.sub(re.escape(address.email), "…", text, flags=re.IGNORECASE)
    return re.sub(rf"(?<!\w){re.escape(address.local)}(?!\w)", "…", text, flags=re.IGNORECASE)


# -- Whom to ask, and how often ----------------------------------------------------------------------------------------


async def _hosts(domain: str, deadline: Deadline) -> list[str]:
    """The mail servers, those with the lowest preference first; the domain itself where it names none. Or nobody."""
    records = await name_servers.ask(domain, "MX", deadline)
    if not records.found:
        return [domain] if records.is_name else []
    exchanges = sorted((record.preference, record.exchange.to_text(True).lower()) for record in records.found[:100])
    return [host for _, host in exchanges if host not in (".", "@", "")][:MOST_SERVERS]


async def _places(hosts: Sequence[str], deadline: Deadline) -> AsyncIterator[tuple[str, str, int]]:
    """Where to connect to: host name, IP address and port."""
    if via := settings.SMTP_PROBE["via"]:
        where, _, port = via.rpartition(":")
        yield hosts[0], where.strip("[]"), int(port)
        return
    left = MOST_SERVERS
    for host in hosts:
        for where in await _addresses(host, deadline):
            if left:
                left -= 1
                yield host, where, 25


async def _addresses(host: str, deadline: Deadline) -> list[str]:
    """The host's addresses that lie in the public internet, as DNS names them: they alone are connected to."""
    questions = (name_servers.ask(host, rdtype, deadline) for rdtype in ("A", "AAAA"))
    answers = await asyncio.gather(*questions, return_exceptions=True)
    found = [str(record.address) for answer in answers if isinstance(answer, Records) for record in answer.found[:4]]
    return [address for address in found if is_public(address)]


def is_public(address: str) -> bool:
    """Whether an IP address is of the public internet, also as the one that is wrapped in it."""
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address):
        teredo = ip.teredo[1] if ip.teredo else None
        wrapped = ip.ipv4_mapped or ip.sixtofour or teredo
        if wrapped is None and any(ip in network for network in _TRANSLATED):
            wrapped = IPv4Address(int(ip) & 0xFFFFFFFF)
        ip = wrapped or ip
    return addresses.is_public(ip) and not addresses.is_pretend(ip)  # nobody answers at the pretend internet's own


_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("::/96"))  # RFC 6052, and RFC 4291's first idea


def _is_askable(email: str) -> bool:
    """Whether the address can stand in a command as it is."""
    return re.fullmatch(r"[!-;=?-~]{1,64}@[a-z0-9.-]+", email) is not None


def _nobody() -> str:
    """A local part that nobody has."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(18))


def _take_turn(provider: str) -> bool:
    """Count a dialogue with the provider; False where it has been asked often enough within this minute."""
    now = time.monotonic()
    recent = _recent.setdefault(provider, deque(maxlen=MOST_A_MINUTE))
    _recent.move_to_end(provider)
    if len(_recent) > _MOST_PROVIDERS:
        _recent.popitem(last=False)
    if len(recent) == MOST_A_MINUTE and now - recent[0] < 60:
        return False
    recent.append(now)
    return True


def forget() -> None:
    """Forget who was asked how often."""
    _recent.clear()


_recent: OrderedDict[str, deque[float]] = OrderedDict()  # touched by the loop's thread alone


@cache
def _turns() -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


os.register_at_fork(after_in_child=_turns.cache_clear)  # it belongs to the parent's event loop
os.register_at_fork(after_in_child=forget)
