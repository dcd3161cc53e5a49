"""The question of the form: "Did you mean ada@gmail.com?" """

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from pytest_django import Settings

from signups import vetting
from signups.models import Signup
from tests.pages.visit import row_counts, sign_up, text
from tests.sandbox_process import Sandbox

if TYPE_CHECKING:
    from tests.pages.visit import Reply

pytestmark = pytest.mark.django_db


def filled_in(page: Reply) -> dict[str, str]:
    """What a browser would send again."""
    form = page.context["form"]
    names = ("name", "email", "company", "newsletter", "website", "shown", "asked")
    return {name: value for name in names if (value := form[name].value())}


def test_a_slip_is_asked_about_before_anything_is_kept(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ted@gmial.com", "Ted Typo", company="Typo Ltd", newsletter="on")
    assert page.status_code == 422
    assert "Did you mean ted@gmail.com ?" in text(page)
    assert set(row_counts().values()) == {0}
    sent = filled_in(page)
    kept = [sent[name] for name in ("name", "email", "company", "newsletter")]
    assert kept == ["Ted Typo", "ted@gmial.com", "Typo Ltd", True]


def test_yes_signs_up_with_the_address_that_was_meant(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ted@gmial.com", "Ted Typo")
    reply = client.post("/signup/", {**filled_in(page), "use": "ted@gmail.com"})
    assert reply.status_code == 303
    assert Signup.objects.get().email == "ted@gmail.com"


def test_no_signs_up_with_what_was_typed(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ted@gmial.com", "Ted Typo")
    reply = client.post("/signup/", filled_in(page))
    assert reply["Location"].startswith("/signup/sorry/")
    signup = Signup.objects.get()
    assert (signup.email, signup.suggestion) == ("ted@gmial.com", "ted@gmail.com")


def test_another_slip_is_another_question(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ted@gmial.com", "Ted Typo")
    page = client.post("/signup/", {**filled_in(page), "email": "ted@yahooo.com"})
    assert "Did you mean ted@yahoo.com ?" in text(page)
    assert Signup.objects.count() == 0


def test_an_address_without_a_slip_is_not_asked_about(client: Client, sandbox: Sandbox) -> None:
    assert sign_up(client, "ada@dev.test").status_code == 303


def test_what_is_no_address_at_all_comes_with_one_answer(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ada@gmailcom", "Ada Byrne")
    assert page.context["form"].errors["email"]
    assert "Did you mean ada@gmail.com ?" in text(page)
    assert "No, keep mine" not in text(page)
    assert client.post("/signup/", {**filled_in(page), "use": "ada@gmail.com"}).status_code == 303


def test_what_is_used_is_looked_at_like_anything_typed(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ted@gmial.com", "Ted Typo", use="<script>alert(1)</script>")
    assert page.status_code == 422
    assert "<script>alert" not in page.content.decode()
    assert set(row_counts().values()) == {0}


def test_a_bot_gets_no_question(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ted@gmial.com", "Ted Typo", website="https://buy.example")
    assert "Did you mean" not in text(page)


def test_enter_presses_neither_answer(client: Client, sandbox: Sandbox) -> None:
    html = sign_up(client, "ted@gmial.com", "Ted Typo").content.decode()
    first, use = html.index('<button type="submit" class="unseen"'), html.index('name="use"')
    assert html.index('action="/signup/"') < first < use


def test_name_servers_that_hang_keep_nobody_waiting(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        settings.DNS_NAMESERVERS = [f"127.0.0.1:{silent.getsockname()[1]}"]
        settings.VETTING_BUDGET_MS = 300
        vetting.forget()
        started = time.monotonic()
        page = sign_up(client, "ted@gmial.com", "Ted Typo")
        taken_s = time.monotonic() - started
    vetting.forget()
    assert "Did you mean ted@gmail.com ?" in text(page)
    assert 0.2 < taken_s < 1
