"""Verdict rules: what the checks' answers mean for a signup, as data with versions, authors and a history."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from signups.models.score import ScoreRule


class RuleSet(models.Model):
    """A version of all rules. One is published and decides; drafts are edited; retired ones can be published again."""

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        PUBLISHED = "published", "published"
        RETIRED = "retired", "retired"

    version = models.PositiveIntegerField(unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    note = models.CharField(max_length=500, blank=True, help_text="what is new in it, for your colleagues")
    based_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField("last published", null=True, blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name = "version of the verdict rules"
        verbose_name_plural = "verdict rules"
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="published"), name="one_published_rule_set"
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.version}"


class VerdictRule(models.Model):
    """If all conditions hold, then the action. The first rule that is not *log only* decides.

    `conditions`: [{"fact": "checks.mx", "test": "one_of", "value": ["null_mx"]}, …]; the tests are `ScoreRule.Test`'s.
    """

    Test = ScoreRule.Test

    class Action(models.TextChoices):
        LOG = "log", "log only"
        CONFIRM = "confirm", "confirm"
        HOLD = "hold", "hold"
        REJECT = "reject", "reject"

    rule_set = models.ForeignKey(RuleSet, on_delete=models.CASCADE, related_name="rules")
    order = models.PositiveIntegerField(default=0)
    name = models.SlugField(max_length=50)
    conditions = models.JSONField(default=list)
    action = models.CharField(max_length=10, choices=Action.choices, default=Action.LOG)
    sentence = models.CharField(max_length=300, help_text="why, for people")
    is_enabled = models.BooleanField("enabled", default=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["rule_set", "name"], name="one_verdict_rule_of_a_name")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        names = {"fact", "test", "value"}
        conditions = self.conditions
        is_right = isinstance(conditions, list) and all(isinstance(c, dict) and set(c) == names for c in conditions)
        if not is_right or not conditions:
            raise ValidationError(
                {"conditions": "A rule needs at least one condition, each with fact, test and value."}
            )


class RulePublication(models.Model):
    """Who published which version when. Append only."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="publications")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.rule_set} published"
