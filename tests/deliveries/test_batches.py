"""Several deliveries in one call, each with an outcome of its own."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pytest_django import Settings

from signups import contracts, deliveries
from signups.contracts import Ambiguous, Delivered, Later, Never, Outcome
from signups.models import Delivery
from tests.deliveries.acts import due_in_s, owe, owe_many, pass_time, results, state
from tests.deliveries.desk import BatchDesk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(settings: Settings) -> BatchDesk:
    """The only integration there is."""
    settings.INTEGRATIONS = ["tests.deliveries.desk.BatchDesk"]
    desk = contracts.integration("desk")
    assert isinstance(desk, BatchDesk)
    desk.forget()
    return desk


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_what_is_due_together_goes_in_one_call(desk: BatchDesk) -> None:
    rows = owe_many(4)
    assert deliveries.drain("desk") == 4
    assert desk.calls == ["4 in a call"]
    assert states() == ["delivered"] * 4
    assert [Delivery.objects.get(pk=row.pk).external_id for row in rows] == [str(row.uid) for row in rows]


def test_no_call_carries_more_than_the_vendor_takes(desk: BatchDesk) -> None:
    owe_many(12)
    deliveries.drain("desk")
    assert sorted(desk.calls) == ["2 in a call", "5 in a call", "5 in a call"]


def test_one_by_itself_goes_to_its_handler(desk: BatchDesk) -> None:
    owe()
    deliveries.drain("desk")
    assert desk.calls == ["signed_up ada@dev.test"]


def test_one_that_is_refused_fails_by_itself(desk: BatchDesk) -> None:
    rows = owe_many(3)
    desk.will(Delivered("d-0"), Never("Front desk", "does not write down such names"), Delivered("d-2"))
    deliveries.drain("desk")
    assert states() == ["delivered", "failed", "delivered"]
    assert results(rows[1]) == ["never"]


def test_each_attempt_keeps_its_part_of_the_call(desk: BatchDesk) -> None:
    row, _ = owe_many(2)
    deliveries.drain("desk")
    (exchange,) = row.attempts.get().exchanges
    assert exchange["request"] == '(one of 2 in one call) {"name": "p0@dev.test"}'


def test_a_call_that_failed_is_one_failure_of_the_vendor(desk: BatchDesk) -> None:
    owe_many(5)
    desk.will_all(Later("Front desk", "answered 503", status=503))
    deliveries.drain("desk")
    assert states() == ["pending"] * 5
    assert state().failures_in_a_row == 1


def test_a_call_refused_as_a_whole_is_halved_until_the_culprit_is_alone(desk: BatchDesk) -> None:
    owe_many(4)
    refusal = Never("Front desk", "cannot read this", status=400)
    desk.will_all(refusal, refusal)  # four, then two; of the other calls it is glad
    desk.will(refusal)
    deliveries.drain("desk")
    assert states() == ["failed", "delivered", "delivered", "delivered"]


def test_an_error_of_ours_in_a_batch_costs_the_others_nothing(desk: BatchDesk) -> None:
    owe_many(2)
    desk.will_all(KeyError("page"))
    deliveries.drain("desk")
    assert states() == ["delivered"] * 2


def test_what_may_have_been_done_is_looked_up_first(desk: BatchDesk) -> None:
    owe_many(2)
    desk.will_all(Ambiguous("Front desk", "did not answer"))
    deliveries.drain("desk")
    pass_time(seconds=7)
    desk.will_find(Delivered("found"))
    deliveries.drain("desk")
    assert sorted(Delivery.objects.values_list("external_id", flat=True))[-1] == "found"
    assert desk.calls == ["2 in a call", "look up p0@dev.test", "look up p1@dev.test", "signed_up p1@dev.test"]


def test_events_that_are_not_told_in_batches_go_beside_them(desk: BatchDesk) -> None:
    owe_many(2)
    deliveries.plan(owe("ben@dev.test").signup, contracts.Event.CONFIRMED)
    deliveries.drain("desk")
    assert desk.calls == ["3 in a call", "confirmed ben@dev.test"]


def test_what_becomes_of_each_is_written_at_once_whatever_became_of_the_others(desk: BatchDesk) -> None:
    """Delivered, dead, later by its own count, later by the vendor's wish, and one whose claim was lost meanwhile."""
    rows = owe_many(5)

    def lose_the_claim() -> Outcome:
        Delivery.objects.filter(pk=rows[4].pk).update(claim=uuid4())
        raise Later("Front desk", "is busy")

    desk.will(
        Delivered("d-0"),
        Never("Front desk", "does not write down such names"),
        Later("Front desk", "is busy"),
        Later("Front desk", "is busy", retry_after_s=600, status=429),
        lose_the_claim,
    )
    deliveries.drain("desk")
    found = [Delivery.objects.get(pk=row.pk) for row in rows]
    assert [row.state for row in found] == ["delivered", "failed", "pending", "pending", "sending"]
    assert [row.attempts_used for row in found] == [1, 1, 1, 0, 1]
    assert [row.finished_at is not None for row in found] == [True, True, False, False, False]
    assert [row.outcome for row in found[1:3]] == ["Front desk: does not write down such names", "Front desk: is busy"]
    assert 3 < due_in_s(rows[2]) < 7
    assert 590 < due_in_s(rows[3]) < 670
    assert [row.claim for row in found[:4]] == [None] * 4
