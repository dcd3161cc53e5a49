"""The form: what it takes, what it refuses and how it says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from pytest_django import Settings

from signups.forms import PRESS_AGAIN
from signups.models import Signup
from tests.pages.visit import row_counts, sign_up, signed_up, text
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def test_the_newsletter_is_not_ticked(client: Client) -> None:
    assert not client.get("/").context["form"]["newsletter"].value()


def test_every_field_has_a_label(client: Client) -> None:
    page = client.get("/")
    for field in page.context["form"].visible_fields():
        assert f'<label for="{field.id_for_label}">' in page.content.decode()


@pytest.mark.parametrize(
    ("email", "page"),
    [
        ("ada@dev.test", "/welcome/"),
        ("nora@quietcorp.test", "/signup/check-mail/"),
        ("x@throwaway.test", "/signup/sorry/"),
    ],
)
def test_each_verdict_has_its_page(email: str, page: str, client: Client, sandbox: Sandbox) -> None:
    _, location = signed_up(client, email)
    assert location.startswith(page)
    assert client.get(location).status_code == 200


def test_what_was_typed_is_kept(client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, " Ada@dev.test ", "Ada Byrne", company="Devhouse", newsletter="on")
    assert (signup.email, signup.name, signup.company_name) == ("Ada@dev.test", "Ada Byrne", "Devhouse")
    assert signup.wants_newsletter
    assert signup.source == "form"


def test_an_error_stands_beside_its_field_and_everything_typed_stays(client: Client) -> None:
    page = sign_up(client, "not an address", "Ada Byrne")
    html = page.content.decode()
    assert page.status_code == 422
    assert 'aria-describedby="id_email_helptext id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_email_error"' in html
    assert 'value="Ada Byrne"' in html


def test_a_missing_name_and_address_are_asked_for(client: Client) -> None:
    page = sign_up(client, "", "")
    assert "Please tell us your name." in text(page)
    assert "Please give the e-mail address you use at work." in text(page)


def test_a_form_sent_too_fast_is_shown_again_filled_in(client: Client, settings: Settings) -> None:
    settings.FORM_MIN_SECONDS = 1
    page = sign_up(client, "ada@dev.test", "Ada Byrne")
    assert page.status_code == 422
    assert PRESS_AGAIN in text(page)
    assert 'value="ada@dev.test"' in page.content.decode()
    assert Signup.objects.count() == 0


def test_a_filled_honeypot_is_emptied_and_the_person_asked_to_press_again(client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ada@dev.test", "Ada Byrne", website="https://buy.example")
    assert page.status_code == 422
    assert Signup.objects.count() == 0
    form = page.context["form"]
    assert form["website"].value() == ""
    again = {name: form[name].value() for name in ("name", "email", "company", "website", "shown")}
    assert client.post("/signup/", again).status_code == 303


@pytest.mark.parametrize("shown", ["", "forged", signing.dumps(1.0, salt="another")])
def test_a_stamp_that_is_not_ours_is_made_anew(shown: str, client: Client, sandbox: Sandbox) -> None:
    page = sign_up(client, "ada@dev.test", shown=shown)
    assert page.status_code == 422
    assert sign_up(client, "ada@dev.test", shown=page.context["form"]["shown"].value()).status_code == 303


def test_a_form_left_open_for_days_is_signed_anew(
    client: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signups.forms._STAMP_LIFETIME", timedelta(0))
    page = sign_up(client, "ada@dev.test")
    assert PRESS_AGAIN in text(page)
    monkeypatch.undo()
    assert sign_up(client, "ada@dev.test", shown=page.context["form"]["shown"].value()).status_code == 303


def test_the_address_can_be_filled_in_by_a_link(client: Client) -> None:
    assert 'value="&quot;&gt;ada@dev.test"' in client.get('/?email=">ada@dev.test').content.decode()


def test_again_fills_in_what_this_browser_typed(client: Client, sandbox: Sandbox) -> None:
    signed_up(client, "x@throwaway.test", "Mister X", company="X Ltd")
    form = client.get("/?again=1&email=x@acme.test").context["form"]
    assert [form[name].value() for name in ("name", "email", "company")] == ["Mister X", "x@acme.test", "X Ltd"]
    assert Client().get("/?again=1").context["form"]["name"].value() is None


# -- What it must withstand --------------------------------------------------------------------------------------------


def test_a_script_as_a_name_is_shown_as_text(client: Client, sandbox: Sandbox) -> None:
    script = "<script>alert(1)</script>"
    _, location = signed_up(client, "ada@dev.test", script)
    for page in (client.get(location), client.get("/?again=1"), sign_up(client, "wrong", script)):
        assert script not in page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.content.decode()


@pytest.mark.parametrize(
    "email",
    [
        "ada@dev.test\r\nBcc: all@dev.test",
        "ada@dev.test\nSubject: hello",
        "ada\x00@dev.test",
        "ada@dev.test, b@dev.test",
    ],
)
def test_a_header_injection_in_the_address_is_refused(email: str, client: Client, sandbox: Sandbox) -> None:
    assert sign_up(client, email).status_code == 422
    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize("field", ["name", "company"])
@pytest.mark.parametrize("character", ["\n", "\r", "\x00", "\x1b", "\x9b"])
def test_control_characters_are_refused(field: str, character: str, client: Client) -> None:
    sent = {"name": "Ada", "company": "Devhouse"} | {field: f"a{character}b"}
    assert sign_up(client, "ada@dev.test", **sent).status_code == 422
    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize("field", ["name", "email", "company"])
def test_a_text_too_long_is_refused(field: str, client: Client) -> None:
    sent = {"name": "Ada", "email": "ada@dev.test", "company": ""} | {field: "a" * 256}
    assert sign_up(client, **sent).status_code == 422


def test_ten_megabytes_are_refused_with_a_page(client: Client) -> None:
    page = sign_up(client, "ada@dev.test", "A" * 10_000_000)
    assert page.status_code == 413
    assert "at most 1,000,000 are taken" in text(page)
    assert set(row_counts().values()) == {0}


def test_without_the_csrf_cookie_nothing_is_stored_and_the_page_says_what_to_do() -> None:
    page = Client(enforce_csrf_checks=True).post("/signup/", {"name": "Ada", "email": "ada@dev.test"})
    assert page.status_code == 403
    assert "Please send the form again" in text(page)
    assert set(row_counts().values()) == {0}


def test_a_page_that_is_not_there_says_so(client: Client) -> None:
    page = client.get("/nowhere/")
    assert page.status_code == 404
    assert "There is no such page" in text(page)


def test_a_host_that_is_not_ours_is_refused_with_a_page(client: Client) -> None:
    page = client.get("/", headers={"Host": "evil.example"})
    assert page.status_code == 400
    assert "That was not understood" in text(page)


def test_a_failure_of_ours_has_a_page(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signups.intake.receive", lambda submission: 1 / 0)
    page = sign_up(Client(raise_request_exception=False), "ada@dev.test")
    assert page.status_code == 500
    assert "Something broke on our side" in text(page)
