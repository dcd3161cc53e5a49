"""The deliveries: what staff see of a failure and can do about it."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from signups.models import Delivery, IntegrationState
from tests.admin.rows import make_delivery, make_staff
from tests.rows import make_signup

LIST = "/admin/signups/delivery/"


def said(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def choose(browser: Client, action: str, deliveries: list[Delivery], **answer: str) -> tuple[Any, Any]:
    pks = [delivery.pk for delivery in deliveries]
    asked = browser.post(LIST, {"action": action, "_selected_action": pks, "index": "0"})
    return asked, browser.post(LIST, {**asked.context["question"].hidden, "sure": "yes", **answer}, follow=True)


def test_what_is_tried_again_by_itself_is_folded_and_failures_say_what_to_do(browser: Client) -> None:
    for number, trouble in enumerate((500, 502, 503, 504)):
        make_delivery(make_signup(), "close", 1, period=str(number), outcome=f"Close: answered {trouble}")
    make_delivery(make_signup(), "close", 3, state="failed", outcome="Close: answered 401; check CLOSE_API_KEY")
    page = browser.get(LIST).content.decode()
    failing, _, folded = page.partition("Tried again by themselves")
    assert "correct CLOSE_API_KEY and press recover" in failing
    assert "answered 503" in folded
    assert "answered 503" not in failing
    assert '<details class="ob-card ob-causes ob-folded">' in failing  # four causes: closed
    assert "4 deliveries after a failed try" in folded


def test_failed_deliveries_are_tried_again_and_delivered_ones_left_alone(browser: Client) -> None:
    signup = make_signup()
    failed, delivered = make_delivery(signup, "close", 3, state="failed"), make_delivery(signup, state="delivered")
    asked, done = choose(browser, "try_again", [failed, delivered])

    assert "Try 2 deliveries again" in asked.content.decode()
    assert f"Close, signed up: {signup.name} {signup.email}" in unescape(asked.content.decode())
    assert said(done) == ["1 delivery is on the way again.", "1 delivery stayed as it was."]
    failed.refresh_from_db()
    delivered.refresh_from_db()
    assert (failed.state, delivered.state) == ("pending", "delivered")
    assert LogEntry.objects.get().object_id == str(failed.pk)


def test_a_delivery_is_skipped_with_a_reason(browser: Client) -> None:
    failed = make_delivery(make_signup(), state="failed")
    _, done = choose(browser, "skip", [failed], note="They left")

    failed.refresh_from_db()
    assert failed.state == "skipped"
    assert "They left" in failed.outcome
    assert said(done) == ["1 delivery is skipped."]


def test_without_a_reason_nothing_is_skipped(browser: Client) -> None:
    failed = make_delivery(make_signup(), state="failed")
    _, asked_again = choose(browser, "skip", [failed], note="  ")

    assert asked_again.status_code == 422
    assert "Why: please say it in a few words." in asked_again.content.decode()
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_one_delivery_is_tried_again_from_the_signups_page(browser: Client) -> None:
    failed = make_delivery(make_signup(), state="failed")
    url = reverse("admin:signups_delivery_try_again", args=[failed.pk])

    assert url in browser.get(reverse("admin:signups_signup_change", args=[failed.signup_id])).content.decode()
    browser.get(url)
    failed.refresh_from_db()
    assert failed.state == "failed"
    browser.post(url, {"sure": "yes"})
    failed.refresh_from_db()
    assert failed.state == "pending"


def test_a_deliverys_page_shows_every_attempt(browser: Client) -> None:
    delivery = make_delivery(make_signup(), "close", attempts=4, external_url="https://app.close.test/lead/1")
    shown = browser.get(reverse("admin:signups_delivery_change", args=[delivery.pk])).content.decode()

    assert shown.count("POST https://vendor.test/x") == 4
    assert "Open in Close" in shown


@pytest.mark.parametrize("query", ["integration=close", "state__exact=failed", "event=confirmed", "q=uma"])
def test_the_list_is_narrowed(browser: Client, query: str) -> None:
    make_delivery(make_signup("uma@acme.test"), "close", state="failed", event="confirmed", outcome="wanted")
    make_delivery(make_signup("tom@acme.test"), "slack", outcome="unwanted")
    shown = browser.get(f"{LIST}?{query}").content.decode()

    assert ">wanted<" in shown
    assert ">unwanted<" not in shown


def test_the_cards_say_how_each_integration_fares(browser: Client) -> None:
    make_delivery(make_signup(), "close", state="failed")
    make_delivery(make_signup(), "mixpanel")
    IntegrationState.objects.create(slug="close", trouble="Close refuses CLOSE_API_KEY: 401")
    cards = {card.slug: card for card in browser.get(LIST).context["cards"]}

    assert (cards["close"].state, cards["close"].failed) == ("trouble", 1)
    assert (cards["mixpanel"].state, cards["mixpanel"].waiting) == ("on", 1)


def test_an_integration_is_paused_and_resumed(browser: Client) -> None:
    pause, resume = (reverse(f"admin:signups_integration_{verb}", args=["slack"]) for verb in ("pause", "resume"))

    assert browser.get(pause).status_code == 200
    assert browser.post(pause, {"sure": "yes"}).status_code == 422
    browser.post(pause, {"sure": "yes", "note": "Moving channels"})
    assert IntegrationState.objects.get(slug="slack").paused_why == "Moving channels"
    assert resume in browser.get(LIST).content.decode()
    browser.post(resume, {"sure": "yes"})
    assert not IntegrationState.objects.get(slug="slack").is_paused


def test_an_integration_that_does_not_exist_cannot_be_paused(browser: Client) -> None:
    assert browser.get(reverse("admin:signups_integration_pause", args=["fax"])).status_code == 404


def test_whoever_may_only_look_changes_nothing(db: None) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_delivery"))
    failed = make_delivery(make_signup(), state="failed")

    assert browser.get(LIST).status_code == 200
    for url in (
        reverse("admin:signups_delivery_try_again", args=[failed.pk]),
        reverse("admin:signups_delivery_skip", args=[failed.pk]),
        reverse("admin:signups_integration_pause", args=["slack"]),
    ):
        assert browser.post(url, {"sure": "yes", "note": "x"}).status_code == 403
    failed.refresh_from_db()
    assert failed.state == "failed"
