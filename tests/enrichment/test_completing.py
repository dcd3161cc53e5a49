"""Late look-ups, asked again by one task that works through all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import F
from django.utils import timezone

from signups import completing, deliveries, intake, waking
from signups.deliveries import leases, queueing
from signups.enrichment import again
from signups.enrichment.again import NAME
from signups.models import IntegrationState, Signup
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


def test_all_that_is_due_is_asked_and_nobody_is_woken_for_it_again(sandbox: Sandbox) -> None:
    late(20)
    assert completing.finish_due() == 20
    assert not Signup.objects.filter(lookups_tried=0).exists()
    assert queued().count(FINISH) == 0


def test_of_two_tasks_one_asks(sandbox: Sandbox) -> None:
    """So that however many were queued, they hold one worker."""
    late(3)
    token = leases.take(NAME, completing.LEASE)
    assert token is not None
    assert completing.finish_due() == 0
    assert not completing.wake_due()
    leases.release(NAME, token)
    assert completing.wake_due()
    assert completing.finish_due() == 3


def test_one_that_fails_holds_up_no_other_and_is_tried_again(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = late(2)
    Signup.objects.filter(pk=first.pk).update(email="not an address")
    assert completing.finish_due() == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.lookups_tried, second.lookups_tried) == (1, 1)
    assert "could not be asked" in caplog.text
    for _ in range(4):
        pass_time(hours=7)
        completing.finish_due()
    first.refresh_from_db()
    assert (first.lookups_tried, first.lookups_due_at) == (5, None), "and is given up like any other"


def test_a_task_that_was_lost_is_queued_again(sandbox: Sandbox) -> None:
    late(1)
    assert completing.wake_due()
    queued()
    assert not completing.wake_due()
    pass_time(seconds=6)
    assert completing.wake_due()


def test_whom_staff_ask_for_comes_first_whatever_its_age(sandbox: Sandbox) -> None:
    late(2)
    old = make_signup()
    Signup.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=400))
    queued()
    again.ask_first(Signup.objects.filter(pk=old.pk))
    assert queued() == [FINISH]
    assert list(completing._claim(1, [])) == [old.pk]
    Signup.objects.filter(pk=old.pk).update(lookups_due_at=timezone.now())
    completing.finish_due()
    assert Signup.objects.get(pk=old.pk).lookups_due_at is None


def test_who_asks_while_others_are_answering_is_heard(sandbox: Sandbox) -> None:
    """A webhook that comes while the very signup is being asked for: its answer was not seen."""
    (signup,) = late(1)
    (key,) = completing._claim(1, [])
    signup.refresh_from_db()
    again.ask_first(Signup.objects.filter(pk=key))
    intake.complete(signup)
    assert completing._due().get() == signup
    assert not completing._claim(1, [key]), "but not beside itself"


def test_one_that_kills_its_worker_each_time_is_given_up(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    (signup,) = late(1)
    for number in range(completing.MOST_TRIES):
        assert completing._claim(1, []) == {signup.pk: number + 1}
        pass_time(minutes=6)  # nobody is left to say how it went
    assert not completing._claim(1, [])
    assert Signup.objects.get().lookups_due_at is None
    assert f"Signup {signup.pk} is not asked for again" in caplog.text
    again.ask_first(Signup.objects.all(), is_anew=True)
    assert completing._claim(1, []) == {signup.pk: 1}, "unless staff want it"


def test_those_who_were_claimed_beside_one_that_kills_its_worker_do_not_end_with_it(sandbox: Sandbox) -> None:
    poison, *others = late(4)
    for _ in range(len(again.LATE_AFTER_S)):
        assert len(completing._claim(8, [])) == 4
        pass_time(minutes=6)
    ends_at_once: set[int] = set()
    for _ in range(3 + completing.MOST_TRIES):
        for key in completing._claim(8, []):
            assert not completing._claim(7, [key]), "it is asked for alone"
            if key != poison.pk:
                completing._finish(key)
                ends_at_once.add(key)
        pass_time(minutes=6)
    assert ends_at_once == {other.pk for other in others}
    assert not Signup.objects.filter(lookups_due_at__isnull=False).exists()


def test_a_try_for_which_the_database_could_not_be_used_does_not_count(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise OperationalError("too many connections")

    late(3)
    with monkeypatch.context() as trouble:
        trouble.setattr("signups.completing.logs.about", refused)
        assert completing.finish_due() == 3
    assert set(Signup.objects.values_list("lookups_tried", flat=True)) == {0}
    pass_time(minutes=6)
    assert completing.finish_due() == 3
    assert not Signup.objects.filter(lookups_due_at__isnull=False).exists()


def test_a_webhook_has_one_asked_once_more_and_staff_as_often_as_at_first(sandbox: Sandbox) -> None:
    make_signup(lookups_tried=5)
    again.ask_first(Signup.objects.all())
    assert Signup.objects.get().lookups_tried == 4
    again.ask_first(Signup.objects.all(), is_anew=True)
    assert Signup.objects.get().lookups_tried == 0
