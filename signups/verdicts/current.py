"""The published rules, kept by each process: at every signup one look at the version says whether they still hold."""

from __future__ import annotations

from signups.models import RuleSet, VerdictRule
from signups.verdicts.rules import Action, Condition, Rule, Rules, of_row

# Somebody emptied the tables: hard facts still reject, and what nobody could say is not taken for good.
WITHOUT = Rules(
    0,
    (
        Rule("hard_fact", (Condition("signs.bad", VerdictRule.Test.AT_LEAST, 1),), Action.REJECT, "A hard fact.", 1),
        Rule("mx_unknown", (Condition("outcomes.mx", VerdictRule.Test.EQUALS, "unknown"),), Action.CONFIRM, "", 2),
    ),
)
_kept: tuple[tuple[int, object], Rules] | None = None


def published() -> Rules:
    """The rules that decide now. One query, which reads three columns; two after a new version was published."""
    global _kept
    latest = RuleSet.objects.filter(state=RuleSet.State.PUBLISHED).values_list("pk", "version", "published_at").first()
    if latest is None:
        return WITHOUT
    key = (latest[0], latest[2])
    if _kept is None or _kept[0] != key:
        _kept = key, read(*latest[:2])
    return _kept[1]


def read(pk: int, version: int) -> Rules:
    """The rules of one version. One query."""
    rows = VerdictRule.objects.filter(rule_set=pk, is_enabled=True).order_by("order", "pk")
    return Rules(version, tuple(map(of_row, rows)))


def of(rule_set: RuleSet) -> Rules:
    """The rules of one version, as they are now. One query."""
    return read(rule_set.pk, rule_set.version)
