"""How much do we care? The active scorecard's rules over the facts, with a ledger whose lines add up to the score.

Absent facts are neutral: a rule about something unknown says nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from signups.models import Score, Scorecard, ScoreLine, ScoreRule, Signup
from signups.scoring.conditions import matches

logger = logging.getLogger(__name__)

_ACTIVE = f"""
SELECT card.id, card.high_value_from, rule.id, rule.fact, rule.test, rule.value, rule.points, rule.sentence,
       rule.is_high_value
FROM {Scorecard._meta.db_table} card LEFT JOIN {ScoreRule._meta.db_table} rule ON rule.scorecard_id = card.id
WHERE card.is_active ORDER BY rule."order", rule.id
"""  # noqa: S608


@dataclass(frozen=True)
class Line:
    fact: str
    points: int
    sentence: str


@dataclass(frozen=True)
class Scored:
    """A score and its ledger: `total == sum(line.points for line in lines)`."""

    scorecard: Scorecard | None
    total: int
    is_high_value: bool
    lines: tuple[Line, ...]


def score(facts: Mapping[str, Any]) -> Scored:
    """Score `facts` (dotted path → value: `person.employment.role`, `company.metrics.raised`, `signup.email_kind`).

    Without an active scorecard everybody scores 0. One query.
    """
    card, rules = _active()
    if card is None:
        return Scored(None, 0, False, ())
    matching = [rule for rule in rules if matches(rule.test, rule.value, facts.get(rule.fact))]
    lines = tuple(Line(rule.fact, rule.points, _sentence(rule, facts[rule.fact])) for rule in matching)
    total = sum(line.points for line in lines)
    return Scored(card, total, total >= card.high_value_from or any(rule.is_high_value for rule in matching), lines)


def _active() -> tuple[Scorecard | None, list[ScoreRule]]:
    """The active scorecard and its rules, in their order."""
    with connection.cursor() as cursor:  # at every signup: the ORM takes several times as long to put this together
        cursor.execute(_ACTIVE)
        rows = cursor.fetchall()
    if not rows:
        return None, []
    card = Scorecard(pk=rows[0][0], high_value_from=rows[0][1])
    rules = (
        ScoreRule(
            pk=pk, fact=fact, test=test, value=_read(value), points=points, sentence=sentence, is_high_value=alone
        )
        for _, _, pk, fact, test, value, points, sentence, alone in rows
    )
    return card, [rule for rule in rules if rule.pk is not None]


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def save(scored: Scored, signup: Signup) -> Score:
    """Keep the score and its ledger. Two queries, in the caller's transaction."""
    row = Score.objects.create(
        signup=signup, scorecard=scored.scorecard, total=scored.total, is_high_value=scored.is_high_value
    )
    ScoreLine.objects.bulk_create(
        ScoreLine(score=row, fact=line.fact, points=line.points, sentence=line.sentence[:300]) for line in scored.lines
    )
    return row


def _sentence(rule: ScoreRule, fact: Any) -> str:
    try:
        return rule.sentence.format(value=fact)
    except (ValueError, LookupError, AttributeError, TypeError):
        logger.warning("Score rule %s: its sentence %r does not fit the fact %r", rule.pk, rule.sentence, fact)
        return rule.sentence
