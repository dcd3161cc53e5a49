"""Did they mean another address? Slips of the keys in the domains of mail providers and of our customers.

What was typed is let be where it is a provider's own domain, or a real one that only resembles it
(`near_providers.txt`), or where mail reaches it and the slip is not a plain one of a big provider's. It is a question,
never an answer: who asks it shows both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from django.conf import settings

from signups.contracts import Deadline
from signups.vetting import endings, kind, known_companies, lookalikes, mx, often_meant
from signups.vetting.address import Address, parse
from signups.vetting.known_companies import NOBODY, Known
from signups.vetting.mx import Mail
from signups.vetting.often_meant import Index, Meant
from signups.vetting.slips import BESIDE, COSTS, DOUBLED, MISSING, OTHER, SWAPPED, Slip, cost, one_slip

_NEAR = Path(__file__).with_name("near_providers.txt")
_MOST_TYPED = 64  # letters of a domain that are looked at: none of those meant is half as long
_PLAIN_SLIPS = frozenset((SWAPPED, DOUBLED, MISSING, BESIDE))
_READ_ALIKE = frozenset(("letters", "script", "hyphen"))  # what is read for another name is typed for it
_REAL_KINDS = frozenset(("free_mail", "internet_provider", "relay", "education", "government"))
_ENDING_COST = 0.4
_MOST_FAR = 1.7  # two slips of a long name


@dataclass(frozen=True, slots=True)
class Guess:
    """What was meant, how dear the slips are, and whether it is asked although mail reaches what was typed."""

    meant: Meant
    cost: float
    is_sure: bool = False


def suggest(address: Address, mail: Mail | None = None, known: Known = NOBODY) -> str:
    """The address that was probably meant, "" where nothing speaks against the one that was typed.

    `mail` is what DNS said of the domain, where it was asked; `known` are our customers' domains.
    """
    domain = suggest_domain(address.domain, mail, known)
    return f"{address.local}@{domain}" if domain else ""


def probably_meant(email: str) -> str:
    """The like for an address about to be sent in. DNS is asked, within the budget, only where the name is in doubt.

    Nobody waits twice: where DNS hangs, the question is put; the answer is kept for the second press.
    """
    address = parse(email)
    known_companies.refresh()
    known = known_companies.current()
    if not suggest(address, None, known):
        return ""
    return suggest(address, mx.start(address.domain, Deadline(settings.VETTING_BUDGET_MS)).finish(), known)


def for_text(text: str) -> str:
    """The like for what is no address, or only a domain: "ada@gmail,com" and "gmailcom"; "" for nothing better."""
    local, at, typed = text.strip().rpartition("@")
    domain = re.sub(r"[\s.,;:/_]+", ".", typed.lower()).strip(".")
    if not domain or len(domain) > _MOST_TYPED or (at and not re.fullmatch(r"[^\s@<>,;:\"]+", local)):
        return ""
    meant = suggest_domain(domain)
    if not meant and domain != typed.lower() and domain in _providers_domains():
        meant = domain
    return f"{local}{at}{meant}" if meant else ""


def suggest_domain(domain: str, mail: Mail | None = None, known: Known = NOBODY) -> str:
    """The domain that was probably meant (`domain` is lower case), "" for none."""
    if len(domain) > _MOST_TYPED or domain in known.customers.domains:
        return ""
    takes_mail = mail is not None and mail.check.outcome == "good"
    is_dead = mail is not None and mail.check.outcome == "bad"
    guess = best(domain, often_meant.providers(), is_dead=is_dead)
    if guess is None and known.meant.by_name and not takes_mail:
        guess = best(domain, known.meant, is_dead=is_dead)
    if guess is not None and (guess.is_sure or not takes_mail):
        return "" if _is_real(domain, guess) else guess.meant.domain
    alike = lookalikes.find(domain, known.customers)
    if alike is not None and alike.how in _READ_ALIKE and (alike.target in _providers_domains() or not takes_mail):
        return alike.target
    return "" if takes_mail or guess is not None else _with_ending(domain)


def best(domain: str, index: Index, *, is_dead: bool = False) -> Guess | None:
    """The cheapest guess; among equals the one most used. `is_dead`: mail cannot reach `domain`, so any slip counts."""
    guesses = list(_guesses(domain, index, is_dead))
    if not guesses or any(guess.meant.domain == domain for guess in guesses):
        return None
    return min(guesses, key=lambda guess: (round(guess.cost, 2), guess.meant.rank, guess.meant.domain))


def _guesses(domain: str, index: Index, is_dead: bool) -> Iterator[Guess]:
    name, _, ending = domain.partition(".")
    usual = endings.MEANT.get(ending, ending)
    near = index.near(domain.replace(".", ""))
    if near:
        yield from _near(name, ending, near, is_dead)
    if usual != ending or ending in endings.NEARLY_COM:
        is_clear, usual = usual != ending, usual if usual != ending else "com"
        again = _near(name, usual, index.near(f"{name}{usual}".replace(".", "")), is_dead)
        yield from (_and_ending(guess, ending) for guess in again if is_clear or guess.meant.is_big or not guess.cost)
    if (some := index.by_name.get(name)) is not None:
        yield from _other_ending(some, ending)
    for other in (*index.squeezed(name), *index.like(name)):
        for meant in index.by_name[other]:
            if meant.ending == usual and (guess := _far(name, meant)) is not None:
                yield _and_ending(guess, ending) if usual != ending else guess
    if name.startswith("www"):
        yield from _after_prefix(domain, index)


# -- One slip ----------------------------------------------------------------------------------------------------------


def _near(name: str, ending: str, near: set[Meant], is_dead: bool) -> Iterator[Guess]:
    joined = f"{name}{ending}".replace(".", "")
    for meant in near:
        right = meant.domain.replace(".", "")
        if joined == right:
            yield Guess(meant, 0.0 if (name, ending) == (meant.name, meant.ending) else 0.3, _is_sure(meant))
        elif (slip := one_slip(joined, right)) is not None:
            is_in_name = slip.at < len(meant.name) or (slip.at == len(meant.name) < len(name))
            likely = _is_likely_name if is_in_name else _is_likely_ending
            if is_dead or likely(meant, slip, name, ending):
                yield Guess(meant, slip.cost, _is_sure(meant) and _is_plain(slip))


def _is_plain(slip: Slip) -> bool:
    return slip.kind in _PLAIN_SLIPS and (slip.at > 0 or slip.kind == SWAPPED)


def _is_likely_name(meant: Meant, slip: Slip, name: str, ending: str) -> bool:
    """Whether a slip in the name is more likely than another's name. The shorter and commoner, the less."""
    if ending != meant.ending and not meant.owns_name:
        return False
    if meant.is_customer:
        return len(meant.name) > 5 and _is_plain(slip)
    if len(meant.name) < 5:
        return (meant.is_big and len(meant.name) > 2 and slip.kind != OTHER) or (
            len(meant.name) == 4 and slip.kind in (SWAPPED, DOUBLED)
        )
    if meant.is_coined:
        return slip.at > 0 or slip.kind != OTHER
    return slip.kind in _PLAIN_SLIPS


