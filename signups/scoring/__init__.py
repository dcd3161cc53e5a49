"""How much do we care? The active scorecard's rules over the facts, with a ledger whose lines add up to the score.

Absent facts are neutral: a rule about something unknown says nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signups.models import Score, Scorecard, ScoreLine, ScoreRule, Signup
from signups.scoring.conditions import matches

logger = logging.getLogger(__name__)


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

    Without an active scorecard everybody scores 0. Two queries.
    """
    card = Scorecard.objects.filter(is_active=True).prefetch_related("rules").first()
    if card is None:
        return Scored(None, 0, False, ())
    matching = [rule for rule in card.rules.all() if matches(rule.test, rule.value, facts.get(rule.fact))]
    lines = tuple(Line(rule.fact, rule.points, _sentence(rule, facts[rule.fact])) for rule in matching)
    total = sum(line.points for line in lines)
    return Scored(card, total, total >= card.high_value_from or any(rule.is_high_value for rule in matching), lines)


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
