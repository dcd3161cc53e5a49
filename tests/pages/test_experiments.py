"""Running tests on the public pages: each visitor's own words, the same on every visit, and in the mail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations import customerio
from integrations.confirmation_mail import message
from signups import experiments
from signups.models import Exposure, ForcedArm
from tests.experiments.rows import make_experiment, make_running
from tests.pages.visit import sign_up, signed_up, text
from tests.rows import make_delivery
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

WORDS = {"headline": "A thousand calls on us.", "lead": "No card.", "button": "Start for free"}
ALL_B = {"a": 0.0001, "b": 0.9999}


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    experiments.forget()
    yield
    experiments.forget()


def test_the_form_shows_the_arms_words(client: Client) -> None:
    make_running("wording", ALL_B, surface="signup_page", contents={"b": WORDS})
    shown = text(client.get("/"))
    for words in WORDS.values():
        assert words in shown
    assert "Get my API key" not in shown


def test_the_form_says_what_it_always_says_while_nothing_runs(client: Client) -> None:
    make_experiment("wording", surface="signup_page", contents={"b": WORDS})
    assert "Get my API key" in text(client.get("/"))


def test_the_exposure_is_the_visitors_from_the_very_first_page_on(client: Client) -> None:
    make_running("wording", surface="signup_page")
    client.get("/")
    client.get("/")
    exposure = Exposure.objects.get()
    assert exposure.unit == client.cookies["anonymous_id"].value


def test_visitors_see_different_arms_and_each_always_the_same(client: Client) -> None:
    make_running("wording", surface="signup_page", contents={"b": WORDS})
    visitors = [Client() for _ in range(30)]
    first = ["Start for free" in text(visitor.get("/")) for visitor in visitors]
    assert set(first) == {True, False}
    assert ["Start for free" in text(visitor.get("/")) for visitor in visitors] == first


def test_a_form_sent_back_keeps_its_words(client: Client) -> None:
    make_running("wording", ALL_B, surface="signup_page", contents={"b": WORDS})
    page = sign_up(client, "not an address")
    assert page.status_code == 422
    assert "Start for free" in text(page)


@pytest.mark.parametrize("agent", ["Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.5.0", "UptimeRobot/2.0"])
def test_programs_are_no_visitors(client: Client, agent: str) -> None:
    make_running("wording", ALL_B, surface="signup_page", contents={"b": WORDS})
    assert "Get my API key" in text(client.get("/", headers={"User-Agent": agent}))
    assert not Exposure.objects.exists()


def test_whoever_asks_for_the_head_alone_has_seen_nothing(client: Client) -> None:
    make_running("wording", ALL_B, surface="signup_page", contents={"b": WORDS})
    assert client.head("/").status_code == 200
    assert not Exposure.objects.exists()


def test_the_form_asks_the_database_nothing_while_nothing_runs(client: Client) -> None:
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/")
    assert len(captured) == 0


def test_staff_choose_their_own_arm_in_the_address_and_are_not_counted(client: Client) -> None:
    make_running("wording", {"a": 0.9999, "b": 0.0001}, surface="signup_page", contents={"b": WORDS})
    assert "Get my API key" in text(client.get("/?arm=wording:b"))
    assert not ForcedArm.objects.exists()

    client.force_login(User.objects.create_user("sam", is_staff=True))
    assert "Start for free" in text(client.get("/?arm=wording:b"))
    assert "Start for free" in text(client.get("/"))
    assert Exposure.objects.counted().count() == 0
    assert "Start for free" not in text(client.get("/?arm=wording:a"))


def test_a_forced_arm_that_is_not_there_is_ignored(client: Client) -> None:
    make_running("wording", {"a": 0.9999, "b": 0.0001}, surface="signup_page", contents={"b": WORDS})
    client.force_login(User.objects.create_user("sam", is_staff=True))
    for asked in ("wording:c", "other:b", "wording", ":", "\x00:b"):
        assert client.get("/", {"arm": asked}).status_code == 200
    assert not ForcedArm.objects.exists()


def test_the_confirmation_step_speaks_in_the_arms_words(client: Client, sandbox: Sandbox) -> None:
    words = {"headline": "Your key is in your mailbox", "subject": "Collect your key", "button": "Collect it"}
    make_running("mail", ALL_B, surface="confirmation", metric="confirmed", contents={"b": words})
    signup, location = signed_up(client, "nora@quietcorp.test")
    assert words["headline"] in text(client.get(location))
    delivery = signup.deliveries.get(integration="confirmation_mail")
    mail = message(signup, signup.confirmations.get(), delivery)
    assert mail.subject == "Collect your key"
    assert "Collect it" in str(mail.alternatives[0][0])
    assert [row.unit for row in Exposure.objects.all()] == [signup.anonymous_id]


def test_whoever_needs_no_confirmation_is_not_part_of_its_test(client: Client, sandbox: Sandbox) -> None:
    make_running("mail", surface="confirmation", metric="confirmed")
    signed_up(client, "ada@dev.test")
    assert not Exposure.objects.exists()


def test_customer_io_hears_the_arm_of_the_welcome_mail(client: Client, sandbox: Sandbox) -> None:
    make_running("welcome-mail", ALL_B, surface="welcome_mail", metric="first_call")
    signup, _ = signed_up(client, "ada@dev.test")
    sent = customerio.attributes(signup, make_delivery(signup, "customerio", "profile_changed"))
    assert sent["experiment_welcome-mail"] == "b"
    assert Exposure.objects.get().unit == signup.anonymous_id


def test_a_rejected_signup_is_no_part_of_the_welcome(client: Client, sandbox: Sandbox) -> None:
    make_running("welcome-mail", surface="welcome_mail", metric="first_call")
    signed_up(client, "x@throwaway.test")
    assert not Exposure.objects.exists()
