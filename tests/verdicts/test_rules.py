from __future__ import annotations

from typing import Any

import pytest

from signups.models import VerdictRule
from signups.verdicts import safety
from signups.verdicts.rules import Action, Condition, Facts, Rule, Unreadable, of_row, read_condition
from tests.verdicts.checks import answers, check


def rule(*lines: str, action: Action = Action.REJECT) -> Rule:
    return Rule("mine", tuple(map(read_condition, lines)), action)


@pytest.mark.parametrize(
    "line",
    [
        "checks.mx is one of null_mx, no_such_domain",
        "is_high_value is true",
        "signs.risky is at least 2",
        "evidence.fingerprint.strong is true",
        "person.name.fullName is known",
        'signup.utm.source is "true"',
        'signup.referrer contains a, b "quoted"',
        'company.category.industry is one of ["Tools, small", "Toys"]',
    ],
)
def test_a_condition_is_read_as_it_is_written(line: str) -> None:
    assert read_condition(str(read_condition(line))) == read_condition(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("checks.mx", "write a fact, then one of"),
        ("mx is null_mx", "“mx” is no fact"),
        ("signs.risky is at least many", "compares numbers"),
        ("signs.bad is at least NaN", "compares numbers"),
        ("signs.bad is at least 1e999", "compares numbers"),
        ("checks.mx is one of " + "[" * 1900, "needs a list"),
        ("checks.mx is one of", "needs a list"),
        ("checks.mx is", "needs something to compare with"),
        ("checks.mx is known null_mx", "nothing stands after"),
    ],
)
def test_a_condition_that_says_nothing_is_refused_with_the_remedy(line: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_condition(line)


@pytest.mark.parametrize(
    "lines",
    [
        ("checks.kind is disposable",),
        ("checks.mx is one of null_mx, no_such_domain",),
        ("outcomes.anything is bad",),
        ("signs.bad is at least 1",),
        ("signs.risky is at least 2",),
        ("checks.kind is parked", "outcomes.name_look is risky"),
        ("outcomes.fingerprint is risky", "evidence.fingerprint.strong is true", "signs.risky is at least 2"),
    ],
)
def test_hard_facts_and_two_signs_may_reject(lines: tuple[str, ...]) -> None:
    assert safety.problem(rule(*lines)) == ""


@pytest.mark.parametrize(
    "lines",
    [
        ("checks.kind is parked",),
        ("checks.kind is one of disposable, parked",),
        ("outcomes.kind is one of bad, risky",),
        ("outcomes.fingerprint is risky", "evidence.fingerprint.strong is true"),
        ("outcomes.kind is risky", "checks.kind is parked"),
        ("outcomes.velocity is risky", "outcomes.confirmation_click is risky"),
        ("outcomes.role is risky", "outcomes.name_look is risky"),
        ("signs.risky is at least 1",),
        ("signs.risky is less than 2",),
        ("person.location contains Mars",),
        ("checks.mx contains null_mx",),
    ],
)
def test_less_may_not_reject(lines: tuple[str, ...]) -> None:
    assert "one weak sign never rejects alone" in safety.problem(rule(*lines))
    assert safety.problem(rule(*lines, action=Action.HOLD)) == ""


def test_evidence_that_is_not_there_passes_no_test() -> None:
    facts = Facts(answers(check("fingerprint", strong=True)))
    assert facts.get("evidence.fingerprint.strong") is True
    assert [facts.get(path) for path in ("evidence.fingerprint.odds", "evidence.none.x", "evidence.mx")] == [
        None,
        None,
        {},
    ]


@pytest.mark.parametrize("odd", [["mx"], [{"fact": "checks.mx"}], [{"fact": 1, "test": "equals", "value": 1}], 7, None])
def test_conditions_that_came_past_the_forms_never_hold_and_are_not_published(odd: Any) -> None:
    read = of_row(VerdictRule(name="mine", conditions=odd, action="hold"))
    assert not read.holds(Facts(answers()))
    assert "no condition that can be read" in safety.problem(read)


def test_a_rule_without_conditions_never_holds() -> None:
    assert not Rule("empty", (), Action.REJECT).holds(Facts(answers()))


def test_a_rule_reads_as_a_sentence() -> None:
    condition = Condition("checks.kind", VerdictRule.Test.EQUALS, "disposable")
    assert str(Rule("disposable", (condition,), Action.REJECT)) == "If checks.kind is disposable → reject"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("checks.lists is deny_list", "the address is on the deny list"),
        ("checks.mx is one of null_mx, no_such_domain", "the DNS answer is one of null mx, no such domain"),
        ("signs.risky is at least 2", "there are at least 2 weak signs"),
        ("outcomes.name_look is risky", "the look of the domain’s name is a weak sign"),
        ("outcomes.mx is unknown", "the DNS answer is not known"),
        ("evidence.fingerprint.strong is true", "the servers’ fingerprint is strong"),
        ("evidence.confirmation_click.ip_24h is at least 25", "“ip 24h” of the confirmation click is at least 25"),
        ("is_high_value is true", "it is high value"),
    ],
)
def test_a_condition_reads_as_people_speak(line: str, words: str) -> None:
    assert read_condition(line).in_words == words
