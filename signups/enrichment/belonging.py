"""To which company a person belongs, as the database knows it: what to rank by, and what is kept of the ranking.

`rank` gathers what the database knows and leaves the weighing to `employer`; `keep_matches` writes the candidates down,
those that staff must decide as *open*. What staff decided is never undone here. Domains lead to companies through
`company_of` and `found_or_made`, which follow aliases and merges.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from signups.contracts import providers
from signups.domains.registered import registrable
from signups.enrichment import employer, known_names
from signups.enrichment.clues import Clues, Colleagues, Signed, cleaned, named_domains, said
from signups.enrichment.company_names import Names
from signups.enrichment.employer import ASK, Candidate
from signups.models import Company, CompanyAlias, CompanyMatch, Person
from signups.models.profile import Profile

State = CompanyMatch.State
DECIDED = (State.CONFIRMED, State.DENIED)
_OF_DOMAIN = """
SELECT company.* FROM signups_company company WHERE company.domain = %s
UNION ALL
SELECT company.* FROM signups_companyalias alias JOIN signups_company company ON company.id = alias.company_id
WHERE alias.domain = %s
"""
# Kind, domain, another domain or name, people, and those of them of whom staff confirmed it. Of colleagues the latest
# 500 signups are looked at; staff's word is on the domain that the company has now.
_KNOWN = """
SELECT 'alias', alias.domain, company.domain, 0, 0
FROM signups_companyalias alias JOIN signups_company company ON company.id = alias.company_id
WHERE alias.domain IN (%s)
UNION ALL
SELECT said.state, COALESCE(company.domain, said.domain), said.name, 0, 0
FROM signups_person person JOIN signups_companymatch said ON said.person_id = person.id
LEFT JOIN signups_company company ON company.id = said.company_id
WHERE person.email = %%s AND said.state IN ('confirmed', 'denied')
UNION ALL
SELECT 'colleagues', company.domain, '', COUNT(DISTINCT latest.person_id), COUNT(DISTINCT said.person_id)
FROM (
    SELECT signup.person_id, person.company_id
    FROM signups_signup signup JOIN signups_person person ON person.id = signup.person_id
    WHERE signup.email_domain = %%s AND person.company_id IS NOT NULL AND signup.verdict <> 'rejected'
      AND person.email <> %%s
    ORDER BY signup.created_at DESC LIMIT 500
) latest JOIN signups_company company ON company.id = latest.company_id
LEFT JOIN signups_companymatch said
  ON said.person_id = latest.person_id AND said.company_id = latest.company_id AND said.state = 'confirmed'
GROUP BY company.domain
"""
_NAMING = ("employment.name", "github.company")


@dataclass(frozen=True)
class Seeker:
    """Whose workplace it is about. `work_domain`: the registered domain of a work address, "" for any other."""

    email_key: str
    work_domain: str = ""
    name: str = ""
    typed_company: str = ""


def rank(
    seeker: Seeker,
    person: Profile,
    company: Profile,
    is_company_domain: Callable[[str], bool],
    signatures: Iterable[Signed] = (),
) -> list[Candidate]:
    """The companies this person may work at, the likeliest first; whom to attach says `employer.best`.

    `company` is the profile of the work domain. `is_company_domain` says of a registered domain whether a company can
    be known by it. `signatures`: of mails from the work domain, else from the person. One query, and one every half
    minute for the names of companies.
    """

    def company_domain(domain: str) -> str:
        registered = registrable(domain)
        return registered if registered and is_company_domain(registered) else ""

    names = dict.fromkeys(name for name in (str(_value(person, "name.fullName")), seeker.name) if name)
    signed = tuple(signatures)
    is_named = bool(seeker.typed_company) or any(path in person for path in _NAMING)
    is_named = is_named or any(one.company for one in signed)
    named = {*named_domains(person, company), *(domain for one in signed if (domain := cleaned(one.domain)))}
    clues = Clues(
        work_domain=seeker.work_domain,
        names=tuple(names),
        typed_company=seeker.typed_company,
        person=person,
        company=company,
        known=known_names.current() if is_named else Names(),
        providers={provider.slug: provider.name for provider in providers()},
        company_domain=company_domain,
        signatures=signed,
        email_key=seeker.email_key,
        **_known_of(seeker, named, company_domain),
    )
    return employer.candidates(clues)


def keep_matches(
    person: Person, ranked: list[Candidate], company: Company | None = None, *, is_new: bool = False
) -> None:
    """Write down the candidates of a person whose row is locked; `company` is the one they were put to, if any.

    What staff decided stays as it was decided. `is_new`: the person was inserted in this transaction. At most five
    queries, two where nothing is new, and mostly one for a new person.
    """
    best = employer.best(ranked)
    held = {} if is_new else {match.domain: match for match in person.company_matches.all()}
    is_settled = any(match.state == State.CONFIRMED for match in held.values())
    open_to_change = {domain: match for domain, match in held.items() if match.state not in DECIDED}
    ours = _companies({one.domain for one in ranked if company is None or one is not best})
    new: list[CompanyMatch] = []
    changed: list[CompanyMatch] = []
    for candidate in ranked:
        match = held.get(candidate.domain) or CompanyMatch(person=person, domain=candidate.domain)
        if match.state in DECIDED or candidate.word:
            continue
        values = {
            "name": candidate.name,
            "company_id": company.pk if company is not None and candidate is best else ours.get(candidate.domain),
            "confidence": candidate.confidence,
            "reasons": [reason.as_dict() for reason in candidate.reasons],
            "state": state_of(candidate.confidence, is_best=candidate is best, is_settled=is_settled),
        }
        is_news = any(getattr(match, name) != value for name, value in values.items())
        for name, value in values.items():
            setattr(match, name, value)
        if match.pk is None:
            new.append(match)
        elif is_news:
            changed.append(match)
    gone = [match.pk for domain, match in open_to_change.items() if domain not in {one.domain for one in ranked}]
    if gone:
        CompanyMatch.objects.filter(pk__in=gone).delete()
    if new:
        CompanyMatch.objects.bulk_create(new)
    for match in changed:
        match.save()


def state_of(confidence: float, *, is_best: bool, is_settled: bool) -> CompanyMatch.State:
    """The state of a match that staff said nothing of; `is_settled`: they confirmed another of this person."""
    if is_best:
        return State.ATTACHED
    return State.OPEN if confidence >= ASK and not is_settled else State.WEAK


def is_settled(person: Person, company: Company | None) -> bool:
    """Whether staff's word stands against putting the person to this company: they confirmed one, or denied this."""
    decided = CompanyMatch.objects.filter(person=person, state__in=DECIDED).values_list("state", "company", "domain")
    own = () if company is None else (company.pk, company.domain)
    return any(state == State.CONFIRMED or pk in own or domain in own for state, pk, domain in decided)


