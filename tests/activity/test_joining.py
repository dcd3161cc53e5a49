"""When a visitor becomes somebody: signing up, confirming elsewhere, and signups from before there were edges."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client
from pytest_django import Settings

from signups import capture
from signups.activity import identity
from signups.models import IdentityLink, Signup, Verdict
from tests.api.conftest import new_key
from tests.pages.visit import link, signed_up
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

PHONE = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture(autouse=True)
def hurried(settings: Settings) -> None:
    settings.FORM_MIN_SECONDS = 0


def test_signing_up_joins_the_browser(client: Client, sandbox: Sandbox) -> None:
    grace, _ = signed_up(client, "grace@rocket.test")
    edge = IdentityLink.objects.get()
    assert (edge.signup, edge.reason) == (grace, "signed_up")
    assert edge.anonymous_id == client.cookies[capture.ID_COOKIE].value


def test_a_backend_says_which_visitor_signed_up(sandbox: Sandbox) -> None:
    key, _ = new_key()
    body = {"email": "grace@rocket.test", "name": "Grace Okafor", "anonymous_id": "visitor-7"}
    client = Client(headers={"Authorization": f"Bearer {key}"})
    client.post("/api/v1/signups", body, content_type="application/json")
    assert identity.owner_of("visitor-7") == Signup.objects.get()


def test_confirming_in_another_browser_joins_that_one_too(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    phone = Client()
    phone.cookies[capture.ID_COOKIE] = PHONE
    phone.get(link(nora))
    assert identity.owner_of(PHONE) is None
    phone.post(link(nora))
    assert (identity.owner_of(PHONE), nora.identity_links.count()) == (nora, 2)


def test_typing_a_known_address_makes_nobody_that_person(client: Client, sandbox: Sandbox) -> None:
    signed_up(client, "grace@rocket.test")
    stranger = Client()
    stranger.cookies[capture.ID_COOKIE] = PHONE
    signed_up(stranger, "grace@rocket.test")
    assert IdentityLink.objects.count() == 1


def test_signups_from_before_own_their_browsers() -> None:
    mister_x = make_signup("x@throwaway.test", anonymous_id="shared", verdict=Verdict.REJECTED)
    ada = make_signup("ada@dev.test", anonymous_id="shared")
    make_signup("bob@dev.test", anonymous_id="null")
    make_signup("cleo@dev.test")
    for _ in range(2):
        import_module("signups.migrations.0005_join_known_visitors").join_known_visitors(apps, None)
    edge = IdentityLink.objects.get()
    assert (edge.signup, edge.at, edge.reason) == (ada, ada.created_at, "signed_up")
    assert mister_x.identity_links.count() == 0
