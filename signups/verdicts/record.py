"""A verdict's record on its signup: with which rules, lists and facts it was made, enough to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from signups.models import Check, Signup
from signups.scoring import facts as scoring_facts
from signups.verdicts.deciding import Decision, decide
from signups.verdicts.rules import Rules, Said
from signups.vetting import CheckResult, domain_lists


def fields(decision: Decision) -> dict[str, Any]:
    """The fields of a signup that say how it was decided on, besides the verdict and its reasons."""
    return {
        "matched_rules": decision.matched,
        "rules_version": decision.version or None,
        "list_versions": domain_lists.versions(),
        "verdict_facts": decision.facts,
    }


def take(signup: Signup, decision: Decision) -> dict[str, Any]:
    """Set the decision's record and its reasons on `signup`, for the caller to save; returns what was set."""
    values = {"reasons": decision.reasons, **fields(decision)}
    for name, value in values.items():
        setattr(signup, name, value)
    return values


def keep_check(signup: Signup, check: CheckResult) -> None:
    """Put a check's later answer in the place of its earlier one, or beside the others where there was none."""
    said = {"outcome": check.outcome, "code": check.code, "evidence": check.evidence, "ms": check.ms}
    said["sentence"] = check.sentence[:500]
    Check.objects.update_or_create(signup=signup, name=check.name, defaults=said)


def decide_again(
    signup: Signup,
    checks: Sequence[Said] | None = None,
    *,
    is_high_value: bool | None = None,
    rules: Rules | None = None,
) -> Decision:
    """The verdict on a stored signup, from its stored checks or from these; nothing is saved.

    Without `is_high_value` it is what it was; profile facts are those of now (person and company are read).
    """
    checks = list(signup.checks.all()) if checks is None else checks
    company = signup.company.profile if signup.company is not None else {}
    facts = scoring_facts.gather((), signup.person.profile, company, signup)
    valuable = signup.is_high_value if is_high_value is None else is_high_value
    return decide(checks, is_high_value=valuable, facts=facts, rules=rules)


def facts_then(stored: Mapping[str, Any], sent: Any, profiles: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the rules saw them: `stored` on the signup, what was sent, and for the rest the profiles of now."""
    return {**profiles, **scoring_facts.of_sent(sent), **stored}
