"""What broken and hostile name servers send in place of an answer, one function a kind, on the wire."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

RCODES = {
    "servfail": dns.rcode.SERVFAIL,
    "refused": dns.rcode.REFUSED,
    "notimp": dns.rcode.NOTIMP,
    "formerr": dns.rcode.FORMERR,
}
_ELSEWHERE = dns.name.from_text("elsewhere.test.")


def distort(trouble: str, query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    """The packet that is sent where `reply` would be right; None: silence; nothing over TCP: goodbye."""
    if trouble in RCODES:
        failed = dns.message.make_response(query, recursion_available=True)
        failed.set_rcode(RCODES[trouble])
        return failed.to_wire()
    return _KINDS[trouble](query, reply, transport)


def _silent(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    return None


def _truncated(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    if transport == "tcp":
        return reply.to_wire()
    short = dns.message.make_response(query, recursion_available=True)
    short.flags |= dns.flags.TC
    return short.to_wire()


def _tcp_refused(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    return b"" if transport == "tcp" else _truncated(query, reply, transport)


def _wrong_id(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    reply.id ^= 0x5555
    return reply.to_wire()


def _other_name(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    reply.answer = [dns.rrset.from_text(_ELSEWHERE, 300, "IN", "MX", "10 mx1.mailhost.test.")]
    return reply.to_wire()


def _other_question(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    other = dns.message.make_query(_ELSEWHERE, query.question[0].rdtype, id=query.id)
    return dns.message.make_response(other).to_wire()


def _records(query: dns.message.Message, announced: int, records: bytes) -> bytes:
    question = dns.message.make_response(query).to_wire()[12:]
    return struct.pack(">6H", query.id, 0x8580, 1, announced, 0, 0) + question + records


def _compression_loop(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    at = len(_records(query, 0, b""))
    itself = struct.pack(">H", 0xC000 | at)  # RFC 1035 section 4.1.4: a pointer, here to where it stands
    return _records(query, 1, itself + struct.pack(">HHIH", 15, 1, 300, 4) + b"\0\x0a" + itself)


def _garbage(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    noise = random.Random(query.question[0].name.to_text()).randbytes(200)
    return _records(query, 3, noise)


def _cut_short(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    return reply.to_wire()[:-5]


def _mx(preference: int, exchange: bytes) -> bytes:
    data = struct.pack(">H", preference % 65536) + exchange
    return b"\xc0\x0c" + struct.pack(">HHIH", 15, 1, 300, len(data)) + data


def _many_records(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    if transport == "udp":
        return _truncated(query, reply, transport)
    if dns.rdatatype.to_text(query.question[0].rdtype) != "MX":
        return reply.to_wire()
    return _records(query, 3_000, b"".join(_mx(n, b"\2mx\xc0\x0c") for n in range(3_000)))


def _many_claimed(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    return _records(query, 10_000, _mx(10, b"\2mx\xc0\x0c"))


def _lame(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    return _referral(query, is_recursive=False)


def _passed_on(query: dns.message.Message, reply: dns.message.Message, transport: str) -> bytes | None:
    return _referral(query, is_recursive=True)


def _referral(query: dns.message.Message, *, is_recursive: bool) -> bytes:
    referral = dns.message.make_response(query, recursion_available=is_recursive)
    referral.authority = [dns.rrset.from_text(dns.name.root, 300, "IN", "NS", "a.root-servers.net.")]
    return referral.to_wire()


_KINDS: dict[str, Callable[[dns.message.Message, dns.message.Message, str], bytes | None]] = {
    "silent": _silent,
    "truncated": _truncated,
    "tcp_refused": _tcp_refused,
    "wrong_id": _wrong_id,
    "other_name": _other_name,
    "other_question": _other_question,
    "compression_loop": _compression_loop,
    "garbage": _garbage,
    "cut_short": _cut_short,
    "many_records": _many_records,
    "many_claimed": _many_claimed,
    "lame": _lame,
    "lame_passed_on": _passed_on,
}
