"""Names that look like a big provider's or like a customer's, but are somebody else's: "rnicrosoft", "gmail-login".

What looks alike is folded into one (a small part of Unicode's confusables, https://www.unicode.org/reports/tr39/, and
of what can be mistaken in ASCII), so that two names look alike where they are folded into the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache

from signups.vetting.address import Address
from signups.vetting.result import CheckResult

# Whose names are worth imitating, and the domains at which they really are.
_BRANDS = {
    "gmail": "gmail.com", "googlemail": "googlemail.com", "google": "google.com", "yahoo": "yahoo.com",
    "hotmail": "hotmail.com", "outlook": "outlook.com", "icloud": "icloud.com", "apple": "apple.com",
    "microsoft": "microsoft.com", "office365": "microsoft.com", "protonmail": "protonmail.com", "paypal": "paypal.com",
    "amazon": "amazon.com", "facebook": "facebook.com", "linkedin": "linkedin.com", "netflix": "netflix.com",
    "dropbox": "dropbox.com", "docusign": "docusign.com", "whatsapp": "whatsapp.com", "instagram": "instagram.com",
    "yandex": "yandex.ru", "comcast": "comcast.net", "verizon": "verizon.net", "rediffmail": "rediffmail.com",
    "fastmail": "fastmail.com", "tutanota": "tutanota.com", "t-online": "t-online.de", "github": "github.com",
    "salesforce": "salesforce.com", "coinbase": "coinbase.com", "binance": "binance.com",
}  # fmt: skip
_LURES = (
    "login|logon|signin|sign-in|support|secure|security|verify|verification|verified|account|accounts|billing|update"
    "|updates|alert|alerts|password|recovery|recover|unlock|helpdesk|webmail|notification|notifications|confirm"
    "|customer-service|customerservice|service-desk"
)
_ANY_BRAND = "|".join(_BRANDS)
_LURED = re.compile(
    rf"(?:^|-)(?P<before>{_ANY_BRAND})-?(?:{_LURES})(?:-|$)|(?:^|-)(?:{_LURES})-(?P<after>{_ANY_BRAND})(?:-|$)"
)
_STARTS = frozenset(brand[:4] for brand in _BRANDS)

# Letters of other scripts, and ASCII, that are taken for a Latin letter.
_ALIKE = {
    "a": "аɑαàáâãäåāăąạả", "b": "ьƅв", "c": "сϲçćč", "d": "ԁɗďđ", "e": "еєёèéêëēėęěẹҽ", "g": "ɡģğġց", "h": "һհ",
    "i": "іıìíîïīįɩ1l!|ľĺļłӏ", "j": "ј", "k": "кκķ", "m": "м", "n": "пηñńņňո", "o": "оοσ0òóôõöøōőọօ", "p": "рρ",
    "q": "ԛ", "r": "гŕř", "s": "ѕ5śšșş", "t": "тτţťț", "u": "υսùúûüūůűų", "v": "ѵν", "w": "ԝѡω", "x": "хχ",
    "y": "уүýÿγ", "z": "žźżᴢ",
}  # fmt: skip
_FOLD = str.maketrans({other: letter for letter, others in _ALIKE.items() for other in others})
_FOLD_ASCII = tuple((chr(other), letter) for other, letter in _FOLD.items() if other < 128)
_PAIRS = (("rn", "m"), ("vv", "w"), ("ci", "d"), ("-", ""))
_ENDINGS = frozenset(("com", "net", "org", "co"))  # under which somebody else's name is worth having
_SHORTEST = 5  # letters of a name: shorter ones look like too many others


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Whose domain it looks like, and how: a key of `_SENTENCES`."""

    target: str
    how: str


@dataclass(frozen=True)
class Customers:
    """Our customers' domains, and each by its folded name."""

    domains: frozenset[str] = frozenset()
    by_folded: Mapping[str, str] = field(default_factory=dict)