def _is_likely_ending(meant: Meant, slip: Slip, name: str, ending: str) -> bool:
    if meant.owns_name:
        return True
    if ending in endings.NEARLY_COM and meant.ending == "com":
        return meant.is_big
    if meant.is_coined and (ending, meant.ending) == ("ne", "net"):
        return True
    return name == meant.name and not endings.exists(ending)


# -- More than one -----------------------------------------------------------------------------------------------------


def _other_ending(some: tuple[Meant, ...], ending: str) -> Iterator[Guess]:
    """The name is right, the ending another one: "gmail.net", "yahoo.uk", "gmail.com.com"."""
    first, _, rest = ending.partition(".")
    for meant in some:
        if meant.ending == ending:
            yield Guess(meant, 0.0)
        elif ending not in endings.NEARLY_COM and meant.ending in (f"co.{ending}", f"com.{ending}"):
            yield Guess(meant, 0.3, _is_sure(meant))
        elif ending.startswith(f"{meant.ending}.") and len(ending) - len(meant.ending) < 5:
            yield Guess(meant, 0.3 if meant.owns_name or rest in ("com", "net") else 0.9, _is_sure(meant))
    most_used = some[0]
    if most_used.owns_name and len(first) < 5 and len(rest) < 4:
        yield Guess(most_used, 0.7, _is_sure(most_used))
    elif most_used.is_coined and not endings.exists(ending):
        yield Guess(most_used, 0.9 if ending not in endings.MEANT else 0.35)


def _far(name: str, meant: Meant) -> Guess | None:
    """Letters doubled more than once, or two plain slips in a name that is no word."""
    if len(meant.name) < 5 or name == meant.name:
        return None
    is_jumbled = meant.owns_name and len(name) == len(meant.name) and sorted(name) == sorted(meant.name)
    paid = COSTS[OTHER] if is_jumbled else cost(name, meant.name, _MOST_FAR)
    if paid <= (1.1 if len(meant.name) == 5 else 1.25 if len(meant.name) < 10 else _MOST_FAR):
        return Guess(meant, paid, _is_sure(meant) and paid <= COSTS[OTHER])
    return None


def _after_prefix(domain: str, index: Index) -> Iterator[Guess]:
    """ "www.gmail.com", "wwwgmail.com"."""
    for rest in {domain.partition(".")[2], domain.lstrip("w").lstrip(".-")}:
        name, _, ending = rest.partition(".")
        for meant in index.by_name.get(name, ()):
            if meant.ending == ending:
                yield Guess(meant, 0.3, _is_sure(meant))


def _and_ending(guess: Guess, ending: str) -> Guess:
    is_sure = guess.is_sure and not endings.exists(ending)
    return replace(guess, cost=guess.cost + _ENDING_COST, is_sure=is_sure or guess.cost == 0)


def _is_sure(meant: Meant) -> bool:
    return meant.is_big and meant.owns_name


# -- What is let be ----------------------------------------------------------------------------------------------------


def _is_real(domain: str, guess: Guess) -> bool:
    """Whether somebody else has this domain. Lists of providers also hold "hotmail.co", where nobody has mail."""
    name, _, ending = domain.partition(".")
    if domain.startswith("www.") or (name == guess.meant.name and ending in endings.NEARLY_COM):
        return False
    return domain in _near_providers() or kind.of(domain).code in _REAL_KINDS


def _with_ending(domain: str) -> str:
    """A company's domain with an ending that no registry has ("acme.con"), put right."""
    name, _, ending = domain.partition(".")
    while ending:
        if (meant := endings.MEANT.get(ending)) is not None and not endings.exists(ending):
            return f"{name}.{meant}"
        more, _, ending = ending.partition(".")
        name = f"{name}.{more}"
    return ""


@cache
def _near_providers() -> frozenset[str]:
    lines = (line.partition("#")[0] for line in _NEAR.read_text(encoding="utf-8").splitlines())
    return frozenset(domain for line in lines for domain in line.split())


@cache
def _providers_domains() -> frozenset[str]:
    return frozenset(meant.domain for some in often_meant.providers().by_name.values() for meant in some)
