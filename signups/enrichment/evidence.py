"""What speaks for somebody's working at a company: each kind of evidence as pieces, with a sentence for staff.

Pure. How sure each kind is alone stands in `clues`; how pieces add up, and what follows, is `employer`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from signups.enrichment.clues import (
    COLLEAGUES_MOST,
    CONFIDENCE,
    CONFIRMED_COLLEAGUES,
    SIGNATURES_MOST,
    USUAL_CONFIDENCE,
    Clues,
    Signed,
    said,
    said_surely,
    value,
)
from signups.enrichment.company_names import Match, Named, Names, is_same
from signups.models.profile import Profile
from signups.vetting.latin import spellings

_STRONG_FACTS: Final = (
    "legalName", "metrics.raised", "metrics.annualRevenue", "metrics.marketCap", "category.industry", "ticker",
    "crunchbase.handle", "foundedYear",
)  # fmt: skip
_MENTION: Final = re.compile(r"@([\w.-]+)")


@dataclass(frozen=True)
class Piece:
    """One thing that speaks for a company, by its domain."""

    domain: str
    code: str
    sentence: str
    confidence: float
    name: str = ""


# -- The address -------------------------------------------------------------------------------------------------------


def of_the_address(clues: Clues, rival: float, ask: float, attach: float) -> Iterator[Piece]:
    """What the address alone says. `rival`: how sure something is that it is another company."""
    if not clues.home:
        return
    name = str(value(clues.company, "name") or "")
    if clues.home != clues.work_domain:
        sentence = f"Their address is at {clues.work_domain}, which is another domain of {clues.home}."
        yield Piece(clues.home, "alias", sentence, CONFIDENCE["alias"], name)
        return
    code, sentence = _address_code(clues, rival, ask, attach)
    yield Piece(clues.home, code, sentence, CONFIDENCE[code], name)


def _address_code(clues: Clues, rival: float, ask: float, attach: float) -> tuple[str, str]:
    at = f"Their address is at {clues.home}"
    if _most_left(clues):
        return "work_domain_left", f"{at}, but most who came from there work elsewhere."
    if is_own_domain(clues):
        if rival >= ask:
            return "own_domain_doubted", f"{at}, a domain with their own name: where they work is another question."
        return "own_domain", f"{at}, a domain with their own name, and nothing names another company."
    if is_known_company(clues):
        return "work_domain_company", f"{at}, a company's own domain."
    if rival >= attach:
        return "work_domain_doubted", f"{at}, of which nothing is known, and another company is named."
    return "work_domain", f"{at}."


def is_own_domain(clues: Clues) -> bool:
    """Whether the address' domain is the person's own name, and no company by what is known of it."""
    label = re.sub(r"[^a-z0-9]", "", clues.work_domain.partition(".")[0])
    return any(label in _own_labels(name) for name in clues.names) and not _has_strong_facts(clues.company)


def is_known_company(clues: Clues) -> bool:
    """Whether something shows that a company is behind the address' domain: facts, or colleagues from there."""
    name = value(clues.company, "name")
    is_named = bool(name) and not any(is_same(str(name), own) for own in clues.names)
    return is_named or _has_strong_facts(clues.company) or any(one.domain == clues.home for one in clues.colleagues)


def _has_strong_facts(company: Profile) -> bool:
    employees = value(company, "metrics.employees")
    return any(path in company for path in _STRONG_FACTS) or (isinstance(employees, int | float) and employees > 1)


def _own_labels(name: str) -> set[str]:
    """The labels a domain of one's own has: "adalovelace", "lovelaceada", "alovelace", "lovelace"."""
    labels = set()
    for spelt in spellings(name):
        words = [word for word in re.split(r"[^a-z0-9]+", spelt) if word]
        if len(words) > 1:
            first, last = words[0], words[-1]
            labels |= {"".join(words), first + last, last + first, first[0] + last, first + last[0], last}
    return {label for label in labels if len(label) >= 4}


def _most_left(clues: Clues) -> bool:
    total = sum(one.people for one in clues.colleagues)
    others = [one for one in clues.colleagues if one.domain != clues.home]
    return any(one.people * 2 > total and (one.people > 1 or one.is_confirmed) for one in others)


# -- Everything else ---------------------------------------------------------------------------------------------------


def beside_the_address(clues: Clues) -> Iterator[Piece]:
    """What providers, the person and the others who came from there say."""
    yield from _employments(clues)
    yield from _by_name(clues)
    yield from _colleagues(clues)
    yield from _signatures(clues)
    yield from _of_the_company(clues)


def _employments(clues: Clues) -> Iterator[Piece]:
    names = dict(said(clues.person, "employment.name"))
    is_elsewhere_old = bool(clues.home) and not is_own_domain(clues) and is_known_company(clues)
    for provider, named, sure in said_surely(clues.person, "employment.domain"):
        domain = clues.domain_of(named)
        code = "employment_elsewhere" if is_elsewhere_old and domain != clues.home else "employment"
        code = "employment_staff" if provider == "staff" else code
        sentence = f"{_who(clues, provider)} has them at {domain}."
        yield Piece(domain, code, sentence, _weighed(code, sure), str(names.get(provider) or ""))


def _by_name(clues: Clues) -> Iterator[Piece]:
    """Companies that are named without a domain, found among those we know and those just named."""
    known = _at_hand(clues)
    names = list(said_surely(clues.person, "employment.name"))
    typed = clues.typed_company or next((str(name) for provider, name, _ in names if provider == "form"), "")
    yield from _matching(clues, known, typed, "typed", f"They typed “{typed}”")
    with_domain = {provider for provider, _ in said(clues.person, "employment.domain")}
    for provider, name, sure in names:
        if provider not in (*with_domain, "form", "github"):
            words = f"{_who(clues, provider)} has them at “{name}”"
            yield from _matching(clues, known, str(name), "employment_name", words, sure)
    github = str(value(clues.person, "github.company") or "")
    for name in _MENTION.findall(github) or [github]:
        yield from _matching(clues, known, name, "github", f"Their GitHub profile says “{name}”")


