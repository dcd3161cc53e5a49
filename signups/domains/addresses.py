"""Which IP addresses lie in the public internet: the one judgement of all who connect to what a person or DNS named.

Stricter than Python's `is_global`, which takes some special blocks for public, and an address that wraps another for
what it looks like. In sandbox mode the pretend internet has public addresses of its own.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

IPAddress = IPv4Address | IPv6Address

# What the pretend internet has for public addresses: two of the blocks that are reserved for documentation (RFC 5737,
# RFC 3849). The others are what they are, so that it can be shown what they mean.
_PRETEND = [ip_network(block) for block in ("198.51.100.0/24", "2001:db8::/32")]
# All that is given out in IPv6 (RFC 4291). Outside of it are NAT64, IPv4-mapped and IPv4-compatible addresses, and all
# that is private or local.
_PUBLIC_IPV6 = ip_network("2000::/3")
# Within what Python takes for public: nobody's servers are there.
_SPECIAL = [
    ip_network(block)
    for block in (
        "168.63.129.16/32",  # in Azure's networks, the host of the virtual machine
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
        "192.88.99.0/24",  # 6to4 relays, withdrawn (RFC 7526)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "240.0.0.0/4",  # reserved (RFC 1112)
        "2001::/23",  # IETF protocol assignments, Teredo among them (RFC 2928)
        "2002::/16",  # 6to4 (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
    )
]
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # what stands before the IPv4 address that is wrapped (RFC 5214 section 6.1)


def is_public(address: str | IPAddress) -> bool:
    """Whether the internet can reach it (in sandbox mode: the pretend internet, too). Raises ValueError for none."""
    ip = ip_address(address)
    if is_pretend(ip):
        return True
    if ip.is_multicast or not ip.is_global or any(ip in network for network in _SPECIAL):
        return False
    if isinstance(ip, IPv4Address):
        return True
    return ip in _PUBLIC_IPV6 and ip.scope_id is None and int(ip) >> 32 & 0xFFFF_FFFF not in _ISATAP


def is_pretend(ip: IPAddress) -> bool:
    """Whether it is a public address of the pretend internet; never outside sandbox mode."""
    return bool(settings.SANDBOX) and any(ip in network for network in _PRETEND)
