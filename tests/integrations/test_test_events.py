"""Each integration's test event: recognisable at the vendor, and harmless there."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from signups import contracts
from signups.deliveries import testing
from signups.deliveries.testing import Tested
from signups.models import Delivery, Signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def sent(slug: str) -> Tested:
    tested = testing.send_test(slug, "sue", "sue@onboarding.test")
    assert tested.is_well, tested.words
    return tested


@pytest.mark.parametrize("slug", [one.slug for one in contracts.integrations()])
def test_every_integration_has_one_that_saves_nothing_here(slug: str, sandbox: Sandbox) -> None:
    assert sent(slug).words.startswith(contracts.integration(slug).name)
    assert (Signup.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.parametrize(("slug", "variable"), [("slack", "channel"), ("slack_high_value", "high_value_channel")])
def test_slack_shows_a_message_that_says_what_it_is(slug: str, variable: str, sandbox: Sandbox) -> None:
    sent(slug)
    channels = {channel["id"]: channel["messages"] for channel in sandbox.state("slack")["channels"]}
    (message,) = channels[settings.SLACK[variable]]
    assert message["text"].startswith("Test event from Onboarding, sent by sue.")


def test_close_gets_one_lead_without_contacts_however_often(sandbox: Sandbox) -> None:
    sandbox.setting("close", index_lag_s=0)
    assert sent("close").url == sent("close").url
    (lead,) = [lead for lead in sandbox.state("close")["leads"] if lead["name"] == "Onboarding test event"]
    assert lead["contacts"] == []


def test_mixpanel_gets_an_event_of_its_own_name_and_no_profile(sandbox: Sandbox) -> None:
    sent("mixpanel")
    held = sandbox.state("mixpanel")
    (event,) = [event for user in held["users"] for event in user["events"]]
    assert event["event"] == "Onboarding test"
    assert not held.get("profiles")


def test_google_analytics_gets_a_debug_event_that_is_no_sign_up(sandbox: Sandbox) -> None:
    sent("googleanalytics")
    (client,) = sandbox.state("ga")["clients"]
    assert [event["name"] for event in client["events"]] == ["onboarding_test"]


def test_customer_io_gets_an_anonymous_event_and_no_person(sandbox: Sandbox) -> None:
    sent("customerio")
    assert sandbox.state("customerio")["customers"] == []
    (call,) = [call for call in sandbox.received("customerio") if call["path"].endswith("/api/v1/events")]
    assert "onboarding_test" in str(call)


def test_a_mail_goes_to_whoever_tests(sandbox: Sandbox) -> None:
    sent("confirmation_mail")
    (mail,) = sandbox.state("mail")
    assert (mail["to"], mail["subject"]) == (["sue@onboarding.test"], "Test event from Onboarding")


def test_a_vendor_that_refuses_is_told_with_the_remedy_and_what_was_said(sandbox: Sandbox) -> None:
    sandbox.fault("close", status=401, times=None)
    tested = testing.send_test("close", "sue")
    assert not tested.is_well
    assert "check CLOSE_API_KEY" in tested.words
    assert tested.exchanges[0]["auth"] == "$CLOSE_API_KEY:"


def test_one_that_is_off_says_what_switches_it_on(settings: Any) -> None:
    settings.CLOSE = {**settings.CLOSE, "api_key": ""}
    with pytest.raises(testing.CannotTest, match="set CLOSE_API_KEY"):
        testing.send_test("close", "sue")
