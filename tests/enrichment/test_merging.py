"""One profile of many claims, with those that lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signups.contracts import Found, Subject
from signups.enrichment import deriving, merging
from signups.enrichment.answers import Result
from signups.enrichment.precedence import Precedence, Standing
from signups.models.profile import Profile

AT = datetime(2026, 11, 24, 10, tzinfo=UTC)
RULES = Precedence({"clearbit": Standing(0), "gravatar": Standing(1), "github": Standing(2)})


def answer(provider: str, outcome: Found = Found.FOUND, subject: Subject = Subject.PERSON, **facts: Any) -> Result:
    dotted = {name.replace("__", "."): value for name, value in facts.items()}
    return Result(provider, subject, "ada@dev.test", outcome, AT, facts=dotted)


def person(*results: Result, old: Profile | None = None, rules: Precedence = RULES) -> Profile:
    return merging.merge(Subject.PERSON, old or {}, results, rules)


def claim(value: Any, provider: str, confidence: float = 0.8) -> dict[str, Any]:
    return {"value": value, "provider": provider, "at": AT.isoformat(), "confidence": confidence}


def test_the_most_believed_holds_and_the_others_are_kept_beside_it() -> None:
    profile = person(answer("github", bio="Queues"), answer("clearbit", bio="Ledgers"))
    assert profile["bio"]["value"] == "Ledgers"
    assert [other["value"] for other in profile["bio"]["others"]] == ["Queues"]


def test_the_form_beats_providers_and_staff_beat_the_form() -> None:
    profile = person(answer("clearbit", name__fullName="A. Byrne"))
    profile = merging.with_claims(Subject.PERSON, profile, {"form": {"name.fullName": claim("Ada", "form")}}, RULES)
    assert profile["name.fullName"]["value"] == "Ada"
    profile = merging.with_claims(Subject.PERSON, profile, {"staff": {"name.fullName": claim("Ada B", "staff")}}, RULES)
    assert [one["provider"] for one in merging.claims_of(profile["name.fullName"])] == ["staff", "form", "clearbit"]


def test_what_a_provider_says_now_replaces_what_it_said() -> None:
    old = person(answer("clearbit", bio="Old", location="Leeds"), answer("github", bio="Queues"))
    new = person(answer("clearbit", bio="New"), old=old)
    assert merging.values(new) == {"bio": "New"}
    assert new["bio"]["others"] == old["bio"]["others"]


def test_a_miss_takes_back_and_an_error_changes_nothing() -> None:
    old = person(answer("clearbit", bio="Ledgers"), answer("github", bio="Queues"))
    assert person(answer("clearbit", Found.ERROR), old=old) == old
    assert merging.values(person(answer("clearbit", Found.NOT_FOUND), old=old)) == {"bio": "Queues"}


def test_a_provider_no_longer_listed_is_believed_last() -> None:
    profile = person(answer("bygone", bio="Once"), answer("github", bio="Queues"))
    assert profile["bio"]["value"] == "Queues"


def test_everybody_s_technologies_are_taken_together_and_told_apart_again() -> None:
    first = answer("clearbit", subject=Subject.COMPANY, tech=["python", "aws"])
    second = answer("github", subject=Subject.COMPANY, tech=["AWS", "redis"])
    profile = merging.merge(Subject.COMPANY, {}, [first, second], RULES)
    assert profile["tech"]["value"] == ["python", "aws", "redis"]
    gone = answer("clearbit", Found.NOT_FOUND, Subject.COMPANY)
    assert merging.merge(Subject.COMPANY, profile, [gone], RULES)["tech"]["value"] == ["AWS", "redis"]


def test_a_title_tells_role_and_rank_until_somebody_says_otherwise() -> None:
    profile = person(answer("gravatar", employment__title="Head of Engineering"))
    assert profile["employment.role"] == claim("engineering", "derived", 0.5)
    assert profile["employment.seniority"]["value"] == "director"
    profile = person(answer("clearbit", employment__role="operations"), old=profile)
    assert (profile["employment.role"]["value"], profile["employment.role"]["others"][0]["value"]) == (
        "operations",
        "engineering",
    )
    assert person(answer("gravatar", Found.NOT_FOUND), answer("clearbit", Found.NOT_FOUND), old=profile) == {}


@pytest.mark.parametrize(
    ("title", "role", "seniority"),
    [
        ("Founder & CEO", "ceo", "executive"),
        ("Co-founder", "founder", "executive"),
        ("Vice President of Sales", "sales", "executive"),
        ("Backend Developer", "engineering", None),
        ("Product Manager", "product", "manager"),
        ("Chair", None, None),
        ("Shrink", None, None),
    ],
)
def test_titles_are_read_as_people_mean_them(title: str, role: str | None, seniority: str | None) -> None:
    assert (deriving.role(title), deriving.seniority(title)) == (role, seniority)


_claims = st.dictionaries(st.sampled_from(["bio", "location", "tech"]), st.lists(st.sampled_from("abc"), min_size=1))
_answers = st.lists(st.tuples(st.sampled_from(["clearbit", "gravatar", "github"]), _claims), max_size=6)


@given(_answers)
def test_the_order_in_which_answers_come_does_not_matter(said: list[tuple[str, dict[str, Any]]]) -> None:
    """The last word of each provider counts, whoever spoke in between."""
    last = dict(said)
    one_by_one: Profile = {}
    for provider, facts in said:
        one_by_one = person(answer(provider, **facts), old=one_by_one)
    at_once = person(*(answer(provider, **facts) for provider, facts in last.items()))
    assert merging.values(one_by_one) == merging.values(at_once)
    assert {path: len(merging.claims_of(fact)) for path, fact in one_by_one.items()} == {
        path: len(merging.claims_of(fact)) for path, fact in at_once.items()
    }
