"""From a due row to what became of it, for each way in which a vendor may answer."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest

from signups import deliveries
from signups.contracts import Ambiguous, Delivered, Later, Misconfigured, Never, Skipped
from signups.deliveries.outcomes import BACKOFF, MOST_TRIES
from signups.models import Delivery, Signup, Verdict
from tests.deliveries.acts import attempt, due_in_s, open_for_s, owe, owe_many, pass_time, results, state
from tests.deliveries.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)

BUSY = Later("Front desk", "answered 503", status=503)
LOST = Ambiguous("Front desk", "did not answer; it may have been done")


def test_what_the_vendor_made_is_kept(desk: Desk) -> None:
    row = owe()
    desk.will(Delivered("d-1", "https://desk.test/d-1", "Noted.", {"page": 7}))
    assert deliveries.drain("desk") == 1
    row.refresh_from_db()
    assert (row.state, row.due_at, row.claim) == ("delivered", None, None)
    assert (row.external_id, row.external_url, row.made, row.outcome) == (
        "d-1",
        "https://desk.test/d-1",
        {"page": 7},
        "Noted.",
    )
    assert row.finished_at is not None
    assert state().last_success_at is not None


def test_what_was_said_over_the_wire_is_kept_with_the_attempt(desk: Desk) -> None:
    row = owe()
    deliveries.drain("desk")
    last = attempt(row)
    assert (last.result, last.status) == ("delivered", 200)
    assert [one["request"] for one in last.exchanges] == ["signed_up ada@dev.test"]


def test_a_skip_says_why(desk: Desk) -> None:
    row = owe()
    desk.will(Skipped("Nobody is at the desk on Sundays."))
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("skipped", "Nobody is at the desk on Sundays.")


def test_later_is_tried_again_after_about_five_seconds(desk: Desk) -> None:
    row = owe()
    desk.will(BUSY)
    deliveries.drain("desk")
    assert 3 < due_in_s(row) < 6.1
    assert deliveries.drain("desk") == 0
    pass_time(seconds=6.1)
    deliveries.drain("desk")
    assert results(row) == ["later", "delivered"]
    row.refresh_from_db()
    assert row.attempts_used == 2


def test_each_wait_is_longer_and_the_last_failure_is_a_dead_letter(desk: Desk) -> None:
    row = owe()
    desk.will(*[BUSY] * MOST_TRIES)
    for wait in BACKOFF:
        deliveries.drain("desk")
        assert 0.79 * wait.total_seconds() - 1 < due_in_s(row) < 1.21 * wait.total_seconds()
        pass_time(seconds=1.21 * wait.total_seconds())
        pass_time(minutes=10)  # the breaker's longest
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.due_at) == ("failed", None)
    assert row.outcome == "Given up after 10 tries. Front desk: answered 503"
    assert results(row) == ["later"] * 10


def test_a_vendor_that_says_when_is_obeyed_and_no_try_is_counted(desk: Desk) -> None:
    row = owe()
    desk.will(Later("Front desk", "answered 429", status=429, retry_after_s=90))
    deliveries.drain("desk")
    assert 89 < due_in_s(row) < 100
    assert row.attempts_used == 0
    assert open_for_s() > 80  # nor are others sent


def test_a_429_that_does_not_say_when_costs_no_try_either(desk: Desk) -> None:
    row = owe()
    desk.will(Later("Front desk", "answered 429", status=429))
    deliveries.drain("desk")
    assert 29 < due_in_s(row) < 34
    assert row.attempts_used == 0


def test_a_wait_of_one_row_alone_does_not_hold_up_the_others(desk: Desk) -> None:
    owe()
    desk.will(Later("Front desk", "the page to write on is not there yet", retry_after_s=90))
    deliveries.drain("desk")
    assert open_for_s() == 0


def test_never_is_a_dead_letter_at_once(desk: Desk) -> None:
    row = owe()
    desk.will(Never("Front desk", "does not write down such names", status=422))
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("failed", "Front desk: does not write down such names")
    assert attempt(row).status == 422


def test_what_may_have_been_done_is_looked_up_before_it_is_repeated(desk: Desk) -> None:
    row = owe()
    desk.will(LOST)
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.is_ambiguous) == ("pending", True)
    desk.will_find(Delivered("d-1"))
    pass_time(seconds=7)
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.is_ambiguous, row.external_id) == ("delivered", False, "d-1")
    assert desk.calls == ["signed_up ada@dev.test", "look up ada@dev.test"]


def test_what_was_surely_not_done_is_repeated(desk: Desk) -> None:
    owe()
    desk.will(LOST)
    deliveries.drain("desk")
    pass_time(seconds=7)
    deliveries.drain("desk")
    assert desk.calls == ["signed_up ada@dev.test", "look up ada@dev.test", "signed_up ada@dev.test"]


def test_a_look_up_waits_until_the_vendors_search_can_be_believed(desk: Desk) -> None:
    desk.reconcile_after = timedelta(seconds=60)  # type: ignore[misc]
    row = owe()
    desk.will(LOST)
    deliveries.drain("desk")
    assert 58 < due_in_s(row) < 61


def test_a_look_up_that_fails_leaves_it_open_whether_it_was_done(desk: Desk) -> None:
    row = owe()
    desk.will(LOST)
    desk.will_find(BUSY)
    deliveries.drain("desk")
    pass_time(seconds=7)
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.is_ambiguous) == ("pending", True)
    assert results(row) == ["ambiguous", "later"]


def test_a_refused_key_costs_no_try_and_tells_staff(desk: Desk) -> None:
    row = owe()
    desk.will(Misconfigured("Front desk", "answered 401: check DESK_KEY", status=401))
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.attempts_used, row.is_ambiguous) == ("pending", 0, False)
    assert state().trouble == "Front desk: answered 401: check DESK_KEY"
    assert 590 < open_for_s() <= 600


def test_an_error_of_ours_is_logged_and_looked_up(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    row = owe()
    desk.will(KeyError("page"))
    with caplog.at_level(logging.ERROR):
        deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.is_ambiguous) == ("pending", True)
    assert results(row) == ["bug"]
    assert "Traceback" in caplog.text
    assert state().failures_in_a_row == 0


def test_a_handler_that_returns_nothing_is_an_error_of_ours(desk: Desk) -> None:
    row = owe()
    desk.will(None)
    deliveries.drain("desk")
    assert results(row) == ["bug"]


def test_text_no_database_takes_does_not_cost_the_outcome(desk: Desk) -> None:
    row = owe()
    desk.will(Delivered("d\0\ud800", made={"page": ["\0\ud800", "\\u0000"]}, note="\0"))
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (row.state, row.external_id, row.made) == ("delivered", "d\ufffd?", {"page": ["\ufffd?", "\\u0000"]})


def test_a_signup_is_told_of_in_the_order_of_its_story(desk: Desk) -> None:
    row = owe(verdict=Verdict.CONFIRM)
    row.signup.verdict = Verdict.ACCEPTED
    row.signup.save()
    desk.will(BUSY)
    deliveries.drain("desk")
    assert desk.calls == ["signed_up ada@dev.test"]
    pass_time(seconds=7)
    deliveries.drain("desk")
    assert desk.calls[1:] == ["signed_up ada@dev.test", "confirmed ada@dev.test"]


def test_several_are_under_way_at_once(desk: Desk) -> None:
    owe_many(4)
    together = threading.Barrier(4)

    def wait_for_the_others() -> Delivered:
        together.wait(10)
        return Delivered()

    desk.will(*[wait_for_the_others] * 4)
    assert deliveries.drain("desk") == 4
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_colleagues_come_one_after_the_other_where_the_vendor_needs_that(desk: Desk) -> None:
    from tests.rows import make_company

    desk.is_serial_by_company = True  # type: ignore[misc]
    company = make_company()
    for name in ("ada", "ben", "cyd"):
        owe(f"{name}@dev.test", company=company)
    under_way: list[int] = []

    def alone() -> Delivered:
        under_way.append(Delivery.objects.filter(state="sending").count())
        return Delivered()

    desk.will(*[alone] * 3)
    deliveries.drain("desk")
    assert under_way == [1, 1, 1]


def test_a_signup_erased_meanwhile_does_not_cost_the_others_their_outcome(desk: Desk) -> None:
    gone, stays = owe("gone@dev.test"), owe("stays@dev.test")

    def erase() -> Delivered:
        Signup.objects.filter(pk=gone.signup_id).delete()
        return Delivered()

    desk.will(erase, Delivered())
    deliveries.drain("desk")
    stays.refresh_from_db()
    assert stays.state == "delivered"


def test_who_is_off_or_unknown_is_sent_nothing(desk: Desk) -> None:
    owe()
    desk.lacks = ["DESK_KEY"]
    assert (deliveries.drain("desk"), deliveries.drain("gone")) == (0, 0)
    assert desk.calls == []
