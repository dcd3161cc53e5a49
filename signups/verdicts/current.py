"""The published rules, kept by each process: at every signup one look at the version says whether they still hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection

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
_PUBLISHED = f"SELECT id, version, published_at FROM {RuleSet._meta.db_table} WHERE state = %s"  # noqa: S608
_kept: tuple[tuple[Any, ...], Rules] | None = None


def published() -> Rules:
    """The rules that decide now. One query, which reads three columns; two after a new version was published."""
    global _kept
    with connection.cursor() as cursor:  # at every signup: the ORM would take ten times as long to write the query
        cursor.execute(_PUBLISHED, [RuleSet.State.PUBLISHED.value])
        latest = cursor.fetchone()
    if latest is None:
        return WITHOUT
    kept = _kept
    if kept is None or kept[0] != latest:
        found = read(*latest[:2])
        _kept = kept = latest, found if found.rules else replace(found, rules=WITHOUT.rules)
    return kept[1]


def read(pk: int, version: int) -> Rules:
    """The rules of one version. One query."""
    rows = VerdictRule.objects.filter(rule_set=pk, is_enabled=True).order_by("order", "pk")
    return Rules(version, tuple(map(of_row, rows)))


def of(rule_set: RuleSet) -> Rules:
    """The rules of one version, as they are now. One query."""
    return read(rule_set.pk, rule_set.version)
