"""Scores: scorecards as data, and for every signup a ledger whose lines add up to its score."""

from __future__ import annotations

from django.db import models

from signups.models.signup import Signup


class Scorecard(models.Model):
    """A set of rules. The active one scores new signups; others are drafts or history."""

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField("active", default=False)
    high_value_from = models.IntegerField(
        "high value from", default=60, help_text="points at which a signup is high value"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-is_active", "name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_scorecard_of_a_version"),
            models.UniqueConstraint(
                fields=["is_active"], condition=models.Q(is_active=True), name="one_active_scorecard"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class ScoreRule(models.Model):
    """Points for a fact, named by its dotted path (`person.employment.seniority`, `company.metrics.raised`)."""

    class Test(models.TextChoices):
        KNOWN = "known", "is known"
        EQUALS = "equals", "equals"
        ONE_OF = "one_of", "is one of (JSON list)"
        AT_LEAST = "at_least", "is at least (number)"
        LESS_THAN = "less_than", "is less than (number)"
        CONTAINS = "contains", "contains (text)"

    scorecard = models.ForeignKey(Scorecard, on_delete=models.CASCADE, related_name="rules")
    order = models.PositiveIntegerField(default=0)
    fact = models.CharField(max_length=100)
    test = models.CharField(max_length=20, choices=Test.choices, default=Test.KNOWN)
    value = models.JSONField(null=True, blank=True)
    points = models.IntegerField()
    sentence = models.CharField(max_length=200, help_text="what the ledger says; {value} is the fact")
    is_high_value = models.BooleanField("alone makes it high value", default=False)

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return f"{self.points:+d} {self.sentence}"


class Score(models.Model):
    """One scoring of a signup. The newest holds; older ones stay, so that a change can be explained."""

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="scores")
    scorecard = models.ForeignKey(Scorecard, null=True, on_delete=models.SET_NULL, related_name="scores")
    total = models.IntegerField()
    is_high_value = models.BooleanField("high value", default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.total} points"


class ScoreLine(models.Model):
    """One line of a score's ledger."""

    score = models.ForeignKey(Score, on_delete=models.CASCADE, related_name="lines")
    fact = models.CharField(max_length=100)
    points = models.IntegerField()
    sentence = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.points:+d} {self.sentence}"
