"""No single weak sign rejects: what a rule must ask for before it may.

Asked when a rule is saved and when a version is published; `deciding` holds to it at every signup besides, whatever the
database says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from signups.scoring.conditions import Test, is_number
from signups.verdicts.rules import FAMILIES, NO_SIGN, Action, Condition, Rule

# Codes that are hard facts, and codes that are weak signs, by the check that says them. What is not here is neither:
# a rule about another code says "outcomes.<name> is bad" or "… is risky" besides.
HARD = {
    "lists": {"deny_list"},
    "kind": {"disposable"},
    "disposable": {"disposable"},
    "mx": {"null_mx", "no_such_domain", "no_mail_server"},
}
WEAK = {
    "kind": {"suspected_disposable", "parked", "free_hosting"},
    "fingerprint": {"disposable_servers"},
    "name_look": {"odd"},
    "role": {"role_account"},
    "local_part": {"gibberish"},
    "lookalike": {"lookalike"},
    "velocity": {"repeated_address", "busy_ip", "busy_network", "busy_domain", "busy_device"},
    "confirmation_click": {"many_from_device", "many_from_ip", "many_from_network"},
    "domain_age": {"young_domain"},
}


def problem(rule: Rule) -> str:
    """Why this rule may not be, as a sentence with the remedy; "" where it may."""
    if not rule.conditions:
        return f"“{rule.name}” has no condition that can be read, so it never holds: write one, or switch it off."
    if rule.action != Action.REJECT or _is_hard(rule) or _weak_signs(rule) >= 2:
        return ""
    return (
        f"“{rule.name}” would reject for less than a hard fact or two signs, and one weak sign never rejects alone. "
        "Let it hold or confirm, or add “signs.bad is at least 1” or “signs.risky is at least 2” to its conditions."
    )


def problems(rules: Iterable[Rule]) -> list[str]:
    return [found for rule in rules if (found := problem(rule))]


def _is_hard(rule: Rule) -> bool:
    return any(_counts("signs.bad", one) >= 1 or _asks_for(one, "bad", HARD) for one in rule.conditions)


def _weak_signs(rule: Rule) -> int:
    """How many independent signs there are at least wherever the rule holds."""
    asked = {one.check for one in rule.conditions if _asks_for(one, "risky", WEAK)} - NO_SIGN
    families = {FAMILIES.get(name, name) for name in asked}
    return max([len(families), *(_counts("signs.risky", one) for one in rule.conditions)])


def _asks_for(condition: Condition, outcome: str, codes: dict[str, set[str]]) -> bool:
    """Whether it holds only where its check's outcome is this one."""
    wanted = set(_values(condition))
    if condition.fact == f"outcomes.{condition.check}":
        return wanted == {outcome}
    return (
        condition.fact == f"checks.{condition.check}" and bool(wanted) and wanted <= codes.get(condition.check, set())
    )


def _values(condition: Condition) -> list[str]:
    if condition.test == Test.EQUALS:
        return [str(condition.value)]
    return [str(one) for one in condition.value] if condition.test == Test.ONE_OF else []


def _counts(fact: str, condition: Condition) -> int:
    """The least that `fact` is wherever the condition holds."""
    value: Any = condition.value
    if condition.fact == fact and condition.test in (Test.AT_LEAST, Test.EQUALS) and is_number(value):
        return math.ceil(value) if math.isfinite(value) else 0
    return 0
