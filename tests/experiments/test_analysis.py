"""The arithmetic, against published numbers and against chance itself."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from signups.experiments import analysis
from signups.experiments.analysis import Count, always_valid, fixed, mismatch, planned_size, planned_variance, wilson


def test_wilsons_interval_is_the_published_one() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3.
    for conversions, units, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        interval = wilson(Count(conversions, units))
        assert [interval.low, interval.high] == pytest.approx([low, high], abs=0.0001)


def test_the_fixed_interval_of_a_difference_is_the_published_one() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10.
    for other, control, low, high in (
        (Count(56, 70), Count(48, 80), 0.0524, 0.3339),
        (Count(9, 10), Count(3, 10), 0.1705, 0.8090),
        (Count(10, 10), Count(0, 20), 0.6791, 1.0),
    ):
        interval = fixed(control, other)
        assert [interval.low, interval.high] == pytest.approx([low, high], abs=0.0001)


def test_the_planned_size_is_the_textbooks() -> None:
    # J. L. Fleiss, Statistical Methods for Rates and Proportions: 0.6 against 0.7, alpha 0.05, power 0.8: 356 each.
    assert planned_size(0.6, 0.1, [0.5, 0.5]) == pytest.approx(2 * 356, abs=2)


def test_uneven_arms_and_more_arms_need_more_units() -> None:
    even = planned_size(0.2, 0.05, [0.5, 0.5])
    assert planned_size(0.2, 0.05, [0.9, 0.1]) > 2 * even
    assert planned_size(0.2, 0.05, [0.34, 0.33, 0.33]) > even
    assert planned_size(0.2, 0.05, [0.5, 0.5, 0.0]) == even


def test_a_baseline_near_one_plans_for_a_fall() -> None:
    assert planned_size(0.98, 0.05, [0.5, 0.5]) == planned_size(0.98, -0.05, [0.5, 0.5])


def test_a_mismatch_is_told_from_chance() -> None:
    weights = {"a": 0.5, "b": 0.5}
    assert mismatch({"a": 520, "b": 480}, weights) == pytest.approx(0.2059, abs=0.0001)
    odd = mismatch({"a": 600, "b": 400}, weights)
    assert odd is not None
    assert odd < analysis.MISMATCH_P


def test_a_mismatch_is_silent_below_five_expected() -> None:
    assert mismatch({"a": 9, "b": 0}, {"a": 0.5, "b": 0.5}) is None
    assert mismatch({"a": 40, "b": 0}, {"a": 0.9, "b": 0.1}) is None
    assert mismatch({"a": 10, "b": 0}, {"a": 0.5, "b": 0.5}) is not None


def test_an_arm_without_weight_is_no_mismatch() -> None:
    assert mismatch({"a": 50, "b": 50, "c": 3}, {"a": 0.5, "b": 0.5, "c": 0.0}) == 1.0


def test_nothing_is_sure_of_nobody() -> None:
    assert wilson(Count(0, 0)) == analysis.Interval(0, 1)
    assert always_valid(Count(0, 0), Count(1, 1), 0.001) == analysis.Interval(-1, 1)
    assert fixed(Count(0, 0), Count(1, 1)).high <= 1


# -- Looking all the time ----------------------------------------------------------------------------------------------

BASELINE, EFFECT, EVERY = 0.2, 0.05, 100
SIZE = planned_size(BASELINE, EFFECT, [0.5, 0.5])
VARIANCE = planned_variance(BASELINE, SIZE, 0.5, 0.5)


def looks(chance: random.Random, lift: float = 0.0) -> Iterator[tuple[Count, Count, bool]]:
    """A test as it unfolds, seen at every hundredth visitor, the last time at the planned size."""
    units, converted = [0, 0], [0, 0]
    for visitor in range(1, SIZE + 1):
        arm = chance.random() < 0.5
        units[arm] += 1
        converted[arm] += chance.random() < BASELINE + lift * arm
        if visitor % EVERY == 0 or visitor == SIZE:
            yield Count(converted[0], units[0]), Count(converted[1], units[1]), visitor == SIZE


def alarms(lift: float, tests: int, *, is_naive: bool = False, until_plan: bool = False) -> float:
    """The share of tests in which somebody who looks every time sees a difference at least once."""
    chance = random.Random(7)
    found = 0
    for _ in range(tests):
        for control, other, is_last in looks(chance, lift):
            is_fixed = is_naive or is_last
            interval = fixed(control, other) if is_fixed else always_valid(control, other, VARIANCE)
            if interval.excludes_zero and not (until_plan and is_last):
                found += 1
                break
    return found / tests


def test_looking_every_hundred_visitors_raises_no_more_than_five_percent_of_false_alarms() -> None:
    assert alarms(0.0, tests=1000) <= 0.05


def test_looking_early_costs_less_than_one_percent() -> None:
    assert alarms(0.0, tests=400, until_plan=True) <= 0.01


def test_a_small_arm_and_a_low_rate_raise_no_more_alarms_early() -> None:
    chance, weights, found = random.Random(9), [0.9, 0.1], 0
    size = planned_size(0.05, 0.03, weights)
    variance = planned_variance(0.05, size, *weights)
    for _ in range(300):
        units, converted, is_found = [0, 0], [0, 0], False
        for visitor in range(1, size):
            arm = chance.random() < weights[1]
            units[arm] += 1
            converted[arm] += chance.random() < 0.05
            if visitor % 50 == 0:
                control, other = (Count(*both) for both in zip(converted, units, strict=True))
                is_found |= always_valid(control, other, variance).excludes_zero
        found += is_found
    assert found / 300 <= 0.01


def test_the_wrong_habit_would_raise_several_times_as_many() -> None:
    assert alarms(0.0, tests=300, is_naive=True) > 0.15


def test_the_difference_planned_for_is_found_in_four_tests_of_five() -> None:
    assert alarms(EFFECT, tests=300) == pytest.approx(0.8, abs=0.06)


def test_a_large_difference_is_found_before_the_planned_size() -> None:
    assert alarms(3 * EFFECT, tests=100, until_plan=True) > 0.95


def test_the_always_valid_interval_holds_the_truth_at_all_looks_together() -> None:
    chance = random.Random(8)
    missed = 0
    for _ in range(300):
        intervals = [always_valid(a, b, VARIANCE) for a, b, _ in looks(chance, 0.1)]
        missed += not all(interval.low <= 0.1 <= interval.high for interval in intervals)
    assert missed / 300 <= 0.05


def test_a_web_process_starts_without_scipy() -> None:
    code = "import django; django.setup(); import signups.views, signups.admin, sys; sys.exit('scipy' in sys.modules)"
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "onboarding.settings", "DATABASE_URL": "sqlite://:memory:"}
    assert subprocess.run([sys.executable, "-c", code], env=env, timeout=60, check=False).returncode == 0
