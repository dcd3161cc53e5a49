"""Nobody pays: the company's own page, its DNS, Gravatar and GitHub still tell who somebody is."""

from __future__ import annotations

from typing import Any

import pytest

from signups import enrichment, intake
from signups.contracts import Deadline, Subject
from signups.intake import Submission
from signups.models import Company, Delivery, Signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_key(settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": ""}


@pytest.mark.parametrize(
    ("domain", "name"),
    [("dev.test", "Devhouse"), ("rocket.test", "Rocket"), ("acme.test", "Acme"), ("bank.test", "First Harbour Bank")],
)
def test_a_company_s_own_page_tells_its_name_and_what_it_does(sandbox: Sandbox, domain: str, name: str) -> None:
    company = enrichment.start("", domain, Deadline(10_000), is_background=True).finish().company
    assert (company["name"]["value"], company["name"]["provider"]) == (name, "website")
    assert company["description"]["value"]


def test_a_developer_is_known_by_what_they_publish(sandbox: Sandbox) -> None:
    signup = intake.receive(Submission(email="ada@dev.test", name="Ada Byrne")).signup
    assert (signup.verdict, signup.person.fact("employment.title")) == ("accepted", "Backend Developer")
    assert {fact["provider"] for fact in signup.person.profile.values()} <= {"form", "gravatar", "github", "derived"}


def test_the_home_page_is_read_after_the_signup_and_told_of_once(sandbox: Sandbox) -> None:
    signup = intake.receive(Submission(email="ada@dev.test", name="Ada Byrne")).signup
    assert signup.lookups_due_at is not None
    assert Company.objects.get(domain="dev.test").fact("description") is None
    intake.complete(signup)
    intake.complete(Signup.objects.get())
    assert Company.objects.get(domain="dev.test").fact("description") == "Builds billing back ends for small web shops."
    told = Delivery.objects.filter(event="profile_changed", integration="close")
    assert [(one.signup_id, one.period) for one in told] == [(signup.pk, "2")]
    assert Signup.objects.get().lookups_due_at is None


def test_nobody_is_asked_who_needs_a_key(sandbox: Sandbox) -> None:
    findings = enrichment.start("ada@dev.test", "dev.test", Deadline(10_000), is_background=True).finish()
    assert {one.provider for one in findings.results if one.subject is Subject.PERSON} == {"gravatar", "github"}
    assert {one.provider for one in findings.results if one.subject is Subject.COMPANY} == {"website", "mail"}
