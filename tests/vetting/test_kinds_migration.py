"""What was on record before there were kinds of address: migration 0008, forth and back."""

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from signups.models import Check, Scorecard, ScoreRule
from tests.rows import make_signup

pytestmark = pytest.mark.django_db
migration: Any = import_module("signups.migrations.0008_kinds_of_address")


def rule(fact: str, test: str, value: Any) -> ScoreRule:
    card, _ = Scorecard.objects.get_or_create(name="Ours", version=7)
    return ScoreRule.objects.create(scorecard=card, fact=fact, test=test, value=value, points=1, sentence="…")


def said(one: ScoreRule) -> tuple[str, str, Any]:
    one.refresh_from_db()
    return one.fact, one.test, one.value


def test_the_first_scorecard_asks_for_the_kind() -> None:
    asked = dict(ScoreRule.objects.filter(fact="checks.kind").values_list("sentence", "value"))
    assert asked == {
        "Signed up with a work address": ["company", "education", "government", "forwarder"],
        "Signed up with a personal address": ["free_mail", "internet_provider", "relay"],
    }
    assert not ScoreRule.objects.filter(fact="checks.free_mail").exists()


@pytest.mark.parametrize(
    ("fact", "test", "value"),
    [
        ("checks.free_mail", "equals", "free_mail"),
        ("checks.free_mail", "one_of", ["company_domain", "free_mail"]),
        ("checks.free_mail", "known", None),
        ("checks.disposable", "equals", "disposable"),
        ("checks.disposable", "equals", "not_disposable"),
    ],
)
def test_a_rule_about_free_mail_is_one_about_the_kind_and_can_go_back(fact: str, test: str, value: Any) -> None:
    ours = rule(fact, test, value)
    migration.convert(apps, None)
    assert said(ours)[0] == "checks.kind"
    migration.go_back(apps, None)
    assert said(ours) == (fact, test, value)


@pytest.mark.parametrize(
    ("was", "is_disposable", "kind"),
    [("company_domain", False, "company"), ("free_mail", False, "free_mail"), ("free_mail", True, "disposable")],
)
def test_a_check_on_record_becomes_a_kind(was: str, is_disposable: bool, kind: str) -> None:
    signup = make_signup()
    Check.objects.create(signup=signup, name="free_mail", outcome="good", code=was, sentence="…")
    outcome, code = ("bad", "disposable") if is_disposable else ("good", "not_disposable")
    Check.objects.create(signup=signup, name="disposable", outcome=outcome, code=code, sentence="…", evidence={"e": 1})
    migration.convert(apps, None)
    check = signup.checks.get(name="kind")
    assert (check.code, check.outcome) == (kind, outcome)
    assert signup.checks.filter(name="disposable").exists()
    migration.go_back(apps, None)
    check.refresh_from_db()
    assert (check.name, check.code, check.outcome) == ("free_mail", was, "good")
