"""What people can do about deliveries."""

from __future__ import annotations

import pytest

from signups import deliveries
from signups.contracts import Ambiguous, Misconfigured, Never
from signups.models import Delivery
from tests.deliveries.acts import owe, queued, staff, state
from tests.deliveries.desk import Desk

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
