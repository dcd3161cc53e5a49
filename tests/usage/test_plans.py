"""What follows when a plan changes."""

from __future__ import annotations

import pytest

from signups.models import LimitReached
from signups.usage import plans
from signups.usage.figures import utc_today
from tests.rows import make_signup
from tests.usage.rows import make_usage

pytestmark = pytest.mark.django_db


def test_a_lower_limit_may_be_reached_already() -> None:
    signup = make_signup(plan_limit=1_000)
    make_usage(signup, utc_today(), 90)
    plans.change(signup, {"plan_limit": 100})

    assert LimitReached.objects.get(signup=signup).threshold == 80


def test_a_higher_limit_resolves_what_was_reached() -> None:
    signup = make_signup(plan_limit=1_000)
    make_usage(signup, utc_today(), 90)
    plans.change(signup, {"plan_limit": 100})
    plans.change(signup, {"plan_limit": 1_000})

    assert LimitReached.objects.get(signup=signup).resolved_at is not None


def test_an_own_id_may_be_kept_by_all_signups_of_one_person() -> None:
    make_signup(external_id="u_42")
    again = make_signup()

    assert plans.change(again, {"external_id": "u_42"}).external_id == "u_42"


def test_the_own_id_of_somebody_who_was_rejected_is_free() -> None:
    make_signup("tom@dev.test", external_id="u_42", verdict="rejected")

    assert plans.change(make_signup(), {"external_id": "u_42"}).external_id == "u_42"


def test_a_plan_set_by_two_keeps_what_the_other_did_not_touch() -> None:
    signup = make_signup()
    plans.change(signup, {"plan": "pro"})  # `signup` is as it was read before, without a plan
    changed = plans.change(signup, {"plan_limit": 5})

    assert (changed.plan, changed.plan_limit) == ("pro", 5)
