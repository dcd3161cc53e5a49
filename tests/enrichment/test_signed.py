"""How colleagues sign their mails, from Close to where somebody works: over the sandbox's Close, as the flow does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from signups import intake
from signups.companies import deciding
from signups.contracts import Subject
from signups.enrichment import breaker, precedence
from signups.intake import Submission
from signups.models import CompanyMatch, Delivery, Lookup, ProviderState, Signup
from tests.integrations.test_close_signatures import correspond, post
from tests.journeys.story import deliver
from tests.rows import make_company
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

SIGNATURE = "Yes, please.\n\nBest regards,\n{name}\n{title}, {company}\n{site}\n\nOn Tue, Rob wrote:\n> Secret plans?\n"


def text(name: str, company: str = "Navy Research Ltd", site: str = "https://navy.test/labs") -> str:
    return SIGNATURE.format(name=name, title="Head of Compilers", company=company, site=site)


def receive(email: str, name: str, **sent: Any) -> Signup:
    return intake.receive(Submission(email=email, name=name, **sent)).signup


def complete(signup: Signup) -> Signup:
    """What the worker does a few seconds later."""
    intake.complete(Signup.objects.get(pk=signup.pk))
    return Signup.objects.get(pk=signup.pk)


def asked(sandbox: Sandbox) -> int:
    """How often Close was asked whose mails it has."""
    searches = sandbox.received("close", "data/search/")
    return sum(call["body"]["_fields"].keys() == {"contact"} for call in searches)


def match(signup: Signup, domain: str) -> CompanyMatch:
    return CompanyMatch.objects.get(person=signup.person_id, domain=domain)


def sentences(signup: Signup, domain: str) -> list[str]:
    return [reason["sentence"] for reason in match(signup, domain).reasons]


def kept() -> Lookup:
    return Lookup.objects.get(provider="close_mail", subject=Subject.SIGNATURES)


# -- Found -------------------------------------------------------------------------------------------------------------


def test_staff_are_asked_about_the_company_that_somebody_signs_with(sandbox: Sandbox) -> None:
    signup = receive("rita@bigmail.test", "Rita Moreau")
    deliver()  # sales' mailbox brings her mails along with the contact
    signup = complete(signup)
    assert signup.company is None
    assert match(signup, "handmade.test").state == "open"
    said = "They sign their mails as “Handmade Workshop” (handmade.test)."
    assert sentences(signup, "handmade.test") == [said]


def test_a_signature_and_the_company_typed_on_the_form_are_enough_together(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    make_company("navy.test", "Navy Research")
    signup = receive("cleo@bigmail.test", "Cleo Park", company_name="Navy Research")
    assert signup.company is None
    signup = complete(signup)
    assert signup.company is not None
    assert signup.company.domain == "navy.test"


def test_what_colleagues_sign_with_is_told_with_whoever_signs(sandbox: Sandbox) -> None:
    """A domain with her own name says little of where she works; the others who write from there say more."""
    correspond(sandbox, "max@gone.test", text("Max Gone"), name="Max Gone")
    correspond(sandbox, "lou@gone.test", text("Lou Gone"), sender="Lou Gone <lou@gone.test>")
    signup = receive("joan@gone.test", "Joan Gone")
    assert signup.company is not None
    assert signup.company.domain == "gone.test"
    signup = complete(signup)
    assert signup.company is not None
    assert signup.company.domain == "navy.test"
    said = "Max Gone signs mails as “Navy Research Ltd” (navy.test). So does 1 other from gone.test."
    assert sentences(signup, "navy.test") in ([said], [said.replace("Max", "Lou")])


def test_colleagues_who_are_known_are_reason_enough_to_ask(sandbox: Sandbox) -> None:
    complete(receive("nora@quietcorp.test", "Nora Quiet"))
    assert asked(sandbox) == 0
    correspond(
        sandbox, "paul@quietcorp.test", text("Paul Still", "Quietcorp Ltd", "www.quietcorp.test"), name="Paul Still"
    )
    signup = complete(receive("olga@quietcorp.test", "Olga Hush"))
    assert asked(sandbox) == 1
    assert "Paul Still signs mails as “Quietcorp Ltd” (quietcorp.test)." in sentences(signup, "quietcorp.test")


def test_a_company_that_is_named_alone_is_found_among_ours(sandbox: Sandbox) -> None:
    make_company("navy.test", "Navy Research")
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park", site=""))
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    assert sentences(signup, "navy.test") == [
        "They sign their mails as “Navy Research Ltd”: Navy Research (navy.test)."
    ]
    assert match(signup, "navy.test").confidence == 0.6


@pytest.mark.parametrize("site", ["https://bigmail.test", "www.gmail.com", "https://throwaway.test"])
def test_a_domain_of_everybody_s_never_becomes_a_company(sandbox: Sandbox, site: str) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park", site=site))
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    assert not CompanyMatch.objects.filter(person=signup.person_id).exists()


def test_people_with_the_same_mail_provider_are_no_colleagues(sandbox: Sandbox) -> None:
    correspond(sandbox, "max@bigmail.test", text("Max Hopper"))
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    assert not CompanyMatch.objects.filter(person=signup.person_id).exists()


# -- Kept --------------------------------------------------------------------------------------------------------------


def test_who_signs_with_what_and_when_is_kept_and_nothing_of_the_text(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"), name="Cleo Park")
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    assert kept().facts == {
        "signatures": [
            {
                "by": "cleo@bigmail.test",
                "name": "Cleo Park",
                "company": "Navy Research Ltd",
                "domain": "navy.test",
                "at": "2026-11-01T09:00:00+00:00",
            }
        ]
    }
    assert "signatures" not in signup.person.profile
    assert "Secret" not in str(list(Lookup.objects.values()))


def test_nobody_is_asked_while_the_visitor_waits(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    calls = len(sandbox.received("close"))
    signup = receive("cleo@bigmail.test", "Cleo Park")
    assert len(sandbox.received("close")) == calls
    assert signup.lookups_due_at is not None
    assert (kept().outcome, kept().note) == ("skipped", "Mail in Close is asked in the background.")


def test_nobody_is_asked_of_whoever_is_known_to_work_somewhere(sandbox: Sandbox) -> None:
    complete(receive("sam@bigmail.test", "Sam Carter"))
    assert asked(sandbox) == 0
    assert not Lookup.objects.filter(subject=Subject.SIGNATURES).exists()


def test_one_answer_serves_everybody_of_a_domain(sandbox: Sandbox) -> None:
    correspond(sandbox, "max@gone.test", text("Max Gone"))
    for name in ("Joan", "Mary", "Alan"):
        complete(complete(receive(f"{name.lower()}@gone.test", f"{name} Gone")))
    assert asked(sandbox) == 1
    assert kept().key == "gone.test"


def test_a_miss_is_kept_for_days_and_then_asked_anew(sandbox: Sandbox) -> None:
    signup = receive("cleo@bigmail.test", "Cleo Park")
    complete(signup)
    complete(signup)
    assert asked(sandbox) == 1
    assert (kept().outcome, kept().note) == ("not_found", "No mails.")
    assert kept().expires_at - kept().fetched_at == timedelta(days=3)
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    Lookup.objects.filter(subject=Subject.SIGNATURES).update(expires_at=timezone.now())
    assert match(complete(signup), "navy.test").state == "open"


def test_an_old_answer_is_better_than_none(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    Lookup.objects.filter(subject=Subject.SIGNATURES).update(expires_at=timezone.now())
    sandbox.fault("close", status=503, times=None)
    assert match(complete(signup), "navy.test").state == "open"
    assert kept().outcome == "found"


def test_close_is_off_without_its_key(sandbox: Sandbox, settings: Any) -> None:
    settings.CLOSE = settings.CLOSE | {"api_key": ""}
    signup = receive("cleo@bigmail.test", "Cleo Park")
    assert signup.lookups_due_at is None
    complete(signup)
    assert not Lookup.objects.filter(subject=Subject.SIGNATURES).exists()


# -- Told --------------------------------------------------------------------------------------------------------------


def test_everybody_is_told_once_where_it_changes_the_company(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    make_company("navy.test", "Navy Research")
    signup = receive("cleo@bigmail.test", "Cleo Park", company_name="Navy Research")
    deliver()
    for _ in range(3):
        complete(signup)
        deliver()
    told = Delivery.objects.filter(signup=signup.pk, event="profile_changed")
    assert [one.integration for one in told].count("close") == 1
    assert told.count() == len({one.integration for one in told}) > 0


def test_nobody_is_told_of_what_changes_nothing(sandbox: Sandbox) -> None:
    complete(receive("nora@quietcorp.test", "Nora Quiet"))
    correspond(sandbox, "paul@quietcorp.test", text("Paul Still", "Quietcorp Ltd", "www.quietcorp.test"))
    signup = receive("olga@quietcorp.test", "Olga Hush")
    version = signup.profile_version
    assert complete(signup).profile_version == version


def test_staff_s_word_stays(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    boss = User.objects.create_user("boss")
    deciding.deny(match(signup, "navy.test"), boss)
    assert (complete(signup).company, match(signup, "navy.test").state) == (None, "denied")
    other = CompanyMatch.objects.create(person=signup.person, domain="lab.test", name="Lab", confidence=0.5)
    deciding.confirm(other, boss)
    Lookup.objects.filter(subject=Subject.SIGNATURES).update(expires_at=timezone.now())
    calls = asked(sandbox)
    company = complete(signup).company
    assert company is not None
    assert (company.domain, match(signup, "navy.test").state) == ("lab.test", "denied")
    assert asked(sandbox) == calls


def test_who_asked_not_to_be_looked_up_is_not_read_of(sandbox: Sandbox) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    now = timezone.now()
    refused = {"outcome": "refused", "fetched_at": now, "expires_at": now + timedelta(days=9)}
    Lookup.objects.filter(provider="clearbit", key="cleo@bigmail.test").update(**refused)
    complete(signup)
    assert not Lookup.objects.filter(subject=Subject.SIGNATURES).exists()
    assert not CompanyMatch.objects.filter(person=signup.person_id).exists()


# -- When Close fails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "is_again"), [(429, True), (503, True), (401, False), (404, False)])
def test_a_failure_fails_nothing_else_and_is_asked_again_where_that_may_help(
    sandbox: Sandbox, status: int, is_again: bool
) -> None:
    correspond(sandbox, "cleo@bigmail.test", text("Cleo Park"))
    signup = receive("cleo@bigmail.test", "Cleo Park")
    sandbox.fault("close", route="data/search/", status=status)
    signup = complete(signup)
    assert (signup.lookups_due_at is not None) == is_again
    assert kept().outcome == "error"
    assert str(status) in kept().note
    ProviderState.objects.update(open_until=None)
    precedence.forget()
    assert match(complete(signup), "navy.test").state == "open"


def test_a_key_that_is_refused_leaves_close_alone_for_a_while(sandbox: Sandbox) -> None:
    sandbox.fault("close", status=401, times=None)
    complete(receive("cleo@bigmail.test", "Cleo Park"))
    complete(receive("ned@bigmail.test", "Ned Plain"))
    assert asked(sandbox) == 1
    standing = precedence.current().standings["close_mail"]
    assert "CLOSE_API_KEY" in breaker.why_not("Mail in Close", standing)


def test_a_hostile_mail_is_nobody_s_company(sandbox: Sandbox) -> None:
    correspond(
        sandbox, "cleo@bigmail.test", "Best,\n" + "<script>alert(1)</script> | a.a.a.a" * 20_000 + "\n" + "| " * 9_999
    )
    assert post(sandbox, "lead/", name="Still up")["id"]
    signup = complete(receive("cleo@bigmail.test", "Cleo Park"))
    assert not CompanyMatch.objects.filter(person=signup.person_id).exists()
    assert kept().note == "1 mail read, and no signature names a company."
