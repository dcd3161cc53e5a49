"""The network an IP address belongs to: what one household, office or mobile carrier's gateway has in common."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings

# A provider gives a customer one IPv4 address and, in IPv6, a /64 at least, whose devices change their addresses daily
# (RFC 8981). A /24 is the smallest network that is routed on the internet: one hoster's, one company's.
_PREFIX = {4: 24, 6: 64}


def network_of(ip: str | None) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: "8.8.8.0/24".

    "" for none, and for what is no visitor's address: private, loopback and reserved ones come from a proxy that does
    not say whom it stands for, carrier-grade NAT's own (RFC 6598) never leave the carrier.
    """
    address = _address(ip)
    if address is None or not address.is_global:
        return ""
    return str(ip_network(f"{address}/{_PREFIX[address.version]}", strict=False))


def is_shared(ip: str) -> bool:
    """Whether the operator says that many people share this address (`SHARED_NETWORKS`)."""
    address = _address(ip)
    blocks = _blocks(tuple(settings.SHARED_NETWORKS))
    return address is not None and any(address in block for block in blocks if block.version == address.version)


def problems(texts: Iterable[str]) -> list[str]:
    """What is wrong with each of these as a network, in words."""
    wrong = []
    for text in texts:
        try:
            ip_network(text, strict=False)
        except ValueError:
            wrong.append(f"{text!r} is no network")
    return wrong


@lru_cache(maxsize=4)
def _blocks(texts: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(text, strict=False) for text in texts]


def _address(ip: str | None) -> IPv4Address | IPv6Address | None:
    """The address; an IPv4 one in IPv6 clothes (RFC 4291 section 2.5.5.2) as what it is."""
    try:
        address = ip_address((ip or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
