"""What is learned reaches the profile, the score and the integrations, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from signups import enrichment, intake, profiles
from signups.contracts import Deadline, Subject
from signups.intake import Submission
from signups.models import Company, CompanyMatch, Delivery, Lookup, Person, Signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def sign_up(email: str, name: str = "Ada Byrne", **sent: Any) -> Signup:
    return intake.receive(Submission(email=email, name=name, **sent)).signup


def staff() -> Any:
    return get_user_model().objects.create_user("mo")


def told(signup: Signup) -> list[tuple[str, str]]:
    rows = Delivery.objects.filter(signup=signup, event="profile_changed").order_by("integration")
    return list(rows.values_list("integration", "period"))


def test_what_they_typed_stands_in_the_profile_and_proves_nothing(sandbox: Sandbox) -> None:
    person = sign_up("nora@quietcorp.test", "Nora Quiet", company_name="Quiet Corp").person
    assert (person.fact("name.fullName"), person.fact("employment.name")) == ("Nora Quiet", "Quiet Corp")
    assert {person.profile[path]["provider"] for path in ("name.fullName", "employment.name")} == {"form"}
    assert not person.has_profile


def test_the_name_on_the_form_beats_a_provider_s(sandbox: Sandbox) -> None:
    fact = sign_up("ada@dev.test", "Ada B").person.profile["name.fullName"]
    assert (fact["value"], fact["provider"]) == ("Ada B", "form")
    assert [other["provider"] for other in fact["others"]] == ["clearbit", "gravatar", "github"]


def test_staff_s_word_holds_is_told_once_and_survives_the_next_answer(sandbox: Sandbox) -> None:
    signup = sign_up("ada@dev.test")
    company = Company.objects.get(domain="dev.test")
    profiles.state_fact(staff(), company, "metrics.raised", 30_000_000)
    signup.refresh_from_db()
    assert (signup.is_high_value, signup.profile_version) == (True, 2)
    assert {period for _, period in told(signup)} == {"2"}
    answers = (
        enrichment.start("", "dev.test", Deadline(3000), is_forced=True).finish().about(Subject.COMPANY, "dev.test")
    )
    assert not profiles.take(company, answers)
    company.refresh_from_db()
    fact = company.profile["metrics.raised"]
    assert (fact["value"], fact["provider"], fact["by"]) == (30_000_000, "staff", "mo")


def test_a_later_signup_of_the_company_sees_staff_s_word_at_once(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test")
    profiles.state_fact(staff(), Company.objects.get(domain="dev.test"), "metrics.raised", 30_000_000)
    assert sign_up("ben@dev.test", "Ben").is_high_value


def test_staff_take_their_word_back(sandbox: Sandbox) -> None:
    sign_up("grace@rocket.test", "Grace")
    company = Company.objects.get(domain="rocket.test")
    profiles.state_fact(staff(), company, "name", "Rocket Freight")
    company.refresh_from_db()
    assert (company.name, company.fact("name")) == ("Rocket Freight", "Rocket Freight")
    profiles.withdraw_fact(company, "name")
    company.refresh_from_db()
    assert (company.name, company.profile["name"]["provider"]) == ("Rocket", "clearbit")
    assert Lookup.objects.get(provider="staff").facts == {}


def test_the_same_answer_again_tells_nobody(sandbox: Sandbox) -> None:
    signup = sign_up("ada@dev.test")
    found = enrichment.start("ada@dev.test", "", Deadline(3000), is_forced=True).finish()
    assert not profiles.take(signup.person, found.about(Subject.PERSON, "ada@dev.test"))
    assert told(signup) == []


def test_whoever_refuses_keeps_only_what_they_typed(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test", "Ada B")
    sandbox.fault("clearbit", route="/people/", status=451, times=None)
    found = enrichment.start("ada@dev.test", "", Deadline(3000), is_forced=True).finish()
    person = Person.objects.get()
    assert profiles.take(person, found.about(Subject.PERSON, "ada@dev.test"))
    person.refresh_from_db()
    facts = {path: fact["provider"] for path, fact in person.profile.items() if fact["provider"] != "derived"}
    assert facts == {"name.fullName": "form"}
    assert "others" not in person.profile["name.fullName"]


def test_a_company_of_many_signups_tells_the_latest_of_each_person_once(sandbox: Sandbox) -> None:
    ada, ben = sign_up("ada@dev.test"), sign_up("ben@dev.test", "Ben")
    company = Company.objects.get(domain="dev.test")
    profiles.state_fact(staff(), company, "metrics.raised", 30_000_000)
    assert {Signup.objects.get(pk=one.pk).profile_version for one in (ada, ben)} == {2}
    assert profiles.tell(company) == 0


def test_colleagues_hear_of_what_is_found_later(sandbox: Sandbox, settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": ""}
    ada, ben = sign_up("ada@dev.test"), sign_up("ben@dev.test", "Ben")
    intake.complete(ada)
    assert {Signup.objects.get(pk=one.pk).profile_version for one in (ada, ben)} == {2}
    intake.complete(ben)
    assert Signup.objects.get(pk=ben.pk).profile_version == 2


def test_staff_s_no_outlasts_a_look_up_under_way(sandbox: Sandbox) -> None:
    signup = sign_up("sam@bigmail.test", "Sam")
    acme = Company.objects.get(domain="acme.test")
    CompanyMatch.objects.filter(person=signup.person).update(state="denied", company=acme)
    Signup.objects.filter(pk=signup.pk).update(company=None)
    Person.objects.filter(pk=signup.person_id).update(company=None)
    intake.complete(Signup.objects.get())
    assert Signup.objects.get().company is None


def test_whoever_refuses_at_their_first_signup_leaves_no_older_answer(sandbox: Sandbox) -> None:
    old = timezone.now() - timedelta(days=40)
    about = {"provider": "hunter", "subject": "person", "key": "ada@dev.test"}
    Lookup.objects.create(**about, outcome="found", facts={"bio": "Old"}, fetched_at=old, expires_at=old)
    sandbox.fault("clearbit", route="/people/", status=451, times=None)
    sign_up("ada@dev.test", "Ada B")
    assert not Lookup.objects.filter(**about).exists()


def test_nothing_of_a_provider_is_left_of_whoever_refuses(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test", "Ada B")
    sandbox.fault("clearbit", route="/people/", status=451, times=None)
    found = enrichment.start("ada@dev.test", "", Deadline(3000), is_forced=True).finish()
    enrichment.save(found)
    profiles.take(Person.objects.get(), found.about(Subject.PERSON, "ada@dev.test"))
    kept = Lookup.objects.filter(subject="person", key="ada@dev.test")
    assert {row.provider: row.facts for row in kept} == {"clearbit": {}}
    assert not CompanyMatch.objects.exists()
    assert Signup.objects.get().developer_evidence == []
