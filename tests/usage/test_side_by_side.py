"""The same usage reported twice at once: each record is there once, and nobody waits for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from signups import customers
from signups.models import LimitReached, Signup, UsageRecord
from signups.usage import plans, taking
from signups.usage.figures import utc_today
from signups.usage.taking import Taken
from tests.rows import make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(batches: list[list[dict[str, Any]]]) -> list[Taken]:
    def send(batch: list[dict[str, Any]]) -> Taken:
        try:
            return taking.report(batch)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(send, batches))


def batch_of(people: int, days: int, count: int) -> list[dict[str, Any]]:
    today = utc_today()
    return [
        {"customer": f"p{number}@dev.test", "date": str(today - timedelta(days=day)), "count": count}
        for day in range(days)
        for number in range(people)
    ]


def test_the_same_records_in_any_order_at_once_are_stored_once() -> None:
    for number in range(5):
        make_signup(f"p{number}@dev.test")
    batches = [batch_of(5, 400, count) for count in (1, 2, 3, 4)]
    taken = at_once([batch if number % 2 else batch[::-1] for number, batch in enumerate(batches)])

    assert [one.stored for one in taken] == [2_000] * 4
    assert UsageRecord.objects.count() == 2_000
    assert set(UsageRecord.objects.values_list("count", flat=True)) <= {1, 2, 3, 4}


def test_a_limit_passed_by_several_reports_at_once_is_told_once() -> None:
    signup = make_signup("p0@dev.test", plan_limit=10, plan_period="total")
    at_once([batch_of(1, 3, 5)] * 4)

    reached = LimitReached.objects.filter(signup=signup, period="total")
    assert sorted(reached.values_list("threshold", flat=True)) == [80, 100]


def test_an_own_id_that_two_are_given_at_once_becomes_one_s() -> None:
    def give(signup: Signup, own_id: str) -> None:
        try:
            with suppress(customers.Taken):
                plans.change(signup, {"external_id": own_id})
        finally:
            connection.close()

    for number in range(5):
        both = [make_signup(f"{name}{number}@dev.test") for name in ("ada", "ben")]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(give, both, [f"u_{number}"] * 2))
        assert Signup.objects.filter(external_id=f"u_{number}").count() == 1
