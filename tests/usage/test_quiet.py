"""Who is sent help because nothing was heard of them, when, and when rather staff are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.utils import timezone

from signups import deliveries, jobs
from signups.contracts import Event
from signups.models import Delivery, JobRun, Signup, UsageRecord
from signups.usage import quiet
from signups.usage.feed import feed
from tests.deliveries.acts import pass_time
from tests.journeys.story import slack_messages
from tests.rows import make_company, make_signup
from tests.sandbox_process import Sandbox
from tests.usage.acts import counts, lapse, run, use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _customer_io_and_slack(settings: Any) -> None:
    settings.INTEGRATIONS = ["integrations.slack.Slack", "integrations.customerio.CustomerIO"]


def accepted(days_ago: float, email: str = "ada@dev.test", **values: Any) -> Signup:
    return make_signup(email, accepted_at=timezone.now() - timedelta(days=days_ago), **values)


def a_feed(hours_ago: float = 1) -> Signup:
    """Somebody whose usage was reported that long ago."""
    busy = accepted(20, "busy@dev.test")
    use(busy, 5, reported_h_ago=hours_ago)
    return busy


def nudged() -> list[str]:
    return list(Delivery.objects.filter(event=Event.WENT_QUIET).values_list("signup__email", flat=True))


def test_who_was_accepted_a_week_ago_and_never_called_is_nudged_once() -> None:
    a_feed()
    accepted(7.1)
    row = run("quiet")
    assert nudged() == ["ada@dev.test"]
    assert counts(row) == {"read": 1, "changed": 1, "planned": 1}
    assert counts(run("quiet", "2026-12-31")) == {}
    assert nudged() == ["ada@dev.test"]


def test_who_is_new_or_has_called_or_is_not_accepted_or_came_long_ago_is_left_alone() -> None:
    a_feed()
    accepted(6.9, "new@dev.test")
    use(accepted(9, "caller@dev.test"), 1, days_ago=8)
    accepted(9, "held@dev.test", verdict="held")
    accepted(60, "old@dev.test")
    run("quiet")
    assert nudged() == []


def test_a_report_of_no_calls_is_no_call(settings: Any) -> None:
    settings.QUIET_AFTER_DAYS = 3
    use(accepted(4), 0)
    run("quiet")
    assert nudged() == ["ada@dev.test"]
    assert Delivery.objects.get().frozen["days"] == 3


@pytest.mark.parametrize(
    ("zone", "now", "morning"),
    [
        ("Europe/London", "2026-11-24T05:40Z", "2026-11-24T09:00Z"),
        ("America/Los_Angeles", "2026-11-24T05:40Z", "2026-11-24T17:00Z"),
        ("Asia/Tokyo", "2026-11-24T05:40Z", "2026-11-25T00:00Z"),
        ("Pacific/Auckland", "2026-11-24T20:00Z", "2026-11-25T20:00Z"),
        ("Europe/Berlin", "2026-03-29T00:30Z", "2026-03-29T07:00Z"),  # the night in which summer time begins
    ],
)
def test_nine_in_the_morning_is_nine_where_they_are(zone: str, now: str, morning: str) -> None:
    found = quiet.next_morning(ZoneInfo(zone), datetime.fromisoformat(now))
    assert found.astimezone(UTC) == datetime.fromisoformat(morning)


def test_where_they_are_is_known_of_them_or_of_their_company_or_it_is_utc() -> None:
    company = make_company(timeZone="Asia/Tokyo")
    known = make_signup("a@dev.test", facts={"timeZone": "Europe/London"}, company=company)
    assert quiet.time_zone(known) == ZoneInfo("Europe/London")
    assert quiet.time_zone(make_signup("b@dev.test", company=company)) == ZoneInfo("Asia/Tokyo")
    odd = make_signup("c@dev.test", facts={"timeZone": "../../etc/passwd"}, company=company)
    assert quiet.time_zone(odd) == ZoneInfo("Asia/Tokyo")
    assert quiet.time_zone(make_signup("d@dev.test", facts={"timeZone": "Mars/Olympus"})) == ZoneInfo("UTC")


@pytest.mark.django_db(transaction=True)
def test_the_nudge_waits_for_the_morning_and_holds_nothing_else_up(sandbox: Sandbox) -> None:
    a_feed()
    ada = accepted(8, facts={"timeZone": "Europe/London"})
    run("quiet")
    nudge = Delivery.objects.get(event=Event.WENT_QUIET)
    assert nudge.due_at is not None
    assert nudge.due_at.astimezone(ZoneInfo("Europe/London")).hour == 9
    deliveries.plan(ada, Event.PROFILE_CHANGED, period="2")
    deliveries.drain("customerio")
    assert list(Delivery.objects.filter(state="delivered").values_list("event", flat=True)) == ["profile_changed"]


@pytest.mark.django_db(transaction=True)
def test_who_calls_before_the_morning_is_not_written_to(sandbox: Sandbox) -> None:
    a_feed()
    ada = accepted(8)
    run("quiet")
    use(ada, 1, days_ago=0)
    pass_time(hours=25)
    deliveries.drain("customerio")
    nudge = Delivery.objects.get(event=Event.WENT_QUIET)
    assert (nudge.state, nudge.outcome) == ("skipped", "They have called the API meanwhile.")


@pytest.mark.django_db(transaction=True)
def test_a_nudge_whose_morning_comes_while_the_feed_is_late_waits_for_it(sandbox: Sandbox) -> None:
    busy = a_feed(hours_ago=35)
    accepted(8)
    run("quiet")
    UsageRecord.objects.update(reported_at=F("reported_at") - timedelta(hours=25))
    pass_time(hours=25)
    deliveries.drain("customerio")
    nudge = Delivery.objects.get(event=Event.WENT_QUIET)
    assert (nudge.state, nudge.attempts_used) == ("pending", 0)
    assert "the usage feed is late" in nudge.outcome
    use(busy, 9)
    pass_time(hours=26)
    deliveries.drain("customerio")
    nudge.refresh_from_db()
    assert (nudge.state, nudge.outcome) == ("delivered", "went_quiet sent.")


def test_a_day_without_a_feed_nudges_nobody_and_tells_staff_once(sandbox: Sandbox) -> None:
    a_feed(hours_ago=37)
    accepted(8)
    for day in ("2026-11-24", "2026-11-25"):
        row = run("quiet", day)
        run_alerts()
    assert nudged() == []
    assert row.note.startswith("Nobody was called quiet. No usage was reported since")
    (message,) = slack_messages(sandbox)
    assert message["text"].startswith("No usage was reported since")


def run_alerts() -> None:
    while jobs.run("feed_alert"):
        pass


def test_when_the_feed_is_back_people_are_nudged_and_the_next_time_is_told_again(sandbox: Sandbox) -> None:
    busy = a_feed(hours_ago=37)
    accepted(8)
    run("quiet", "2999-01-01")
    run_alerts()
    use(busy, 9)
    run("quiet", "2999-01-02")
    assert nudged() == ["ada@dev.test"]
    UsageRecord.objects.update(reported_at=F("reported_at") - timedelta(hours=50))
    run("quiet", "2999-01-05")
    run_alerts()
    assert len(slack_messages(sandbox)) == 2


def test_staff_are_told_when_slack_is_back(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    a_feed(hours_ago=37)
    sandbox.fault("slack", route="chat.postMessage", reset="after", times=1)
    run("quiet")
    run_alerts()
    assert JobRun.objects.get(job="feed_alert").state == "running"
    lapse()
    run_alerts()
    row = JobRun.objects.get(job="feed_alert")
    assert (row.state, row.note) == ("done", "Told by Slack.")
    assert len(slack_messages(sandbox)) == 1


def test_staff_are_told_the_next_day_where_slack_was_away_for_long(sandbox: Sandbox) -> None:
    a_feed(hours_ago=37)
    run("quiet", "2026-11-24")
    JobRun.objects.filter(job="feed_alert").update(state="failed", tries=5, finished_at=timezone.now())
    run("quiet", "2026-11-25")
    run_alerts()
    assert JobRun.objects.get(job="feed_alert").state == "done"
    run("quiet", "2026-11-26")
    run_alerts()
    assert len(slack_messages(sandbox)) == 1


def test_where_no_usage_was_ever_reported_nobody_is_nudged_and_the_run_says_how_to() -> None:
    accepted(8)
    row = run("quiet")
    assert nudged() == []
    assert "POST /api/v1/usage" in row.note
    assert not feed().is_connected
    assert not JobRun.objects.filter(job="feed_alert").exists()
