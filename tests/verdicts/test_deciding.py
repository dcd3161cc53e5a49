"""The shipped rules, and what is done with any rules: one behaviour a test, on the database's own rows."""

from __future__ import annotations

from itertools import product

import pytest

from signups import verdicts
from signups.models import Verdict, VerdictRule
from signups.verdicts import current
from signups.verdicts.rules import Action, Condition, Rule, Rules
from signups.vetting import CheckResult
from tests.verdicts.checks import UNSURE, answers, check, weak_signs

pytestmark = pytest.mark.django_db


def decided(*checks: CheckResult, is_high_value: bool = False) -> tuple[str, str]:
    decision = verdicts.decide(answers(*checks), is_high_value=is_high_value)
    return decision.verdict.value, decision.reasons[0]["code"]


def rule(name: str, action: Action, fact: str, value: object) -> Rule:
    return Rule(name, (Condition(fact, VerdictRule.Test.EQUALS, value),), action, f"{name}.")


def test_known_person_with_nothing_against_them_is_let_in() -> None:
    assert decided() == ("accepted", "person_known")


def test_somebody_nobody_knows_proves_their_address() -> None:
    assert decided(check("person", "unknown", "person_unknown")) == ("confirm", "person_unknown")


def test_the_allow_list_beats_every_rule() -> None:
    checks = check("lists", "good", "allow_list"), check("kind", "bad", "disposable"), check("mx", "bad", "null_mx")
    assert decided(*checks) == ("accepted", "allow_list")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("lists", "deny_list"),
        ("kind", "disposable"),
        ("mx", "null_mx"),
        ("mx", "no_such_domain"),
        ("mx", "no_mail_server"),
        ("somebody_elses_check", "a_hard_fact"),
    ],
)
def test_a_hard_fact_rejects_even_whom_somebody_knows(name: str, code: str) -> None:
    assert decided(check(name, "bad", code)) == ("rejected", code)


def test_a_hard_fact_beats_the_hold_list() -> None:
    assert decided(check("lists", "unknown", "hold_list"), check("mx", "bad", "null_mx")) == ("rejected", "null_mx")


def test_the_hold_list_holds() -> None:
    assert decided(check("lists", "unknown", "hold_list")) == ("held", "hold_list")


def test_a_valuable_company_without_a_mail_server_waits_for_a_person() -> None:
    checks = check("mx", "good", "implicit_mx"), check("person", "unknown", "person_unknown")
    assert decided(*checks, is_high_value=True) == ("held", "risky_and_valuable")
    assert decided(*checks, is_high_value=False)[0] == "confirm"


def test_a_name_server_that_does_not_answer_costs_a_click() -> None:
    assert decided(check("mx", "unknown", "dns_timeout")) == ("confirm", "dns_timeout")


@pytest.mark.parametrize("is_high_value", [False, True])
@pytest.mark.parametrize("sign", weak_signs(), ids=lambda sign: f"{sign.name}-{sign.code}")
def test_no_single_weak_sign_rejects(sign: CheckResult, is_high_value: bool) -> None:
    """Together with everything that is merely not known, for people known and unknown."""
    for unsure in product((False, True), repeat=len(UNSURE)):
        others = [
            check(name, "unknown", code) for (name, code), is_so in zip(UNSURE.items(), unsure, strict=True) if is_so
        ]
        decision = verdicts.decide(answers(*others, sign), is_high_value=is_high_value)
        assert decision.verdict != Verdict.REJECTED, (sign, others, decision)


def test_strong_fingerprint_rejects_with_a_second_sign_alone() -> None:
    strong, odd = check("fingerprint", "risky", "disposable_servers", strong=True), check("name_look", "risky", "odd")
    assert decided(strong)[0] == "confirm"
    assert decided(strong, odd) == ("rejected", "disposable_servers_and_more")


def test_a_weaker_fingerprint_never_rejects() -> None:
    weaker, odd = check("fingerprint", "risky", "disposable_servers", strong=False), check("name_look", "risky", "odd")
    assert decided(weaker, odd)[0] == "confirm"


def test_a_shared_mailbox_makes_no_second_sign() -> None:
    strong = check("fingerprint", "risky", "disposable_servers", strong=True)
    assert decided(strong, check("role", "risky", "role_account"))[0] == "confirm"


