"""What is found without a wake-up call, and who is not called in vain."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Schedule

from signups import deliveries
from signups.contracts import Later
from signups.deliveries import queueing, schedule
from signups.deliveries.claiming import Lease
from signups.deliveries.schedule import ensure_schedules
from signups.models import Attempt, Heartbeat, Signup, Verdict
from tests.deliveries.acts import child_environment, integration, owe, pass_time, queued, staff
from tests.deliveries.desk import Desk
from tests.rows import make_signup
from tests.sandbox_process import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

DRAIN = ("signups.tasks.drain", "desk")


def undo_a_signup() -> None:
    """One that is saved and rolled back to a savepoint."""
    with suppress(ZeroDivisionError), transaction.atomic():
        make_signup("undone@dev.test").save()
        raise ZeroDivisionError


def test_a_saved_signup_wakes_its_integrations_once_it_is_committed(two_desks: tuple[Desk, Desk]) -> None:
    make_signup().save()
    assert queued() == [("signups.tasks.drain", "desk"), ("signups.tasks.drain", "other_desk")]


def test_a_burst_in_one_transaction_wakes_each_integration_once(two_desks: tuple[Desk, Desk]) -> None:
    with transaction.atomic():
        make_signup("p@dev.test").save()
        undo_a_signup()
        for number in range(1, 30):
            make_signup(f"p{number}@dev.test").save()
    assert queued() == [("signups.tasks.drain", "desk"), ("signups.tasks.drain", "other_desk")]


def test_what_is_planned_after_a_savepoint_was_undone_wakes_too(desk: Desk) -> None:
    with transaction.atomic():
        undo_a_signup()
        make_signup().save()
    assert queued() == [DRAIN]


def test_the_sweep_finds_what_nobody_was_woken_for(desk: Desk) -> None:
    owe()
    queued()  # lost
    deliveries.sweep()
    assert queued() == [DRAIN]
    assert Heartbeat.objects.filter(name="sweep").exists()


def test_the_sweep_plans_and_wakes_for_a_signup_nobody_planned_for(desk: Desk) -> None:
    make_signup()
    deliveries.sweep()
    assert DRAIN in queued()


def test_signups_of_hours_ago_are_looked_through_once_an_hour(desk: Desk) -> None:
    deliveries.sweep()
    signup = make_signup()
    Signup.objects.filter(pk=signup.pk).update(created_at=timezone.now() - timedelta(hours=3))
    deliveries.sweep()
    assert signup.deliveries.count() == 0
    Heartbeat.objects.filter(name="thorough sweep").update(at=timezone.now() - timedelta(minutes=61))
    deliveries.sweep()
    assert signup.deliveries.count() == 1


def test_nobody_is_woken_before_something_is_due(desk: Desk) -> None:
    owe()
    desk.will(Later("Front desk", "answered 503"))
    deliveries.drain("desk")
    queued()
    assert deliveries.wake_due() == 0
    pass_time(seconds=7)
    assert deliveries.wake_due() == 1


def test_nobody_is_woken_for_what_waits_behind_its_elder(desk: Desk) -> None:
    row = owe(verdict=Verdict.CONFIRM)
    desk.will(Later("Front desk", "answered 503"))
    deliveries.drain("desk")
    row.signup.verdict = Verdict.ACCEPTED
    row.signup.save()
    assert row.signup.deliveries.count() == 2
    assert deliveries.wake_due() == 0


def test_nobody_is_woken_who_is_paused_or_off_or_at_it_already(desk: Desk) -> None:
    owe()
    deliveries.pause("desk", staff(), "painting")
    assert deliveries.wake_due() == 0
    deliveries.resume("desk", staff())
    desk.lacks = ["DESK_KEY"]
    assert deliveries.wake_due() == 0
    desk.lacks = []
    Lease.take(integration())
    assert deliveries.wake_due() == 0
    pass_time(seconds=61)
    assert deliveries.wake_due() == 1


def test_what_comes_in_while_a_drain_ends_is_not_left_waiting(desk: Desk) -> None:
    owe()
    lease = Lease.take(integration())
    assert lease is not None
    queued()
    owe("ben@dev.test")
    assert queued() == []  # whoever holds the lease looks again
    lease.release()
    assert deliveries.wake_due() == 1


def test_a_long_queue_grows_no_longer(desk: Desk) -> None:
    for _ in range(queueing.MOST_WAITING + 10):
        queueing.enqueue("signups.tasks.canary")
    assert len(queued()) == queueing.MOST_WAITING


def test_a_burst_of_signups_wakes_each_integration_once(two_desks: tuple[Desk, Desk]) -> None:
    for n in range(8):
        make_signup(f"p{n}@dev.test").save()
    assert sorted(queued()) == [("signups.tasks.drain", "desk"), ("signups.tasks.drain", "other_desk")]


def test_who_has_begun_since_may_be_woken_again(desk: Desk) -> None:
    owe()
    deliveries.drain("desk")
    owe("ben@dev.test")
    assert queued() == [DRAIN, DRAIN]


def test_a_wake_up_that_was_lost_is_given_again_after_seconds(desk: Desk) -> None:
    owe()
    queued()  # lost
    assert deliveries.wake_due() == 0
    pass_time(seconds=6)
    assert deliveries.wake_due() == 1


def test_what_a_transaction_wakes_goes_on_the_queue_in_one_write(
    two_desks: tuple[Desk, Desk],
) -> None:
    queueing.wake_all({"desk", "other_desk"})
    queued()
    pass_time(seconds=6)
    with CaptureQueriesContext(connection) as queries:
        queueing.wake_all({"desk", "other_desk"})
    inserts = [one for one in queries.captured_queries if one["sql"].startswith("INSERT")]
    assert len(inserts) == (0 if settings.QUEUE_URL else 1)
    assert len(queued()) == 2


def test_a_queue_that_is_away_holds_nobody_up() -> None:
    """A process whose Redis does not answer wakes somebody ten times."""
    wake = "from signups import deliveries; print('queued', [deliveries.wake('desk') for _ in range(10)].count(True))"
    env = {**child_environment(), "QUEUE_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "manage.py", "shell", "-c", wake]
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30, check=True)
    assert "queued 0" in said.stdout
    assert said.stderr.count("Cannot queue") == 1  # then it is left alone


def test_old_attempts_are_forgotten_except_each_deliverys_first_and_last(desk: Desk) -> None:
    row = owe()
    old = timezone.now() - timedelta(days=100)
    results = ("ambiguous", "later", "later", "delivered")
    first, *_, last = (Attempt.objects.create(delivery=row, at=old, result=result) for result in results)
    deliveries.prune()
    assert list(Attempt.objects.order_by("pk")) == [first, last]


def test_schedules_are_made_once_corrected_and_cleaned_up() -> None:
    ensure_schedules()
    next_run = Schedule.objects.get(name="onboarding: sweep").next_run
    Schedule.objects.filter(name="onboarding: sweep").update(func="nonsense")
    Schedule.objects.create(name="onboarding: an older version's", func="signups.tasks.gone")
    mine = Schedule.objects.create(name="somebody else's", func="other.task")
    ensure_schedules()
    rows = dict(Schedule.objects.exclude(pk=mine.pk).values_list("name", "func"))
    assert set(rows) == set(schedule.NAMES)
    assert rows["onboarding: sweep"] == "signups.tasks.sweep"
    assert Schedule.objects.get(name="onboarding: sweep").next_run == next_run
