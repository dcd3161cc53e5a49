"""Names that have a web site and nothing else to tell in this world, with their records. Data, nothing else.

All of the cast's companies and their neighbours have sites too, at the address that they have in ``cast.py``.
"""

from __future__ import annotations

from sandbox.zones import Zone

WEB = "198.51.100.80"
"""The pretend internet's web server. (Whoever fetches through the guarded door is led to this sandbox.)"""
_MAIL = ("10 mx1.mailhost.test",)

SITES = (
    "moved-away.test", "renamed.test", "refreshed.test", "builder.test", "parked.test", "untouched.test", "soon.test",
    "keepout.test", "notfound.test", "outage.test", "members.test", "sealed.test", "enormous.test", "polyglot.test",
    "liar.test", "copycat.test", "blank.test", "sixteen.test", "mojibake.test", "papers.test", "doubled.test",
)  # fmt: skip
TRAPS = (
    "to-metadata.test", "to-mapped.test", "to-loopback.test", "to-file.test", "to-port.test", "endless.test",
    "bomb.test", "dripping.test", "flood.test", "rebinding.test", "hangs-up.test",
)  # fmt: skip

SITE_ZONES: dict[str, Zone] = {
    **dict.fromkeys((*SITES, *TRAPS), Zone(mx=_MAIL, a=(WEB,))),
    "www.polyglot.test": Zone(cname="polyglot.test"),
    "www.facebook.com": Zone(a=(WEB,)),
    # The first question is answered with a public address, every later one with this machine's (DNS rebinding).
    "rebinding.test": Zone(mx=_MAIL, a=(WEB,), a_later=("127.0.0.1",), ttl_s=0),
}
