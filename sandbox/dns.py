"""The pretend name server: the cast's zones over UDP and TCP on one port (RFC 1035), faults on request.

It plays the resolver and every authoritative server behind it at once: whatever is not in a zone does not
exist, and no query leaves this machine.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from sandbox import dns_troubles
from sandbox.core import World
from sandbox.zones import Zone

TTL_S = 300
NAME_SERVER = "ns1.sandbox.test."
UDP_LIMIT = 512
"""Bytes a reply may have over UDP when the query has no EDNS (RFC 1035 section 4.2.1)."""
TCP_LIMIT = 65_535


def answer(query: dns.message.Message, world: World) -> dns.message.Message:
    """The reply to a query with one question of class IN."""
    reply = dns.message.make_response(query, recursion_available=True)
    if query.opcode() != dns.opcode.QUERY:
        reply.set_rcode(dns.rcode.NOTIMP)
    elif len(query.question) != 1:
        reply.set_rcode(dns.rcode.FORMERR)
    elif query.question[0].rdclass != dns.rdataclass.IN:
        reply.set_rcode(dns.rcode.REFUSED)
    else:
        reply.flags |= dns.flags.AA
        _resolve(query.question[0].name, query.question[0].rdtype, reply, world)
    return reply


def _resolve(name: dns.name.Name, rdtype: dns.rdatatype.RdataType, reply: dns.message.Message, world: World) -> None:
    text = name.to_text(omit_final_dot=True).lower()
    zone = world.cast.zone(text)
    if zone is None:
        if not _is_parent(text, world):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        reply.authority.append(_soa(text, world))
        return
    if zone.cname and rdtype != dns.rdatatype.CNAME:
        is_told = any(one.name == name for one in reply.answer)  # aliases in a circle
        reply.answer.append(dns.rrset.from_text(name, zone.ttl_s, "IN", "CNAME", f"{zone.cname}."))
        if zone.follows_alias and not is_told:
            _resolve(dns.name.from_text(zone.cname), rdtype, reply, world)
        return
    if rdtype == dns.rdatatype.A and zone.a_later:
        world.dns_asked[text] += 1
        zone = replace(zone, a=zone.a if world.dns_asked[text] == 1 else zone.a_later)
    records = _records(text, zone, rdtype)
    if records:
        reply.answer.append(dns.rrset.from_text_list(name, zone.ttl_s, dns.rdataclass.IN, rdtype, records))
    elif rdtype == dns.rdatatype.SOA and _apex(text) == text:
        reply.answer.append(_soa(text, world))
    else:
        reply.authority.append(_soa(text, world))


def _records(name: str, zone: Zone, rdtype: dns.rdatatype.RdataType) -> list[str]:
    """The zone's records of this type, in the text form of zone files."""
    match rdtype:
        case dns.rdatatype.MX:
            return [pair if pair.endswith(".") else f"{pair}." for pair in zone.mx]
        case dns.rdatatype.A:
            return list(zone.a)
        case dns.rdatatype.AAAA:
            return list(zone.aaaa)
        case dns.rdatatype.TXT:
            return [f'"{text}"' for text in zone.txt]
        case dns.rdatatype.CNAME:
            return [f"{zone.cname}."] if zone.cname else []
        case dns.rdatatype.NS:
            return [NAME_SERVER] if _apex(name) == name else []
    return []


def _apex(name: str) -> str:
    """Where the zone of this name starts: all the cast's domains hang directly below a top-level domain."""
    return ".".join(name.split(".")[-2:])


def _is_parent(name: str, world: World) -> bool:
    """An empty non-terminal, such as "test": no records of its own, but names below it (RFC 8020)."""
    return any(known.endswith(f".{name}") for known in world.cast.ZONES)


def _soa(name: str, world: World) -> dns.rrset.RRset:
    """The SOA of the closest zone above the name; negative answers carry it (RFC 2308)."""
    apex = _apex(name)
    owner = apex if world.cast.zone(apex) else apex.rpartition(".")[2]
    return dns.rrset.from_text(f"{owner}.", TTL_S, "IN", "SOA", f"{NAME_SERVER} hostmaster.test. 1 3600 600 86400 60")


class NameServer:
    """Answers packets from the world's zones, and keeps the journal."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def respond(self, packet: bytes, transport: str) -> bytes | None:
        """The reply packet, or None where silence is the answer. ``transport`` is "udp" or "tcp"."""
        try:
            query = dns.message.from_wire(packet)
        except dns.exception.DNSException:
            return _form_error(packet)
        if query.flags & dns.flags.QR:
            return None  # a reply, not a question: answering it could go on for ever
        name = query.question[0].name.to_text(omit_final_dot=True).lower() if query.question else ""
        rdtype = dns.rdatatype.to_text(query.question[0].rdtype) if query.question else ""
        world = self._world
        call = world.received.enter(world.now(), "dns", rdtype, name, query={"transport": transport})
        fault = world.faults.take("dns", rdtype, name)
        call.fault = fault.id if fault else None
        if fault and fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        zone = world.cast.zone(name)
        if zone and zone.slow_ms:
            await asyncio.sleep(zone.slow_ms / 1000)
        if fault and fault.status == "timeout":
            return None
        reply = answer(query, world)
        if zone and zone.trouble and not fault and (not zone.only or rdtype in zone.only):
            return dns_troubles.distort(zone.trouble, query, reply, transport)
        if fault and fault.status:
            reply = dns.message.make_response(query, recursion_available=True)
            reply.set_rcode(dns.rcode.from_text(str(fault.status)))
        call.status = dns.rcode.to_text(reply.rcode())
        call.raw_reply = "\n".join(rrset.to_text() for rrset in reply.answer).encode()
        if transport == "tcp":
            return reply.to_wire(max_size=TCP_LIMIT)
        limit = max(query.payload, UDP_LIMIT) if query.edns >= 0 else UDP_LIMIT
        return reply.to_wire(max_size=limit, prefer_truncation=True)


def _form_error(packet: bytes) -> bytes | None:
    """A bare FORMERR for a packet that has at least a header with an id, silence for less."""
    if len(packet) < 12 or packet[2] & 0x80:
        return None
    return packet[:2] + struct.pack(">HHHHH", 0x8000 | dns.rcode.FORMERR, 0, 0, 0, 0)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._respond(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _respond(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = await self._server.respond(data, "udp")
        if reply is not None:
            self._transport.sendto(reply, addr)


async def _serve_tcp(server: NameServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Queries one after the other, each behind its length in two bytes, until the client hangs up."""
    try:
        while True:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
            reply = await server.respond(await reader.readexactly(length), "tcp")
            if reply == b"":
                return
            if reply is not None:
                writer.write(struct.pack(">H", len(reply)) + reply)
                await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def start(world: World, host: str, port: int) -> int:
    """Listen on UDP and TCP; returns the port. Raises OSError when it is taken."""
    server = NameServer(world)
    loop = asyncio.get_running_loop()
    attempts = 1 if port else 20  # a free TCP port need not be free for UDP
    while True:
        attempts -= 1
        tcp = await asyncio.start_server(lambda r, w: _serve_tcp(server, r, w), host, port)
        bound: int = tcp.sockets[0].getsockname()[1]
        try:
            await loop.create_datagram_endpoint(lambda: _Udp(server), local_addr=(host, bound))
        except OSError:
            tcp.close()
            if not attempts:
                raise
        else:
            return bound
