"""One question to one name server, and its answer, read with a bound on what a hostile one may cost.

UDP first, TCP where the answer was cut off (RFC 7766). What is no answer to this question is not looked at; of one with
thousands of records only the first are read. Which server is asked, how often, and what the answer means is for
`name_servers` to say.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype

MOST_RECORDS = 200  # read of an answer: dnspython needs up to 0.1 ms for a record made to cost time
_MOST_OTHERS = 20  # of the authority and additional sections, each
_MOST_STRAYS = 100  # packets that are no answer, and then nobody waits any longer
MOST_ALIASES = 16  # CNAMEs on the way to a record; resolvers follow 8 to 17


class Malformed(Exception):
    """An answer that is none: cut short, with compression that leads nowhere, or with aliases that never end."""


@dataclass(frozen=True)
class Found:
    """What an answer says of a name once its aliases are followed.

    `owner` is the last alias' target, or the name itself; `ttl_s` the shortest of all that was used, None where the
    answer names none.
    """

    owner: dns.name.Name
    records: tuple[Any, ...]
    ttl_s: int | None


async def exchange(query: dns.message.QueryMessage, host: str, port: int, timeout_s: float) -> dns.message.Message:
    """The answer. Raises TimeoutError, OSError, Malformed."""
    wire = query.to_wire()
    async with asyncio.timeout(timeout_s):
        reply = await _over_udp(query, wire, host, port)
        if reply.flags & dns.flags.TC:  # what is cut off is not to be used (RFC 2181 section 9)
            reply = await _over_tcp(query, wire, host, port)
    return reply


def read(wire: bytes, query: dns.message.Message) -> dns.message.Message | None:
    """The message, None where it answers something else. Raises Malformed."""
    if len(wire) < 12 or wire[:2] != struct.pack(">H", query.id) or not wire[2] & 0x80:
        return None
    questions, answers, authority, additional = struct.unpack(">4H", wire[4:12])
    if questions > 1:
        raise Malformed(f"{questions} questions in an answer")
    if answers > MOST_RECORDS or authority > _MOST_OTHERS or additional > _MOST_OTHERS:
        counts = struct.pack(">4H", questions, min(answers, MOST_RECORDS), 0, 0)
        wire = wire[:4] + counts + wire[12:]
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
    except (dns.exception.DNSException, ValueError, struct.error, IndexError, UnicodeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from error
    return message if query.is_response(message) else None


def find(message: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Found:
    """The records of this name, by way of its aliases; those of other names count for nothing. Raises Malformed."""
    sets = {(one.name, one.rdtype): one for one in message.answer if one.rdclass == dns.rdataclass.IN}
    ttls: list[int] = []
    for _ in range(MOST_ALIASES + 1):
        if (found := sets.get((name, rdtype))) is not None:
            return Found(name, tuple(found), min([*ttls, found.ttl]))
        alias = sets.get((name, dns.rdatatype.CNAME))
        if alias is None and message.answer and not ttls:
            raise Malformed(f"Records of other names: {message.answer[0].name.to_text()[:100]}")
        if alias is None:
            return Found(name, (), min([*ttls, *_negative_ttl(message)], default=None))
        ttls.append(alias.ttl)
        name = alias[0].target
    raise Malformed(f"More than {MOST_ALIASES} aliases, or aliases in a circle")


def _negative_ttl(message: dns.message.Message) -> list[int]:
    """For how long there being nothing holds (RFC 2308 section 5)."""
    return [min(one.ttl, one[0].minimum) for one in message.authority if one.rdtype == dns.rdatatype.SOA]


async def _over_udp(query: dns.message.QueryMessage, wire: bytes, host: str, port: int) -> dns.message.Message:
    """A socket of its own for each question: its random port is what an outsider would have to guess (RFC 5452)."""
    loop = asyncio.get_running_loop()
    transport, inbox = await loop.create_datagram_endpoint(_Inbox, remote_addr=(host, port))
    try:
        transport.sendto(wire)
        for _ in range(_MOST_STRAYS):
            packet = await inbox.packets.get()
            if isinstance(packet, Exception):
                raise packet
            if (message := read(packet, query)) is not None:
                return message
        raise Malformed(f"{_MOST_STRAYS} packets, and none of them an answer")
    finally:
        transport.close()


async def _over_tcp(query: dns.message.QueryMessage, wire: bytes, host: str, port: int) -> dns.message.Message:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(struct.pack(">H", len(wire)) + wire)
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        message = read(await reader.readexactly(length), query)
    except asyncio.IncompleteReadError as error:
        raise Malformed("The connection ended within the answer") from error
    finally:
        writer.close()
    if message is None:
        raise Malformed("An answer to another question")
    return message


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.packets: asyncio.Queue[bytes | Exception] = asyncio.Queue(_MOST_STRAYS)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    def _put(self, what: bytes | Exception) -> None:
        if not self.packets.full():  # a flood is dropped
            self.packets.put_nowait(what)
