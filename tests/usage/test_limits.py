"""Shares of the plan's limit: each told once a period, and taken back when it no longer holds."""

from __future__ import annotations

import threading
from datetime import UTC, date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups import jobs
from signups.models import Delivery, JobRun, LimitReached, Signup, UsageRecord
from signups.usage import figures, limits, taking
from tests.deliveries.acts import queued
from tests.rows import make_signup
from tests.usage.acts import counts, run

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)


clock = {"today": DAY}


@pytest.fixture(autouse=True)
def _customer_io(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.INTEGRATIONS = ["integrations.customerio.CustomerIO"]
    clock["today"] = DAY
    monkeypatch.setattr(figures, "utc_today", lambda: clock["today"])


def trial(email: str = "ada@dev.test", **values: Any) -> Signup:
    return make_signup(email, **{"plan_limit": 100, **values})


def used(signup: Signup, count: int, day: date = DAY, **values: Any) -> int:
    """A report of so many calls that day or before, and the look that follows it."""
    clock["today"] = max(day, clock["today"])
    stored(signup, count, day, **values)
    return limits.check([signup.pk])


def stored(signup: Signup, count: int, day: date, **values: Any) -> None:
    """A report nobody has looked at yet."""
    UsageRecord.objects.update_or_create(
        signup=signup, date=day, defaults={"count": count, "reported_at": timezone.now(), **values}
    )


def told() -> list[tuple[str, str]]:
    rows = Delivery.objects.order_by("pk").values_list("event", "period")
    return [(event, period) for event, period in rows]


def reached() -> list[tuple[str, int, bool]]:
    """Period, share and whether it holds."""
    rows = LimitReached.objects.order_by("pk")
    return [(row.period, row.threshold, row.resolved_at is None) for row in rows]


def test_each_share_is_told_once_as_it_is_passed() -> None:
    ada = trial()
    for count in (79, 80, 85, 99, 100, 130):
        used(ada, count)
    assert told() == [("reached_limit", "2026-11:80"), ("reached_limit", "2026-11:100")]
    frozen = Delivery.objects.get(period="2026-11:80").frozen
    assert {name: frozen[name] for name in ("threshold", "count", "limit", "period")} == {
        "threshold": 80,
        "count": 80,
        "limit": 100,
        "period": "2026-11",
    }


def test_of_two_passed_at_once_both_are_kept_and_the_higher_is_told() -> None:
    ada = trial()
    assert used(ada, 120) == 1
    used(ada, 121)
    assert told() == [("reached_limit", "2026-11:100")]
    assert reached() == [("2026-11", 80, True), ("2026-11", 100, True)]


def test_days_of_a_month_are_added_up_and_a_new_month_begins_anew() -> None:
    ada = trial()
    used(ada, 50, date(2026, 11, 29))
    used(ada, 35, date(2026, 11, 30))
    used(ada, 20, date(2026, 12, 1))
    assert told() == [("reached_limit", "2026-11:80")]
    assert reached() == [("2026-11", 80, True)]  # the turn of the month corrects nothing
    used(ada, 80, date(2026, 12, 2))
    assert told()[1:] == [("reached_limit", "2026-12:100")]


@pytest.mark.parametrize(("period", "name"), [("day", "2026-11-20"), ("total", "total")])
def test_a_plan_may_count_by_the_day_or_in_all(period: str, name: str) -> None:
    ada = trial(plan_period=period)
    used(ada, 50, DAY - timedelta(days=400))
    used(ada, 85)
    share = 100 if period == "total" else 80
    assert told() == [("reached_limit", f"{name}:{share}")]


def test_without_a_limit_nothing_is_reached_and_one_that_was_reported_counts() -> None:
    ada = trial(plan_limit=None)
    used(ada, 1_000_000)
    assert told() == []
    used(ada, 90, limit=100)
    assert told() == [("reached_limit", "2026-11:80")]


def test_who_is_reported_without_a_limit_since_is_unlimited() -> None:
    ada = trial(plan_limit=None)
    used(ada, 85, limit=100)
    used(ada, 500, DAY + timedelta(days=1))
    assert told() == [("reached_limit", "2026-11:80"), ("limit_resolved", "2026-11:80")]


@pytest.mark.parametrize("order", [1, -1])
def test_the_last_day_of_a_month_counts_beside_the_first_of_the_next(order: int) -> None:
    ada = trial()
    clock["today"] = date(2026, 12, 1)
    stored(ada, 70, date(2026, 11, 29))
    for day, count in [(date(2026, 11, 30), 30), (date(2026, 12, 1), 1)][::order]:
        used(ada, count, day)
    assert told() == [("reached_limit", "2026-11:100")]


def test_of_two_periods_reached_at_once_the_newer_is_told() -> None:
    ada = trial(plan_period="day")
    stored(ada, 100, DAY - timedelta(days=1))
    used(ada, 90)
    assert told() == [("reached_limit", "2026-11-20:80")]
    assert reached() == [("2026-11-19", 80, True), ("2026-11-19", 100, True), ("2026-11-20", 80, True)]


@pytest.mark.parametrize("period", ["day", "month"])
def test_a_period_long_over_is_told_to_nobody(period: str) -> None:
    ada = trial(plan_period=period)
    stored(ada, 900, date(2026, 7, 1))
    clock["today"] = date(2026, 11, 20)
    limits.check([ada.pk])
    assert (told(), reached()) == ([], [])


def test_who_reports_a_crowd_waits_for_a_few_and_a_run_does_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SOON_S", 0)
    people = [trial(f"p{number}@dev.test") for number in range(3)]
    queued()
    taking.report([{"customer": one.email, "date": str(DAY), "count": 100} for one in people])
    assert not LimitReached.objects.exists()
    assert queued()[-1] == ("signups.tasks.run_job", "limits")
    run("limits", JobRun.objects.get(job="limits").period)
    assert Delivery.objects.filter(event="reached_limit").count() == 3


def test_a_crowd_is_not_left_to_a_run_that_may_be_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SOON_S", 0)
    people = [trial(f"p{number}@dev.test") for number in range(3)]
    jobs.start("limits", "2026-11-20")
    JobRun.objects.update(claim=uuid4(), claimed_until=timezone.now() + timedelta(minutes=1), cursor=people[-1].pk)
    taking.report([{"customer": one.email, "date": str(DAY), "count": 100} for one in people])
    assert Delivery.objects.filter(event="reached_limit").count() == 3


def test_days_long_ago_at_the_limit_cost_no_queries_of_their_own() -> None:
    ada = trial(plan_period="day")

    def look() -> int:
        with CaptureQueriesContext(connection) as captured:
            limits.check([ada.pk])
        return len(captured)

    used(ada, 100)
    before = look()
    for number in range(1, 40):
        used(ada, 100, DAY + timedelta(days=number))
    assert look() == before


def test_who_is_not_accepted_is_not_prompted() -> None:
    used(trial(verdict="held"), 100)
    assert told() == []


def test_a_higher_limit_resolves_what_it_unsays() -> None:
    ada = trial()
    used(ada, 80)
    used(ada, 100)
    Signup.objects.filter(pk=ada.pk).update(plan_limit=120)
    assert limits.check([ada.pk]) == 1
    assert told()[2:] == [("limit_resolved", "2026-11:100")]
    assert reached() == [("2026-11", 80, True), ("2026-11", 100, False)]
    Signup.objects.filter(pk=ada.pk).update(plan_limit=None)
    limits.check([ada.pk])
    assert told()[3:] == [("limit_resolved", "2026-11:80")]


def test_a_limit_raised_next_month_resolves_last_month_s() -> None:
    ada = trial()
    used(ada, 100)
    used(ada, 1, date(2026, 12, 1))
    Signup.objects.filter(pk=ada.pk).update(plan_limit=10_000)
    limits.check([ada.pk])
    assert told() == [("reached_limit", "2026-11:100"), ("limit_resolved", "2026-11:100")]
    assert [holds for *_, holds in reached()] == [False, False]


def test_a_report_corrected_downwards_resolves_and_upwards_again_is_silent() -> None:
    ada = trial()
    used(ada, 90)
    used(ada, 9)
    used(ada, 95)
    assert told() == [("reached_limit", "2026-11:80"), ("limit_resolved", "2026-11:80")]
    assert reached() == [("2026-11", 80, True)]
    assert LimitReached.objects.get().count == 90  # as it was when it was told


def test_thresholds_are_a_setting(settings: Any) -> None:
    settings.LIMIT_THRESHOLDS = [50, 100, 200]
    ada = trial()
    for count in (49, 55, 250):
        used(ada, count)
    assert told() == [("reached_limit", "2026-11:50"), ("reached_limit", "2026-11:200")]


def test_the_daily_job_finds_what_nobody_looked_at() -> None:
    for number in range(3):
        one = trial(f"p{number}@dev.test")
        UsageRecord.objects.create(signup=one, date=DAY, count=100 * number, reported_at=timezone.now())
    trial("unused@dev.test")
    row = run("limits")
    assert counts(row) == {"read": 3, "planned": 2}
    assert counts(run("limits", "2026-12-31")) == {"read": 3}


def test_a_look_at_many_needs_as_many_queries_as_one_at_few() -> None:
    def look(number: int) -> int:
        pks = [trial(f"q{number}-{n}@dev.test").pk for n in range(number)]
        rows = [UsageRecord(signup_id=pk, date=DAY, count=5, reported_at=timezone.now()) for pk in pks]
        UsageRecord.objects.bulk_create(rows)
        with CaptureQueriesContext(connection) as captured:
            limits.check(pks)
        return len(captured)

    assert look(3) == look(300) <= 6


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_tell_once() -> None:
    ada = trial()
    UsageRecord.objects.create(signup=ada, date=DAY, count=100, reported_at=timezone.now())
    errors: list[Exception] = []

    def look() -> None:
        try:
            limits.check([ada.pk])
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert told() == [("reached_limit", "2026-11:100")]
    assert UsageRecord.objects.get().reported_at.tzinfo == UTC
