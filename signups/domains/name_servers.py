"""Questions to the name servers of `DNS_NAMESERVERS` (the system's where it is empty), on one thread for all.

However many signups wait, one event loop asks for them: a question ends with its deadline, also where nobody ever
answers, and nothing is left behind. Answers are kept for as long as they hold, within limits. What an answer means is
for the caller to say.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver
from django.conf import settings

from signups.contracts import Deadline
from signups.domains.exchange import MOST_ALIASES, Malformed, exchange, find

_AT_ONCE = 700  # questions under way in this process, a socket each; more wait their turn, under their own deadlines
_TRIES = 3  # within the budget of a signup, as a packet may get lost

TTL_S = (30, 3600)  # records are believed at least and at most this many seconds
NEGATIVE_TTL_S = (30, 900)  # and that there are none
_MOST_KEPT = 10_000  # answers, a few hundred bytes each
_WORTH_ASKING_S = 0.02
_LAST_FOR_S = 30  # for how long a name server that stayed silent is asked after the others

# Of several failures the one is told that says most.
_CODES = {dns.rcode.SERVFAIL: "dns_servfail", dns.rcode.REFUSED: "dns_refused"}
_WORST_FIRST = ("dns_servfail", "dns_refused", "dns_error")

T = TypeVar("T")


@dataclass(frozen=True)
class Records:
    """What the name servers say about one name and type, in dnspython's words.

    No records: either there is no such name, or it has none of this type (RFC 2308: NXDOMAIN and NODATA). `ttl_s`:
    for how long that holds, within limits.
    """

    found: tuple[Any, ...]
    is_name: bool
    ttl_s: int


class Unanswered(Exception):
    """The name servers did not say. `code` is "dns_timeout", "dns_servfail", "dns_refused" or "dns_error"."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


async def ask(name: str, rdtype: str, deadline: Deadline) -> Records:
    """The records of `name` (lower case, ASCII, without a final dot). Raises Unanswered.

    Whoever asks the same at the same time shares one question.
    """
    question = (name, rdtype)
    until, kept = _kept.get(question, (0.0, None))
    if kept is not None and time.monotonic() < until:
        return kept
    while True:
        asking = _under_way.get(question)
        is_mine = asking is None or asking.done()  # done: it failed in this very turn of the loop, so ask anew
        if asking is None or is_mine:
            asking = _under_way[question] = asyncio.ensure_future(_ask_and_keep(question, deadline))
            asking.add_done_callback(lambda done: _ended(question, done))
        try:
            async with asyncio.timeout(deadline.remaining_s()):
                return await asyncio.shield(asking)
        except TimeoutError:
            raise _too_late(question, deadline) from None
        except Unanswered as error:  # another's time was up, and there may be some left of this one's
            if is_mine or error.code != "dns_timeout" or deadline.remaining_s() < _WORTH_ASKING_S:
                raise


def _ended(question: tuple[str, str], asking: asyncio.Future[Records]) -> None:
    if _under_way.get(question) is asking:
        del _under_way[question]
    if not asking.cancelled():
        asking.exception()  # whoever waits has it; nobody may be waiting any more


async def _ask_and_keep(question: tuple[str, str], deadline: Deadline) -> Records:
    try:
        async with asyncio.timeout(deadline.remaining_s()), _desk().turns:
            records = await _ask(*question, deadline.at_most(settings.DNS_TIMEOUT_MS))
    except TimeoutError:
        raise _too_late(question, deadline) from None
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise Unanswered("dns_error", f"{type(error).__name__}: {error}") from error
    _keep(question, records)
    return records


async def _ask(name: str, rdtype: str, deadline: Deadline) -> Records:
    """Follows aliases whose target the answer does not tell; most resolvers tell all in one."""
    owner, ttls = dns.name.from_text(f"{name}."), []
    for _ in range(MOST_ALIASES):
        message = await _answer(owner, rdtype, deadline)
        try:
            found = find(message, owner, dns.rdatatype.from_text(rdtype))
        except Malformed as error:
            raise Unanswered("dns_error", f"{name} {rdtype}: {error}") from error
        ttls += [] if found.ttl_s is None else [found.ttl_s]
        ttl_s = _within(min(ttls, default=0), TTL_S if found.records else NEGATIVE_TTL_S)
        if found.records or message.rcode() == dns.rcode.NXDOMAIN:
            return Records(found.records, is_name=bool(found.records) or owner != found.owner, ttl_s=ttl_s)
        if found.owner == owner:
            return Records((), is_name=True, ttl_s=ttl_s)
        owner = found.owner
    raise Unanswered("dns_error", f"{name} {rdtype}: more than {MOST_ALIASES} aliases, or aliases in a circle")