# -- Domains and companies ---------------------------------------------------------------------------------------------


def company_of(domain: str) -> Company | None:
    """The company that whoever comes from this domain belongs to, None where we have none. One query, seldom two."""
    found = list(Company.objects.raw(_OF_DOMAIN, [domain, domain]))
    found.sort(key=lambda company: (company.merged_into_id is not None, company.domain != domain))
    if not found:
        return None
    return found[0].merged_into or found[0]


def found_or_made(domain: str, name: str, profile: Profile) -> tuple[Company, bool]:
    """The company of a domain, made with these values on first sight; and whether it was. In a transaction.

    Until that ends the company cannot be merged into another: what is saved with it is moved by the merge, or comes
    after it.
    """
    company = company_of(domain)
    if company is not None:
        held = _held("id", company.pk)
    else:
        company = Company(domain=domain, name=name[:255], profile=profile)
        Company.objects.bulk_create([company], ignore_conflicts=True)
        held = _held("domain", domain)
        if held.created_at == company.created_at:  # nobody was faster
            return held, True
    while held.merged_into_id:
        held = _held("id", held.merged_into_id)
    return held, False


def keep_aliases(company: Company, is_company_domain: Callable[[str], bool]) -> None:
    """Keep the other domains that vendors list for a company, unless they are another company's of ours.

    A web site's own word is not enough: it may lead anywhere. At most two queries, none where nothing is listed.
    """
    listed: dict[str, str] = {}
    for provider, domains in said(company.profile, "domainAliases"):
        if provider != "website" and isinstance(domains, list):
            listed |= {registrable(cleaned(domain)): provider for domain in domains}
    listed = {domain: provider for domain, provider in listed.items() if domain and is_company_domain(domain)}
    listed.pop(company.domain, None)
    if not listed:
        return
    taken = set(Company.objects.filter(domain__in=listed).values_list("domain", flat=True))
    CompanyAlias.objects.bulk_create(
        (
            CompanyAlias(domain=domain, company=company, source=provider)
            for domain, provider in sorted(listed.items())
            if domain not in taken
        ),
        ignore_conflicts=True,
    )


def _held(column: str, value: object) -> Company:
    """The company as it is now, and will not be merged into another before this transaction ends."""
    # Many may hold it at once, and update it: only merging (FOR UPDATE) waits. The ORM knows no such lock, and none is
    # needed on SQLite, where writing transactions come one after the other.
    lock = "FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    return Company.objects.raw(f"SELECT * FROM signups_company WHERE {column} = %s {lock}", [value])[0]  # noqa: S608


def _companies(domains: Collection[str]) -> dict[str, int]:
    if not domains:
        return {}
    return dict(Company.objects.filter(domain__in=list(domains), merged_into=None).values_list("domain", "pk"))


# -- What the database knows -------------------------------------------------------------------------------------------


def _known_of(seeker: Seeker, named: set[str], company_domain: Callable[[str], str]) -> dict[str, Any]:
    """Aliases, colleagues and staff's word, as `Clues` takes them. One query."""
    domains = sorted({seeker.work_domain, *named, *map(company_domain, named)} - {""})
    with connection.cursor() as cursor:  # at every signup: the ORM takes ten times as long to put this together
        marks = ", ".join(["%s"] * len(domains)) or "NULL"
        key, at = seeker.email_key, seeker.work_domain
        cursor.execute(_KNOWN % marks, [*domains, key, at, key])
        rows = cursor.fetchall()
    aliases: dict[str, str] = {}
    colleagues: list[Colleagues] = []
    denied: set[str] = set()
    known: dict[str, Any] = {}
    for kind, domain, other, people, confirmed in rows:
        if kind == "alias":
            aliases[domain] = other
        elif kind == "colleagues":
            colleagues.append(Colleagues(domain, people, is_confirmed=confirmed > 0))
        elif kind == State.CONFIRMED:
            known |= {"confirmed": domain, "confirmed_name": other}
        else:
            denied.add(domain)
    colleagues.sort(key=lambda one: (-one.people, one.domain))
    return {**known, "aliases": aliases, "colleagues": tuple(colleagues), "denied": frozenset(denied)}


def _value(profile: Profile, path: str) -> Any:
    return profile.get(path, {}).get("value") or ""
