"""From the form to the company: what ranking makes of a signup, and what staff said of it before."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from signups import intake
from signups.companies import deciding, merging
from signups.intake import Submission
from signups.models import Company, CompanyAlias, Person, Signup
from tests.rows import make_company
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def receive(email: str, **sent: Any) -> Signup:
    return intake.receive(Submission(email=email, name=sent.pop("name", "Sam Carter"), **sent)).signup


def domain_of(signup: Signup) -> str:
    return signup.company.domain if signup.company else ""


def matches(signup: Signup) -> list[tuple[str, str]]:
    return list(signup.person.company_matches.values_list("domain", "state"))


def test_a_personal_address_goes_to_the_employer_and_says_why(sandbox: Sandbox) -> None:
    signup = receive("sam@bigmail.test")
    assert domain_of(signup) == "acme.test"
    match = signup.person.company_matches.get()
    assert (match.company, match.state) == (signup.company, "attached")
    assert [reason["sentence"] for reason in match.reasons] == ["Clearbit has them at acme.test."]


def test_a_company_that_somebody_typed_is_asked_about(sandbox: Sandbox) -> None:
    make_company("knowncorp.test", "Knowncorp GmbH")
    signup = receive("cleo@bigmail.test", name="Cleo Park", company_name="Knowncorp, Inc.")
    assert domain_of(signup) == ""
    assert matches(signup) == [("knowncorp.test", "open")]


def test_another_domain_of_a_company_goes_to_the_company(sandbox: Sandbox) -> None:
    quiet = make_company("quiet.test", "Quiet")
    CompanyAlias.objects.create(domain="quietcorp.test", company=quiet, source="staff")
    assert receive("nora@quietcorp.test", name="Nora Quist").company == quiet


def test_a_merged_company_s_domain_goes_to_the_kept_one(sandbox: Sandbox) -> None:
    merged, kept = make_company("quietcorp.test", "Quietcorp"), make_company("quiet.test", "Quiet")
    merging.merge(merged, kept, User.objects.create_user("boss"))
    assert receive("nora@quietcorp.test", name="Nora Quist").company == kept
    assert Company.objects.count() == 2


def test_what_staff_denied_is_not_attached_by_a_late_look_up(sandbox: Sandbox) -> None:
    signup = receive("sam@bigmail.test")
    deciding.deny(signup.person.company_matches.get(), User.objects.create_user("boss"))
    intake.complete(Signup.objects.get(pk=signup.pk))
    signup.refresh_from_db()
    assert domain_of(signup) == ""
    assert matches(signup) == [("acme.test", "denied")]


def test_what_staff_confirmed_stays_whatever_a_late_look_up_says(sandbox: Sandbox) -> None:
    signup = receive("sam@bigmail.test")
    person = Person.objects.get(pk=signup.person_id)
    other = person.company_matches.create(domain="startup.test", name="Startup", confidence=0.5, state="open")
    deciding.confirm(other, User.objects.create_user("boss"))
    intake.complete(Signup.objects.get(pk=signup.pk))
    signup.refresh_from_db()
    assert domain_of(signup) == "startup.test"
    assert sorted(matches(signup)) == [("acme.test", "weak"), ("startup.test", "confirmed")]
