"""What monitors are told: every part that does not do its work, in words, and nothing of any person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups import health
from signups.models import Delivery, Heartbeat, JobRun
from tests.rows import make_delivery, make_signup
from tests.usage.acts import use

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _worker_at_work() -> None:
    Heartbeat.beat("canary")


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    reply = client.get("/readyz")
    assert reply["Cache-Control"] == "no-store"
    return reply.status_code, reply.json()


def failing(body: dict[str, Any]) -> dict[str, str]:
    return {name: part["message"] for name, part in body["parts"].items() if part["status"] != "ok"}


def test_a_site_at_work_is_ready(client: Client) -> None:
    status, body = asked(client)
    assert (status, body["status"]) == (200, "ok")
    assert list(body["parts"]) == ["database", "queue", "jobs", "dead_letters", "usage_feed"]


@pytest.mark.parametrize("minutes", [4, None])
def test_a_silent_worker_is_told(client: Client, minutes: int | None) -> None:
    Heartbeat.objects.all().delete()
    if minutes is not None:
        Heartbeat.objects.create(name="canary", at=timezone.now() - timedelta(minutes=minutes))
    status, body = asked(client)
    assert status == 503
    assert "manage.py worker" in failing(body)["queue"]


def test_a_late_job_is_told_with_the_remedy(client: Client) -> None:
    old = timezone.now() - timedelta(days=3)
    JobRun.objects.create(job="sync", period=f"{old:%Y-%m-%d}", state="done", started_at=old, finished_at=old)
    status, body = asked(client)
    assert status == 503
    assert failing(body) == {
        "jobs": f"Usage to the CRM: Its last run was of {old:%Y-%m-%d}. Is a worker running (manage.py worker)? "
        "It starts what is late within a minute."
    }


def test_what_a_job_stumbled_over_is_not_told_to_the_world(client: Client) -> None:
    JobRun.objects.create(
        job="sync", period="2026-11-24", state="failed", started_at=timezone.now(), note="Bad row: ada@dev.test"
    )
    status, body = asked(client)
    assert status == 503
    assert "ada" not in str(body)
    assert failing(body)["jobs"].startswith("Usage to the CRM: The run of 2026-11-24 failed.")


def test_dead_letters_of_the_last_day_are_counted(client: Client) -> None:
    for number, hours in enumerate((1, 2, 25)):
        row = make_delivery(make_signup(f"p{number}@dev.test"), "close", state="failed")
        Delivery.objects.filter(pk=row.pk).update(finished_at=timezone.now() - timedelta(hours=hours))
    status, body = asked(client)
    assert status == 503
    assert "in the last day: close 2." in failing(body)["dead_letters"]


def test_a_late_feed_is_told_and_one_that_never_was_is_no_trouble(client: Client) -> None:
    assert "POST /api/v1/usage" in asked(client)[1]["parts"]["usage_feed"]["message"]
    use(make_signup(), 5, reported_h_ago=37)
    status, body = asked(client)
    assert status == 503
    assert failing(body)["usage_feed"].startswith("No usage was reported since")


def test_it_costs_a_few_queries_however_much_there_is() -> None:
    for number in range(30):
        use(make_signup(f"p{number}@dev.test"), 5)
        old = timezone.now() - timedelta(days=number)
        JobRun.objects.create(job="sync", period=f"{old:%Y-%m-%d}", state="done", started_at=old)
    with CaptureQueriesContext(connection) as captured:
        health.parts()
    assert len(captured) <= 20


def test_without_a_database_it_says_so(client: Client) -> None:
    with connection.execute_wrapper(_away):
        reply = client.get("/readyz")
    assert reply.status_code == 503
    assert list(reply.json()["parts"]) == ["database"]


def _away(*_: Any) -> Any:
    raise OperationalError("connection refused")
