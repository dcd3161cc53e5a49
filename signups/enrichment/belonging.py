"""To which company a person belongs, as the database knows it: what to rank by, and what is kept of the ranking.

`rank` gathers what the database knows and leaves the weighing to `employer`; `keep_matches` writes the candidates down,
those that staff must decide as *open*. What staff decided is never undone here. Domains lead to companies through
`company_of` and `found_or_made`, which follow aliases and merges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, F, IntegerField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce

from signups.contracts import providers
from signups.domains.registered import registrable
from signups.enrichment import employer, known_names
from signups.enrichment.clues import Clues, Colleagues, Signed, cleaned, named_domains, said
from signups.enrichment.company_names import Names
from signups.enrichment.employer import ASK, Candidate
from signups.models import Company, CompanyAlias, CompanyMatch, Person, Signup, Verdict
from signups.models.profile import Profile

State = CompanyMatch.State
DECIDED = (State.CONFIRMED, State.DENIED)
_COLLEAGUES = 500  # signups looked at, the latest
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


def keep_matches(person: Person, ranked: list[Candidate], company: Company | None = None) -> None:
    """Write down the candidates of a person whose row is locked; `company` is the one they were put to, if any.

    What staff decided stays as it was decided. At most five queries, two where nothing is new.
    """
    best = employer.best(ranked)
    held = {match.domain: match for match in person.company_matches.all()}
    is_settled = any(match.state == State.CONFIRMED for match in held.values())
    open_to_change = {domain: match for domain, match in held.items() if match.state not in DECIDED}
    ours = _companies(candidate.domain for candidate in ranked)
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
    own, aliased = Company.objects.filter(domain=domain), Company.objects.filter(aliases__domain=domain)
    found = list(own.order_by().union(aliased.order_by(), all=True))
    found.sort(key=lambda company: (company.merged_into_id is not None, company.domain != domain))
    if not found:
        return None
    return found[0].merged_into or found[0]


def found_or_made(domain: str, name: str, profile: Profile) -> tuple[Company, bool]:
    """The company of a domain, made with these values on first sight; and whether it was. In a transaction.

    Until that ends the company cannot be merged into another: what is saved with it is moved by the merge, or comes
    after it.
    """
    company, is_new = company_of(domain), False
    if company is None:
        values = {"name": name[:255], "profile": profile}
        company, is_new = Company.objects.get_or_create(domain=domain, defaults=values)
    held = _held(company.pk)
    while held.merged_into_id:
        held, is_new = _held(held.merged_into_id), False
    return held, is_new


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


def _held(pk: int) -> Company:
    """The company as it is now, and will not be merged into another before this transaction ends."""
    if connection.vendor != "postgresql":  # SQLite's writing transactions come one after the other
        return Company.objects.get(pk=pk)
    # Many may hold it at once, and update it: only merging (FOR UPDATE) waits. The ORM knows no such lock.
    return Company.objects.raw("SELECT * FROM signups_company WHERE id = %s FOR KEY SHARE", [pk])[0]


def _companies(domains: Iterable[str]) -> dict[str, int]:
    return dict(Company.objects.filter(domain__in=list(domains), merged_into=None).values_list("domain", "pk"))


# -- What the database knows -------------------------------------------------------------------------------------------


def _known_of(seeker: Seeker, named: set[str], company_domain: Callable[[str], str]) -> dict[str, Any]:
    """Aliases, colleagues and staff's word, as `Clues` takes them. One query."""
    domains = {seeker.work_domain, *named, *map(company_domain, named)} - {""}
    rows = _aliases(domains).union(_words(seeker), *_colleagues(seeker), all=True)
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


_Rows = QuerySet[Any, Any]


def _row(rows: _Rows, kind: Any, domain: Any, other: Any, people: Any = None, confirmed: Any = None) -> _Rows:
    """Rows of one shape, to be put together: kind, domain, another domain or name, two numbers."""
    zero = Value(0, output_field=IntegerField())
    columns = {"kind": Cast(kind, TextField()), "of": Cast(domain, TextField()), "other": Cast(other, TextField())}
    rows = rows.order_by().annotate(**columns, people=people or zero, sure=confirmed or zero)
    return rows.values_list("kind", "of", "other", "people", "sure")


def _aliases(domains: set[str]) -> _Rows:
    return _row(CompanyAlias.objects.filter(domain__in=domains), Value("alias"), F("domain"), F("company__domain"))


def _words(seeker: Seeker) -> _Rows:
    """Staff's word, on the domain that the company has now."""
    matches = CompanyMatch.objects.filter(person__email=seeker.email_key, state__in=DECIDED)
    return _row(matches, F("state"), Coalesce(F("company__domain"), F("domain")), F("name"))


def _colleagues(seeker: Seeker) -> list[_Rows]:
    """Where the others who came from the same work domain are."""
    if not seeker.work_domain:
        return []
    others = Signup.objects.filter(email_domain=seeker.work_domain, person__company__isnull=False)
    others = others.exclude(verdict=Verdict.REJECTED).exclude(person__email=seeker.email_key)
    latest = Signup.objects.filter(pk__in=others.order_by("-pk").values("pk")[:_COLLEAGUES])
    at = latest.order_by().values(at=F("person__company__domain"))
    is_sure = Q(person__company_matches__state=State.CONFIRMED, person__company_matches__company=F("person__company"))
    people = Count("person", distinct=True)
    return [_row(at, Value("colleagues"), F("at"), Value(""), people, Count("person", distinct=True, filter=is_sure))]


def _value(profile: Profile, path: str) -> Any:
    return profile.get(path, {}).get("value") or ""
