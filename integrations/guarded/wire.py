"""One GET over a connection of its own, to exactly the address it is given: read no longer than the deadline and no
further than its limits, whatever the other side does.

No cookies, no proxies of the environment, no netrc, no connection used again. Which address is `places`' to say.
"""

from __future__ import annotations

import io
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import cast

import certifi
from django.conf import settings

from integrations.guarded import bodies
from integrations.guarded.places import Place
from integrations.guarded.urls import Target
from signups.contracts import Deadline

PRODUCT = "Onboarding"  # by which robots.txt may name us
MOST_OF_HEADERS = 64_000  # bytes
_MOST_INTERIM = 5  # replies such as 103 (Early Hints) before the one that counts


class TooMuch(OSError):
    """More came than is read."""


def user_agent() -> str:
    return f"{PRODUCT}/1.0 (+{settings.BASE_URL})"


@contextmanager
def ask(
    target: Target, places: Sequence[Place], deadline: Deadline, accept: str
) -> Iterator[tuple[HTTPResponse, Wire]]:
    """The response, its headers read, and the wire its body comes by, for as long as the context lasts.

    Raises OSError (ssl.SSLError and TimeoutError among them) and http.client.HTTPException.
    """
    with _connected(target, places, deadline) as connection:
        connection.sendall(_request(target, accept))
        wire = Wire(connection, deadline, MOST_OF_HEADERS)
        replies: list[HTTPResponse] = []  # none is let go before the end, as that would close the wire
        while not replies or replies[-1].status < 200:
            if len(replies) > _MOST_INTERIM:
                raise HTTPException("too many interim replies")
            replies.append(HTTPResponse(cast(socket.socket, wire), method="GET"))
            replies[-1].begin()
        yield replies[-1], wire


def _request(target: Target, accept: str) -> bytes:
    lines = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: {user_agent()}",
        f"Accept: {accept}",
        f"Accept-Encoding: {bodies.ACCEPTED}",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii", "replace")


@contextmanager
def _connected(target: Target, places: Sequence[Place], deadline: Deadline) -> Iterator[socket.socket]:
    """The first of the places that takes the connection; each gets its share of the time that is left."""
    trouble: OSError = ConnectionRefusedError("connection refused")
    for left, place in zip(range(len(places), 0, -1), places, strict=True):
        if place.end is None:
            continue
        connection = socket.socket(socket.AF_INET6 if ":" in place.end[0] else socket.AF_INET)
        with connection:
            try:
                connection.settimeout(_time_left(deadline) / left)
                connection.connect(place.end)
            except OSError as error:
                trouble = error
                continue
            connection.settimeout(_time_left(deadline))
            if target.scheme == "http":
                yield connection
                return
            with _context().wrap_socket(connection, server_hostname=target.host) as encrypted:
                yield encrypted
                return
    raise trouble


class Wire(io.RawIOBase):
    """What the other side sends, until the deadline and up to `most_left` bytes more. Raises TimeoutError, TooMuch."""

    def __init__(self, connection: socket.socket, deadline: Deadline, most_left: int) -> None:
        self.most_left = most_left
        self._connection = connection
        self._deadline = deadline
        self._file = io.BufferedReader(self)

    def makefile(self, mode: str) -> io.BufferedReader[Wire]:
        """What `HTTPResponse` asks a socket for."""
        return self._file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if self.most_left <= 0:
            raise TooMuch("more came than is read")
        self._connection.settimeout(_time_left(self._deadline))
        count = self._connection.recv_into(memoryview(cast(bytearray, buffer))[: self.most_left])
        self.most_left -= count
        return count


def _time_left(deadline: Deadline) -> float:
    left_s = deadline.remaining_s()
    if left_s <= 0:
        raise TimeoutError("the time is up")
    return left_s


@cache
def _context() -> ssl.SSLContext:
    """Believes the authorities that the system believes (`SSL_CERT_FILE`, too) and those that come with requests."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def forget() -> None:
    _context.cache_clear()
