"""The cookie that tells browsers apart, against fraud alone."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from tests.pages.visit import link, signed_up
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def test_the_form_gives_a_browser_an_id_that_scripts_cannot_read(client: Client) -> None:
    client.get("/", secure=True)
    cookie = client.cookies["device_id"]
    assert uuid.UUID(cookie.value).version == 4
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["max-age"]) == (
        True,
        True,
        "Lax",
        31536000,
    )


def test_without_https_the_cookie_comes_back_too(client: Client) -> None:
    client.get("/")
    assert client.cookies["device_id"]["secure"] == ""


def test_a_browser_keeps_its_id(client: Client) -> None:
    client.get("/")
    given = client.cookies["device_id"].value
    assert "device_id" not in client.get("/").cookies
    assert client.cookies["device_id"].value == given


def test_an_id_that_we_did_not_give_is_replaced(client: Client) -> None:
    client.cookies["device_id"] = "everybody"
    client.get("/")
    assert uuid.UUID(client.cookies["device_id"].value).version == 4


def test_the_id_goes_with_the_signup_and_with_the_click(client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, "nora@quietcorp.test")
    client.post(link(signup))
    given = client.cookies["device_id"].value
    assert signup.device_id == given
    assert signup.confirmations.get().used_device_id == given


def test_the_page_of_the_link_gives_another_browser_an_id(client: Client, sandbox: Sandbox) -> None:
    signup, _ = signed_up(client, "nora@quietcorp.test")
    phone = Client()
    phone.get(link(signup))
    phone.post(link(signup))
    assert signup.confirmations.get().used_device_id == phone.cookies["device_id"].value != signup.device_id
