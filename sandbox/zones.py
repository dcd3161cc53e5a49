"""The zones of the pretend name server, and situations that checks of mail servers get wrong, each with what is right.

Addresses: 198.51.100.0/24 and 2001:db8::/32 are the pretend internet's public ones; all others are what they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Trouble = Literal[
    "servfail", "refused", "notimp", "formerr", "silent", "truncated", "tcp_refused", "wrong_id", "other_name",
    "other_question", "compression_loop", "garbage", "cut_short", "many_records", "many_claimed", "lame",
    "lame_passed_on",
]  # fmt: skip
"""What a name server does instead of answering, each told in `sandbox.dns_troubles`."""


@dataclass(frozen=True)
class Zone:
    """The records of one domain. ``mx`` are "preference host" pairs; "0 ." is a null MX (RFC 7505).

    ``a_later``: the addresses from the second question on, where they change. ``only``: the record types that the
    trouble is about; empty: all. ``follows_alias``: whether the answer tells what the alias' target has, as resolvers
    do. A name that starts with "*." is a wildcard (RFC 4592).
    """

    mx: tuple[str, ...] = ()
    a: tuple[str, ...] = ()
    a_later: tuple[str, ...] = ()
    aaaa: tuple[str, ...] = ()
    txt: tuple[str, ...] = ()
    cname: str | None = None
    trouble: Trouble | None = None
    only: tuple[str, ...] = ()
    slow_ms: int = 0
    ttl_s: int = 300
    follows_alias: bool = True


@dataclass(frozen=True)
class Situation:
    """A domain, what the mx check is to say of it (outcome, code), why, and its records and those of its servers."""

    domain: str
    outcome: str
    code: str
    why: str
    zones: dict[str, Zone]


HERE, HERE6 = "198.51.100.7", "2001:db8::7"
SERVER = Zone(a=(HERE,), aaaa=(HERE6,))
_mx = "10 mx.{}".format


def _with(domain: str, zone: Zone, **below: Zone) -> dict[str, Zone]:
    return {domain: zone, **{f"{label}.{domain}": one for label, one in below.items()}}


def _at(domain: str, *addresses: str) -> dict[str, Zone]:
    """A domain whose one mail server has these addresses."""
    v4, v6 = [one for one in addresses if ":" not in one], [one for one in addresses if ":" in one]
    return _with(domain, Zone(mx=(_mx(domain),)), mx=Zone(a=tuple(v4), aaaa=tuple(v6)))


def _troubled(domain: str, trouble: Trouble) -> dict[str, Zone]:
    return _with(domain, Zone(mx=(_mx(domain),), a=(HERE,), trouble=trouble), mx=SERVER)


def _chain(domain: str, length: int, *, follows: bool = True) -> dict[str, Zone]:
    """A domain that is an alias of an alias … of one with a mail server."""
    names = [domain, *(f"a{n}.{domain}" for n in range(1, length)), f"end.{domain}"]
    aliases = {name: Zone(cname=to, follows_alias=follows) for name, to in pairwise(names)}
    return {**aliases, names[-1]: Zone(mx=(_mx(domain),)), f"mx.{domain}": SERVER}


_NOT_SAID: tuple[tuple[str, Trouble, str, str], ...] = (
    ("fails", "servfail", "dns_servfail", "SERVFAIL proves nothing."),
    ("refuses", "refused", "dns_refused", "REFUSED proves nothing."),
    ("notimp", "notimp", "dns_error", "NOTIMP proves nothing."),
    ("formerr", "formerr", "dns_error", "FORMERR proves nothing."),
    ("quiet", "silent", "dns_timeout", "Silence proves nothing."),
    ("lame", "lame", "dns_error", "A referral is no answer."),
    ("lameforward", "lame_passed_on", "dns_error", "Nor is one that a forwarder passes on (RFC 2308 section 2.2)."),
    ("notcp", "tcp_refused", "dns_error", "Cut off, and no answer over TCP."),
    ("wrongid", "wrong_id", "dns_timeout", "Another question's number: not for us."),
    ("otherquestion", "other_question", "dns_timeout", "Another question's answer: not for us."),
    ("othername", "other_name", "dns_error", "Records of another name are no answer."),
    ("loop", "compression_loop", "dns_error", "A name that points to itself."),
    ("garbage", "garbage", "dns_error", "Noise."),
    ("cutshort", "cut_short", "dns_error", "Fewer bytes than the answer announces."),
)  # fmt: skip

SITUATIONS = (
    # Mail servers
    Situation("plain.test", "good", "mx", "A mail server with an address.", _at("plain.test", HERE)),
    Situation("six.test", "good", "mx", "A mail server with an IPv6 address alone.", _at("six.test", HERE6)),
    Situation("mixedaddr.test", "good", "mx", "One address of several is public.",
              _at("mixedaddr.test", "10.0.0.1", HERE)),
    Situation("backup.test", "good", "mx", "The first server does not exist, the second does.",
              _with("backup.test", Zone(mx=("1 gone.backup.test", "9 mx.backup.test")), mx=SERVER)),
    Situation("halfservfail.test", "good", "mx", "Nobody answers for the first server; the second is there.",
              _with("halfservfail.test", Zone(mx=("1 a.halfservfail.test", "9 b.halfservfail.test")),
                    a=Zone(trouble="servfail"), b=SERVER)),
    Situation("mxalias.test", "good", "mx", "The server's name is an alias: against RFC 2181 10.3, and it works.",
              _with("mxalias.test", Zone(mx=(_mx("mxalias.test"),)), mx=Zone(cname="real.mxalias.test"), real=SERVER)),
    Situation("mxself.test", "good", "mx", "The domain is its own mail server.",
              {"mxself.test": Zone(mx=("0 mxself.test",), a=(HERE,))}),
    Situation("upper.test", "good", "mx", "The server's name is written in capitals.",
              _with("upper.test", Zone(mx=("10 MX.UPPER.TEST",)), mx=SERVER)),
    Situation("any.wild.test", "good", "mx", "A wildcard answers for every name (RFC 4592).",
              _with("wild.test", Zone(a=(HERE,)), **{"*": Zone(mx=("10 mail.wild.test",)), "mail": SERVER})),
    Situation("xn--fa-hia.test", "good", "mx", "faß.test: IDNA 2008 keeps the sharp s.", _at("xn--fa-hia.test", HERE)),
    Situation("noaaaa.test", "good", "mx", "Nobody answers for AAAA; the A record is enough.",
              _with("noaaaa.test", Zone(mx=(_mx("noaaaa.test"),)),
                    mx=Zone(a=(HERE,), trouble="servfail", only=("AAAA",)))),
    Situation("quietaaaa.test", "good", "mx", "Silence about AAAA (RFC 4074 section 4.1); the A record is enough.",
              _with("quietaaaa.test", Zone(mx=(_mx("quietaaaa.test"),)),
                    mx=Zone(a=(HERE,), trouble="silent", only=("AAAA",)))),
    Situation("quietimplicit.test", "good", "implicit_mx", "No MX, silence about AAAA; the A record is enough.",
              {"quietimplicit.test": Zone(a=(HERE,), trouble="silent", only=("AAAA",))}),
    Situation("tenth.test", "good", "mx", "Nine servers that do not exist, and one that does.",
              _with("tenth.test", Zone(mx=(*(f"{n} gone{n}.tenth.test" for n in range(9)), "10 mx.tenth.test")),
                    mx=SERVER)),
    Situation("fortygone.test", "unknown", "dns_error", "Forty servers: those looked at do not exist, others may.",
              {"fortygone.test": Zone(mx=tuple(f"{n} gone{n}.fortygone.test" for n in range(40)))}),
    Situation("deadbutaddress.test", "bad", "no_mail_server", "A dead MX: the domain's own address does not count.",
              {"deadbutaddress.test": Zone(mx=("10 gone.deadbutaddress.test",), a=(HERE,))}),
    # Null MX
    Situation("nullmx.test", "bad", "null_mx", "RFC 7505, whatever address the domain has.",
              {"nullmx.test": Zone(mx=("0 .",), a=(HERE,))}),
    Situation("nullten.test", "bad", "null_mx", "The root as only server takes no mail at any preference.",
              {"nullten.test": Zone(mx=("10 .",), a=(HERE,))}),
    Situation("nullmixed.test", "good", "mx", "Null MX among others, against RFC 7505: mailers try the others.",
              _with("nullmixed.test", Zone(mx=("0 .", "10 mx.nullmixed.test")), mx=SERVER)),
    Situation("nulldead.test", "bad", "no_mail_server", "Null MX among others that do not exist.",
              {"nulldead.test": Zone(mx=("0 .", "10 gone.nulldead.test"), a=(HERE,))}),
    # No MX
    Situation("onlya.test", "good", "implicit_mx", "RFC 5321 section 5.1: its address takes the place.",
              {"onlya.test": Zone(a=(HERE,))}),
    Situation("onlyaaaa.test", "good", "implicit_mx", "An IPv6 address does as well.",
              {"onlyaaaa.test": Zone(aaaa=(HERE6,))}),
    Situation("aliastoa.test", "good", "implicit_mx", "An alias of a name that has an address.",
              _with("aliastoa.test", Zone(cname="web.aliastoa.test"), web=SERVER)),
    Situation("onlytxt.test", "bad", "no_mail_server", "The name is there (NODATA), a mail server is not.",
              {"onlytxt.test": Zone(txt=("hello",))}),
    Situation("onlyprivate.test", "bad", "no_mail_server", "Its only address is private.",
              {"onlyprivate.test": Zone(a=("192.168.1.1",))}),
    Situation("missing.test", "bad", "no_such_domain", "NXDOMAIN.", {}),
    # Mail servers that are none
    Situation("mxnowhere.test", "bad", "no_mail_server", "The server has no such name.",
              {"mxnowhere.test": Zone(mx=("10 gone.mxnowhere.test",))}),
    Situation("mxnodata.test", "bad", "no_mail_server", "The server's name has no address.",
              _with("mxnodata.test", Zone(mx=(_mx("mxnodata.test"),)), mx=Zone(txt=("no address",)))),
    Situation("mxlocalhost.test", "bad", "no_mail_server", "localhost is not asked about (RFC 6761).",
              {"mxlocalhost.test": Zone(mx=("10 localhost",)), "localhost": SERVER}),
    Situation("mxliteral.test", "bad", "no_mail_server", "An address where a name belongs, even if somebody answers.",
              {"mxliteral.test": Zone(mx=("10 198.51.100.7",)), "198.51.100.7": SERVER}),
    Situation("mxbracket.test", "bad", "no_mail_server", "An address in brackets.",
              {"mxbracket.test": Zone(mx=("10 [198.51.100.7]",))}),
    *(
        Situation(f"{label}.test", "bad", "no_mail_server", f"{address} is {what}.", _at(f"{label}.test", address))
        for label, address, what in (
            ("loopback", "127.0.0.1", "this machine"),
            ("loopback6", "::1", "this machine"),
            ("private", "10.1.2.3", "private"),
            ("linklocal", "169.254.9.9", "link-local"),
            ("cgnat", "100.64.0.1", "behind a carrier's NAT"),
            ("docs", "192.0.2.1", "for documentation"),
            ("docs3", "203.0.113.1", "for documentation"),
            ("multicast", "224.0.0.5", "multicast"),
            ("unspecified", "0.0.0.0", "no address"),
            ("reserved", "240.0.0.1", "reserved"),
            ("broadcast", "255.255.255.255", "broadcast"),
            ("unique6", "fd00::1", "private"),
            ("link6", "fe80::1", "link-local"),
            ("mapped", "::ffff:10.0.0.1", "IPv4-mapped"),
            ("mappedpublic", "::ffff:8.8.8.8", "IPv4-mapped, which is no address on the wire"),
            ("nat64", "64:ff9b::808:808", "NAT64, which holds in one network alone"),
            ("docs6", "3fff::1", "for documentation"),
        )
    ),
    # Aliases
    Situation("alias1.test", "good", "mx", "An alias of a domain with a mail server.", _chain("alias1.test", 1)),
    Situation("alias8.test", "good", "mx", "Eight aliases.", _chain("alias8.test", 8)),
    Situation("hops.test", "good", "mx", "Aliases told one at a time.", _chain("hops.test", 3, follows=False)),
    Situation("alias30.test", "unknown", "dns_error", "More than resolvers follow.", _chain("alias30.test", 30)),
    Situation("circle.test", "unknown", "dns_error", "Aliases in a circle: resolvers say SERVFAIL.",
              _with("circle.test", Zone(cname="b.circle.test"), b=Zone(cname="circle.test"))),
    Situation("circlehops.test", "unknown", "dns_error", "The same, told one at a time.",
              _with("circlehops.test", Zone(cname="b.circlehops.test", follows_alias=False),
                    b=Zone(cname="circlehops.test", follows_alias=False))),
    Situation("dangling.test", "bad", "no_mail_server", "An alias of a name that does not exist.",
              {"dangling.test": Zone(cname="gone.dangling.test")}),
    # Name servers that do not say
    *(
        Situation(f"{domain}.test", "unknown", code, why, _troubled(f"{domain}.test", trouble))
        for domain, trouble, code, why in _NOT_SAID
    ),
    Situation("targetfails.test", "unknown", "dns_servfail", "Nobody answers for its only mail server.",
              _with("targetfails.test", Zone(mx=(_mx("targetfails.test"),)), mx=Zone(trouble="servfail"))),
    Situation("targetsilent.test", "unknown", "dns_timeout", "Silence about its only mail server.",
              _with("targetsilent.test", Zone(mx=(_mx("targetsilent.test"),)), mx=Zone(trouble="silent"))),
    Situation("halfgone.test", "unknown", "dns_servfail", "One server does not exist, nobody answers for the other.",
              _with("halfgone.test", Zone(mx=("1 gone.halfgone.test", "9 b.halfgone.test")),
                    b=Zone(trouble="servfail"))),
    Situation("mxfailsahere.test", "unknown", "dns_servfail", "SERVFAIL for MX: its address does not take the place.",
              {"mxfailsahere.test": Zone(a=(HERE,), trouble="servfail", only=("MX",))}),
    Situation("afails.test", "unknown", "dns_servfail", "No MX, and nobody answers for its address.",
              {"afails.test": Zone(trouble="servfail", only=("A", "AAAA"))}),
    # Answers that are odd, and answers
    Situation("truncated.test", "good", "mx", "Cut off over UDP, whole over TCP.",
              _troubled("truncated.test", "truncated")),
    Situation("crowded.test", "good", "mx", "3,000 MX records: the first 200 are read.",
              _troubled("crowded.test", "many_records")),
    Situation("claims.test", "unknown", "dns_error", "It announces 10,000 records and has one.",
              _troubled("claims.test", "many_claimed")),
    Situation("slow.test", "good", "mx", "A name server that takes 200 ms.",
              _with("slow.test", Zone(mx=(_mx("slow.test"),), slow_ms=200), mx=SERVER)),
    Situation("brief.test", "good", "mx", "A time to live of 0: believed for the least time.",
              _with("brief.test", Zone(mx=(_mx("brief.test"),), ttl_s=0), mx=SERVER)),
    Situation("forever.test", "good", "mx", "A time to live of 68 years: believed for the longest time.",
              _with("forever.test", Zone(mx=(_mx("forever.test"),), ttl_s=2**31 - 1), mx=SERVER)),
)  # fmt: skip

SITUATION_ZONES: dict[str, Zone] = {name: zone for one in SITUATIONS for name, zone in one.zones.items()}
