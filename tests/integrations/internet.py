"""A small internet for one test: name servers and web servers of its own, at public addresses of the pretend one.

Real DNS packets and real sockets. A web server answers each path with what the test says: bytes, or a function that has
the connection for itself.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import trustme

from integrations import guarded
from signups.domains import name_servers

Answer = bytes | Callable[[socket.socket], None]


def ok(body: bytes = b"hello", *headers: str, status: str = "200 OK") -> bytes:
    """A whole reply; its length is told unless a header says something of it."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if not any(header.lower().startswith(("content-length", "transfer-encoding")) for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def moved(location: str, status: str = "302 Found") -> bytes:
    return ok(b"", f"Location: {location}", status=status)


def forget() -> None:
    """Nothing is remembered of what was asked before."""
    guarded.forget()
    name_servers.forget()


@dataclass
class Site:
    """`asked` are the requests as they came, `paths` what they were for."""

    pages: dict[str, Answer]
    address: str
    end: tuple[str, int]
    tls: ssl.SSLContext | None = None
    asked: list[bytes] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [request.split()[1].decode() for request in self.asked]

    def serve(self, connection: socket.socket) -> None:
        with suppress(OSError, IndexError), connection:
            connection.settimeout(10)
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65_536) or b"\r\n\r\n"
                self.asked.append(request)
                answer = self.pages.get(request.split()[1].decode("latin-1"), ok(b"none", status="404 Not Found"))
                connection.sendall(answer) if isinstance(answer, bytes) else answer(connection)


@dataclass
class Internet:
    """`names`: name and type → the answers to one question after the other, the last of them for good; an answer is a
    list of records, or an RCODE."""

    routes: dict[tuple[str, int], tuple[str, int]]
    names: dict[tuple[str, str], list[list[str] | dns.rcode.Rcode]] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    listeners: list[socket.socket] = field(default_factory=list)

    def site(self, host: str, pages: dict[str, Answer], *, tls: ssl.SSLContext | None = None, port: int = 0) -> Site:
        """A web server at an address of its own, which the host's name resolves to; port 443 with TLS, else 80."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.listeners.append(listener)
        site = Site(pages, f"198.51.100.{len(self.listeners)}", listener.getsockname(), tls)
        self.routes[f"{site.address}/32", port or (443 if tls else 80)] = site.end
        self.names.setdefault((host, "A"), [[site.address]])
        threading.Thread(target=_accept, args=(listener, site), daemon=True).start()
        return site

    def answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        text, kind = name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdtype)
        self.questions.append(f"{kind} {text}")
        reply = dns.message.make_response(query, recursion_available=True)
        waiting = self.names.get((text, kind), [[]])
        records = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if not isinstance(records, list):
            reply.set_rcode(records)
        elif records:
            reply.answer.append(dns.rrset.from_text(name, 0, "IN", kind, *records))
        elif not any(known == text for known, _ in self.names):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()


def certified(authority: trustme.CA, *names: str) -> tuple[ssl.SSLContext, list[str | None]]:
    """A server's side of TLS, and the names that clients ask it for (SNI)."""
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    context.sni_callback = lambda _connection, name, _context: asked.append(name)
    return context, asked


@contextmanager
def an_internet(settings: Any) -> Iterator[Internet]:
    settings.GUARDED_ROUTES = {}
    internet = Internet(settings.GUARDED_ROUTES)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as desk:
        desk.bind(("127.0.0.1", 0))
        settings.DNS_NAMESERVERS = [f"127.0.0.1:{desk.getsockname()[1]}"]
        threading.Thread(target=_answer, args=(desk, internet), daemon=True).start()
        try:
            yield internet
        finally:
            for one in (desk, *internet.listeners):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)  # else the thread waits for ever
            for listener in internet.listeners:
                listener.close()


def _answer(desk: socket.socket, internet: Internet) -> None:
    with suppress(OSError):
        while True:
            wire, peer = desk.recvfrom(4096)
            if not wire:
                return
            desk.sendto(internet.answer(wire), peer)


def _accept(listener: socket.socket, site: Site) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=site.serve, args=(connection,), daemon=True).start()
