"""What staff can have done with one integration: asked with the number of rows, said afterwards, and in the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups.deliveries import causes
from signups.models import Delivery, IntegrationState, Signup
from tests.admin.rows import make_delivery, make_staff
from tests.admin.test_deliveries import LIST, said
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

ACTS = ("pause", "resume", "drain", "test", "recover", "skip", "replay")


def url(act: str, slug: str = "close", query: str = "") -> str:
    return reverse(f"admin:signups_integration_{act}", args=[slug]) + query


def answer(browser: Client, address: str, **values: str) -> Any:
    """Open the page that asks, and press its button."""
    asked = browser.get(address).context["question"]
    return browser.post(address, {**asked.hidden, "sure": "yes", **values}, follow=True)


def logged() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.all()]


def failed(number: int, hours_ago: float, outcome: str = "Close: answered 422") -> list[Delivery]:
    at = timezone.now() - timedelta(hours=hours_ago)
    signup = make_signup(f"p{hours_ago}@dev.test")
    rows = range(number)
    return [
        make_delivery(signup, "close", period=str(n), state="failed", finished_at=at, outcome=outcome) for n in rows
    ]


def states(rows: list[Delivery]) -> set[str]:
    return set(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("state", flat=True))


def test_recovering_says_how_many_failed_since_and_takes_those(browser: Client) -> None:
    new, old = failed(2, 3), failed(3, 50)
    assert "2 deliveries failed for good since" in browser.get(url("recover")).content.decode()
    done = answer(browser, url("recover"))
    assert said(done) == ["2 deliveries to Close are on the way again."]
    assert (states(new), states(old)) == ({"pending"}, {"failed"})
    assert logged()[0].startswith("Recovered 2 deliveries that failed since")


def test_recovering_everything_of_one_cause_leaves_the_others(browser: Client) -> None:
    mine, other = failed(1, 60, "Close: refused 'a'"), failed(1, 50)
    key = causes.key_of("close", "Close: refused 'b'")
    answer(browser, url("recover", query=f"?since=all&cause={key}"))
    assert (states(mine), states(other)) == ({"pending"}, {"failed"})


def test_what_failed_after_the_question_is_not_part_of_the_answer(browser: Client) -> None:
    asked = browser.get(url("recover")).context["question"]
    late = failed(1, -0.01)
    browser.post(url("recover"), {**asked.hidden, "sure": "yes"})
    assert states(late) == {"failed"}


def test_skipping_what_failed_wants_a_reason(browser: Client) -> None:
    rows = failed(2, 3)
    assert answer(browser, url("skip"), note=" ").status_code == 422
    assert said(answer(browser, url("skip"), note="Test data")) == ["2 deliveries to Close are skipped."]
    assert states(rows) == {"skipped"}
    assert logged() == ["Skipped 2 deliveries: Test data"]


def test_replaying_counts_what_is_missing_and_sends_it_once(browser: Client) -> None:
    make_signup()
    assert "1 delivery missing" in browser.get(url("replay")).content.decode()
    assert said(answer(browser, url("replay"))) == ["1 delivery to Close is on the way."]
    assert "No delivery missing" in browser.get(url("replay")).content.decode()
    assert Delivery.objects.filter(integration="close").count() == 1


def test_draining_tries_what_waits_at_once(browser: Client) -> None:
    later = timezone.now() + timedelta(hours=5)
    row = make_delivery(make_signup(), "close", due_at=later, outcome="Close: answered 503")
    assert said(answer(browser, url("drain"))) == ["1 delivery to Close is tried now."]
    row.refresh_from_db()
    assert row.due_at is not None
    assert row.due_at < timezone.now()


def test_a_test_event_says_what_became_of_it(browser: Client, sandbox: Sandbox) -> None:
    (words,) = said(answer(browser, url("test", "slack")))
    assert words.startswith("Slack took the test event. Posted to")
    assert logged()[0].startswith("Test event: Slack took")
    assert Signup.objects.count() == 0


def test_a_test_event_that_is_refused_says_why(browser: Client, sandbox: Sandbox) -> None:
    sandbox.fault("close", status=401, times=None)
    (words,) = said(answer(browser, url("test")))
    assert "check CLOSE_API_KEY" in words


def test_what_was_done_stands_on_the_page(browser: Client) -> None:
    answer(browser, url("pause"), note="Moving")
    shown = browser.get(LIST).content.decode()
    assert "Close: Paused: Moving" in shown
    assert "Close was paused by boss: Moving." in shown


def test_failures_stand_there_by_cause_with_what_to_do(browser: Client) -> None:
    failed(2, 3, "Close: answered 401 to GET me/: check CLOSE_API_KEY")
    shown = browser.get(LIST).content.decode()
    assert "Close refused our key or settings: correct CLOSE_API_KEY and press recover." in shown
    assert url("recover") in shown


@pytest.mark.parametrize("act", ACTS)
def test_asking_changes_nothing(browser: Client, act: str) -> None:
    rows = failed(1, 1)
    assert browser.get(url(act)).status_code == 200
    assert states(rows) == {"failed"}
    assert LogEntry.objects.count() == 0


@pytest.mark.parametrize("act", ACTS)
def test_whoever_may_only_look_is_refused(act: str, db: None) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_delivery"))
    assert browser.get(url(act)).status_code == 403
    assert browser.post(url(act), {"sure": "yes", "note": "x"}).status_code == 403
    assert url(act) not in browser.get(LIST).content.decode()


@pytest.mark.parametrize("act", ACTS)
def test_there_is_nothing_to_do_with_an_integration_that_does_not_exist(browser: Client, act: str) -> None:
    assert browser.get(url(act, "fax")).status_code == 404


def test_a_test_event_says_that_what_waits_still_does(browser: Client, sandbox: Sandbox) -> None:
    make_delivery(make_signup(), "close", 1, outcome="Close: answered 503")
    until = timezone.now() + timedelta(minutes=10)
    IntegrationState.objects.update_or_create(slug="close", defaults={"open_until": until, "failures_in_a_row": 5})
    (words,) = said(answer(browser, url("test")))
    assert f"It is left alone until {timezone.localtime(until):%H:%M:%S}, unless it is drained now. 1 wait." in words
    assert f"left alone until {timezone.localtime(until):%H:%M:%S}" in browser.get(LIST).content.decode()


def test_skipping_those_of_one_cause_says_so(browser: Client) -> None:
    failed(2, 3)
    failed(1, 4, "Close: answered 413")
    cause = causes.key_of("close", "Close: answered 422")
    asked = browser.get(url("skip", query=f"?since=all&cause={cause}")).content.decode()
    assert "2 deliveries of this cause failed for good" in asked


def test_draining_nothing_speaks_of_no_others(browser: Client) -> None:
    asked = browser.get(url("drain")).content.decode()
    assert "Nothing waits" in asked
    assert "stay as they are" not in asked


@pytest.mark.parametrize("moment", ["garbage", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-11-01"])
def test_a_moment_that_no_page_of_ours_sent_is_refused(browser: Client, moment: str) -> None:
    rows = failed(2, 3)
    for act in ("recover", "skip", "replay"):
        assert browser.post(url(act), {"sure": "yes", "note": "why", "since": moment}).status_code == 400
    assert states(rows) == {"failed"}


def test_a_reason_is_kept_without_what_no_database_takes(browser: Client) -> None:
    answer(browser, url("pause"), note="a\0b")
    assert IntegrationState.objects.get(slug="close").paused_why == "a\ufffdb"
