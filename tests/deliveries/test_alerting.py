"""Staff are told once of each change of an integration's state."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from signups import deliveries, waking
from signups.contracts import Later, Misconfigured, Never
from signups.deliveries import alerting
from signups.models import IntegrationState, StaffAlert
from tests.deliveries.acts import owe, owe_many, pass_time, staff
from tests.deliveries.desk import Desk
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def told() -> list[str]:
    return list(StaffAlert.objects.order_by("pk").values_list("kind", flat=True))


def in_slack(sandbox: Sandbox) -> list[str]:
    channels = sandbox.state("slack")["channels"]
    return [one["text"] for channel in channels for one in channel["messages"] if "staff_alert" in str(one)]


def fail_for_good(email: str, desk: Desk, words: str) -> None:
    owe(email)
    desk.will(Never("Front desk", words))
    deliveries.drain("desk")


def test_a_breaker_that_opens_and_closes_is_told_of_once_each(desk: Desk) -> None:
    owe()
    desk.will(Misconfigured("Front desk", "answered 401: check DESK_KEY"))
    deliveries.drain("desk")
    for _ in range(3):
        alerting.look()
    assert told() == ["trouble"]
    pass_time(minutes=11)
    deliveries.drain("desk")
    for _ in range(3):
        alerting.look()
    assert told() == ["trouble", "works"]
    assert "check DESK_KEY. What waits (1) is sent by itself" in StaffAlert.objects.get(kind="trouble").text


def test_a_failure_that_opens_no_breaker_is_not_told(desk: Desk) -> None:
    owe()
    desk.will(Later("Front desk", "answered 503"))
    deliveries.drain("desk")
    alerting.look()
    assert told() == []


def test_pausing_and_resuming_are_told_by_whoever_did_it(desk: Desk) -> None:
    deliveries.pause("desk", staff(), "painting")
    deliveries.pause("desk", staff(), "still painting")
    deliveries.resume("desk", staff())
    assert told() == ["paused", "resumed"]
    assert StaffAlert.objects.get(kind="paused").text.startswith("Front desk was paused by sue: painting.")


def test_the_first_dead_letter_of_each_cause_is_told(desk: Desk) -> None:
    fail_for_good("a@dev.test", desk, "answered 422 to PUT /people/7a5f3c21e9b04d")
    fail_for_good("b@dev.test", desk, "answered 422 to PUT /people/99b1c3d5e7f911")
    fail_for_good("c@dev.test", desk, "answered 413 to PUT /people/1")
    waking.sweep()
    waking.sweep()
    assert told() == ["dead_letter", "dead_letter"]


def test_a_cause_that_was_dealt_with_is_told_anew_when_it_comes_back(desk: Desk) -> None:
    fail_for_good("a@dev.test", desk, "answered 422")
    alerting.look_at_causes()
    deliveries.recover("desk", None, staff())
    alerting.look_at_causes()
    fail_for_good("b@dev.test", desk, "answered 422")
    alerting.look_at_causes()
    assert told() == ["dead_letter", "dead_letter"]


def test_slack_is_told_once_though_the_worker_was_killed_before_it_wrote_that_down(sandbox: Sandbox) -> None:
    deliveries.pause("close", staff(), "moving")
    assert alerting.tell() == 1
    StaffAlert.objects.update(told_at=None, told_by="", due_at=Now())
    assert alerting.tell() == 1
    (message,) = in_slack(sandbox)
    assert "Close was paused by sue: moving." in message
    assert StaffAlert.objects.get().told_by == "Slack"


def test_an_alert_that_another_worker_is_telling_is_left_alone(sandbox: Sandbox) -> None:
    deliveries.pause("close", staff(), "moving")
    StaffAlert.objects.update(due_at=Now() + alerting.CLAIM)
    assert alerting.tell() == 0
    assert in_slack(sandbox) == []


def test_where_slack_is_the_one_in_trouble_a_mail_tells_it(sandbox: Sandbox, settings: Settings) -> None:
    settings.ALERTS_MAIL_TO = ["ops@onboarding.test"]
    IntegrationState.objects.create(slug="slack", failures_in_a_row=5, trouble="Slack: refuses SLACK_BOT_TOKEN")
    alerting.look()
    alerting.tell()
    (mail,) = [mail for mail in sandbox.state("mail") if "ops@onboarding.test" in mail["to"]]
    assert mail["subject"] == "[Onboarding] Slack: in trouble"
    assert in_slack(sandbox) == []


def test_what_nobody_could_be_told_is_tried_again_later(sandbox: Sandbox, settings: Settings) -> None:
    settings.ALERTS_MAIL_TO = []
    sandbox.fault("slack", reset="before", times=1)
    deliveries.pause("close", staff(), "moving")
    assert alerting.tell() == 0
    assert StaffAlert.objects.get().tries == 1
    StaffAlert.objects.update(due_at=F("due_at") - alerting.WAITS[0])
    assert alerting.tell() == 1
    assert len(in_slack(sandbox)) == 1


def test_with_nobody_to_tell_the_change_is_kept_for_the_admin(desk: Desk, settings: Settings) -> None:
    settings.ALERTS_MAIL_TO = []
    deliveries.pause("desk", staff(), "painting")
    assert alerting.wake_due() is False
    assert StaffAlert.objects.get().due_at is None


def test_an_alert_leads_to_the_deliveries_and_names_nobody(sandbox: Sandbox) -> None:
    trouble = "Mail: the server refuses the mail (450 <nora@quietcorp.test> is busy)"
    IntegrationState.objects.create(slug="confirmation_mail", failures_in_a_row=5, trouble=trouble)
    alerting.look()
    alerting.tell()
    (message,) = in_slack(sandbox)
    assert "nora" not in message
    assert f"{settings.BASE_URL}/admin/signups/delivery/" in message


def test_many_failures_are_one_cause(desk: Desk) -> None:
    owe_many(3)
    desk.will(*[Never("Front desk", f"refused no. {number}: 'x{number}'") for number in (100001, 100002, 100003)])
    deliveries.drain("desk")
    alerting.look_at_causes()
    assert StaffAlert.objects.get().text.startswith("3 deliveries to Front desk failed for good: refused no. …: …")
