"""Everybody of the cast signs up, and what happened is looked for at every vendor."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from sandbox import cast
from signups import confirmation
from signups.models import Signup, Verdict
from tests.journeys.story import (
    close_contacts,
    close_leads,
    deliver,
    mails,
    mixpanel_events,
    sign_up,
    slack_messages,
    states,
)
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

EVERYBODY = [pytest.param(person, id=person.email) for person in cast.PEOPLE.values()]


def customer(sandbox: Sandbox, signup: Signup) -> dict[str, Any] | None:
    people = sandbox.state("customerio")["customers"]
    return next((one for one in people if one["id"] == str(signup.uid)), None)


@pytest.mark.parametrize("person", EVERYBODY)
def test_each_member_of_the_cast_gets_the_verdict_the_sandbox_promises(person: cast.Person, sandbox: Sandbox) -> None:
    signup = sign_up(person.email, person.name)
    assert signup.verdict == person.verdict, signup.reasons
    assert signup.reasons
    assert signup.decided_ms <= settings.VETTING_BUDGET_MS + 200
    assert signup.score == sum(line.points for line in signup.scores.get().lines.all())

    deliver()
    assert set(states(signup).values()) <= {"delivered", "skipped"}
    is_accepted, is_rejected = person.verdict == "accepted", person.verdict == "rejected"
    assert len(slack_messages(sandbox)) == (0 if is_rejected else 1)
    assert len(mixpanel_events(sandbox, signup)) == (0 if is_rejected else 1)
    assert len(close_contacts(sandbox, signup.person.email)) == (1 if is_accepted else 0)
    assert (customer(sandbox, signup) is not None) == is_accepted
    confirmations = [mail for mail in mails(sandbox, signup.email) if "/confirm/" in " ".join(mail["links"])]
    assert len(confirmations) == (1 if person.verdict == "confirm" else 0)


def test_a_high_value_signup_stands_in_both_channels(sandbox: Sandbox) -> None:
    signup = sign_up("grace@rocket.test", "Grace Okafor")
    deliver()
    assert signup.is_high_value
    (message,) = slack_messages(sandbox, settings.SLACK["high_value_channel"])
    assert "Grace Okafor" in str(message)
    assert "$20M" in str(message) or "20,000,000" in str(message)


def test_an_ordinary_signup_stands_in_one_channel(sandbox: Sandbox) -> None:
    sign_up("dana@charity.test", "Dana Obi")
    deliver()
    assert len(slack_messages(sandbox)) == 1
    assert slack_messages(sandbox, settings.SLACK["high_value_channel"]) == []


def test_colleagues_and_a_personal_address_share_one_lead(sandbox: Sandbox) -> None:
    for email in ("tom@acme.test", "uma@acme.test", "sam@bigmail.test"):
        sign_up(email, email.split("@")[0].title())
    deliver()
    (lead,) = [lead for lead in close_leads(sandbox) if "Acme" in lead["name"]]
    addresses = {one["email"] for contact in lead["contacts"] for one in contact["emails"]}
    assert addresses == {"tom@acme.test", "uma@acme.test", "sam@bigmail.test"}
    assert Signup.objects.get(email="sam@bigmail.test").company == Signup.objects.get(email="tom@acme.test").company


def test_what_sales_typed_stays(sandbox: Sandbox) -> None:
    (before,) = [lead for lead in close_leads(sandbox) if "andmade" in lead["name"]]
    sign_up("otto@handmade.test", "Otto Haas")
    deliver()
    leads = [lead for lead in close_leads(sandbox) if "andmade" in lead["name"]]
    assert len(leads) == 1
    for field in ("name", "description", "status_id", "url"):
        assert leads[0][field] == before[field]
    assert len(leads[0]["contacts"]) == len(before["contacts"]) + 1


def test_a_typo_is_asked_about(sandbox: Sandbox) -> None:
    assert sign_up("ted@gmial.com", "Ted Typo").suggestion == "ted@gmail.com"


def test_markup_in_every_field_is_shown_as_text(sandbox: Sandbox) -> None:
    sign_up("eve@evil.test", "<b>Eve</b> & <!channel>")
    deliver()
    (message,) = slack_messages(sandbox)
    assert "<!channel>" not in message["text"]
    assert "&lt;!channel&gt;" in str(message)


def test_who_confirms_is_accepted_and_every_vendor_hears_of_it(sandbox: Sandbox) -> None:
    signup = sign_up("nora@quietcorp.test", "Nora Quiet")
    deliver()
    assert close_contacts(sandbox, "nora@quietcorp.test") == []
    (mail,) = mails(sandbox, "nora@quietcorp.test")
    (link,) = {link for link in mail["links"] if "/confirm/" in link}
    confirmation.confirm(link.rstrip("/").rsplit("/", 1)[1])
    deliver()
    signup.refresh_from_db()
    assert signup.verdict == Verdict.ACCEPTED
    assert len(close_contacts(sandbox, "nora@quietcorp.test")) == 1
    assert len(slack_messages(sandbox)) == 1
    assert customer(sandbox, signup) is not None


def test_a_profile_that_comes_late_reaches_everybody_who_was_told(sandbox: Sandbox) -> None:
    from signups import intake

    signup = sign_up("pia@slowdata.test", "Pia Keller")
    assert signup.lookups_due_at is not None
    deliver()
    score = signup.score
    for _ in range(2):
        intake.complete(signup)
    deliver()
    signup.refresh_from_db()
    assert signup.person.fact("employment.title") == "Head of Product"
    assert signup.score > score
    assert signup.lookups_due_at is None
    (message,) = slack_messages(sandbox)
    assert "Head of Product" in str(message)
    assert len(mixpanel_events(sandbox, signup)) == 1


def test_the_anonymous_history_is_merged(sandbox: Sandbox) -> None:
    device = "7f9c2f0e-8a54-4a1c-9d0f-3f0c6a1b2c3d"
    signup = sign_up("ada@dev.test", "Ada Byrne", anonymous_id=device)
    deliver()
    (user,) = [user for user in sandbox.state("mixpanel")["users"] if user["id"] == str(signup.uid)]
    assert user["device_ids"] == [device]


def test_the_newsletter_needs_consent(sandbox: Sandbox) -> None:
    ada = sign_up("ada@dev.test", "Ada Byrne", newsletter=True)
    hal = sign_up("hal@gone.test", "Hal Greene")
    deliver()
    topics = [(customer(sandbox, one) or {})["topics"] for one in (ada, hal)]
    assert [topic["topic_1"] for topic in topics] == [True, False]


def test_google_hears_only_of_visitors_it_knows(sandbox: Sandbox) -> None:
    ada = sign_up("ada@dev.test", "Ada Byrne", ga_client_id="123456.7654321", ga_session_id="1732406300")
    hal = sign_up("hal@gone.test", "Hal Greene")
    deliver()
    clients = sandbox.state("ga")["clients"]
    assert [client["client_id"] for client in clients] == ["123456.7654321"]
    assert clients[0]["events"][0]["is_kept"]
    assert states(ada)["googleanalytics.signed_up"] == "delivered"
    assert states(hal)["googleanalytics.signed_up"] == "skipped"
