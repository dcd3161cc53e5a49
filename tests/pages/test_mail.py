"""The confirmation mail's words. That it is sent is told in tests/journeys."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client

from signups import confirmation
from signups.models import Signup
from signups.templatetags.pages import as_greeting
from tests.pages.visit import signed_up
from tests.sandbox_process import Sandbox


def mail(signup: Signup, kind: str) -> str:
    asked = signup.confirmations.get()
    context = {"signup": signup, "confirmation": asked, "confirm_url": confirmation.link(asked)}
    return render_to_string(f"mails/confirmation.{kind}", context)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["txt", "html"])
def test_the_mail_has_the_link_until_when_it_works_and_what_else_to_do(
    kind: str, client: Client, sandbox: Sandbox
) -> None:
    signup, _ = signed_up(client, "nora@quietcorp.test", "Nora Quiet")
    words = mail(signup, kind)
    asked = signup.confirmations.get()
    assert words.count(f"{settings.BASE_URL}/confirm/") == (1 if kind == "txt" else 3)
    assert f"until {asked.expires_at:%-d %B %Y, %H:%M} UTC" in words
    assert "Hello Nora Quiet," in words
    assert "You did not sign up?" in words


@pytest.mark.django_db
def test_the_mail_loads_nothing_from_anywhere(client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, "nora@quietcorp.test")
    assert not re.search(r"src=|url\(|<link|<style", mail(signup, "html"))


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["txt", "html"])
def test_a_stranger_cannot_have_us_mail_their_message(kind: str, client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, "nora@quietcorp.test", "You won! Visit www.evil.test <b>now</b>")
    assert "evil" not in mail(signup, kind)


@pytest.mark.parametrize("name", ["Nora Quiet", "Mary-Jane O'Neil", "J. R. Ewing", "José Müller", "山田 太郎", "Ada"])
def test_names_are_greeted(name: str) -> None:
    assert as_greeting(name) == name


@pytest.mark.parametrize("name", ["evil.test", "http://evil.test", "<b>Ada</b>", "Win 1000 now", "Ada\nBcc:", "A" * 61])
def test_what_reads_like_no_name_is_not_repeated(name: str) -> None:
    assert as_greeting(name) == ""