def test_two_counts_of_the_same_crowd_are_one_sign() -> None:
    busy, click = check("velocity", "risky", "busy_ip"), check("confirmation_click", "risky", "many_from_ip")
    assert decided(busy, click)[0] == "confirm"
    assert decided(busy, click, check("name_look", "risky", "odd"))[0] == "held"


def test_a_shared_mailbox_is_noted_and_nothing_more() -> None:
    decision = verdicts.decide(answers(check("role", "risky", "role_account")), is_high_value=False)
    assert decision.verdict == Verdict.ACCEPTED
    assert [(one["rule"], one["action"], one["decided"]) for one in decision.matched] == [
        ("role_account", "log", False)
    ]


def test_a_mailbox_that_staff_called_spam_before_waits_for_a_person() -> None:
    assert decided(check("velocity", "risky", "repeated_address", repeat_label="spam"))[0] == "held"
    assert decided(check("velocity", "risky", "repeated_address", repeat_label=""))[0] == "confirm"


def test_rules_that_would_have_done_the_same_are_reasons_too() -> None:
    checks = check("kind", "bad", "disposable"), check("mx", "bad", "null_mx"), check("name_look", "risky", "odd")
    decision = verdicts.decide(answers(*checks), is_high_value=False)
    assert [reason["code"] for reason in decision.reasons] == ["disposable", "null_mx"]
    assert (decision.rule, decision.version) == ("disposable", 1)


def test_the_first_rule_that_is_not_log_only_decides() -> None:
    rules = Rules(
        7,
        (
            rule("noted", Action.LOG, "checks.kind", "parked"),
            rule("held", Action.HOLD, "checks.kind", "parked"),
            rule("asked", Action.CONFIRM, "checks.kind", "parked"),
        ),
    )
    decision = verdicts.decide(answers(check("kind", "risky", "parked")), is_high_value=False, rules=rules)
    assert (decision.verdict, decision.rule, decision.version) == (Verdict.HELD, "held", 7)
    assert [one["rule"] for one in decision.matched] == ["noted", "held", "asked"]


def test_a_rule_that_rejects_for_one_weak_sign_asks_for_a_click_instead() -> None:
    """Whatever came into the table past the admin."""
    rules = Rules(7, (rule("too_harsh", Action.REJECT, "checks.kind", "parked"),))
    decision = verdicts.decide(answers(check("kind", "risky", "parked")), is_high_value=False, rules=rules)
    assert decision.verdict == Verdict.CONFIRM


def test_rules_may_ask_what_somebody_sent() -> None:
    rules = Rules(7, (rule("from_api", Action.HOLD, "signup.source", "api"),))
    facts = {"signup.source": "api", "person.name": "Ada", "checks.mx": "mx"}
    decision = verdicts.decide(answers(), is_high_value=False, facts=facts, rules=rules)
    assert (decision.verdict, decision.facts) == (Verdict.HELD, {"signup.source": "api", "is_high_value": False})


def test_a_missing_check_says_nothing() -> None:
    assert verdicts.decide([], is_high_value=True).verdict == Verdict.CONFIRM


def test_a_published_version_that_somebody_emptied_still_rejects_hard_facts() -> None:
    VerdictRule.objects.all().delete()
    current._kept = None
    decision = verdicts.decide(answers(check("mx", "bad", "null_mx")), is_high_value=False)
    assert decision.verdict == Verdict.REJECTED
    current._kept = None


def test_without_published_rules_hard_facts_still_reject() -> None:
    rules = current.WITHOUT
    assert (
        verdicts.decide([check("mx", "bad", "null_mx")], is_high_value=False, rules=rules).verdict == Verdict.REJECTED
    )
    assert (
        verdicts.decide(answers(check("mx", "unknown", "dns_error")), is_high_value=False, rules=rules).rule
        == "mx_unknown"
    )


def test_deciding_asks_the_database_once(django_assert_num_queries: object) -> None:
    verdicts.decide(answers(), is_high_value=False)
    with django_assert_num_queries(1):  # type: ignore[operator]
        verdicts.decide(answers(), is_high_value=False)
