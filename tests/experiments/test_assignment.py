"""The published hash, and what follows from it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from signups.experiments.assignment import arm_number, assigned, coverage_number, ranges_of, weights_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "experiments.md"
UNITS = [f"visitor-{number}" for number in range(20_000)]
EVEN = ranges_of({"a": 0.5, "b": 0.5})


def test_the_documents_test_vectors_hold() -> None:
    vectors = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| ([\d.]+) \| ([\d.]+) \|$", DOCS.read_text(), re.MULTILINE)
    assert len(vectors) >= 4
    for experiment, unit, for_arm, for_coverage in vectors:
        assert f"{arm_number(experiment, unit):.12f}" == for_arm
        assert f"{coverage_number(experiment, unit):.12f}" == for_coverage


def test_the_arms_are_as_large_as_their_weights() -> None:
    ranges = ranges_of({"a": 0.7, "b": 0.2, "c": 0.1})
    seen = Counter(assigned("wording", unit, 1, ranges) for unit in UNITS)
    assert [seen[arm] / len(UNITS) for arm in "abc"] == pytest.approx([0.7, 0.2, 0.1], abs=0.01)


def test_the_same_unit_gets_the_same_arm_for_ever() -> None:
    assert [assigned("wording", "ada", 1, EVEN) for _ in range(3)] == ["b"] * 3


def test_the_coverage_lets_in_as_many_as_it_says() -> None:
    covered = sum(assigned("wording", unit, 0.3, EVEN) is not None for unit in UNITS)
    assert covered / len(UNITS) == pytest.approx(0.3, abs=0.01)


def test_raising_the_coverage_leaves_everybodys_arm_alone() -> None:
    before = {unit: assigned("wording", unit, 0.2, EVEN) for unit in UNITS}
    after = {unit: assigned("wording", unit, 0.9, EVEN) for unit in UNITS}
    assert all(after[unit] == arm for unit, arm in before.items() if arm is not None)


def test_those_let_in_later_are_spread_over_new_weights_as_they_say() -> None:
    late = [unit for unit in UNITS if coverage_number("wording", unit) >= 0.5]
    seen = Counter(assigned("wording", unit, 1, ranges_of({"a": 0.8, "b": 0.2})) for unit in late)
    assert seen["a"] / len(late) == pytest.approx(0.8, abs=0.01)


def test_two_experiments_split_independently() -> None:
    both = Counter((assigned("one", unit, 1, EVEN), assigned("two", unit, 1, EVEN)) for unit in UNITS)
    assert [number / len(UNITS) for number in both.values()] == pytest.approx([0.25] * 4, abs=0.01)


def test_the_ranges_fill_all_of_0_to_1() -> None:
    ranges = ranges_of({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})
    assert ranges["a"][0] == 0
    assert ranges["c"][1] == 1
    assert ranges["a"][1] == ranges["b"][0]
    assert weights_of(ranges)["b"] == pytest.approx(1 / 3)


def test_an_arm_without_weight_is_shown_to_nobody() -> None:
    ranges = ranges_of({"a": 1.0, "b": 0.0})
    assert {assigned("wording", unit, 1, ranges) for unit in UNITS} == {"a"}


def test_what_rounding_leaves_falls_to_no_arm_without_weight() -> None:
    ranges = ranges_of({"a": 0.333333, "b": 0.333333, "c": 0.333333, "d": 0.0})
    assert ranges["c"][1] == 1
    assert weights_of(ranges)["d"] == 0
