"""How each integration fares, in figures that any process can ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups import deliveries, tallies
from signups.contracts import Event, Later, Never
from signups.deliveries import standing
from signups.models import Attempt, Delivery, IntegrationState, TallyMark
from tests.deliveries.acts import owe, owe_many, staff
from tests.deliveries.desk import Desk
from tests.rows import make_delivery, make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_waits_failed_and_was_delivered_is_counted(desk: Desk) -> None:
    owe_many(3)
    desk.will(Never("Front desk", "answered 422"), Later("Front desk", "answered 503"))
    deliveries.drain("desk")
    one = standing.standing("desk")
    assert (one.delivered_today, one.waiting, one.failed) == (1, 1, 1)
    assert (one.hours[-1].delivered, one.hours[-1].repeated, one.hours[-1].failed) == (1, 1, 1)


def test_what_is_planned_for_another_day_does_not_wait_yet(desk: Desk) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    make_delivery(make_signup(), "desk", Event.WENT_QUIET, due_at=tomorrow)
    one = standing.standing("desk")
    assert (one.waiting, one.later, one.oldest_waiting) == (0, 1, None)


def test_the_oldest_has_waited_since_it_was_planned(desk: Desk) -> None:
    row = owe()
    Delivery.objects.filter(pk=row.pk).update(due_at=F("due_at") - timedelta(hours=2))
    assert 7_190 < standing.standing("desk").oldest_s < 7_300


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ({}, "on"),
        ({"trouble": "no key"}, "trouble"),
        ({"open_until": timezone.now() + timedelta(hours=1)}, "resting"),
        ({"is_paused": True, "trouble": "no key"}, "paused"),
    ],
)
def test_the_condition_is_a_word(desk: Desk, change: dict[str, object], condition: str) -> None:
    deliveries.resume("desk", staff())
    IntegrationState.objects.update(**change)
    assert standing.standing("desk").condition == condition


@pytest.mark.parametrize("trouble", ["Front desk: answered 401: check DESK_KEY", "No key."])
def test_why_and_until_when_are_two_sentences(desk: Desk, trouble: str) -> None:
    deliveries.resume("desk", staff())
    IntegrationState.objects.update(trouble=trouble, open_until=None)
    assert standing.standing("desk").why == trouble
    IntegrationState.objects.update(open_until=timezone.now() + timedelta(hours=1))
    assert standing.standing("desk").why.startswith(f"{trouble.removesuffix('.')}. It is left alone until ")


def test_the_figures_stay_the_same_when_they_are_rolled_up(desk: Desk) -> None:
    owe_many(4)
    deliveries.drain("desk")
    before = tallies.totals()
    for _ in range(3):
        tallies.roll()
        TallyMark.objects.update(seen_at=F("seen_at") - tallies.SETTLED)
    assert TallyMark.objects.get(kind="attempt").counted == Attempt.objects.latest("pk").pk
    assert tallies.totals() == before
    assert standing.standing("desk").delivered_today == 4


def test_figures_outlive_the_rows_they_count(desk: Desk) -> None:
    owe()
    deliveries.drain("desk")
    for _ in range(2):
        tallies.roll()
        TallyMark.objects.update(seen_at=F("seen_at") - tallies.SETTLED)
    Attempt.objects.all().delete()
    assert tallies.totals()["attempt"]["desk", "delivered"].number == 1


def test_what_was_seen_a_moment_ago_is_not_rolled_up_yet(desk: Desk) -> None:
    owe()
    deliveries.drain("desk")
    tallies.roll()
    tallies.roll()
    assert TallyMark.objects.get(kind="attempt").counted == 0


def test_a_quantile_lies_within_its_bound() -> None:
    count = tallies.Tallied(100, 0, (0, 0, 0, 50, 90, 100, 100, 100, 100, 100, 100))
    assert count.quantile_ms(0.5) == 50
    assert count.quantile_ms(0.95) == 150
    assert tallies.Tallied().quantile_ms(0.95) is None


def test_it_costs_as_many_queries_for_thirty_deliveries_as_for_three(desk: Desk) -> None:
    owe_many(3)
    deliveries.drain("desk")
    with CaptureQueriesContext(connection) as few:
        standing.standings()
    for number in range(30):
        owe(f"more{number}@dev.test")
    with CaptureQueriesContext(connection) as many:
        standing.standings()
    assert len(few) == len(many) <= 8


def test_dead_letters_are_found_by_their_index(desk: Desk) -> None:
    if connection.vendor == "postgresql":  # which would rather read a table of no rows
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "delivery_dead" in Delivery.objects.dead().filter(integration="desk").explain()
