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

import dns.asyncresolver
import dns.exception
import dns.message
import dns.nameserver
import dns.rcode
import dns.resolver
from django.conf import settings

from signups.contracts import Deadline

_AT_ONCE = 128  # questions under way in this process; more wait their turn, under their own deadlines
_TRIES = 3  # within the budget of a signup, as a packet may get lost

TTL_S = (30, 600)  # an answer is believed at least and at most this many seconds
_MOST_KEPT = 10_000  # answers, a few hundred bytes each

T = TypeVar("T")


@dataclass(frozen=True)
class Records:
    """What the name servers say about one name and type, in dnspython's words.

    No records: either there is no such name, or it has none of this type (RFC 2308: NXDOMAIN and NODATA).
    """

    found: tuple[Any, ...]
    is_name: bool


class Unanswered(Exception):
    """The name servers did not say. `code` is "dns_timeout", "dns_servfail", "dns_refused" or "dns_error"."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


async def ask(name: str, rdtype: str, deadline: Deadline) -> Records:
    """The records of `name` (lower case, ASCII, without a final dot). Raises Unanswered."""
    until, kept = _kept.get((name, rdtype), (0.0, None))
    if kept is not None and time.monotonic() < until:
        return kept
    try:
        async with asyncio.timeout(deadline.remaining_s()), _desk().turns:
            records, ttl_s = await _ask(name, rdtype, deadline)
    except (TimeoutError, dns.exception.Timeout):
        raise Unanswered("dns_timeout", f"No answer for {name} {rdtype} within {deadline.elapsed_ms()} ms") from None
    except dns.resolver.NoNameservers as error:
        raise Unanswered(_code(error), str(error)) from error
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise Unanswered("dns_error", f"{type(error).__name__}: {error}") from error
    _keep((name, rdtype), records, ttl_s)
    return records


async def _ask(name: str, rdtype: str, deadline: Deadline) -> tuple[Records, int]:
    """The records, and for how many seconds they hold."""
    lifetime_s = max(0.001, deadline.remaining_s())
    try:
        answer = await _resolver().resolve(f"{name}.", rdtype, raise_on_no_answer=False, lifetime=lifetime_s)
    except dns.resolver.NXDOMAIN as error:
        responses: list[dns.message.QueryMessage] = list(error.kwargs["responses"].values())
        return Records((), is_name=False), min(response.resolve_chaining().minimum_ttl for response in responses)
    return Records(tuple(answer), is_name=True), answer.chaining_result.minimum_ttl


def _keep(question: tuple[str, str], records: Records, ttl_s: int) -> None:
    shortest, longest = TTL_S
    _kept.pop(question, None)
    if len(_kept) >= _MOST_KEPT:
        _kept.pop(next(iter(_kept), question), None)  # the oldest
    _kept[question] = (time.monotonic() + min(max(ttl_s, shortest), longest), records)


_kept: dict[tuple[str, str], tuple[float, Records]] = {}  # written by the loop's thread alone


def submit(question: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine that asks; returns at once. Cancelling the future ends it."""
    return asyncio.run_coroutine_threadsafe(question, _desk().loop)


def forget() -> None:
    """Ask anew about everything, and read the settings again."""
    _kept.clear()
    _resolver.cache_clear()


def _code(error: dns.resolver.NoNameservers) -> str:
    """Which refusal it was, where several name servers failed in different ways."""
    rcodes = {response.rcode() for *_, response in error.kwargs.get("errors", ()) if response is not None}
    if dns.rcode.SERVFAIL in rcodes:
        return "dns_servfail"
    return "dns_refused" if dns.rcode.REFUSED in rcodes else "dns_error"


@cache
def _resolver() -> dns.asyncresolver.Resolver:
    """Raises ValueError or a DNSException where no name server can be read from the settings or the system."""
    resolver = dns.asyncresolver.Resolver(configure=not settings.DNS_NAMESERVERS)
    if settings.DNS_NAMESERVERS:
        resolver.nameservers = [name_server(server) for server in settings.DNS_NAMESERVERS]
    resolver.timeout = settings.VETTING_BUDGET_MS / 1000 / _TRIES
    return resolver


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
    _make_desk.cache_clear()


os.register_at_fork(after_in_child=_reopen)
