"""What people can do about deliveries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from signups import deliveries
from signups.contracts import Ambiguous, Delivered, Misconfigured, Never
from signups.models import Delivery
from tests.deliveries.acts import owe, queued, staff, state
from tests.deliveries.desk import Desk
from tests.rows import make_delivery, make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_dead_letter_tried_again_is_sent_at_once_with_all_its_tries_before_it(desk: Desk) -> None:
    row = owe()
    desk.will(Never("Front desk", "answered 422"))
    deliveries.drain("desk")
    assert deliveries.try_again([row], staff()) == 1
    assert ("signups.tasks.drain", "desk") in queued()
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.attempts_used) == ("delivered", 1)


def test_what_is_delivered_or_just_being_sent_is_not_sent_again(desk: Desk) -> None:
    row = owe()
    deliveries.drain("desk")
    Delivery.objects.filter(pk=owe("ben@dev.test").pk).update(state="sending")
    assert deliveries.try_again(Delivery.objects.all(), staff()) == 0
    row.refresh_from_db()
    assert row.state == "delivered"


def test_trying_again_what_may_have_been_done_looks_it_up_first(desk: Desk) -> None:
    row = owe()
    desk.will(Ambiguous("Front desk", "did not answer"))
    deliveries.drain("desk")
    deliveries.try_again([row], staff())
    deliveries.drain("desk")
    assert desk.calls[1] == "look up ada@dev.test"


def test_trying_again_probes_a_vendor_that_is_left_alone(desk: Desk) -> None:
    row = owe()
    desk.will(Misconfigured("Front desk", "answered 401: check DESK_KEY"))
    deliveries.drain("desk")
    deliveries.try_again([row], staff())
    assert deliveries.drain("desk") == 1


def test_a_skipped_delivery_says_who_and_why_and_is_not_sent(desk: Desk) -> None:
    row = owe()
    assert deliveries.skip([row], staff(), "they rang us") == 1
    assert deliveries.drain("desk") == 0
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("skipped", "Skipped by sue: they rang us")


def test_nothing_is_sent_while_paused_and_all_of_it_after(desk: Desk) -> None:
    owe()
    deliveries.pause("desk", staff(), "the desk is being painted")
    assert deliveries.drain("desk") == 0
    assert (state().is_paused, state().paused_by, state().paused_why) == (True, staff(), "the desk is being painted")
    queued()
    deliveries.resume("desk", staff())
    assert queued() == [("signups.tasks.drain", "desk")]
    assert deliveries.drain("desk") == 1


def test_pausing_in_mid_drain_lets_what_is_under_way_finish(desk: Desk) -> None:
    first = owe()
    desk.concurrency = 1  # type: ignore[misc]
    owe("ben@dev.test")
    desk.will(lambda: deliveries.pause("desk", staff(), "painting"))
    assert deliveries.drain("desk") == 1
    first.refresh_from_db()
    assert first.state != "sending"
    desk.concurrency = 4  # type: ignore[misc]


def test_a_delivered_one_that_is_resent_is_looked_up_first_and_keeps_its_key(desk: Desk) -> None:
    row = owe()
    deliveries.drain("desk")
    assert deliveries.resend([row], staff()) == 1
    desk.will_find(Delivered(external_id="still there"))
    deliveries.drain("desk")
    assert desk.calls == ["signed_up ada@dev.test", "look up ada@dev.test"]
    again = Delivery.objects.get()
    assert (again.uid, again.state, again.external_id) == (row.uid, "delivered", "still there")


def test_dead_letters_since_some_time_are_recovered_and_no_others(desk: Desk) -> None:
    old, new = owe("old@dev.test"), owe("new@dev.test")
    desk.will(Never("Front desk", "answered 422"), Never("Front desk", "answered 422"))
    deliveries.drain("desk")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    Delivery.objects.filter(pk=old.pk).update(finished_at=an_hour_ago - timedelta(hours=1))
    assert deliveries.recover("desk", an_hour_ago, staff()) == 1
    assert deliveries.recover("desk", an_hour_ago, staff()) == 0
    assert Delivery.objects.get(pk=new.pk).state == "pending"


def test_draining_now_does_not_wait_for_the_next_try_nor_the_breaker(desk: Desk) -> None:
    owe()
    desk.will(Misconfigured("Front desk", "answered 401: check DESK_KEY"))
    deliveries.drain("desk")
    assert deliveries.drain_now("desk", staff()) == 1
    assert deliveries.drain("desk") == 1


def test_draining_now_leaves_what_is_planned_for_another_day(desk: Desk) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    make_delivery(make_signup(), "desk", "went_quiet", due_at=tomorrow)
    assert deliveries.drain_now("desk", staff()) == 0


def test_what_the_command_line_does_is_named_after_it(desk: Desk) -> None:
    row = owe()
    deliveries.skip([row], "the command line", "too old")
    row.refresh_from_db()
    assert row.outcome == "Skipped by the command line: too old"