def _at_hand(clues: Clues) -> list[Names]:
    """Those just named, then those we know: who types "Acme" at acme.com means that one, however many there are."""
    names = dict(said(clues.person, "employment.name"))
    domains = ((provider, clues.domain_of(named)) for provider, named in said(clues.person, "employment.domain"))
    named = [Named(domain, str(names.get(provider) or domain)) for provider, domain in domains if domain]
    if clues.home:
        named.append(Named(clues.home, str(value(clues.company, "name") or clues.home)))
    return [Names.of(named), clues.known]


def _matching(
    clues: Clues, known: list[Names], text: str, code: str, words: str, sure: float = USUAL_CONFIDENCE
) -> Iterator[Piece]:
    """A piece for each company of this name; two companies of one name are each half as likely."""
    found: list[Match] = next((matches for names in known if (matches := names.find(text))), [])
    for match in found:
        kind = code if match.alike == 100 else f"{code}_like"
        company, domain = match.company, clues.domain_of(match.company.domain)
        among = f", one of {len(found)} companies of that name" if len(found) > 1 else ""
        if domain:
            sentence = f"{words}: {company.name} ({domain}){among}."
            yield Piece(domain, kind, sentence, _weighed(kind, sure) / len(found), company.name)


def _colleagues(clues: Clues) -> Iterator[Piece]:
    total = sum(one.people for one in clues.colleagues)
    for one in clues.colleagues:
        share = one.people / total
        least = CONFIRMED_COLLEAGUES if one.is_confirmed else 0.0
        sure = share * max(1 - 1 / (2 * one.people), least)
        who = "colleague" if total == 1 else "colleagues"
        confirmed = ", as staff confirmed" if one.is_confirmed else ""
        works = "works" if one.people == 1 else "work"
        sentence = f"{one.people} of {total} {who} from {clues.work_domain} {works} at {one.domain}{confirmed}."
        yield Piece(one.domain, "colleagues", sentence, min(sure, COLLEAGUES_MOST))


def _signatures(clues: Clues) -> Iterator[Piece]:
    """The person's own signature, and those of the others who write from the work domain, told together."""
    if not clues.signatures:
        return
    known = _at_hand(clues)
    theirs: dict[str, list[tuple[Signed, Piece]]] = {}
    others = [one for one in clues.signatures if one.by != clues.email_key] if clues.work_domain else []
    for one in clues.signatures:
        if one.by == clues.email_key:
            yield from _signed(clues, known, one, "signature", "They sign their mails")
    for one in others:
        for piece in _signed(clues, known, one, "signature_colleague", f"{one.name or one.by} signs mails"):
            theirs.setdefault(piece.domain, []).append((one, piece))
    for domain, signed in theirs.items():
        people = {one.by for one, _ in signed}
        doubt = 1.0
        for _, piece in signed:
            doubt *= 1 - piece.confidence
        first = signed[0][1]
        sentence = first.sentence
        if len(people) > 1:
            more = len(people) - 1
            sentence += f" So do{'es' * (more == 1)} {more} other{'s' * (more != 1)} from {clues.work_domain}."
        sure = min(1 - doubt, SIGNATURES_MOST) * len(people) / len(others)
        yield Piece(domain, first.code, sentence, sure, first.name)


def _signed(clues: Clues, known: list[Names], one: Signed, code: str, words: str) -> Iterator[Piece]:
    """What one signature speaks for: the company of its web site, else those of its name."""
    as_name = f"{words} as “{one.company}”"
    if domain := clues.domain_of(one.domain):
        if one.company:
            yield Piece(domain, code, f"{as_name} ({domain}).", CONFIDENCE[code], one.company)
        elif domain != clues.home:  # their own domain alone says no more than the address
            yield Piece(domain, code, f"{words} with the web site {domain}.", CONFIDENCE[code])
    elif one.company:
        yield from _matching(clues, known, one.company, f"{code}_name", as_name)


def _of_the_company(clues: Clues) -> Iterator[Piece]:
    """Other companies that the work domain's profile names."""
    for provider, named in said(clues.company, "domain"):
        if (domain := clues.domain_of(named)) not in ("", clues.home, clues.work_domain):
            sentence = f"{_who(clues, provider)} was led from {clues.work_domain} to {domain}."
            yield Piece(domain, "redirect", sentence, CONFIDENCE["redirect"])
    for provider, named in said(clues.company, "parent.domain"):
        if (domain := clues.domain_of(named)) not in ("", clues.home):
            sentence = f"{_who(clues, provider)} names {domain} as the parent of {clues.home}."
            yield Piece(domain, "parent", sentence, CONFIDENCE["parent"])


def objections(pieces: Iterable[Piece], clues: Clues) -> list[Piece]:
    """What contradicts a piece, to be read beside it."""
    but = f"But their address is at {clues.home}, a company's own domain: the record may be old."
    return [Piece(one.domain, "but_address", but, 0.0) for one in pieces if one.code == "employment_elsewhere"]


def _weighed(code: str, sure: float) -> float:
    """A kind's confidence, less where the provider was less sure than usual."""
    return CONFIDENCE[code] * min(1.0, sure / USUAL_CONFIDENCE)


def _who(clues: Clues, provider: str) -> str:
    return clues.providers.get(provider) or provider.replace("_", " ").capitalize()