_SENTENCES = {
    "letters": "{domain} reads like {target}, but other letters stand in it.",
    "script": "{domain} reads like {target}, but is written with letters of other scripts.",
    "hyphen": "{domain} is {target} with a hyphen too many or too few.",
    "word": "{domain} puts a word such as “login” beside the name of {target}, to whom it does not belong.",
    "inside": "{domain} starts with {target}, but belongs to somebody else.",
}
_NONE = CheckResult("lookalike", "good", "none", "It resembles no big provider and no customer.")


def check(address: Address, customers: Customers | None = None) -> CheckResult:
    """A weak sign. `customers`: whose domains are looked at beside the big ones."""
    found = find(address.domain, customers)
    if found is None:
        return _NONE
    sentence = _SENTENCES[found.how].format(domain=address.domain, target=found.target)
    return CheckResult("lookalike", "risky", "lookalike", sentence, {"target": found.target, "how": found.how})


def among(domains: Iterable[str]) -> Customers:
    """Customers' domains, made ready to be compared with."""
    all_domains = frozenset(domains)
    names = {domain: domain.partition(".")[0] for domain in sorted(all_domains)}
    return Customers(all_domains, {folded(name): domain for domain, name in names.items() if len(name) >= _SHORTEST})


def find(domain: str, customers: Customers | None = None) -> Lookalike | None:
    """Whom `domain` (lower case, ASCII) looks like without being theirs; each of its labels is looked at."""
    if customers is not None and domain in customers.domains:
        return None
    label, _, rest = domain.partition(".")
    while rest:
        found = _like_brand(label, rest)
        if found is None and customers is not None and customers.domains:
            found = _like_customer(label, rest, customers)
        if found is not None:
            return found
        label, _, rest = rest.partition(".")
    return None


def folded(name: str) -> str:
    """What is the same for all names that look the same."""
    if name.isascii():  # several times faster than `translate`
        for other, letter in _FOLD_ASCII:
            name = name.replace(other, letter)
    else:
        name = name.translate(_FOLD)
    for pair, letter in _PAIRS:
        if pair in name:
            name = name.replace(pair, letter)
    return name


@lru_cache(maxsize=1024)  # the check and the suggestion ask the same
def _like_brand(label: str, rest: str) -> Lookalike | None:
    shown = _shown(label)
    target = _folded_brands().get(folded(shown))
    if target is not None:
        name, _, ending = target.partition(".")
        if shown == name:
            return _inside(target, ending, rest)
        return Lookalike(target, _how(shown, label, name)) if rest == ending or rest in _ENDINGS else None
    if label[:4] in _STARTS or ("-" in label and any(part in _BRANDS for part in label.split("-"))):
        lured = _LURED.search(shown)
        return Lookalike(_BRANDS[lured["before"] or lured["after"]], "word") if lured else None
    return None


def _like_customer(label: str, rest: str, customers: Customers) -> Lookalike | None:
    shown = _shown(label)
    target = customers.by_folded.get(folded(shown), "")
    name, _, ending = target.partition(".")
    return Lookalike(target, _how(shown, label, name)) if target and shown != name and rest == ending else None


def _inside(target: str, ending: str, rest: str) -> Lookalike | None:
    """ "gmail.com.example.net" and "gmail.com-example.net", but not "gmail.com.br"."""
    more = rest.removeprefix(ending)
    is_inside = more != rest and (more.startswith("-") or more.count(".") > 1)
    return Lookalike(target, "inside") if is_inside else None


def _how(shown: str, label: str, name: str) -> str:
    if shown != label:
        return "script"
    return "hyphen" if shown.replace("-", "") == name.replace("-", "") else "letters"


def _shown(label: str) -> str:
    """As it is shown to people: "xn--…" in its own letters."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


@cache
def _folded_brands() -> dict[str, str]:
    return {folded(name): domain for name, domain in _BRANDS.items() if len(name) >= _SHORTEST}
