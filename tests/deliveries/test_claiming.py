"""One drain at a time, one holder of a row at a time, and what becomes of those who died or came too late."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from signups import deliveries
from signups.contracts import Delivered
from signups.deliveries import claiming, finishing, sending
from signups.deliveries.claiming import Lease
from signups.deliveries.outcomes import MOST_TRIES
from signups.models import Delivery
from tests.deliveries.acts import due_in_s, integration, owe, owe_many, pass_time, results
from tests.deliveries.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)


def taken() -> Lease:
    lease = Lease.take(integration())
    assert lease is not None
    return lease


def claimed(lease: Lease) -> Delivery:
    (row,) = claiming.claim(lease, 1, is_busy=False)
    return row


def test_a_lease_is_one_drains_alone_until_it_is_released_or_lapses(desk: Desk) -> None:
    first = taken()
    assert Lease.take(integration()) is None
    first.release()
    taken()
    pass_time(seconds=61)
    taken()


def test_a_late_release_does_not_end_somebody_elses_lease(desk: Desk) -> None:
    first = taken()
    pass_time(seconds=61)
    taken()
    first.release()
    assert Lease.take(integration()) is None


def test_of_two_drains_at_once_one_sends(desk: Desk) -> None:
    owe_many(2)
    is_sending, may_end = threading.Event(), threading.Event()

    def slowly() -> Delivered:
        is_sending.set()
        may_end.wait(10)
        return Delivered()

    desk.will(slowly)
    first = threading.Thread(target=_drain_and_close)
    first.start()
    is_sending.wait(10)
    assert deliveries.drain("desk") == 0
    may_end.set()
    first.join(10)
    assert sorted(desk.calls) == ["signed_up p0@dev.test", "signed_up p1@dev.test"]


def test_a_claim_whose_worker_died_is_looked_up_and_then_repeated(desk: Desk) -> None:
    row = owe()
    claimed(taken())
    assert deliveries.drain("desk") == 0
    pass_time(seconds=61)
    deliveries.drain("desk")
    assert desk.calls == ["look up ada@dev.test", "signed_up ada@dev.test"]
    assert results(row) == ["lapsed", "delivered"]


def test_what_the_dead_worker_had_done_is_not_repeated(desk: Desk) -> None:
    row = owe()
    claimed(taken())
    pass_time(seconds=61)
    desk.will_find(Delivered("d-1"))
    deliveries.drain("desk")
    row.refresh_from_db()
    assert (desk.calls, row.external_id) == (["look up ada@dev.test"], "d-1")


def test_whoever_comes_too_late_changes_nothing(desk: Desk) -> None:
    row = owe()
    slow = taken()
    late = sending.send(desk, claimed(slow))
    pass_time(seconds=61)
    deliveries.drain("desk")
    row.refresh_from_db()
    before = row.external_id, row.finished_at
    desk.will(Delivered("somebody else's"))
    finishing.finish(slow, [late])
    row.refresh_from_db()
    assert (row.external_id, row.finished_at) == before


def test_too_late_while_another_is_sending_changes_nothing_either(desk: Desk) -> None:
    row = owe()
    slow = taken()
    late = sending.send(desk, claimed(slow))
    pass_time(seconds=61)
    claimed(taken())
    finishing.finish(slow, [late])
    row.refresh_from_db()
    assert row.state == "sending"


def test_a_row_that_kills_every_worker_ends_as_a_dead_letter(desk: Desk) -> None:
    row = owe()
    for _ in range(MOST_TRIES):
        claimed(taken())
        pass_time(seconds=61)
    assert deliveries.drain("desk") == 0
    row.refresh_from_db()
    assert (row.state, row.is_ambiguous) == ("failed", True)
    assert results(row) == ["lapsed"] * MOST_TRIES


def test_those_behind_one_that_is_given_up_are_sent_in_the_same_drain(desk: Desk) -> None:
    desk.concurrency = 1  # type: ignore[misc]
    poison = owe()
    for _ in range(MOST_TRIES):
        claimed(taken())
        pass_time(seconds=61)
    healthy = owe("bob@dev.test")
    assert deliveries.drain("desk") == 1
    for row in (poison, healthy):
        row.refresh_from_db()
    assert (poison.state, healthy.state) == ("failed", "delivered")


def test_a_drain_that_lives_keeps_its_lease_and_its_claims(desk: Desk) -> None:
    desk.reconcile_after = timedelta(seconds=30)  # type: ignore[misc]
    row = owe()
    lease = taken()
    claimed(lease)
    pass_time(seconds=50)
    lease.renew([row.pk])
    assert 85 < due_in_s(row) < 91
    assert Lease.take(integration()) is None


def test_nothing_is_claimed_without_the_lease(desk: Desk) -> None:
    owe()
    lease = taken()
    pass_time(seconds=61)
    assert claiming.claim(lease, 1, is_busy=False) == []


def _drain_and_close() -> None:
    deliveries.drain("desk")
    connection.close()
