"""What other vendors call things, in Clearbit's words."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import facts, words


def test_every_word_is_one_of_clearbit_s() -> None:
    assert set(words.SENIORITIES.values()) == facts.SENIORITIES | {words.NOTHING}
    assert set(words.ROLES.values()) <= facts.ROLES | {words.NOTHING}
    assert set(words.COMPANY_TYPES.values()) <= facts.COMPANY_TYPES


@pytest.mark.parametrize(
    ("levels", "seniority"),
    [
        ("c_suite", "executive"),
        (["manager", "cxo"], "executive"),
        (["senior", "director"], "director"),
        ("Head", "director"),
        (["entry"], ""),
        ("wizard", "wizard"),  # logged, and dropped, where it is read
        ([], None),
        (None, None),
    ],
)
def test_the_highest_of_several_levels_counts(levels: Any, seniority: Any) -> None:
    assert words.seniority(levels) == seniority


@pytest.mark.parametrize(
    ("departments", "role"),
    [
        ("health", "health_professional"),
        (["c_suite", "master_sales"], "sales"),
        (["media_and_commmunication"], "communications"),
        (["design"], None),
        (["design", "alchemy"], "alchemy"),
        ([], None),
    ],
)
def test_the_first_department_that_has_a_role_counts(departments: Any, role: Any) -> None:
    assert words.role(departments) == role


@pytest.mark.parametrize(
    ("said", "sector_and_industry"),
    [
        ("computer software", ("Information Technology", "Software")),
        ("Information Technology & Services", ("Information Technology", "IT Services")),
        ("political organization", (None, "Political Organization")),
        ("Anvils", (None, "Anvils")),
        (None, (None, None)),
        (True, (None, True)),
    ],
)
def test_an_industry_has_a_sector(said: Any, sector_and_industry: Any) -> None:
    assert words.industry(said) == sector_and_industry


@pytest.mark.parametrize(
    ("employees", "said", "name"),
    [
        (131, "1-10", "51-250"),
        (250, None, "51-250"),
        (100_001, None, "100K+"),
        (None, "51-200", "51-250"),
        (None, "10001+", "10K-50K"),
        (True, "201-500", "251-1K"),
        (None, "many", "many"),
        (None, None, None),
    ],
)
def test_the_number_of_employees_beats_the_range(employees: Any, said: Any, name: Any) -> None:
    assert words.employees_range(employees, said) == name


@pytest.mark.parametrize(
    ("said", "point"),
    [("37.80,-122.27", ("37.80", "-122.27")), ("37.80", (None, None)), (True, (None, None)), (None, (None, None))],
)
def test_a_place_on_earth_is_two_numbers(said: Any, point: Any) -> None:
    assert words.point(said) == point
