"""Did they mean another address? Slips of the finger in the domains of the big mail providers.

Quiet rather than clever: a domain that is itself a mail provider's, or that does not start as the provider's does, is
let be, as many companies have names close to a provider's.
"""

from __future__ import annotations

from signups.vetting import free_mail
from signups.vetting.address import Address

# Names shorter than five letters ("aol", "gmx") are one slip away from too many others.
_MEANT = (
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "hotmail.com", "hotmail.co.uk", "hotmail.fr",
    "outlook.com", "icloud.com", "proton.me", "protonmail.com", "fastmail.com", "yandex.ru", "comcast.net",
    "btinternet.com", "rediffmail.com", "wanadoo.fr", "orange.fr", "t-online.de", "libero.it", "naver.com",
)  # fmt: skip
# Endings that no registry has, typed for one that many people have.
_ENDINGS = {
    "con": "com", "cmo": "com", "ocm": "com", "comm": "com", "coom": "com", "ccom": "com", "vom": "com", "xom": "com",
    "cim": "com", "cpm": "com", "clm": "com", "dom": "com", "nte": "net", "nett": "net", "ent": "net", "ogr": "org",
    "orgg": "org", "ort": "org",
}  # fmt: skip


def suggest(address: Address) -> str:
    """The address that was probably meant, "" where nothing speaks against the one that was typed."""
    if free_mail.listed(address.domain):
        return ""
    name, _, ending = address.domain.rpartition(".")
    typed = f"{name}.{_ENDINGS.get(ending, ending)}"
    for meant in _MEANT:
        if typed == meant or (is_one_slip(typed, meant) and _starts_alike(typed, meant)):
            return f"{address.local}@{meant}"
    return f"{address.local}@{typed}" if typed != address.domain else ""


def is_one_slip(typed: str, meant: str) -> bool:
    """Whether one letter too many, too few or wrong, or two neighbours swapped, makes the one of the other."""
    while typed and meant and typed[0] == meant[0]:
        typed, meant = typed[1:], meant[1:]
    while typed and meant and typed[-1] == meant[-1]:
        typed, meant = typed[:-1], meant[:-1]
    return max(len(typed), len(meant)) == 1 or (len(typed) == 2 and typed == meant[::-1])


def _starts_alike(typed: str, meant: str) -> bool:
    return typed[0] == meant[0] or typed[:2] == meant[1::-1]
