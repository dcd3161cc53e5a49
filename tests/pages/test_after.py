"""The pages after the form, and what they keep to themselves."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from signups import next_step
from signups.models import Confirmation, ListEntry, Signup, Verdict
from tests.pages.visit import signed_up, text
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def resend_path(page: str) -> str:
    return page.replace("/check-mail/", "/resend/")


def an_hour_ago(signup: Signup) -> None:
    signup.confirmations.update(created_at=timezone.now() - timedelta(hours=1))


# -- Check your mail ---------------------------------------------------------------------------------------------------


def test_it_says_where_the_mail_went(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "nora@quietcorp.test")
    assert "A link is on its way to nora@quietcorp.test" in text(client.get(page))


def test_another_browser_is_not_told_the_address(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "nora@quietcorp.test")
    html = Client().get(page).content.decode()
    assert "nora@quietcorp.test" not in html
    assert "the address you gave" in html


def test_whoever_types_a_known_address_is_told_nothing_of_its_owner(client: Client, sandbox: Sandbox) -> None:
    signed_up(client, "ada@dev.test", "Ada Byrne", company="Devhouse")
    stranger = Client()
    signup, page = signed_up(stranger, "ADA@dev.test", "Stranger")
    html = stranger.get(page).content.decode()
    assert page.startswith("/signup/check-mail/")
    assert "ADA@dev.test" in html
    assert not re.search("Byrne|Devhouse|ob_trial|ada@dev", html)
    assert Signup.objects.count() == 1
    assert signup.name == "Ada Byrne"


def test_a_known_address_typed_again_gets_a_link(client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, "ada@dev.test")
    assert signup.confirmations.count() == 0
    signed_up(Client(), "ada@dev.test")
    assert signup.confirmations.count() == 1


def test_where_no_mail_was_asked_for_the_page_offers_one(client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, "ada@dev.test")
    page = next_step.next_url(signup, is_repeat=True)
    assert "Send me the link" in text(client.get(page))


def test_another_mail_is_sent_on_request(client: Client, sandbox: Sandbox) -> None:
    signup, page = signed_up(client, "nora@quietcorp.test")
    an_hour_ago(signup)
    reply = client.post(resend_path(page), follow=True)
    assert "Another mail is on its way." in text(reply)
    assert signup.confirmations.count() == 2


def test_not_two_mails_in_a_minute(client: Client, sandbox: Sandbox) -> None:
    signup, page = signed_up(client, "nora@quietcorp.test")
    reply = client.post(resend_path(page))
    assert reply.status_code == 429
    assert 50 <= int(reply["Retry-After"]) <= 61
    assert re.search(r"Please wait \d\d seconds", text(reply))
    assert signup.confirmations.count() == 1


def test_not_more_than_five_mails_a_day(client: Client, sandbox: Sandbox) -> None:
    signup, page = signed_up(client, "nora@quietcorp.test")
    for _ in range(4):
        an_hour_ago(signup)
        assert client.post(resend_path(page)).status_code == 303
    an_hour_ago(signup)
    reply = client.post(resend_path(page))
    assert reply.status_code == 429
    assert "We have sent 5 mails within a day." in text(reply)
    assert signup.confirmations.count() == 5


def test_reloading_after_a_refused_mail_leads_back(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "nora@quietcorp.test")
    assert client.get(resend_path(page))["Location"] == page


def test_nothing_is_mailed_to_who_was_rejected_since(client: Client, sandbox: Sandbox) -> None:
    signup, page = signed_up(client, "nora@quietcorp.test")
    an_hour_ago(signup)
    Signup.objects.update(verdict=Verdict.REJECTED)
    assert client.post(resend_path(page))["Location"].startswith("/signup/sorry/")
    assert signup.confirmations.count() == 1


def test_in_the_sandbox_the_inbox_is_pointed_out(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    _, page = signed_up(client, "nora@quietcorp.test")
    assert f'href="{sandbox.url}/mail"' in client.get(page).content.decode()
    settings.SANDBOX = False
    assert sandbox.url not in client.get(page).content.decode()


# -- Sorry -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("x@mailinator.com", "mailinator.com gives out mailboxes that vanish after a while."),
        ("info@nomail.test", "nomail.test says of itself that it takes no mail"),
        ("bob@nowhere.test", "There is no domain called nowhere.test"),
    ],
)
def test_a_rejected_person_reads_why_and_how_to_get_in(
    email: str, words: str, client: Client, sandbox: Sandbox
) -> None:
    _, page = signed_up(client, email)
    reply = client.get(page)
    assert words in text(reply)
    assert "Use my work address" in text(reply)
    assert 'href="mailto:hello@onboarding.test' in reply.content.decode()


def test_a_typo_is_asked_about_and_one_link_corrects_it(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "ted@gmial.com", "Ted Typo", asked="ted@gmial.com")
    reply = client.get(page)
    assert "Did you mean ted@gmail.com ?" in text(reply)
    (href,) = re.findall(r'class="button" href="([^"]+)"', reply.content.decode())
    form = client.get(href.replace("&amp;", "&")).context["form"]
    assert (form["email"].value(), form["name"].value()) == ("ted@gmail.com", "Ted Typo")


def test_what_staff_wrote_about_an_address_stays_with_staff(client: Client, sandbox: Sandbox) -> None:
    ListEntry.objects.create(kind="deny", value="dev.test", reason="a competitor's spy")
    _, page = signed_up(client, "ada@dev.test")
    reply = client.get(page)
    assert "spy" not in text(reply)
    assert "please tell us: a person reads it" in text(reply)


def test_who_was_let_in_after_all_is_led_on(client: Client, sandbox: Sandbox) -> None:
    signup, page = signed_up(client, "x@mailinator.com")
    Signup.objects.filter(pk=signup.pk).update(verdict=Verdict.ACCEPTED)
    reply = client.get(page, follow=True)
    assert "Send me the link" in text(reply)


# -- In review ---------------------------------------------------------------------------------------------------------


def test_who_is_held_is_told_that_a_person_looks(client: Client, sandbox: Sandbox) -> None:
    ListEntry.objects.create(kind="hold", value="dev.test", reason="look twice")
    signup, page = signed_up(client, "ada@dev.test")
    assert page.startswith("/signup/in-review/")
    assert "A person takes a look" in text(client.get(page))
    Signup.objects.filter(pk=signup.pk).update(verdict=Verdict.ACCEPTED)
    assert client.get(page)["Location"].startswith("/signup/check-mail/")


# -- All of them -------------------------------------------------------------------------------------------------------


def test_a_page_of_one_step_opens_no_other(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "nora@quietcorp.test")
    token = page.rstrip("/").rpartition("/")[2]
    for other in ("/welcome/", "/signup/sorry/", "/signup/in-review/", "/confirm/"):
        assert client.get(f"{other}{token}/").status_code == 404


@pytest.mark.parametrize("path", ["/welcome/", "/signup/check-mail/", "/signup/resend/", "/signup/sorry/"])
def test_a_token_we_never_signed_is_not_found(path: str, client: Client) -> None:
    reply = client.get(f"{path}forged:1abc:token/")
    assert reply.status_code == 404


def test_a_page_that_has_closed_offers_a_link_by_mail(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    signup, page = signed_up(client, "ada@dev.test")
    monkeypatch.setitem(next_step._LIFETIME, "welcome", timedelta(0))
    reply = client.get(page)
    assert reply.status_code == 410
    assert "ob_trial" not in reply.content.decode()
    (action,) = re.findall(r'action="([^"]+)"', reply.content.decode())
    assert client.post(action).status_code == 303
    assert Confirmation.objects.filter(signup=signup).count() == 1


def test_our_pages_keep_to_the_host_the_visitor_came_by(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "ada@dev.test")
    assert page.startswith("/welcome/")


def test_a_welcome_page_elsewhere_is_gone_to(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    settings.WELCOME_URL = "https://app.example/start"
    _, page = signed_up(client, "ada@dev.test")
    assert page == "https://app.example/start"
