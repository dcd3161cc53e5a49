"""Staff correct somebody's employer by hand: where they work is ranked anew at once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from signups.admin import engine
from signups.companies import deciding
from signups.models import CompanyMatch, Person, Signup
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> User:
    return User.objects.create_user("boss", is_staff=True)


def domains() -> tuple[str, str]:
    """Of the person's company and of their signup's."""
    person, signup = Person.objects.get(), Signup.objects.get()
    return tuple(row.company.domain if row.company else "" for row in (person, signup))  # type: ignore[return-value]


def state(domain: str) -> str:
    return next((match.state for match in CompanyMatch.objects.filter(domain=domain)), "")


def test_another_employer_moves_the_person_and_taking_it_back_moves_them_home(boss: User) -> None:
    person = make_signup("ada@dev.test", company=make_company()).person
    engine.state_fact(boss, person, "employment.domain", "rocket.test")
    assert domains() == ("rocket.test", "rocket.test")
    assert state("rocket.test") == "attached"
    assert Signup.objects.get().lookups_due_at is not None
    engine.withdraw_fact(person, "employment.domain")
    assert domains() == ("dev.test", "dev.test")
    assert (state("rocket.test"), state("dev.test")) == ("", "attached")


def test_nobody_behind_a_free_mail_address_stays_where_only_staff_had_them(boss: User) -> None:
    person = make_signup("ada@bigmail.test").person
    engine.state_fact(boss, person, "employment.domain", "rocket.test")
    assert domains() == ("rocket.test", "rocket.test")
    engine.withdraw_fact(person, "employment.domain")
    assert domains() == ("", "")


def test_a_yes_of_staff_stays(boss: User) -> None:
    person = make_signup("ada@bigmail.test", company=make_company("acme.com", "Acme")).person
    match = CompanyMatch.objects.create(person=person, domain="acme.com", name="Acme", confidence=0.5, state="open")
    deciding.confirm(match, boss)
    engine.state_fact(boss, person, "employment.domain", "rocket.test")
    assert domains() == ("acme.com", "acme.com")
    assert state("acme.com") == "confirmed"
