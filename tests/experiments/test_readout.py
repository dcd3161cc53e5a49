"""The numbers of a phase, and the sentence on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups.experiments import lifecycle, readout, verdict
from signups.experiments.metrics import METRICS
from signups.experiments.readout import Reading
from signups.models import Campaign, Experiment, Exposure, LimitReached, Mail, Phase, Signup, UsageRecord
from tests.experiments.rows import make_running, make_seen, make_user, phase_of
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db


def reading_of(experiment: Experiment, **options: Any) -> Reading:
    phase = phase_of(experiment)
    return readout.read([phase], **options)[phase.pk]


def sentence(experiment: Experiment) -> str:
    return verdict.say(reading_of(experiment)).sentence


def small(**values: Any) -> Experiment:
    """A test whose planned size is a few hundred."""
    return make_running(baseline=0.3, effect=0.15, **values)


def test_exposures_and_conversions_are_counted_by_arm() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (30, 6), "b": (28, 9)})
    control, other = reading_of(experiment).arms
    assert [(arm.exposures, arm.count.units, arm.count.conversions) for arm in (control, other)] == [
        (30, 30, 6),
        (28, 28, 9),
    ]
    assert control.is_control
    assert other.change == pytest.approx(9 / 28 - 6 / 30)


def test_a_unit_whose_window_is_not_over_is_still_counting() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (5, 1), "b": (5, 1)})
    make_seen(experiment, {"a": (3, 3)}, ago=timedelta(hours=20))
    reading = reading_of(experiment)
    assert (reading.exposures, reading.units, reading.counting) == (13, 10, 3)
    assert (reading.arms[0].counting, reading.arms[0].count.conversions) == (3, 1)


@pytest.mark.parametrize(("hours", "counts"), [(-1, 0), (0.01, 1), (23.9, 1), (24.1, 0)])
def test_a_success_counts_only_after_the_exposure_and_within_the_window(hours: float, counts: int) -> None:
    experiment = make_running()
    (row,) = make_seen(experiment, {"a": (1, 0)}, ago=timedelta(days=3))
    row.refresh_from_db()
    signup = make_signup(anonymous_id=row.unit)
    Signup.objects.filter(pk=signup.pk).update(created_at=row.at + timedelta(hours=hours))
    assert reading_of(experiment).arms[0].count.conversions == counts


def test_forced_and_carried_units_are_told_and_not_counted() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (4, 2)}, is_forced=True)
    make_seen(experiment, {"b": (3, 2)}, is_carried=True)
    reading = reading_of(experiment)
    assert (reading.exposures, reading.forced, reading.carried) == (0, 4, 3)
    assert sentence(experiment) == "Nobody has seen it yet."


def make_success(metric: str, signup: Signup, at: Any) -> None:
    moments = {"confirmed": "confirmed_at", "accepted": "accepted_at", "signed_up": "created_at"}
    if metric in moments:
        Signup.objects.filter(pk=signup.pk).update(**{moments[metric]: at})
    elif metric == "first_call":
        UsageRecord.objects.create(signup=signup, date=at.date(), count=3, reported_at=at)
    elif metric == "reached_limit":
        row = LimitReached.objects.create(signup=signup, period="2026-11", threshold=100, count=9, limit=9)
        LimitReached.objects.filter(pk=row.pk).update(reached_at=at)
    else:
        campaign = Campaign.objects.create(key="1", name="Campaign 1")
        moment = {"opened_welcome": "opened_at", "clicked_welcome": "clicked_at"}[metric]
        Mail.objects.create(key="1", campaign=campaign, signup=signup, first_at=at, **{moment: at})


@pytest.mark.parametrize(("opened", "counts"), [("first", 1), ("second", 0)])
def test_the_welcome_mail_is_the_first_that_a_campaign_sends_them(opened: str, counts: int) -> None:
    experiment = make_running(metric="opened_welcome")
    (row,) = make_seen(experiment, {"a": (1, 0)}, ago=timedelta(days=9))
    signup, at = make_signup(anonymous_id=row.unit), timezone.now() - timedelta(days=8)
    campaign = Campaign.objects.create(key="1", name="Getting started")
    for days, key in enumerate(("receipt", "first", "second")):
        moment = at + timedelta(days=days)
        values = {"opened_at": moment} if key == opened else {}
        sender = campaign if key != "receipt" else None
        Mail.objects.create(key=key, campaign=sender, signup=signup, first_at=moment, **values)
    assert reading_of(experiment).arms[0].count.conversions == counts


@pytest.mark.parametrize("unit", ["visitor", "company"])
@pytest.mark.parametrize("metric", list(METRICS))
def test_every_metric_finds_its_success_by_visitor_and_by_company(metric: str, unit: str) -> None:
    experiment = make_running(metric=metric, unit=unit)
    window = METRICS[metric].window
    rows = make_seen(experiment, {"a": (2, 0)}, at=timezone.now() - window - timedelta(days=2))
    domain = make_company("dev.test")
    signup = make_signup(anonymous_id=rows[0].unit, company=domain)
    Signup.objects.filter(pk=signup.pk).update(created_at=timezone.now(), accepted_at=None)
    if unit == "company":
        Exposure.objects.filter(pk=rows[0].pk).update(unit="dev.test")
    make_success(metric, signup, timezone.now() - window - timedelta(days=1, hours=12))
    count = reading_of(experiment).arms[0].count
    assert (count.units, count.conversions) == (2, 1)


def test_too_early_says_how_far_and_how_long() -> None:
    experiment = make_running(baseline=0.2, effect=0.05)
    make_seen(experiment, {"a": (50, 10), "b": (50, 11)})
    reading = reading_of(experiment)
    assert reading.days_left is not None
    assert sentence(experiment) == (
        f"Too early: 100 of {reading.planned:,} planned units have been counted. "
        f"At the present pace it takes about {reading.days_left} days more."
    )


def test_before_the_plan_only_the_always_valid_interval_speaks() -> None:
    experiment = make_running(baseline=0.2, effect=0.05)
    make_seen(experiment, {"a": (300, 60), "b": (300, 81)})  # p = 0.04 to whoever looks now
    assert sentence(experiment).startswith("Too early")
    make_seen(experiment, {"a": (300, 45), "b": (300, 120)})
    said = verdict.say(reading_of(experiment))
    assert said.sentence.startswith("“B” is better by 16.0 points (95 % always-valid interval ")
    assert said.tone == "good"


def test_after_the_plan_the_fixed_interval_speaks() -> None:
    experiment = small()
    make_seen(experiment, {"a": (200, 60), "b": (200, 90)})
    said = sentence(experiment)
    assert said.startswith("“B” is better by ")
    assert "(95 % interval " in said


def test_a_worse_arm_is_called_worse() -> None:
    experiment = small()
    make_seen(experiment, {"a": (200, 90), "b": (200, 40)})
    assert sentence(experiment).startswith("“B” is worse by ")


def test_what_comes_after_the_plan_does_not_change_the_reading() -> None:
    experiment = small()
    planned = reading_of(experiment).planned
    half = planned // 2
    make_seen(experiment, {"a": (half, half // 3), "b": (planned - half, half // 3)}, ago=timedelta(days=5))
    before = sentence(experiment)
    make_seen(experiment, {"a": (300, 0), "b": (300, 300)}, ago=timedelta(days=3))
    assert sentence(experiment) == before
    assert reading_of(experiment).later == 600


def test_no_difference_worth_knowing_is_told_from_none_found() -> None:
    experiment = small()
    make_seen(experiment, {"a": (200, 60), "b": (200, 61)})
    assert sentence(experiment).startswith("No difference worth knowing (95 % interval −")
    other = small(key="other")
    make_seen(other, {"a": (170, 54), "b": (170, 67)})
    assert "cannot be ruled out" in sentence(other)


def test_a_mismatch_silences_everything_else() -> None:
    experiment = small()
    make_seen(experiment, {"a": (300, 60), "b": (200, 90)})
    said = verdict.say(reading_of(experiment))
    assert said.sentence.startswith("Do not trust these numbers: “A” was seen by 300 where its weight makes 250 of 500")
    assert said.tone == "bad"


def test_of_several_arms_the_best_is_named() -> None:
    experiment = make_running(weights={"a": 0.4, "b": 0.3, "c": 0.3}, baseline=0.3, effect=0.2)
    make_seen(experiment, {"a": (200, 60), "b": (150, 75), "c": (150, 100)})
    assert sentence(experiment).startswith("“C” is better by ")


def test_a_stopped_test_that_fell_short_says_so() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (50, 10), "b": (50, 11)})
    stopped = lifecycle.stop(experiment, "No time.", "", make_user().pk)
    assert sentence(stopped).startswith("Not enough: 100 of ")
    assert verdict.say_of_decided(stopped).sentence == "Stopped. No arm is shown to everybody."


def test_of_a_stopped_test_nothing_is_said_of_what_to_do_before_the_planned_size() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (500, 100), "b": (500, 250)})
    assert "may be acted on" in sentence(experiment)
    assert "may be acted on" not in sentence(lifecycle.stop(experiment, "B won.", "b", make_user().pk))


def test_a_phase_that_shows_one_arm_alone_has_nothing_to_compare() -> None:
    experiment = make_running()
    lifecycle.new_phase(experiment, {"a": 0, "b": 1}, 1)
    make_seen(experiment, {"b": (50, 11)})
    assert sentence(experiment).startswith("There is nothing to compare")


def test_a_test_that_nobody_comes_to_says_so() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (10, 1), "b": (10, 1)}, ago=timedelta(days=20))
    assert "Nobody came in the last 7 days." in sentence(experiment)


def test_the_curve_ends_where_the_reading_does() -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (100, 20), "b": (100, 30)})
    control, other = reading_of(experiment, has_curve=True).arms
    assert not control.curve
    assert len(other.curve) <= readout.CURVE_POINTS
    assert other.curve[-1].units == 200
    assert other.curve[-1].change == pytest.approx(0.1)
    assert other.curve[-1].interval == other.difference


def test_many_readings_cost_as_many_queries_as_one() -> None:
    counts = []
    for keys in (["one"], ["two", "three", "four"]):
        for key in keys:
            make_seen(make_running(key), {"a": (5, 1), "b": (5, 1)})
        phases = list(Phase.objects.select_related("experiment").prefetch_related("experiment__arms"))
        with CaptureQueriesContext(connection) as captured:
            readout.read(phases)
        counts.append(len(captured))
    assert counts == [2, 2]
