"""What is owed to whom, and that it is written down once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signups import deliveries
from signups.contracts import Event
from signups.deliveries.planning import plan_missing
from signups.models import Delivery, Signup, Verdict
from tests.deliveries.desk import Desk
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db


def rows(signup: Signup) -> list[tuple[str, str, str]]:
    planned = Delivery.objects.filter(signup=signup).order_by("pk")
    return list(planned.values_list("integration", "event", "period"))


def test_a_saved_signup_is_owed_to_everybody_who_listens(two_desks: tuple[Desk, Desk]) -> None:
    signup = make_signup()
    signup.save()
    assert rows(signup) == [("desk", "signed_up", ""), ("other_desk", "signed_up", "")]


def test_saving_it_again_owes_nothing_more(desk: Desk) -> None:
    signup = make_signup()
    for _ in range(3):
        signup.save()
    assert rows(signup) == [("desk", "signed_up", "")]


def test_somebody_accepted_after_waiting_is_told_as_confirmed(desk: Desk) -> None:
    signup = make_signup(verdict=Verdict.CONFIRM)
    signup.save()
    signup.verdict = Verdict.ACCEPTED
    signup.save()
    signup.save()
    assert rows(signup) == [("desk", "signed_up", ""), ("desk", "confirmed", "")]


def test_a_newer_profile_is_told_once_a_version(desk: Desk) -> None:
    signup = make_signup()
    signup.save()
    signup.profile_version = 2
    signup.save()
    signup.save()
    assert rows(signup) == [("desk", "signed_up", ""), ("desk", "profile_changed", "2")]


def test_a_rejected_signup_is_told_to_nobody(desk: Desk) -> None:
    signup = make_signup(verdict=Verdict.REJECTED)
    signup.save()
    assert rows(signup) == []


def test_nobody_hears_of_a_signup_they_do_not_want(desk: Desk) -> None:
    signup = make_signup("unwanted@dev.test")
    signup.save()
    assert rows(signup) == []


def test_recurring_events_are_told_once_a_period(desk: Desk) -> None:
    signup = make_signup()
    for day in ("2026-11-24", "2026-11-24", "2026-11-25"):
        deliveries.plan(signup, Event.USAGE_REPORTED, period=day, frozen={"calls": 7})
    assert rows(signup) == [("desk", "usage_reported", "2026-11-24"), ("desk", "usage_reported", "2026-11-25")]
    assert signup.deliveries.first().frozen["calls"] == 7  # type: ignore[union-attr]


def test_who_is_off_is_owed_nothing_until_switched_on(desk: Desk) -> None:
    desk.lacks = ["DESK_KEY"]
    signup = make_signup()
    signup.save()
    assert rows(signup) == []
    desk.lacks = []
    assert plan_missing() == 1
    assert rows(signup) == [("desk", "signed_up", "")]


def test_looking_for_what_is_missing_costs_the_same_for_many(desk: Desk) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert plan_missing() == 0
        return [one["sql"] for one in captured]

    make_signup("p0@dev.test", company=make_company()).save()
    for_one = queries()
    for number in range(1, 30):
        make_signup(f"p{number}@dev.test", company=make_company()).save()
    for_many = queries()
    assert len(for_many) == len(for_one)
    assert not [sql for sql in for_many if "signups_person" in sql or "signups_company" in sql]


def test_what_a_change_behind_the_signals_back_calls_for_is_planned_later(desk: Desk) -> None:
    signup = make_signup(verdict=Verdict.CONFIRM)
    signup.save()
    Signup.objects.filter(pk=signup.pk).update(verdict=Verdict.ACCEPTED)
    assert (plan_missing(), plan_missing()) == (1, 0)
    assert rows(signup) == [("desk", "signed_up", ""), ("desk", "confirmed", "")]


def test_a_delivery_keeps_the_moment_it_was_planned(desk: Desk) -> None:
    signup = make_signup()
    (delivery,) = deliveries.plan_for(signup)
    delivery.refresh_from_db()
    assert delivery.frozen["at_ms"] == pytest.approx(delivery.created_at.timestamp() * 1000, abs=1000)
