"""The optional checks beside the others: off unless asked for, kept, and never in the way."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups import completing, intake, vetting
from signups.contracts import Deadline
from signups.intake import Submission
from signups.models import KeptAnswer, Signup, Verdict
from signups.vetting import CheckResult
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db
OPTIONAL = {"domain_age", "mailbox", "mail_setup"}


@pytest.fixture
def all_on(settings: Any) -> None:
    settings.RDAP = {**settings.RDAP, "is_on": True}
    settings.SMTP_PROBE = {**settings.SMTP_PROBE, "is_on": True}
    settings.MAIL_SETUP_IS_ON = True


def examine(email: str, budget_ms: int = 1500) -> vetting.Examination:
    return vetting.start(vetting.parse(email), Deadline(budget_ms)).finish()


def optional(checks: Any) -> dict[str, str]:
    return {check.name: check.code for check in checks if check.name in OPTIONAL}


def sign_up(email: str) -> Signup:
    return intake.receive(Submission(email=email, name="Ann")).signup


def test_nobody_is_asked_by_default(sandbox: Sandbox) -> None:
    assert optional(examine("ada@dev.test").checks) == {}
    assert sandbox.received("rdap") == sandbox.received("smtp") == []
    assert [call["path"] for call in sandbox.received("dns") if call["method"] == "TXT"] == []


def test_those_that_are_switched_on_answer_beside_the_others(sandbox: Sandbox, all_on: None) -> None:
    checks = examine("ada@dev.test").checks
    assert optional(checks) == {"domain_age": "established", "mailbox": "exists", "mail_setup": "plain"}
    assert [check.code for check in checks if check.name == "mx"] == ["mx"]


def test_of_a_mail_provider_only_the_mailbox_is_asked_about(sandbox: Sandbox, all_on: None) -> None:
    assert optional(examine("sam@bigmail.test").checks) == {"mailbox": "exists"}


def test_a_probe_needs_a_sender(sandbox: Sandbox, settings: Any) -> None:
    settings.SMTP_PROBE = {**settings.SMTP_PROBE, "is_on": True, "sender": ""}
    assert optional(examine("ada@dev.test").checks) == {}


def test_what_is_late_is_unknown_and_the_answer_comes_in_time(sandbox: Sandbox, all_on: None) -> None:
    sandbox.fault("rdap", latency_ms=3000)
    sandbox.fault("dns", method="TXT", status="timeout", times=None)
    deadline = Deadline(400)
    found = vetting.start(vetting.parse("ann@hang.test"), deadline).finish().checks
    assert deadline.elapsed_ms() < 800
    late = {check.name: check.outcome for check in found if check.name in OPTIONAL}
    assert late == {"domain_age": "unknown", "mailbox": "unknown", "mail_setup": "unknown"}


def test_a_registry_that_is_down_is_unknown(sandbox: Sandbox, all_on: None) -> None:
    sandbox.fault("rdap", status=503)
    check = next(check for check in examine("ada@dev.test").checks if check.name == "domain_age")
    assert (check.outcome, check.code) == ("unknown", "no_answer")
    assert "503" in check.evidence["error"]


def test_a_domain_is_asked_about_once_a_week(sandbox: Sandbox, all_on: None) -> None:
    sign_up("ada@dev.test")
    sign_up("bob@dev.test")
    assert len(sandbox.received("rdap")) == 1
    KeptAnswer.objects.update(expires_at="2020-01-01T00:00:00Z")
    sign_up("eve@dev.test")
    assert len(sandbox.received("rdap")) == 2


def test_a_domain_that_takes_all_mail_is_probed_once(sandbox: Sandbox, all_on: None) -> None:
    sign_up("ann@catchall.test")
    probes = len(sandbox.received("smtp"))
    assert optional(examine("bea@catchall.test").checks)["mailbox"] == "catch_all"
    assert len(sandbox.received("smtp")) == probes


def test_what_is_kept_of_a_mailbox_does_not_tell_its_address(sandbox: Sandbox, all_on: None) -> None:
    sign_up("nobody@dev.test")
    (kept,) = KeptAnswer.objects.filter(check_name="mailbox")
    assert kept.code == "no_such_mailbox"
    assert "nobody" not in f"{kept.key} {kept.sentence} {kept.evidence}"


def test_no_answer_is_not_kept(sandbox: Sandbox, all_on: None) -> None:
    sandbox.fault("rdap", status=503)
    sign_up("ann@greylist.test")
    assert list(KeptAnswer.objects.all()) == []


def test_the_checks_stand_with_the_signup_and_do_not_reject(sandbox: Sandbox, all_on: None) -> None:
    signup = sign_up("nobody@brandnew.test")
    said = {check.name: check.outcome for check in signup.checks.filter(name__in=OPTIONAL)}
    assert said == {"domain_age": "risky", "mailbox": "risky", "mail_setup": "good"}
    assert signup.verdict == Verdict.CONFIRM


def test_kept_answers_cost_one_query(sandbox: Sandbox, all_on: None, settings: Any) -> None:
    examine("ada@dev.test")
    with CaptureQueriesContext(connection) as with_them:
        examine("ada@dev.test")
    settings.RDAP = {**settings.RDAP, "is_on": False}
    settings.SMTP_PROBE = {**settings.SMTP_PROBE, "is_on": False}
    with CaptureQueriesContext(connection) as without:
        examine("ada@dev.test")
    assert len(with_them) == len(without) + 1


def test_an_answer_about_the_mailbox_is_believed_before_one_about_its_domain(sandbox: Sandbox, all_on: None) -> None:
    sign_up("ada@dev.test")
    row = KeptAnswer.objects.get(check_name="mailbox")
    KeptAnswer.objects.create(
        check_name="mailbox", key="dev.test", outcome="unknown", code="catch_all", sentence="",
        answered_at=row.answered_at, expires_at=row.expires_at,
    )  # fmt: skip
    codes = [optional(examine(email).checks)["mailbox"] for email in ("ada@dev.test", "bob@dev.test")]
    assert codes == ["exists", "catch_all"]


def test_an_error_of_ours_is_unknown(sandbox: Sandbox, all_on: None, settings: Any) -> None:
    settings.SMTP_PROBE = {**settings.SMTP_PROBE, "via": "not a place"}
    check: CheckResult = next(check for check in examine("ada@dev.test").checks if check.name == "mailbox")
    assert (check.outcome, check.code) == ("unknown", "error")


def test_what_was_late_is_asked_again_and_kept(sandbox: Sandbox, all_on: None) -> None:
    sandbox.fault("rdap", status=503)
    signup = sign_up("ada@dev.test")
    assert signup.checks.get(name="domain_age").code == "no_answer"
    assert signup.lookups_due_at is not None
    intake.complete(signup)
    again = signup.checks.get(name="domain_age")
    assert (again.outcome, again.code, again.evidence["registered"]) == ("good", "established", "2014-03-01")
    assert KeptAnswer.objects.filter(check_name="domain_age", key="dev.test").exists()


@pytest.mark.django_db(transaction=True)
def test_a_server_that_greylists_is_asked_again_later(sandbox: Sandbox, all_on: None) -> None:
    signup = sign_up("ann@greylist.test")
    Signup.objects.update(lookups_due_at=timezone.now())
    assert completing.finish_due() == 1
    signup.refresh_from_db()
    assert (signup.lookups_tried, signup.lookups_due_at is not None) == (1, True)


def test_what_was_answered_is_not_asked_again(sandbox: Sandbox, all_on: None) -> None:
    sandbox.fault("rdap", status=503)
    signup = sign_up("ada@dev.test")
    probes = len(sandbox.received("smtp"))
    intake.complete(signup)
    assert len(sandbox.received("smtp")) == probes


def test_many_who_ask_at_once_ask_one_question(sandbox: Sandbox, all_on: None) -> None:
    sandbox.fault("rdap", latency_ms=200)
    under_way = [vetting.start(vetting.parse(f"p{n}@dev.test"), Deadline(1500)) for n in range(10)]
    said = [optional(one.finish().checks)["domain_age"] for one in under_way]
    assert said == ["established"] * 10
    assert len(sandbox.received("rdap")) == 1
