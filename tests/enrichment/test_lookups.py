"""Who is it? Over the sandbox's Clearbit, Gravatar and GitHub."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from signups import enrichment
from signups.contracts import Deadline, Found, Subject
from signups.models import Lookup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def look_up(email: str, domain: str = "", budget_ms: int = 3000) -> enrichment.Findings:
    findings = enrichment.start(email, domain, Deadline(budget_ms), lambda domain: domain != "bigmail.test").finish()
    enrichment.save(findings)
    return findings


def value(profile: Any, path: str) -> Any:
    return profile.get(path, {}).get("value")


def is_late(findings: enrichment.Findings) -> bool:
    """Whether anybody is late, those aside that are always asked afterwards."""
    return any(result.may_change for result in findings.results if result.provider not in ("website", "close_mail"))


def outcomes(findings: enrichment.Findings, subject: Subject = Subject.PERSON) -> dict[str, Found]:
    return {result.provider: result.outcome for result in findings.results if result.subject is subject}


def test_a_person_and_their_company_are_found(sandbox: Sandbox) -> None:
    findings = look_up("grace@rocket.test", "rocket.test")
    assert value(findings.person, "employment.title") == "Founder & CEO"
    assert findings.company["metrics.raised"]["value"] == 20_000_000
    assert findings.company["metrics.raised"]["provider"] == "clearbit"
    assert findings.company_domain == "rocket.test"
    assert not is_late(findings)


def test_the_first_provider_is_believed_and_the_others_add(sandbox: Sandbox) -> None:
    person = look_up("ada@dev.test", "dev.test").person
    assert person["github.handle"] == person["github.handle"] | {"value": "adabyrne", "provider": "clearbit"}
    assert person["github.followers"]["provider"] == "github"
    assert person["gravatar.handle"]["provider"] == "gravatar"


def test_nobody_knows_a_stranger(sandbox: Sandbox) -> None:
    findings = look_up("nora@quietcorp.test", "quietcorp.test")
    assert outcomes(findings) == {"clearbit": "not_found", "gravatar": "not_found", "github": "not_found"}
    assert (findings.person, findings.company, is_late(findings)) == ({}, {}, False)


def test_a_personal_address_leads_to_the_employer(sandbox: Sandbox) -> None:
    findings = look_up("sam@bigmail.test")
    assert findings.company_domain == "acme.test"
    assert value(findings.company, "name") == "Acme"


def test_an_employer_s_free_mail_domain_is_no_company(sandbox: Sandbox) -> None:
    findings = enrichment.start("sam@bigmail.test", "", Deadline(3000), lambda domain: False).finish()
    assert (findings.company_domain, findings.company) == ("", {})


def test_a_mail_provider_never_becomes_a_company(sandbox: Sandbox) -> None:
    findings = look_up("cleo@bigmail.test", "bigmail.test")
    assert (findings.company_domain, findings.company) == ("", {})


def test_what_is_pending_is_late_and_asked_again(sandbox: Sandbox) -> None:
    first = look_up("pia@slowdata.test", "slowdata.test")
    assert is_late(first)
    assert outcomes(first)["clearbit"] is Found.PENDING
    look_up("pia@slowdata.test", "slowdata.test")
    third = look_up("pia@slowdata.test", "slowdata.test")
    assert value(third.person, "employment.title") == "Head of Product"
    assert not is_late(third)


def test_a_fresh_answer_is_not_asked_for_again(sandbox: Sandbox) -> None:
    look_up("ada@dev.test", "dev.test")
    look_up("nora@quietcorp.test", "quietcorp.test")
    asked = len(sandbox.received())
    assert look_up("ada@dev.test", "dev.test").person == look_up("ada@dev.test", "dev.test").person
    assert look_up("nora@quietcorp.test", "quietcorp.test").person == {}
    assert len(sandbox.received()) == asked


def test_an_old_miss_is_asked_for_again(sandbox: Sandbox) -> None:
    look_up("nora@quietcorp.test")
    assert (Lookup.objects.get(provider="gravatar").expires_at - timezone.now()) < timedelta(days=1)
    Lookup.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    asked = len(sandbox.received("gravatar"))
    look_up("nora@quietcorp.test")
    assert len(sandbox.received("gravatar")) == asked + 1


def test_an_old_hit_is_better_than_an_error(sandbox: Sandbox) -> None:
    look_up("grace@rocket.test", "rocket.test")
    Lookup.objects.update(expires_at=timezone.now() - timedelta(days=1))
    sandbox.fault("clearbit", status=500, times=None)
    findings = look_up("grace@rocket.test", "rocket.test")
    assert value(findings.company, "name") == "Rocket"
    assert is_late(findings)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"reset": "before"}, {"status": 200, "body": "<"}])
def test_a_failing_provider_costs_only_its_own_answer(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    sandbox.fault("clearbit", times=None, **fault)
    findings = look_up("ada@dev.test", "dev.test")
    assert outcomes(findings)["clearbit"] is Found.ERROR
    assert value(findings.person, "github.handle") == "adabyrne"
    assert is_late(findings)


def test_a_slow_provider_is_not_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault("gravatar", latency_ms=5000, times=None)
    deadline = Deadline(600)
    findings = enrichment.start("ada@dev.test", "dev.test", deadline).finish()
    assert deadline.elapsed_ms() < 800
    assert outcomes(findings)["gravatar"] is Found.ERROR
    assert value(findings.person, "employment.title") == "Backend Developer"
    assert is_late(findings)


def test_whoever_opted_out_is_asked_about_nowhere_else(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", route="/people/", status=451, times=None)
    first = look_up("ada@dev.test")
    assert (first.person, outcomes(first)) == ({}, {"clearbit": Found.REFUSED})
    asked = len(sandbox.received())
    assert look_up("ada@dev.test").person == {}
    assert len(sandbox.received()) == asked


def test_a_wrong_key_is_an_error_that_asking_again_does_not_mend(sandbox: Sandbox, settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": "sk_wrong"}
    findings = look_up("hal@gone.test")
    assert outcomes(findings)["clearbit"] is Found.ERROR
    assert "CLEARBIT_API_KEY" in next(result.note for result in findings.results if result.provider == "clearbit")
    assert not is_late(findings)


def test_without_a_key_clearbit_is_not_asked(sandbox: Sandbox, settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": ""}
    assert "clearbit" not in outcomes(look_up("hal@gone.test"))
    assert sandbox.received("clearbit") == []
