"""What DNS said is kept for all; what it did not say is asked again, and decided on while the signup still waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from signups import completing, intake, labels, vetting
from signups.contracts import Deadline
from signups.intake import Submission
from signups.models import Check, Delivery, DnsFinding, Signup, VerdictChange
from signups.vetting import dns_findings, mx
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def sign_up(email: str) -> Signup:
    return intake.receive(Submission(email=email, name="Ada Byrne")).signup


def asked(sandbox: Sandbox) -> int:
    return len([call for call in sandbox.received("dns") if call["method"] == "MX"])


def test_what_one_process_asked_no_other_asks(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test")
    count = asked(sandbox)
    vetting.forget()  # as another process, which remembers nothing
    first = Check.objects.get(name="mx")
    again = sign_up("bob@dev.test").checks.get(name="mx")
    assert (asked(sandbox), again.code, again.evidence["mx"]) == (count, "mx", first.evidence["mx"])


@pytest.mark.parametrize(
    ("domain", "least", "most"), [("forever.test", 3590, 3600), ("brief.test", 290, 300), ("missing.test", 60, 900)]
)
def test_an_answer_holds_within_limits(sandbox: Sandbox, domain: str, least: int, most: int) -> None:
    dns_findings.keep(domain, mx.start(domain, Deadline(1000)).finish())
    row = DnsFinding.objects.get(domain=domain)
    assert least <= (row.expires_at - timezone.now()).total_seconds() + 1 <= most + 1


def test_what_holds_no_longer_is_asked_again_and_tidied_away(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test")
    DnsFinding.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert dns_findings.read("dev.test") is None
    assert DnsFinding.objects.prune(timezone.now()) == 1


def test_a_finding_is_read_and_written_by_one_query_each(sandbox: Sandbox, django_assert_num_queries: Any) -> None:
    mail = mx.start("dev.test", Deadline(1000)).finish()
    dns_findings.keep("dev.test", mail)
    with django_assert_num_queries(1):
        kept = dns_findings.read("dev.test")
    assert kept is not None
    assert (kept.hosts, kept.addresses, kept.name_servers) == (mail.hosts, mail.addresses, mail.name_servers)


def late(sandbox: Sandbox, email: str) -> Signup:
    """A signup while the name servers fail; they work again afterwards."""
    sandbox.fault("dns", status="SERVFAIL", times=None)
    signup = sign_up(email)
    assert (signup.verdict, signup.checks.get(name="mx").code) == ("confirm", "dns_servfail")
    assert signup.lookups_due_at is not None
    sandbox.clear_faults()
    vetting.forget()
    return signup


def completed(signup: Signup) -> Signup:
    intake.complete(signup)
    signup.refresh_from_db()
    return signup


def events(signup: Signup, event: str) -> set[str]:
    return set(Delivery.objects.filter(signup=signup, event=event).values_list("integration", flat=True))


def test_a_domain_that_turns_out_not_to_exist_rejects_who_still_waits(sandbox: Sandbox) -> None:
    signup = completed(late(sandbox, "bob@nowhere.test"))
    check = signup.checks.get(name="mx")
    assert (signup.verdict, check.code, check.evidence["before"]["code"]) == (
        "rejected",
        "no_such_domain",
        "dns_servfail",
    )
    assert list(VerdictChange.objects.filter(signup=signup).order_by("pk").values_list("verdict", "by")) == [
        ("confirm", "rules"),
        ("rejected", "rules"),
    ]
    assert signup.lookups_due_at is None


def test_a_late_answer_that_changes_no_verdict_changes_its_reasons(sandbox: Sandbox) -> None:
    signup = late(sandbox, "nobody-knows-me@dev.test")
    assert "dns_servfail" in [reason["code"] for reason in signup.reasons]
    signup = completed(signup)
    assert (signup.verdict, signup.checks.get(name="mx").code) == ("confirm", "mx")
    assert "dns_servfail" not in [reason["code"] for reason in signup.reasons]
    assert "mx_unknown" not in [rule["rule"] for rule in signup.matched_rules]


def test_whom_staff_called_spam_is_not_let_in_by_a_late_answer(sandbox: Sandbox) -> None:
    signup = late(sandbox, "ada@dev.test")
    labels.label(signup, Signup.Label.SPAM, User.objects.create(username="grace"))
    assert completed(signup).verdict == "confirm"


def test_a_known_person_whose_domain_answers_late_is_let_in_once(sandbox: Sandbox) -> None:
    signup = completed(late(sandbox, "ada@dev.test"))
    assert (signup.verdict, signup.accepted_at is not None) == ("accepted", True)
    told = Delivery.objects.filter(signup=signup, event="signed_up").count()
    completed(signup)
    assert events(signup, "signed_up")
    assert Delivery.objects.filter(signup=signup, event="signed_up").count() == told


def test_who_has_confirmed_is_left_alone(sandbox: Sandbox) -> None:
    signup = late(sandbox, "bob@nowhere.test")
    signup.verdict, signup.confirmed_at = "accepted", timezone.now()
    signup.save()
    assert completed(signup).verdict == "accepted"
    assert signup.checks.get(name="mx").code == "no_such_domain"


@pytest.mark.django_db(transaction=True)
def test_name_servers_that_go_on_failing_are_asked_ever_later(sandbox: Sandbox) -> None:
    signup = late(sandbox, "lee@servfail.test")
    waits = []
    for tried in range(2):
        Signup.objects.update(lookups_due_at=timezone.now())
        assert completing.finish_due() == 1
        signup.refresh_from_db()
        assert (signup.verdict, signup.lookups_tried) == ("confirm", tried + 1)
        assert signup.lookups_due_at is not None
        waits.append((signup.lookups_due_at - timezone.now()).total_seconds())
    assert waits == pytest.approx([60, 600], abs=20)
