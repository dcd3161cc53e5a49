"""The mailbox behind an address, as far as its provider's rules tell: how one person's many addresses are one key.

Only repeated signups are found with it (`velocity`). Mail goes to the address as it was typed, whatever stands here.

What is left alone on purpose: dots at company domains (Google Workspace tells them apart, Gmail does not), the domains
of Outlook, GMX or mail.ru (the same name at each is another person), and aliases that cannot be seen in the address.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from signups.vetting.address import Address


@dataclass(frozen=True, slots=True)
class Rule:
    """How a provider reads a local part beyond "+tag". `domain` is the one that stands for all of its domains."""

    domain: str
    ignored: str = ""  # characters that make no difference
    tag: str = ""  # what comes before a tag, besides "+"
    alike: str = ""  # two characters, the first of which counts as the second


def key(address: Address) -> str:
    """The canonical address, in lower case; of a canonical address, itself. Never empty.

    A tag after "+" is dropped everywhere. Where a server does not know tags, such an address receives no mail, or its
    owner chose a plus on purpose, which is rare enough for a weak sign.
    """
    local, domain = address.local.lower(), address.domain
    if not local.isascii():
        local = unicodedata.normalize("NFC", local.casefold())
    label, _, parent = domain.partition(".")
    if parent in _TAKES_SUBDOMAINS:  # anything@ada.fastmail.com is ada+anything@fastmail.com
        local, domain = label, parent
    elif (rule := _RULES.get(domain)) is not None:
        local, domain = _by_rule(local, rule), rule.domain
    if "+" in local:
        local = local.partition("+")[0].rstrip(".") or local
    return f"{local}@{domain}"


def _by_rule(local: str, rule: Rule) -> str:
    name, plus, tag = local.partition("+")
    if not name:
        return local
    if rule.alike:
        name = name.replace(*rule.alike)
    short = name
    for character in rule.ignored:
        short = short.replace(character, "")
    if rule.tag:
        short = short.partition(rule.tag)[0].rstrip(".")
    return f"{short or name}{plus}{tag}"


_YAHOO_ENDINGS = (
    "com ca de fr it es ie in gr no se dk pl ro nl be at cz hu fi pt"
    " co.uk co.in co.id co.nz co.th co.za com.ar com.au com.br com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr"
    " com.tw com.ve com.vn"
)
_YANDEX_ENDINGS = "ru com by kz ua uz az com.am com.ge co.il com.tr ee fr kg lt lv md net pl tj tm"

_GMAIL = Rule("gmail.com", ignored=".")  # https://support.google.com/mail/answer/7436150
_PROTON = Rule("proton.me", ignored=".-_")  # https://proton.me/support/creating-aliases
# An account has me.com or mac.com besides icloud.com where it is old enough: https://support.apple.com/en-us/108046
_ICLOUD = Rule("icloud.com")
# Names take no hyphen; temporary addresses are "base-keyword". yahoo.co.jp is another company, whose names may.
_YAHOO_TAG = "-"
# One mailbox at all of the domains; dots count as hyphens: https://yandex.com/support/id/authorization/login.html
_YANDEX = Rule("yandex.ru", alike=".-")

_RULES: dict[str, Rule] = {
    "gmail.com": _GMAIL,
    "googlemail.com": _GMAIL,
    **dict.fromkeys(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), _PROTON),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
    **dict.fromkeys(("ya.ru", "narod.ru", *(f"yandex.{ending}" for ending in _YANDEX_ENDINGS.split())), _YANDEX),
    **{
        domain: Rule(domain, tag=_YAHOO_TAG)
        for domain in (
            "ymail.com",
            "rocketmail.com",
            "myyahoo.com",
            *(f"yahoo.{ending}" for ending in _YAHOO_ENDINGS.split()),
        )
    },
}

# https://www.fastmail.help/hc/en-us/articles/360060591053
_TAKES_SUBDOMAINS = frozenset(
    (
        *(
            f"fastmail.{ending}"
            for ending in "com fm cn co.uk com.au de es fr im in jp mx net nl org se to tw uk us".split()
        ),
        "sent.com",
        "fastmailbox.net",
        "messagingengine.com",
    )
)
