"""What staff see of the daily jobs, and that they can run one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups.models import JobRun
from tests.admin.rows import make_staff
from tests.deliveries.acts import queued
from tests.rows import make_delivery, make_signup
from tests.usage.acts import make_customer, run, use

pytestmark = pytest.mark.django_db

LIST = reverse("admin:signups_jobrun_changelist")
OVERVIEW = reverse("admin:index")


def make_run(job: str = "sync", days_ago: float = 0, state: str = "done", **values: Any) -> JobRun:
    at = timezone.now() - timedelta(days=days_ago)
    done = {"finished_at": at + timedelta(seconds=3)} if state != "running" else {}
    columns = {"period": f"{at:%Y-%m-%d}", **done, **values}
    return JobRun.objects.create(job=job, state=state, started_at=at, **columns)


def text(browser: Client, url: str) -> str:
    reply = browser.get(url)
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def test_before_the_first_run_the_page_says_what_the_jobs_are_for(browser: Client) -> None:
    page = text(browser, LIST)
    assert page.count("not run yet") == 7
    assert "Finds whoever was accepted days ago" in page
    assert "No usage was ever reported. Report it with POST /api/v1/usage" in page


def test_a_late_job_is_red_with_the_remedy_here_and_on_the_overview(browser: Client) -> None:
    make_run(days_ago=3)
    make_signup()
    assert 'ob-badge ob-bad" title="Its last run was of' in text(browser, LIST)
    assert "Usage to the CRM: Its last run was of" in text(browser, OVERVIEW)
    assert "manage.py worker" in text(browser, OVERVIEW)


def test_a_late_feed_is_said_here_and_on_the_overview(browser: Client) -> None:
    use(make_signup(), 5, reported_h_ago=40)
    for url in (LIST, OVERVIEW):
        assert "No usage was reported since" in text(browser, url)


def test_the_list_says_what_each_run_came_to_and_how_much_has_arrived(browser: Client) -> None:
    row = make_run(read=9, changed=3, planned=3, skipped=6, note="All well.")
    for number, state in enumerate(("delivered", "delivered", "failed")):
        signup = make_signup(f"p{number}@dev.test")
        make_delivery(signup, "close", "usage_reported", period=row.period, state=state)
    page = text(browser, LIST)
    assert "2 of 3" in page
    assert "All well." in page
    assert re.findall(r"field-failed_column[^>]*>\s*(\d+)", page) == ["1"]


def test_what_failed_of_the_sync_is_not_counted_as_another_job_s(browser: Client) -> None:
    row = make_run("limits")
    make_delivery(make_signup(), "close", "usage_reported", period=row.period, state="failed")
    assert re.findall(r"field-failed_column[^>]*>\s*(\d+)", text(browser, LIST)) == ["0"]


def test_a_run_s_page_counts_live_what_became_of_its_deliveries(browser: Client, settings: Any) -> None:
    settings.INTEGRATIONS = ["integrations.close.Close"]
    use(make_customer(slug="close"), 12)
    row = run("sync")
    page = text(browser, reverse("admin:signups_jobrun_change", args=[row.pk]))
    assert "<dt>Changed</dt><dd>1</dd>" in page
    assert 'waiting</span></dt><dd>1</dd>' in page  # fmt: skip
    assert "event=usage_reported" in page


def test_a_failed_run_says_why(browser: Client) -> None:
    row = make_run(state="failed", note="RuntimeError: the figures are away")
    assert "the figures are away" in text(browser, reverse("admin:signups_jobrun_change", args=[row.pk]))
    assert "The run of" in text(browser, LIST)


def test_run_now_asks_first_and_then_queues_the_job(browser: Client) -> None:
    queued()
    url = reverse("admin:signups_job_run", args=["sync"])
    assert "Run it now" in text(browser, url)
    assert queued() == []
    reply = browser.post(url, {"sure": "1"}, follow=True)
    assert "is on its way" in reply.content.decode()
    assert queued() == [("signups.tasks.run_job", "sync")]
    assert " " in JobRun.objects.get().period  # a further run, beside the daily one


def test_a_job_under_way_is_not_started_again(browser: Client) -> None:
    make_run(state="running", claim="0" * 32, claimed_until=timezone.now() + timedelta(minutes=1))
    reply = browser.post(reverse("admin:signups_job_run", args=["sync"]), {"sure": "1"}, follow=True)
    assert "is running already" in reply.content.decode()
    assert JobRun.objects.count() == 1


@pytest.mark.parametrize("name", ["feed_alert", "nonsense"])
def test_what_is_no_daily_job_cannot_be_run(browser: Client, name: str) -> None:
    assert browser.get(reverse("admin:signups_job_run", args=[name])).status_code == 404


def test_an_alert_that_failed_can_be_run_again_as_its_trouble_says(browser: Client) -> None:
    row = make_run("feed_alert", state="failed", period="2026-11-20 05:00:00")
    url = reverse("admin:signups_job_run", args=["feed_alert"])
    assert url in text(browser, LIST)
    browser.post(url, {"sure": "1"})
    row.refresh_from_db()
    assert row.state == "running"
    assert JobRun.objects.count() == 1


def test_who_may_only_look_has_no_button() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_jobrun"))
    assert "Run now" not in text(client, LIST)
    assert client.post(reverse("admin:signups_job_run", args=["sync"]), {"sure": "1"}).status_code == 403


def test_who_may_not_look_sees_nothing_of_it() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_signup"))
    assert client.get(LIST).status_code == 403
    make_run(days_ago=3)
    make_signup()
    assert "Its last run" not in text(client, OVERVIEW)


def test_runs_are_never_added_or_deleted_here(browser: Client, boss: User) -> None:
    row = make_run()
    assert browser.get(reverse("admin:signups_jobrun_add")).status_code == 403
    assert browser.post(reverse("admin:signups_jobrun_delete", args=[row.pk])).status_code == 403
