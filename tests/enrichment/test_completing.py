"""Late look-ups, asked again by one task that works through all of them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from signups import completing, deliveries, intake, waking
from signups.deliveries import queueing
from signups.models import Heartbeat, IntegrationState, Signup
from tests.deliveries.acts import queued
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

FINISH = ("signups.tasks.finish_lookups",)


def late(number: int, **values: Any) -> list[Signup]:
    return [make_signup(f"p{n}@crowd-{n}.test", lookups_due_at=timezone.now(), **values) for n in range(number)]


def pass_time(**time: float) -> None:
    ago = timedelta(**time)
    Signup.objects.filter(lookups_due_at__isnull=False).update(lookups_due_at=F("lookups_due_at") - ago)
    Heartbeat.objects.update(at=F("at") - ago)
    IntegrationState.objects.update(woken_at=F("woken_at") - ago)


def test_one_task_is_queued_however_many_are_late(sandbox: Sandbox) -> None:
    late(40)
    for _ in range(5):
        waking.wake_due()
    assert queued().count(FINISH) == 1


def test_late_look_ups_keep_no_integration_from_being_woken(sandbox: Sandbox) -> None:
    """Nor do they fill the queue while no worker is free."""
    for signup in late(queueing.MOST_WAITING + 8):
        deliveries.plan_for(signup)
    queued()
    for _ in range(queueing.MOST_WAITING):
        pass_time(seconds=2)
        waking.wake_due()
    tasks = queued()
    assert ("signups.tasks.drain", "close") in tasks
    assert tasks.count(FINISH) <= queueing.MOST_WAITING // 2


def test_whoever_is_not_due_yet_is_left_alone(sandbox: Sandbox) -> None:
    make_signup(lookups_due_at=timezone.now() + timedelta(seconds=5))
    assert not completing.wake_due()
    assert completing.finish_due() == 0


def test_look_ups_are_given_up_after_two_days(sandbox: Sandbox) -> None:
    (signup,) = late(1)
    Signup.objects.filter(pk=signup.pk).update(created_at=timezone.now() - timedelta(days=3))
    assert not completing.wake_due()
    assert completing.finish_due() == 0


def test_all_that_is_due_is_asked_and_nobody_is_woken_for_it_again(sandbox: Sandbox) -> None:
    late(20)
    assert completing.finish_due() == 20
    assert not Signup.objects.filter(lookups_tried=0).exists()
    assert not Heartbeat.objects.filter(name=completing.TASK).exists()
    assert queued().count(FINISH) == 0


def test_two_at_once_ask_each_once(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hosts' workers: nobody is asked for by both."""
    asked: Counter[int] = Counter()
    complete = intake.complete

    def count(signup: Signup) -> None:
        asked[signup.pk] += 1
        complete(signup)

    def finish() -> None:
        try:
            completing.finish_due()
        finally:
            connection.close()

    monkeypatch.setattr(intake, "complete", count)
    signups = late(20)
    threads = [Thread(target=finish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == {signup.pk: 1 for signup in signups}


def test_one_that_fails_holds_up_no_other_and_is_asked_again(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = late(2)
    Signup.objects.filter(pk=first.pk).update(email="not an address")
    assert completing.finish_due() == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.lookups_tried, second.lookups_tried) == (0, 1)
    assert "could not be asked" in caplog.text
    assert first.lookups_due_at is not None
    assert 280 < (first.lookups_due_at - timezone.now()).total_seconds() <= 300
    pass_time(minutes=5)
    assert completing.finish_due() >= 1


def test_a_task_that_was_lost_is_queued_again(sandbox: Sandbox) -> None:
    late(1)
    assert completing.wake_due()
    queued()
    assert not completing.wake_due()
    pass_time(seconds=6)
    assert completing.wake_due()


def test_while_a_task_is_at_it_no_other_is_queued(sandbox: Sandbox) -> None:
    queueing.at_work(completing.TASK)
    late(1)
    assert not completing.wake_due()
    queueing.ended(completing.TASK)
    assert completing.wake_due()
