"""The confirmation link: a button first, once only, for a while."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from signups.models import Confirmation, Signup, Verdict
from tests.pages.visit import link, signed_up, text
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora(client: Client, sandbox: Sandbox) -> Signup:
    """Somebody who was asked to confirm."""
    signup, _ = signed_up(client, "nora@quietcorp.test")
    return signup


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_confirms_nothing(method: str, nora: Signup, client: Client) -> None:
    assert getattr(client, method)(link(nora)).status_code == 200
    nora.refresh_from_db()
    assert nora.verdict == Verdict.CONFIRM
    assert Confirmation.objects.get().used_at is None


def test_the_page_names_the_address_and_has_a_button(nora: Signup, client: Client) -> None:
    page = text(client.get(link(nora)))
    assert "nora@quietcorp.test" in page
    assert "Yes, confirm my address" in page


def test_pressing_the_button_lets_in_and_leads_on(nora: Signup, client: Client) -> None:
    reply = client.post(link(nora), follow=True)
    nora.refresh_from_db()
    assert nora.verdict == Verdict.ACCEPTED
    assert Confirmation.objects.get().used_ip == "127.0.0.1"
    assert "ob_trial_" in text(reply)


def test_the_button_needs_our_page(nora: Signup) -> None:
    assert Client(enforce_csrf_checks=True).post(link(nora)).status_code == 403
    nora.refresh_from_db()
    assert nora.verdict == Verdict.CONFIRM


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_works_once(method: str, nora: Signup, client: Client) -> None:
    client.post(link(nora))
    nora.refresh_from_db()
    changes = nora.verdict_changes.count()
    reply = getattr(client, method)(link(nora))
    assert reply.status_code == 410
    assert "This link has been used" in text(reply)
    assert "ob_trial_" not in text(reply)
    assert nora.verdict_changes.count() == changes


def test_an_older_link_is_used_up_by_a_newer_one(nora: Signup, client: Client) -> None:
    older = link(nora)
    nora.confirmations.update(created_at=timezone.now() - timedelta(hours=1))
    Confirmation.objects.create(signup=nora, number=2, expires_at=timezone.now() + timedelta(hours=1))
    client.post(link(nora))
    assert client.post(older).status_code == 410


def test_a_link_expires_and_a_new_one_is_one_press_away(nora: Signup, client: Client) -> None:
    past = timezone.now() - timedelta(hours=49)
    nora.confirmations.update(created_at=past, expires_at=past + timedelta(hours=48))
    reply = client.post(link(nora))
    assert reply.status_code == 410
    assert "This link has expired" in text(reply)
    (action,) = re.findall(r'action="([^"]+)"', reply.content.decode())
    assert "Another mail is on its way." in text(client.post(action, follow=True))
    assert client.post(link(nora)).status_code == 303


@pytest.mark.parametrize("token", ["x", "forged:1abc:token", "a" * 3000, "%00", "é"])
def test_a_link_we_never_sent_is_not_found(token: str, client: Client) -> None:
    reply = client.post(f"/confirm/{token}/")
    assert reply.status_code == 404
    assert "This link does not work" in text(reply)


def test_half_a_link_says_that_it_is_not_complete(nora: Signup, client: Client) -> None:
    assert "It is not complete." in text(client.get(link(nora)[:-9] + "/"))


def test_who_was_rejected_since_cannot_confirm(nora: Signup, client: Client) -> None:
    Signup.objects.update(verdict=Verdict.REJECTED)
    assert client.post(link(nora)).status_code == 404
    nora.refresh_from_db()
    assert nora.verdict == Verdict.REJECTED
