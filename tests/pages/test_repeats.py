"""Whoever comes again in other clothes: staff see it, the person reads nothing of it."""

from __future__ import annotations

import pytest
from django.test import Client

from signups.models import Signup, Verdict
from tests.pages.visit import sign_up, signed_up, text
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def test_a_signup_keeps_the_keys_it_is_found_by(sandbox: Sandbox) -> None:
    client = Client(headers={"X-Forwarded-For": "8.8.4.4"})
    signup, _ = signed_up(client, "Ada+Test@mail.dev.test")
    assert (signup.canonical_key, signup.email_domain) == ("ada@mail.dev.test", "dev.test")
    assert signup.ip_network == "8.8.4.0/24"


def test_a_second_account_of_one_mailbox_proves_its_address_and_points_to_the_first(sandbox: Sandbox) -> None:
    first, _ = signed_up(Client(), "ada@dev.test")
    second, url = signed_up(Client(), "ada+2@dev.test")
    found = second.checks.get(name="velocity")
    assert (first.verdict, second.verdict) == (Verdict.ACCEPTED, Verdict.CONFIRM)
    assert (found.code, found.evidence["repeat_of"]) == ("repeated_address", first.pk)
    assert "/check-mail/" in url


def test_the_page_does_not_say_that_somebody_signed_up_before(sandbox: Sandbox) -> None:
    signed_up(Client(), "ada@dev.test")
    browser = Client()
    page = text(browser.get(sign_up(browser, "ada+2@dev.test")["Location"]))
    assert "ada+2@dev.test" in page
    assert "before" not in page


def test_the_same_address_makes_no_second_signup(sandbox: Sandbox) -> None:
    signed_up(Client(), "ada@dev.test")
    sign_up(Client(), "Ada@dev.test")
    assert Signup.objects.count() == 1
    assert Signup.objects.get().checks.get(name="velocity").code == "usual"


def test_the_fourth_signup_of_one_browser_proves_its_address(client: Client, sandbox: Sandbox) -> None:
    people = ("ada@dev.test", "tom@acme.test", "ada@acme.test", "grace@dev.test")
    signups = [signed_up(client, email)[0] for email in people]
    codes = [signup.checks.get(name="velocity").code for signup in signups]
    assert codes == ["usual", "usual", "usual", "busy_device"]
    assert signups[3].verdict == Verdict.CONFIRM
