"""A vendor in trouble is left alone, then asked once before all others."""

from __future__ import annotations

import pytest

from signups import deliveries
from signups.contracts import Later, Misconfigured, Never
from signups.deliveries import breaker
from signups.deliveries.breaker import Sign, Signal
from signups.models import IntegrationState
from signups.transactions import write_transaction
from tests.deliveries.acts import open_for_s, owe, owe_many, pass_time, state
from tests.deliveries.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = Later("Front desk", "answered 503", status=503)
FAILS = Signal(Sign.FAILS, "answered 503")


def move(*signals: Signal) -> None:
    IntegrationState.objects.get_or_create(slug="desk")
    with write_transaction():
        breaker.move("desk", signals)


def test_five_failures_in_a_row_open_it_for_half_a_minute() -> None:
    move(*[FAILS] * 4)
    assert open_for_s() == 0
    move(FAILS)
    assert 29 < open_for_s() <= 30
    assert state().trouble == "answered 503"


def test_an_answer_in_between_begins_the_count_anew() -> None:
    move(*[FAILS] * 4, Signal(Sign.ANSWERS), *[FAILS] * 4)
    assert open_for_s() == 0


def test_those_under_way_when_it_opens_do_not_prolong_it() -> None:
    move(*[FAILS] * 8)
    assert 29 < open_for_s() <= 30


def test_each_failed_probe_doubles_the_wait_up_to_ten_minutes() -> None:
    move(*[FAILS] * 5)
    for expected_s in (60, 120, 240, 480, 600, 600):
        pass_time(minutes=10)
        move(FAILS)
        assert expected_s - 1 < open_for_s() <= expected_s


def test_while_open_nothing_is_sent_and_then_one_alone(desk: Desk) -> None:
    owe_many(8)
    desk.will(*[BUSY] * 9)
    deliveries.drain("desk")
    before = len(desk.calls)
    pass_time(seconds=29)
    assert deliveries.drain("desk") == 0
    pass_time(seconds=2)
    assert deliveries.drain("desk") == 1
    assert len(desk.calls) == before + 1


def test_a_probe_that_succeeds_lets_the_others_follow(desk: Desk) -> None:
    owe_many(8)
    desk.will(*[BUSY] * 8)
    deliveries.drain("desk")
    pass_time(seconds=40)
    desk.answers = []
    assert deliveries.drain("desk") == 8
    assert (state().failures_in_a_row, state().trouble, state().open_until) == (0, "", None)


def test_a_refused_key_is_probed_by_one_row_every_ten_minutes(desk: Desk) -> None:
    owe_many(4)
    desk.will(*[Misconfigured("Front desk", "answered 401: check DESK_KEY")] * 5)
    deliveries.drain("desk")
    pass_time(seconds=601)
    assert deliveries.drain("desk") == 1


def test_a_refused_request_says_nothing_against_the_vendor(desk: Desk) -> None:
    owe_many(6)
    desk.will(*[Never("Front desk", "answered 422")] * 6)
    deliveries.drain("desk")
    assert (state().failures_in_a_row, open_for_s()) == (0, 0)


def test_success_of_another_does_not_end_the_rest_a_vendor_asked_for() -> None:
    move(Signal(Sign.RESTS, "answered 429", wait=breaker.OPEN), Signal(Sign.WORKS))
    move(Signal(Sign.WORKS))
    assert open_for_s() > 29


def test_a_vendor_rests_no_longer_than_ten_minutes_at_once() -> None:
    move(Signal(Sign.RESTS, "answered 429", wait=breaker.LONGEST * 9))
    assert 590 < open_for_s() <= 600


def test_trouble_at_one_vendor_is_not_the_others(two_desks: tuple[Desk, Desk]) -> None:
    row = owe()
    two_desks[0].will(Misconfigured("Front desk", "answered 401: check DESK_KEY"))
    deliveries.drain("desk")
    deliveries.drain("other_desk")
    assert row.signup.deliveries.get(integration="other_desk").state == "delivered"
