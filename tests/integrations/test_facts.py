"""How a provider's words become facts."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from integrations import facts


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("Google Analytics", "google_analytics"),
        ("aws_ec2", "aws_ec2"),
        ("C++", "c++"),
        ("ASP.NET / Core", "asp.net_core"),
        ("--", None),
        (7, None),
    ],
)
def test_a_technology_is_spelt_as_clearbit_does(said: Any, tag: str | None) -> None:
    assert facts.tag(said) == tag


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-09-01T04:30:00.000Z", "2026-09-01T04:30:00+00:00"),
        ("2026-09-01T04:30:00", "2026-09-01T04:30:00+00:00"),
        ("2026-09-01", "2026-09-01"),
        ("yesterday", None),
        (1_700_000_000, None),
    ],
)
def test_a_moment_is_told_in_iso_8601(said: Any, moment: str | None) -> None:
    assert facts.moment(said) == moment


def test_what_stands_in_objects_is_read_with_what_stands_alone() -> None:
    said = [{"value": "https://ada.example"}, "https://b.example", {"title": "no link"}, 7]
    assert facts.PERSON["gravatar.urls"](said) == ["https://ada.example", "https://b.example"]


def test_what_cannot_be_read_is_logged_and_costs_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    said = {"name.fullName": True, "employment.seniority": "wizard", "bio": "Queues."}
    assert facts.read("apollo", facts.PERSON, said) == {"bio": "Queues."}
    assert caplog.messages == [
        "apollo: name.fullName cannot be read (a bool)",
        "apollo: employment.seniority cannot be read ('wizard')",
    ]


def test_the_attributes_are_those_of_clearbit_s_objects() -> None:
    assert {"category.naics6Codes2022", "identifiers.usEIN", "metrics.fiscalYearEnd"} <= facts.COMPANY.keys()
    assert {"gravatar.urls", "fuzzy", "activeAt", "twitter.statuses"} <= facts.PERSON.keys()
