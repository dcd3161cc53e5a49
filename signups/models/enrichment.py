"""What providers said, how they fare, and how much staff believe and spend on each."""

from __future__ import annotations

from typing import Any

from django.db import models

SUBJECTS = [("person", "person"), ("company", "company")]
QUESTIONS = [*SUBJECTS, ("signatures", "signatures")]


class Lookup(models.Model):
    """A provider's last answer about one person or company, hit or miss, and until when it need not be asked again.

    Of the mails from a domain or address it holds who signs with which company, since when, and nothing of their text.

    While `claimed_until` lies ahead somebody is asking. What staff say themselves stands here too, as provider "staff".
    """

    class Outcome(models.TextChoices):
        FOUND = "found", "found"
        NOT_FOUND = "not_found", "not found"
        PENDING = "pending", "pending"
        REFUSED = "refused", "refused"
        ERROR = "error", "error"
        SKIPPED = "skipped", "not asked"

    provider = models.CharField(max_length=50)
    subject = models.CharField(max_length=10, choices=QUESTIONS)
    key = models.CharField("asked for", max_length=255)  # an address in lower case, or a domain
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    facts = models.JSONField(default=dict, blank=True)
    confidence = models.FloatField(null=True, blank=True)  # of the facts, from 0 to 1; NULL: the provider's own
    note = models.CharField(max_length=500, blank=True)
    ms = models.PositiveIntegerField(default=0)
    credits = models.FloatField(default=0)  # what the answer has cost
    fetched_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    tried_at = models.DateTimeField("last asked, also in vain", null=True, blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "subject", "key"], name="one_answer_per_question")]
        indexes = [
            models.Index(fields=["subject", "key"], name="lookup_by_key"),
            models.Index(fields=["provider", "expires_at"], name="lookup_by_expiry"),
            models.Index(fields=["provider", "fetched_at"], name="lookup_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.subject} {self.key} {self.get_outcome_display()}"


class ProviderState(models.Model):
    """One provider: its place in the order and its budget, which are staff's to set, and how it fares.

    A provider without a row stands where the settings list it, is on, and has no budget. `order`: the lower is asked
    and believed first.
    """

    slug = models.CharField(max_length=50, primary_key=True)
    order = models.PositiveSmallIntegerField()
    is_on = models.BooleanField("on", default=True)
    daily_calls = models.PositiveIntegerField("calls a day at most", null=True, blank=True)
    daily_credits = models.FloatField("credits a day at most", null=True, blank=True)

    failures_in_a_row = models.PositiveIntegerField(default=0, editable=False)
    open_until = models.DateTimeField("left alone until", null=True, blank=True, editable=False)
    trouble = models.CharField(max_length=1000, blank=True, editable=False)
    last_success_at = models.DateTimeField("last success", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["order", "slug"]
        verbose_name = "provider"

    def __str__(self) -> str:
        return self.slug


class ProviderDay(models.Model):
    """What one provider did on one day (UTC). `saved_…`: what answers of our own tables spared."""

    provider = models.CharField(max_length=50)
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    hits = models.PositiveIntegerField(default=0)
    misses = models.PositiveIntegerField(default=0)
    refusals = models.PositiveIntegerField(default=0)
    pending = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    ms = models.PositiveBigIntegerField("milliseconds in all", default=0)
    credits = models.FloatField(default=0)
    saved_calls = models.PositiveIntegerField(default=0)
    saved_credits = models.FloatField(default=0)

    class Meta:
        ordering = ["-day", "provider"]
        constraints = [models.UniqueConstraint(fields=["provider", "day"], name="one_row_a_provider_and_day")]

    def __str__(self) -> str:
        return f"{self.provider} on {self.day}"


class FieldPrecedence(models.Model):
    """Whom to believe about one fact, where that differs from the order of the providers; and whether it is wanted.

    Paid providers are asked only while a wanted fact is missing. `providers`: slugs, the most believed first; the
    others follow in their order.
    """

    subject = models.CharField(max_length=10, choices=SUBJECTS)
    path = models.CharField("fact", max_length=100)
    providers = models.JSONField("believed first", default=list, blank=True)
    is_wanted = models.BooleanField("wanted", default=False)

    class Meta:
        ordering = ["subject", "path"]
        verbose_name = "precedence of a fact"
        verbose_name_plural = "facts"
        constraints = [models.UniqueConstraint(fields=["subject", "path"], name="one_precedence_a_fact")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.path}"


class QualityReport(models.Model):
    """How good the data is, measured at one time: coverage, agreement, age, and clusters that look wrong."""

    at = models.DateTimeField(auto_now_add=True)
    took_ms = models.PositiveIntegerField(default=0)
    body: models.JSONField[Any] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "data quality"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
