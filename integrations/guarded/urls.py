"""Reads a URL as strictly as what it leads to deserves: http(s), ports 80 and 443, no user names, and a full host name
or an IP address in its one proper spelling.

Where the host leads is `places`' to judge.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from integrations.guarded.pages import Refused
from signups.domains.addresses import IPAddress

PORTS = {"http": 80, "https": 443}
MOST_CHARACTERS = 2_000
_SHOWN_CHARACTERS = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME = re.compile(r"(?=.{3,253}\Z)(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")  # a last label that makes browsers read the whole host as an IPv4 address
# Names that no server of the internet has (RFC 6761, RFC 6762, RFC 7686, RFC 8375, and ICANN on .internal).
_OURS = (".localhost", ".local", ".internal", ".onion", ".home.arpa")
_AS_IT_IS = "!$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True)
class Target:
    """A URL that may be asked for if its host is public. `host` is in ASCII, `ip` the address where it is one; `path`
    has the query, too."""

    scheme: str
    host: str
    ip: IPAddress | None
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What belongs into the Host header."""
        host = f"[{self.host}]" if isinstance(self.ip, IPv6Address) else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path


def read(text: str) -> Target:
    """Raises Refused."""
    text = text.strip(" \t\r\n\f").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if len(text) > MOST_CHARACTERS:
        raise Refused(f"The URL is longer than {MOST_CHARACTERS:,} characters.", "url")
    if _CONTROL.search(text):
        raise Refused("The URL has control characters in it.", "url")
    parts = _split(text)
    if parts.scheme not in PORTS:
        raise Refused(f"{_shown(text)} is no http or https URL.", "scheme")
    if "@" in parts.netloc:
        raise Refused("The URL has a user name in it.", "credentials")
    port = _port(parts)
    host, ip = _bracketed(parts.netloc) if parts.netloc.startswith("[") else _host(parts.hostname or "")
    path = quote(parts.path or "/", safe=_AS_IT_IS)
    query = quote(parts.query, safe=_AS_IT_IS)
    return Target(parts.scheme, host, ip, port, f"{path}?{query}" if query else path)


def join(base: Target, location: str) -> Target:
    """Where a redirect leads. Raises Refused."""
    with suppress(UnicodeError):  # headers are read byte by byte
        location = location.encode("latin-1").decode("utf-8")
    if _CONTROL.search(location) or len(location) > MOST_CHARACTERS:
        raise Refused(f"{base.host} redirects to what is no URL.", "url")
    try:
        return read(urljoin(base.url, location.strip()))
    except ValueError as error:
        raise Refused(f"{base.host} redirects to {_shown(location)}, which is no URL.", "url") from error


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise Refused(f"{_shown(text)} is no URL.", "url") from error


def _port(parts: SplitResult) -> int:
    try:
        port = PORTS[parts.scheme] if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port not in PORTS.values():
        raise Refused("Only ports 80 and 443 are fetched from.", "port")
    return port


def _bracketed(netloc: str) -> tuple[str, IPv6Address]:
    """An IPv6 address, of no zone: that would name one of this machine's networks."""
    inner = netloc[1:].partition("]")[0]
    try:
        if "%" in inner:
            raise ValueError
        ip = IPv6Address(inner)
    except ValueError:
        raise Refused(f"[{_shown(inner)}] is no IPv6 address.", "name") from None
    return str(ip), ip


def _host(host: str) -> tuple[str, IPAddress | None]:
    name = _in_ascii(host).removesuffix(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            ip = ip_address(name)
        except ValueError:
            raise Refused(f"{_shown(host)} is no proper spelling of an IP address.", "name") from None
        assert isinstance(ip, IPv4Address)
        return str(ip), ip
    if not _NAME.fullmatch(name) or f".{name}".endswith(_OURS):
        raise Refused(f"{_shown(host)!r} is no full host name of the internet.", "name")
    return name, None


def _in_ascii(host: str) -> str:
    """The host as it is asked for (UTS #46), which may be an IP address after all: "１２７.0.0.1"."""
    if host.isascii():
        return host.lower()
    try:
        mapped = idna.uts46_remap(host, std3_rules=True)
        return mapped if mapped.isascii() else idna.encode(mapped).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise Refused(f"{_shown(host)!r} is no host name.", "name") from None


def _shown(text: str) -> str:
    return text[:_SHOWN_CHARACTERS]
