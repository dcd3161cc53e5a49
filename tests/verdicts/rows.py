"""Signups with their checks on record, and versions of the rules."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from signups.models import Check, RuleSet, Signup, Verdict
from signups.verdicts import publishing
from signups.vetting import CheckResult
from tests import rows
from tests.verdicts.checks import answers


def make_signup(email: str, *checks: CheckResult, verdict: Verdict = Verdict.ACCEPTED, **values: Any) -> Signup:
    """A signup with good checks on record but for these."""
    signup = rows.make_signup(email, verdict=verdict, verdict_facts={"is_high_value": False}, **values)
    Check.objects.bulk_create(
        Check(
            signup=signup, name=c.name, outcome=c.outcome, code=c.code, sentence=c.sentence, evidence=dict(c.evidence)
        )
        for c in answers(*checks)
    )
    return signup


def make_user(name: str = "pat") -> User:
    return User.objects.get_or_create(username=name)[0]


def make_draft(**actions: str) -> RuleSet:
    """A draft of the published rules in which these rules do something else: `odd_name="hold"`."""
    draft = publishing.draft_of(RuleSet.objects.get(state="published"), make_user(), "Harsher")
    for name, action in actions.items():
        assert draft.rules.filter(name=name).update(action=action)
    return draft
