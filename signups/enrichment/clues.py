"""What is known of where somebody works, before it is weighed: the clues, and how sure each kind of evidence is alone.

Pure. What speaks for what is `evidence`'s, how it adds up `employer`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from signups.enrichment.company_names import Names
from signups.models.profile import Profile

# How sure each kind is alone, and why. What providers say counts so where they are as sure as providers usually are.
CONFIDENCE: Final[dict[str, float]] = {
    # Whoever runs a domain gives out its addresses: few have one at a company that is not theirs.
    "work_domain": 0.85,
    # … and fewer where a company is known to be behind it.
    "work_domain_company": 0.92,
    # Something surer names another company: an address from before, or at a domain of their own under any name.
    "work_domain_doubted": 0.55,
    # Most of those who came from this domain work at another company.
    "work_domain_left": 0.5,
    # A domain that is the person's own name is their own business, as long as nothing names another company …
    "own_domain": 0.8,
    # … and otherwise just where their mail goes.
    "own_domain_doubted": 0.3,
    # A vendor's record of the company, our own table or staff say that both domains are one company's.
    "alias": 0.9,
    # A web site that leads to another name: sold, renamed, or only a page at some network.
    "redirect": 0.5,
    # Who works at a subsidiary works there, seldom at its parent.
    "parent": 0.35,
    # A record of the person names the employer's domain; the vendors' records are right five times of six.
    "employment": 0.85,
    # … and staff, who looked, nearly always.
    "employment_staff": 0.96,
    # … and often years old where the person writes from another company's address.
    "employment_elsewhere": 0.5,
    # The same record with no domain: the name is a known company's, which others may share.
    "employment_name": 0.65,
    # They typed it themselves, and anybody can type anything.
    "typed": 0.6,
    # … and nearly that name.
    "employment_name_like": 0.45,
    "typed_like": 0.45,
    # People seldom correct their GitHub profile when they leave.
    "github": 0.5,
    "github_like": 0.4,
    # People sign with the company they speak for; but anybody can sign with anything, and a signature can be misread.
    "signature": 0.75,
    # … and a name without a web site may be another company's.
    "signature_name": 0.6,
    "signature_name_like": 0.45,
    # Whoever shares an e-mail domain mostly shares the employer, but groups and agencies do not.
    "signature_colleague": 0.6,
    "signature_colleague_name": 0.5,
    "signature_colleague_name_like": 0.35,
}
SIGNATURES_MOST: Final = 0.8  # what the signatures of all colleagues together are worth, less those that differ
COLLEAGUES_MOST: Final = 0.9  # what n colleagues are worth: their share · (1 - 1/2n), at most this
CONFIRMED_COLLEAGUES: Final = 0.85  # … and at least that much of their share where staff confirmed one
USUAL_CONFIDENCE: Final = 0.8  # of a provider


@dataclass(frozen=True)
class Colleagues:
    """So many others with the same e-mail domain work at the company of `domain`; `is_confirmed`: staff said so."""

    domain: str
    people: int
    is_confirmed: bool = False


@dataclass(frozen=True)
class Signed:
    """How somebody signs their mails: with a company's name, its domain, or both ("": not so).

    `by`: their address, in lower case. `name`: theirs, "" unknown.
    """

    by: str
    name: str
    company: str
    domain: str


@dataclass(frozen=True)
class Clues:
    """All that is known of where somebody works. `home`: the company's domain that the address' domain stands for.

    `names`: of the person. `company`: the profile of the work domain. `aliases`: domain → the company's own domain.
    `signatures`: of mails from the work domain, or from the person; `email_key`: the person's address.
    `confirmed`, `denied`: staff's word on domains. `providers`: slug → name. `company_domain` gives the registered
    domain by which a company can be known, "" for one that says nothing of a company.
    """

    work_domain: str = ""
    names: tuple[str, ...] = ()
    typed_company: str = ""
    person: Profile = field(default_factory=dict)
    company: Profile = field(default_factory=dict)
    known: Names = field(default_factory=Names)
    aliases: Mapping[str, str] = field(default_factory=dict)
    colleagues: tuple[Colleagues, ...] = ()
    signatures: tuple[Signed, ...] = ()
    email_key: str = ""
    confirmed: str = ""
    confirmed_name: str = ""
    denied: frozenset[str] = frozenset()
    providers: Mapping[str, str] = field(default_factory=dict)
    company_domain: Callable[[str], str] = str
    home: str = ""

    def domain_of(self, text: Any) -> str:
        """The domain of the company that a provider names so ("https://www.acme.com/"), "" where it is none."""
        domain = cleaned(text)
        registered = self.company_domain(domain) if domain else ""
        return self.canonical(registered) if registered else ""

    def canonical(self, domain: str) -> str:
        return self.aliases.get(domain, domain)


def at_home(clues: Clues) -> Clues:
    """The clues with `home`, and with the aliases that the work domain's profile tells of."""
    if value(clues.company, "emailProvider") is True:
        clues = replace(clues, work_domain="", company={})
    work = clues.company_domain(clues.work_domain) if clues.work_domain else ""
    clues = replace(clues, work_domain=work, aliases=dict(clues.aliases))
    home = clues.domain_of(work)
    for provider, domain in said(clues.company, "domain"):
        other = clues.domain_of(domain)
        if other and home == work != other and provider != "website":  # a site's own word may lead anywhere
            home = other
            clues = replace(clues, aliases={**clues.aliases, work: home})
    return replace(clues, home=home, aliases={**_listed_aliases(clues, home), **clues.aliases})


def _listed_aliases(clues: Clues, home: str) -> dict[str, str]:
    listed = [one for _, many in said(clues.company, "domainAliases") if isinstance(many, list) for one in many]
    aliases = (clues.domain_of(domain) for domain in listed)
    return {alias: home for alias in aliases if alias and home and alias != home}


def named_domains(person: Profile, company: Profile) -> set[str]:
    """The domains that these profiles name, for their aliases to be looked up."""
    paths = ((person, "employment.domain"), (company, "domain"), (company, "parent.domain"))
    return {domain for profile, path in paths for _, named in said(profile, path) if (domain := cleaned(named))}


# -- Reading profiles --------------------------------------------------------------------------------------------------


def said(profile: Profile, path: str) -> Iterator[tuple[str, Any]]:
    """Who said what of a fact: the answer that won, and those that lost."""
    return ((provider, told) for provider, told, _ in said_surely(profile, path))


def said_surely(profile: Profile, path: str) -> Iterator[tuple[str, Any, float]]:
    """… and how sure they were of it, from 0 to 1."""
    fact = profile.get(path)
    for answer in (fact, *(fact.get("others") or ())) if fact else ():
        if told := answer.get("value"):
            sure = answer.get("confidence")
            yield str(answer.get("provider", "")), told, float(sure) if sure is not None else USUAL_CONFIDENCE


def value(profile: Profile, path: str) -> Any:
    return profile.get(path, {}).get("value")


def cleaned(domain: Any) -> str:
    """A domain as providers write it, as we do; "" for what is none."""
    text = re.sub(r"^[a-z]+://", "", str(domain).strip().lower()).partition("/")[0].rstrip(".")
    return text.removeprefix("www.") if "." in text and " " not in text else ""
