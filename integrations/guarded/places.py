"""Where a URL leads: which addresses its host has, which of them we connect to, and that none is but public.

A name is resolved here once, and what is judged is what `wire` connects to: a name that changes its mind in between
(DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from django.conf import settings

from integrations.guarded.pages import NAME, Refused
from integrations.guarded.urls import Target
from signups.contracts import Deadline, Later
from signups.domains import addresses, name_servers
from signups.domains.addresses import IPAddress
from signups.domains.name_servers import Records

MOST_TRIED = 3
_AFTER_FIRST_S = 0.05  # how long one kind of address is waited for once the other is there
_TYPES = ("A", "AAAA")


@dataclass(frozen=True)
class Place:
    """A public address, and where connections to it go: there, or to a port of the sandbox. None: to nowhere."""

    ip: IPAddress
    end: tuple[str, int] | None


def of(target: Target, deadline: Deadline) -> list[Place]:
    """The public addresses of the URL's host, in the order to try them. Raises Refused and Later."""
    found = [target.ip] if target.ip is not None else _resolve(target.host, deadline)
    public = [ip for ip in found if addresses.is_public(ip)]
    if not public:
        raise Refused(f"{target.host} is at no address of the public internet.", "private_address")
    return [Place(ip, _end(ip, target.port)) for ip in public[:MOST_TRIED]]


def _end(ip: IPAddress, port: int) -> tuple[str, int] | None:
    if not addresses.is_pretend(ip):
        return str(ip), port
    routes = settings.GUARDED_ROUTES.items()
    return next((end for (network, at), end in routes if at == port and ip in ip_network(network)), None)


def _resolve(host: str, deadline: Deadline) -> list[IPAddress]:
    asking = name_servers.submit(_ask(host, deadline))
    try:
        answers = asking.result(timeout=deadline.remaining_s() + 0.1)  # the question itself ends with the deadline
    except (TimeoutError, CancelledError):
        asking.cancel()
        raise Later(NAME, f"the address of {host} was not found in time") from None
    found = [ip_address(record.address) for one in answers if isinstance(one, Records) for record in one.found[:10]]
    if not found:
        for answer in answers:
            if isinstance(answer, BaseException):
                raise Later(NAME, f"the address of {host} cannot be found ({answer})") from answer
        raise Refused(f"There is no {host} to fetch from.", "name")
    return _mixed(found)


async def _ask(host: str, deadline: Deadline) -> list[Records | BaseException]:
    """What is said of A and AAAA. Servers that stay silent about AAAA are common (RFC 4074 section 4.1)."""
    asking = [asyncio.ensure_future(name_servers.ask(host, rdtype, deadline)) for rdtype in _TYPES]
    try:
        done, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        has_some = any(not one.exception() and one.result().found for one in done)
        if waiting:
            await asyncio.wait(waiting, timeout=_AFTER_FIRST_S if has_some else None)
        return [one.exception() or one.result() for one in asking if one.done()]
    finally:
        for one in asking:
            one.cancel()


def _mixed(found: Sequence[IPAddress]) -> list[IPAddress]:
    """One of IPv4 first, then one of IPv6: the likelier to work, and then the other kind."""
    v4, v6 = ([ip for ip in found if ip.version == version] for version in (4, 6))
    return [*v4[:1], *v6[:1], *v4[1:], *v6[1:]]
