"""accept · confirm · hold · reject, from the checks, the facts and a version of the rules.

Staff's allow list comes first. Then the rules, in their order: every rule that holds is noted, and the first that is
not *log only* decides. Where none does, whom somebody knows is let in at once, and everybody else proves their address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from signups.models import Verdict
from signups.verdicts import current
from signups.verdicts.rules import SEVERITY, VERDICT_OF, Action, Facts, Rule, Rules, Said

_MOST_REASONS = 8  # reasons that a verdict gives


@dataclass(frozen=True)
class Decision:
    """A verdict with its reasons, each `{"code", "sentence"}`; the first one decided.

    `matched`: the rules that held, in order, each `{"rule", "order", "action", "decided"}`. `version`: the rules',
    0 where none are published. `facts`: the values of what the rules asked for and no check says.
    """

    verdict: Verdict
    reasons: list[dict[str, str]]
    matched: list[dict[str, Any]] = field(default_factory=list)
    version: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        """The name of the rule that decided, "" where none did."""
        return next((one["rule"] for one in self.matched if one["decided"]), "")


def decide(
    checks: Sequence[Said],
    *,
    is_high_value: bool,
    facts: Mapping[str, Any] | None = None,
    rules: Rules | None = None,
) -> Decision:
    """The verdict on one signup. No network; without `rules` the published ones, for at most one query.

    `checks` holds at most one answer a name, fresh or stored: those of `signups.vetting`, and "person" and "company",
    which say whether somebody knows them. A missing check says nothing. `facts`: path → value, as the scorecard has.
    """
    rules = current.published() if rules is None else rules
    others = {**(facts or {}), "is_high_value": is_high_value}
    seen = Facts(checks, others)
    used = {path: others[path] for path in sorted(rules.others) if path in others} | {"is_high_value": is_high_value}
    by_name = {check.name: check for check in checks}
    listed = by_name.get("lists")
    if listed is not None and listed.code == "allow_list":
        return Decision(Verdict.ACCEPTED, [_reason(listed)], [], rules.version, used)
    holding = [(rule, _action(rule, seen)) for rule in rules.rules if rule.holds(seen)]
    first = next((one for one in holding if one[1] != Action.LOG), None)
    matched = [
        {
            "rule": rule.name,
            "order": rule.order,
            "action": str(action),
            "decided": first is not None and rule is first[0],
        }
        for rule, action in holding
    ]
    if first is not None:
        verdict, reasons = VERDICT_OF[first[1]], _reasons(first, holding, by_name)
    else:
        verdict, reasons = _without_rule(by_name.get("person"))
    return Decision(verdict, reasons, matched, rules.version, used)


def _action(rule: Rule, seen: Facts) -> Action:
    """The rule's action; one weak sign never rejects, however the rule came to be."""
    return Action.CONFIRM if rule.action == Action.REJECT and not seen.may_reject else rule.action


def _without_rule(person: Said | None) -> tuple[Verdict, list[dict[str, str]]]:
    if person is not None and person.outcome == "good":
        return Verdict.ACCEPTED, [_reason(person)]
    return Verdict.CONFIRM, [_reason(person)] if person is not None else []


def _reasons(
    first: tuple[Rule, Action], holding: list[tuple[Rule, Action]], by_name: Mapping[str, Said]
) -> list[dict[str, str]]:
    """Those of the rule that decided, then of the others that would have done the same or worse; each once."""
    least = SEVERITY[first[1]]
    others = [rule for rule, action in holding if rule is not first[0] and SEVERITY[action] >= least]
    said = [reason for rule in (first[0], *others) for reason in _of_rule(rule, by_name)]
    person = by_name.get("person")
    if first[1] == Action.CONFIRM and person is not None and person.outcome != "good":
        said.append(_reason(person))
    by_code: dict[str, dict[str, str]] = {}
    for reason in said:
        by_code.setdefault(reason["code"], reason)
    return list(by_code.values())[:_MOST_REASONS]


def _of_rule(rule: Rule, by_name: Mapping[str, Said]) -> list[dict[str, str]]:
    """A rule about one check is said in the check's own words, which know the case; any other in the rule's."""
    asked = {one.fact for one in rule.conditions}
    about = {one.check for one in rule.conditions}
    if len(about) == 1 and (check := by_name.get(*about)) is not None:
        return [_reason(check)]
    if asked == {"signs.bad"}:
        return [_reason(check) for check in by_name.values() if check.outcome == "bad"]
    own = {"code": rule.name, "sentence": rule.sentence}
    risky = [check for check in by_name.values() if check.outcome == "risky"] if "signs.risky" in asked else []
    return [own, *map(_reason, risky)]


def _reason(check: Said) -> dict[str, str]:
    return {"code": check.code or check.name, "sentence": check.sentence}
