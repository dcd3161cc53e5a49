"""Several deliveries in one call, each with an outcome of its own."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from signups import contracts, deliveries
from signups.contracts import Ambiguous, Delivered, Later, Never
from signups.models import Delivery
from tests.deliveries.acts import owe, owe_many, pass_time, results, state
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
