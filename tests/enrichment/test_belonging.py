"""To which company a person belongs: what the database knows of it, and what is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signups.enrichment import belonging, employer, known_names
from signups.enrichment.belonging import Seeker
from signups.enrichment.employer import Candidate, Reason
from signups.models import Company, CompanyAlias, CompanyMatch, Person, Signup, Verdict
from signups.models.profile import Profile
from tests.rows import make_company, make_signup, profile

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    known_names.forget()


def rank(email: str, work_domain: str = "", person: Profile | None = None, **seeker: Any) -> list[Candidate]:
    who = Seeker(email, work_domain, **seeker)
    return belonging.rank(who, person or {}, {}, lambda domain: domain != "bigmail.test")


def domains(ranked: list[Candidate]) -> list[str]:
    return [candidate.domain for candidate in ranked]


def candidate(domain: str, confidence: float) -> Candidate:
    return Candidate(
        domain, domain.partition(".")[0].title(), confidence, [Reason("typed", "They said so.", confidence)]
    )


def make_colleague(number: int, company: Company, domain: str = "acme.io", **values: Any) -> Signup:
    return make_signup(f"p{number}@{domain}", company=company, email_domain=domain, **values)


def states(person: Person) -> dict[str, str]:
    return dict(person.company_matches.order_by("domain").values_list("domain", "state"))


# -- Ranking -----------------------------------------------------------------------------------------------------------


def test_an_alias_of_ours_leads_to_the_company() -> None:
    CompanyAlias.objects.create(domain="acme.io", company=make_company("acme.com", "Acme"), source="staff")
    assert domains(rank("ada@acme.io", "acme.io")) == ["acme.com"]


def test_an_employer_named_by_an_alias_of_ours_is_the_company() -> None:
    CompanyAlias.objects.create(domain="acme.io", company=make_company("acme.com", "Acme"), source="staff")
    assert domains(rank("ada@bigmail.test", person=profile({"employment.domain": "www.acme.io"}))) == ["acme.com"]


def test_where_colleagues_ended_up_counts() -> None:
    acme = make_company("acme.com", "Acme")
    for number in range(3):
        make_colleague(number, acme)
    ranked = rank("ada@acme.io", "acme.io")
    assert ranked[0].reasons[0].sentence == "3 of 3 colleagues from acme.io work at acme.com."
    assert employer.best(ranked) == ranked[0]


def test_oneself_and_whoever_was_rejected_are_no_colleagues() -> None:
    acme = make_company("acme.com", "Acme")
    make_colleague(1, acme)
    make_colleague(2, acme, verdict=Verdict.REJECTED)
    assert domains(rank("p1@acme.io", "acme.io")) == ["acme.io"]


def test_a_colleague_whom_staff_confirmed_is_worth_more() -> None:
    acme = make_company("acme.com", "Acme")
    person = make_colleague(1, acme).person
    CompanyMatch.objects.create(person=person, domain="acme.com", company=acme, confidence=0.5, state="confirmed")
    assert employer.best(rank("ada@acme.io", "acme.io")).domain == "acme.com"  # type: ignore[union-attr]


def test_people_with_the_same_mail_provider_are_no_colleagues() -> None:
    make_colleague(1, make_company("acme.com", "Acme"), "bigmail.test")
    assert rank("ada@bigmail.test") == []


def test_a_typed_name_is_found_among_our_companies() -> None:
    make_company("acme.com", "Acme GmbH")
    ranked = rank("ada@bigmail.test", typed_company="ACME, Inc.")
    assert ranked[0].reasons[0].sentence == "They typed “ACME, Inc.”: Acme GmbH (acme.com)."


def test_a_merged_company_is_not_found_by_name() -> None:
    kept = make_company("bigcorp.com", "Bigcorp")
    Company.objects.filter(pk=make_company("acme.com", "Acme").pk).update(merged_into=kept)
    assert rank("ada@bigmail.test", typed_company="Acme") == []


def test_staff_s_word_is_heard() -> None:
    person = make_signup("ada@acme.io").person
    for domain, state in (("acme.io", "denied"), ("acme.com", "confirmed")):
        CompanyMatch.objects.create(person=person, domain=domain, name="Acme", confidence=0.5, state=state)
    ranked = rank("ada@acme.io", "acme.io")
    assert [(one.domain, one.word) for one in ranked] == [("acme.com", "confirmed"), ("acme.io", "denied")]


def test_ranking_asks_the_database_once_and_for_names_once_in_five_minutes() -> None:
    make_colleague(1, make_company("acme.com", "Acme"))
    with CaptureQueriesContext(connection) as first:
        rank("ada@acme.io", "acme.io", typed_company="Acme")
    with CaptureQueriesContext(connection) as second:
        rank("ada@acme.io", "acme.io", typed_company="Acme")
    assert (len(first), len(second)) == (2, 1)


# -- Keeping -----------------------------------------------------------------------------------------------------------


def test_the_surest_is_attached_the_middle_open_and_the_rest_too_weak() -> None:
    person = make_signup().person
    belonging.keep_matches(person, [candidate("a.com", 0.9), candidate("b.com", 0.5), candidate("c.com", 0.3)])
    assert states(person) == {"a.com": "attached", "b.com": "open", "c.com": "weak"}


def test_of_two_sure_ones_the_second_is_asked_about() -> None:
    person = make_signup().person
    belonging.keep_matches(person, [candidate("a.com", 0.9), candidate("b.com", 0.85)])
    assert states(person) == {"a.com": "attached", "b.com": "open"}


def test_what_nothing_speaks_for_any_more_is_forgotten() -> None:
    person = make_signup().person
    belonging.keep_matches(person, [candidate("a.com", 0.9), candidate("b.com", 0.5)])
    belonging.keep_matches(person, [candidate("b.com", 0.9)])
    assert states(person) == {"b.com": "attached"}


def test_what_staff_decided_stays_as_they_saw_it() -> None:
    person = make_signup().person
    CompanyMatch.objects.create(person=person, domain="a.com", confidence=0.5, state="denied")
    belonging.keep_matches(person, [candidate("a.com", 0.9)])
    match = person.company_matches.get()
    assert (match.state, match.confidence) == ("denied", 0.5)


def test_nobody_is_asked_about_somebody_whose_company_staff_confirmed() -> None:
    person = make_signup().person
    CompanyMatch.objects.create(person=person, domain="a.com", confidence=0.5, state="confirmed")
    belonging.keep_matches(person, [Candidate("a.com", "A", 1.0, word="confirmed"), candidate("b.com", 0.7)])
    assert states(person) == {"a.com": "confirmed", "b.com": "weak"}


def test_keeping_the_same_again_writes_nothing() -> None:
    person = make_signup().person
    ranked = [candidate("a.com", 0.9), candidate("b.com", 0.5)]
    belonging.keep_matches(person, ranked)
    with CaptureQueriesContext(connection) as again:
        belonging.keep_matches(person, ranked)
    assert [query["sql"].split()[0] for query in again] == ["SELECT", "SELECT"]


def test_a_match_names_the_company_we_have() -> None:
    acme = make_company("acme.com", "Acme")
    person = make_signup().person
    belonging.keep_matches(person, [candidate("acme.com", 0.5)])
    assert person.company_matches.get().company == acme


# -- Domains -----------------------------------------------------------------------------------------------------------


def test_a_domain_leads_through_aliases_and_merges_to_the_company() -> None:
    kept = make_company("acme.com", "Acme")
    Company.objects.filter(pk=make_company("old.com", "Old").pk).update(merged_into=kept)
    CompanyAlias.objects.create(domain="acme.io", company=kept, source="staff")
    found = [belonging.company_of(domain) for domain in ("acme.com", "acme.io", "old.com", "other.com")]
    assert found == [kept, kept, kept, None]


def test_a_company_is_made_once() -> None:
    first, was_new = belonging.found_or_made("acme.com", "Acme", {})
    again, is_new = belonging.found_or_made("acme.com", "Acme Inc", {})
    assert (first, was_new, is_new, again.name) == (again, True, False, "Acme")


def test_no_company_is_made_for_a_merged_one_s_domain() -> None:
    kept = make_company("acme.com", "Acme")
    Company.objects.filter(pk=make_company("old.com", "Old").pk).update(merged_into=kept)
    assert belonging.found_or_made("old.com", "Old", {}) == (kept, False)


def test_aliases_that_vendors_list_are_kept_unless_they_are_another_company_s() -> None:
    make_company("taken.com", "Taken")
    acme = make_company("acme.com", "Acme", domainAliases=["acme.io", "taken.com", "bigmail.test", "www.acme.com"])
    belonging.keep_aliases(acme, lambda domain: domain != "bigmail.test")
    assert list(acme.aliases.values_list("domain", "source")) == [("acme.io", "clearbit")]


def test_a_web_site_alone_makes_no_alias() -> None:
    acme = Company.objects.create(
        domain="acme.com", name="Acme", profile=profile({"domainAliases": ["linkedin.com"]}, "website")
    )
    belonging.keep_aliases(acme, lambda domain: True)
    assert not acme.aliases.exists()
