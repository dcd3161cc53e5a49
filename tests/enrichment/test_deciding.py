"""Staff say where somebody works: what a yes, a no and their undoing change."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from signups.companies import deciding
from signups.models import Company, CompanyMatch, Delivery, Person, Signup, Verdict
from tests.rows import make_company, make_delivery, make_signup

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return User.objects.create_user("boss", is_staff=True)


def make_match(person: Person, domain: str = "acme.com", confidence: float = 0.5, **values: Any) -> CompanyMatch:
    values = {"name": "Acme", "state": "open", **values}
    return CompanyMatch.objects.create(person=person, domain=domain, confidence=confidence, **values)


def told(signup: Signup) -> None:
    """Every integration has heard of the signup as it was."""
    for slug in ("slack", "close", "mixpanel", "customerio"):
        make_delivery(signup, slug, state="delivered")


def changes(signup: Signup) -> list[str]:
    return sorted(signup.deliveries.filter(event="profile_changed").values_list("integration", flat=True))


def test_a_yes_moves_the_person_and_their_signups(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@bigmail.test")
    match = make_match(signup.person)
    assert deciding.confirm(match, boss)
    signup.refresh_from_db()
    match.refresh_from_db()
    assert (signup.company, signup.person.company) == (acme, acme)
    assert (match.state, match.decided_by, match.company) == ("confirmed", boss, acme)
    assert match.decided_at is not None


def test_everybody_is_told_once(boss: User) -> None:
    signup = make_signup("ada@bigmail.test")
    told(signup)
    deciding.confirm(make_match(signup.person), boss)
    once = changes(signup)
    assert once == sorted(set(once)) != []
    assert Delivery.objects.filter(event="profile_changed").count() == len(once)


def test_the_signup_is_scored_by_its_new_company(boss: User) -> None:
    make_company("acme.com", "Acme", metrics__raised=20_000_000)
    signup = make_signup("ada@bigmail.test")
    deciding.confirm(make_match(signup.person), boss)
    signup.refresh_from_db()
    assert signup.is_high_value
    assert signup.scores.count() == 1


def test_the_answer_is_a_fact_about_the_person_until_it_is_taken_back(boss: User) -> None:
    make_company("acme.com", "Acme")
    person = make_signup("ada@bigmail.test").person
    match = make_match(person)
    deciding.confirm(match, boss)
    person.refresh_from_db()
    fact = person.profile["employment.domain"]
    assert (fact["value"], fact["provider"], fact["by"]) == ("acme.com", "staff", "boss")
    deciding.undo(match)
    person.refresh_from_db()
    assert "employment.domain" not in person.profile


def test_a_company_that_is_new_to_us_is_made_and_asked_about(boss: User) -> None:
    signup = make_signup("ada@bigmail.test")
    deciding.confirm(make_match(signup.person, "new.com", name="Newco"), boss)
    signup.refresh_from_db()
    assert signup.company == Company.objects.get(domain="new.com", name="Newco")
    assert signup.lookups_due_at is not None


def test_a_yes_to_a_merged_company_s_domain_leads_to_the_kept_one(boss: User) -> None:
    kept = make_company("acme.com", "Acme")
    Company.objects.filter(pk=make_company("old.com", "Old").pk).update(merged_into=kept)
    signup = make_signup("ada@bigmail.test")
    deciding.confirm(make_match(signup.person, "old.com"), boss)
    signup.refresh_from_db()
    assert signup.company == kept


def test_a_rejected_signup_without_a_company_stays_as_it_is(boss: User) -> None:
    signup = make_signup("ada@bigmail.test", verdict=Verdict.REJECTED)
    deciding.confirm(make_match(signup.person), boss)
    signup.refresh_from_db()
    assert (signup.company, signup.profile_version) == (None, 1)


def test_after_a_yes_nobody_is_asked_about_the_others(boss: User) -> None:
    person = make_signup("ada@bigmail.test").person
    deciding.confirm(make_match(person), boss)
    other = make_match(person, "other.com")
    deciding.undo(person.company_matches.get(domain="acme.com"))
    deciding.confirm(person.company_matches.get(domain="acme.com"), boss)
    other.refresh_from_db()
    assert other.state == "weak"


def test_a_second_yes_makes_the_first_a_no(boss: User) -> None:
    person = make_signup("ada@bigmail.test").person
    first, second = make_match(person), make_match(person, "other.com")
    deciding.confirm(first, boss)
    deciding.confirm(second, boss)
    first.refresh_from_db()
    assert first.state == "denied"
    assert person.signups.get().company.domain == "other.com"  # type: ignore[union-attr]


def test_a_no_leaves_the_person_where_they_are(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@acme.com", company=acme)
    match = make_match(signup.person, "oldjob.com")
    assert deciding.deny(match, boss)
    signup.refresh_from_db()
    assert (signup.company, signup.profile_version) == (acme, 1)


def test_a_no_to_where_they_are_takes_them_to_the_next_that_is_sure_enough(boss: User) -> None:
    acme, other = make_company("acme.com", "Acme"), make_company("other.com", "Other")
    signup = make_signup("ada@acme.com", company=acme)
    attached = make_match(signup.person, confidence=0.9, state="attached", company=acme)
    make_match(signup.person, "other.com", 0.85)
    deciding.deny(attached, boss)
    signup.refresh_from_db()
    assert signup.company == other


def test_a_no_with_nothing_else_leaves_them_without_a_company(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@acme.com", company=acme)
    deciding.deny(make_match(signup.person, confidence=0.9, state="attached", company=acme), boss)
    signup.refresh_from_db()
    assert signup.company is signup.person.company is None


def test_undoing_a_yes_brings_everything_back(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@acme.com", company=acme)
    make_match(signup.person, confidence=0.9, state="attached", company=acme)
    match = make_match(signup.person, "oldjob.com")
    deciding.confirm(match, boss)
    assert deciding.undo(match)
    signup.refresh_from_db()
    states = dict(signup.person.company_matches.values_list("domain", "state"))
    assert (signup.company, states) == (acme, {"acme.com": "attached", "oldjob.com": "open"})


def test_undoing_brings_back_a_company_from_before_there_were_candidates(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@acme.com", company=acme)
    match = make_match(signup.person, "oldjob.com")
    deciding.confirm(match, boss)
    deciding.undo(match)
    signup.refresh_from_db()
    assert signup.company == acme


@pytest.mark.parametrize("answer", ["confirm", "deny"])
def test_undoing_brings_back_a_company_that_the_evidence_alone_would_not_attach(boss: User, answer: str) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@bigmail.test", company=acme)
    at_acme = make_match(signup.person, confidence=0.6, company=acme)
    match = make_match(signup.person, "oldjob.com", 0.3, state="weak") if answer == "confirm" else at_acme
    assert getattr(deciding, answer)(match, boss)
    assert Signup.objects.get().company != acme
    assert deciding.undo(match)
    signup.refresh_from_db()
    match.refresh_from_db()
    assert (signup.company, signup.person.company) == (acme, acme)
    assert (match.state in deciding.DECIDED, match.decided_by) == (False, None)


def test_undoing_brings_back_a_company_whose_candidate_is_gone_meanwhile(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@acme.com", company=acme)
    match = make_match(signup.person, "oldjob.com")
    deciding.confirm(match, boss)
    signup.person.company_matches.exclude(pk=match.pk).delete()
    deciding.undo(match)
    signup.refresh_from_db()
    match.refresh_from_db()
    assert (signup.company, match.state) == (acme, "open")


def test_undoing_leads_to_the_company_that_the_one_before_was_merged_into(boss: User) -> None:
    acme, kept = make_company("acme.com", "Acme"), make_company("kept.com", "Kept")
    signup = make_signup("ada@bigmail.test", company=acme)
    match = make_match(signup.person, "oldjob.com")
    deciding.confirm(match, boss)
    Company.objects.filter(pk=acme.pk).update(merged_into=kept)
    deciding.undo(match)
    signup.refresh_from_db()
    assert signup.company == kept


def test_undoing_never_leads_where_staff_said_no(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@acme.com", company=acme)
    match = make_match(signup.person, "oldjob.com")
    deciding.confirm(match, boss)
    deciding.deny(signup.person.company_matches.get(domain="acme.com"), boss)
    deciding.undo(match)
    signup.refresh_from_db()
    assert signup.company is None


def test_undoing_a_yes_where_they_were_at_no_company_leaves_them_at_none(boss: User) -> None:
    make_company("acme.com", "Acme")
    signup = make_signup("ada@bigmail.test")
    match = make_match(signup.person)
    deciding.confirm(match, boss)
    deciding.undo(match)
    signup.refresh_from_db()
    match.refresh_from_db()
    assert (signup.company, match.state) == (None, "open")


def test_undoing_a_second_yes_brings_the_first_back(boss: User) -> None:
    person = make_signup("ada@bigmail.test").person
    first, second = make_match(person), make_match(person, "other.com")
    deciding.confirm(first, boss)
    deciding.confirm(second, boss)
    deciding.undo(second)
    person.refresh_from_db()
    states = dict(person.company_matches.values_list("domain", "state"))
    assert states == {"acme.com": "confirmed", "other.com": "weak"}
    assert person.profile["employment.domain"]["value"] == "acme.com"
    assert person.signups.get().company.domain == "acme.com"  # type: ignore[union-attr]


def test_a_no_leaves_them_at_a_company_that_the_evidence_alone_would_not_attach(boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    signup = make_signup("ada@bigmail.test", company=acme)
    make_match(signup.person, confidence=0.6, company=acme)
    deciding.deny(make_match(signup.person, "oldjob.com"), boss)
    signup.refresh_from_db()
    assert (signup.company, signup.profile_version) == (acme, 1)


def test_saying_the_same_twice_changes_nothing(boss: User) -> None:
    signup = make_signup("ada@bigmail.test")
    match = make_match(signup.person)
    assert deciding.confirm(match, boss)
    assert not deciding.confirm(match, boss)
    signup.refresh_from_db()
    assert signup.profile_version == 2


def test_undoing_what_nobody_said_changes_nothing() -> None:
    assert not deciding.undo(make_match(make_signup().person))


def test_how_often_guesses_were_right(boss: User) -> None:
    for number, (confidence, state) in enumerate([(0.5, "confirmed"), (0.55, "denied"), (0.7, "confirmed")]):
        make_match(make_signup(f"p{number}@x.test").person, confidence=confidence, state=state)
    make_match(make_signup("open@x.test").person)
    assert [(one.asked, one.right, one.percent) for one in deciding.precision()] == [
        (0, 0, None),
        (2, 1, 50),
        (1, 1, 100),
        (0, 0, None),
    ]