async def _answer(name: dns.name.Name, rdtype: str, deadline: Deadline) -> dns.message.Message:
    """The first answer of any name server: each is asked in turn, until it fails or the time is up."""
    now = time.monotonic()
    waiting, failures = sorted(_servers(), key=lambda server: _last_until.get(server, 0.0) > now), []
    while waiting:
        server = waiting.pop(0)
        query = dns.message.make_query(name, rdtype)
        try:
            timeout_s = min(_again_after_s(), deadline.remaining_s())
            message = await exchange(query, server.answer_nameserver(), server.answer_port(), timeout_s)
        except TimeoutError:
            _last_until[server] = time.monotonic() + _LAST_FOR_S
            if deadline.remaining_s() < _WORTH_ASKING_S:
                raise
            waiting.append(server)  # a packet may get lost
        except (OSError, Malformed) as error:
            failures.append(("dns_error", f"{type(error).__name__}: {error}"))
        else:
            if message.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) and not _is_referral(message):
                return message
            rcode = message.rcode()
            why = dns.rcode.to_text(rcode) if rcode else "a referral to other name servers"
            failures.append((_CODES.get(rcode, "dns_error"), f"{server.answer_nameserver()} answered {why}"))
    code = min((code for code, _ in failures), key=_WORST_FIRST.index, default="dns_error")
    raise Unanswered(code, f"{name} {rdtype}: " + "; ".join(detail for _, detail in failures))


def _is_referral(message: dns.message.Message) -> bool:
    """Whether a server that does not know sends us on (a lame delegation): that does not mean that there is nothing.

    Name servers without an SOA tell it from NODATA (RFC 2308 section 2.2), also where a forwarder passes it on.
    """
    if message.answer or message.rcode() or message.flags & dns.flags.AA:
        return False
    types = {one.rdtype for one in message.authority}
    return dns.rdatatype.NS in types and dns.rdatatype.SOA not in types


def _too_late(question: tuple[str, str], deadline: Deadline) -> Unanswered:
    return Unanswered("dns_timeout", f"No answer for {' '.join(question)} within {deadline.elapsed_ms()} ms")


def _within(ttl_s: int, limits: tuple[int, int]) -> int:
    shortest, longest = limits
    return min(max(ttl_s, shortest), longest)


def _keep(question: tuple[str, str], records: Records) -> None:
    _kept.pop(question, None)
    if len(_kept) >= _MOST_KEPT:
        _kept.pop(next(iter(_kept), question), None)  # the oldest
    _kept[question] = (time.monotonic() + records.ttl_s, records)


_kept: dict[tuple[str, str], tuple[float, Records]] = {}  # written by the loop's thread alone
_under_way: dict[tuple[str, str], asyncio.Future[Records]] = {}  # the loop's thread's, too
_last_until: dict[dns.nameserver.Nameserver, float] = {}  # and its, too


def submit(question: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine that asks; returns at once. Cancelling the future ends it."""
    return asyncio.run_coroutine_threadsafe(question, _desk().loop)


def forget() -> None:
    """Ask anew about everything, and read the settings again."""
    _kept.clear()
    _last_until.clear()
    _servers.cache_clear()


@cache
def _servers() -> tuple[dns.nameserver.Nameserver, ...]:
    """Raises ValueError or a DNSException where no name server can be read from the settings or the system."""
    if settings.DNS_NAMESERVERS:
        return tuple(name_server(server) for server in settings.DNS_NAMESERVERS)
    system = dns.resolver.Resolver().nameservers
    return tuple(dns.nameserver.Do53Nameserver(one) if isinstance(one, str) else one for one in system)


def _again_after_s() -> float:
    return float(settings.VETTING_BUDGET_MS) / 1000 / _TRIES


def name_server(value: str) -> dns.nameserver.Nameserver:
    """Reads "192.0.2.1:53", "[2001:db8::1]:53", or an address alone (port 53). Raises ValueError with the remedy."""
    address, port = value.strip(), "53"
    if address.startswith("["):
        address, _, rest = address[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    try:
        return dns.nameserver.Do53Nameserver(str(ip_address(address)), int(port))
    except ValueError as error:
        raise ValueError(f"DNS_NAMESERVERS must hold address:port, such as 192.0.2.1:53, not {value!r}") from error


class _Desk:
    """The event loop, its thread, and how many may ask at once."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.turns = asyncio.Semaphore(_AT_ONCE)
        threading.Thread(target=self.loop.run_forever, name="name-servers", daemon=True).start()


_make_desk = cache(_Desk)
_opening = threading.Lock()


def _desk() -> _Desk:
    with _opening:
        return _make_desk()


def _reopen() -> None:
    """Threads do not survive a fork, and locks may be held for ever after one."""
    global _opening
    _opening = threading.Lock()
    _under_way.clear()
    _make_desk.cache_clear()


os.register_at_fork(after_in_child=_reopen)
