"""Staff correct by hand what is known of somebody's employer: where they work is ranked anew in the same act.

Nobody is asked: what was answered before is ranked again. What staff decided of a candidate stays. Locks: signups,
person, company.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser

from signups import profiles, vetting
from signups.companies import telling
from signups.contracts import Subject
from signups.enrichment import answers, belonging, employer, signed
from signups.enrichment.belonging import Seeker
from signups.enrichment.clues import Signed
from signups.models import Company, CompanyMatch, Person, Signup
from signups.transactions import write_transaction

FACTS: Final = ("employment.domain", "employment.name")


def state_fact(user: AbstractBaseUser, person: Person, path: str, value: Any) -> None:
    """Staff's own word on one of `FACTS`."""
    _say(person, path, profiles.word_of(user, value))


def withdraw_fact(person: Person, path: str) -> None:
    """Take staff's word on one of `FACTS` back."""
    _say(person, path, None)


def _say(person: Person, path: str, claim: dict[str, Any] | None) -> None:
    with write_transaction():
        person, signups = telling.held(person.pk)
        profiles.note(person, path, claim)
        told = [signup for signup in signups if telling.is_told(signup)]
        moved = _reassess(person, told) if told else []
    if not told or told[-1] not in moved:
        profiles.tell(person)


def _reassess(person: Person, signups: list[Signup]) -> list[Signup]:
    """Rank anew, and put the person and these signups where they belong; the signups that moved."""
    seeker = _seeker(person, signups[0])
    at_address = belonging.company_of(seeker.work_domain) if seeker.work_domain else None
    known = at_address.profile if at_address is not None else {}
    ranked = belonging.rank(seeker, person.profile, known, vetting.is_company_domain, _signatures(seeker))
    best, company, is_new = employer.best(ranked), None, False
    if best is not None:
        company, is_new = belonging.found_or_made(best.domain, best.name or best.domain, {})
    elif not _stood_on_staffs_word(person):
        company = person.company
    if company is not None and belonging.is_settled(person, company):
        company = person.company
    belonging.keep_matches(person, ranked, company)
    return telling.move(person, signups, company, is_new=is_new)


def _seeker(person: Person, signup: Signup) -> Seeker:
    domain = vetting.known_company_domain(vetting.parse(signup.email))
    return Seeker(person.email, domain, signup.name, signup.company_name)


def _signatures(seeker: Seeker) -> list[Signed]:
    """How mails from there are signed, as far as it is kept; none of whoever asked not to be looked up."""
    about = (Subject.PERSON, seeker.email_key)
    rows = answers.kept([about, (Subject.SIGNATURES, seeker.work_domain or seeker.email_key)])
    if answers.has_refused(row for (_, *question), row in rows.items() if question == [*about]):
        return []
    return signed.of(answers.as_result(row) for (_, subject, _), row in rows.items() if subject is Subject.SIGNATURES)


def _stood_on_staffs_word(person: Person) -> bool:
    """Whether the person was put to their company because staff had written it into the profile."""
    attached: list[CompanyMatch] = list(person.company_matches.filter(state=CompanyMatch.State.ATTACHED))
    own: Company | None = person.company
    return any(
        own is not None
        and own.pk == match.company_id
        and any(reason["code"] == "employment_staff" for reason in match.reasons)
        for match in attached
    )
