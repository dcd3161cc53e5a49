"""How much people use the product, what they were told because of it, and the daily jobs that look."""

from __future__ import annotations

from django.db import models

from signups.models.signup import Signup

API_CALLS = "api_calls"


class UsageRecord(models.Model):
    """One customer's count of one metric on one day (UTC), as the product last reported it: a later report replaces.

    What a company used is the sum over its signups, read through them.
    """

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="usage")
    date = models.DateField()
    metric = models.CharField(max_length=50, default=API_CALLS)
    count = models.PositiveBigIntegerField()
    errors = models.PositiveBigIntegerField(default=0)
    limit = models.PositiveBigIntegerField(null=True, blank=True)
    endpoints = models.JSONField(default=dict, blank=True)  # {"/v1/people": 12}
    reported_at = models.DateTimeField()

    class Meta:
        ordering = ["-date", "metric"]
        constraints = [
            models.UniqueConstraint(fields=["signup", "date", "metric"], name="one_usage_of_a_day_and_metric")
        ]
        indexes = [
            models.Index(fields=["date", "metric"], name="usage_by_date"),
            models.Index(fields=["reported_at"], name="usage_by_report"),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.date}: {self.count}"


class LimitReached(models.Model):
    """A share of the plan's limit that a customer reached in a period: told once, resolved when it no longer holds."""

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="limits_reached")
    period = models.CharField(max_length=20)  # "2026-11", "2026-11-24" or "total", by the plan's period
    threshold = models.PositiveSmallIntegerField("percent")
    count = models.PositiveBigIntegerField()
    limit = models.PositiveBigIntegerField()
    reached_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-reached_at", "-pk"]
        verbose_name_plural = "limits reached"
        constraints = [
            models.UniqueConstraint(fields=["signup", "period", "threshold"], name="one_limit_reached_of_a_period")
        ]

    def __str__(self) -> str:
        return f"{self.threshold} % of {self.limit} in {self.period}"


class JobRun(models.Model):
    """One run of a daily job for one period. Whoever holds `claim` works on it; killed, it goes on after `cursor`."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    job = models.CharField(max_length=50)
    period = models.CharField(max_length=20)  # the day it is about: "2026-11-24"
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    cursor = models.PositiveBigIntegerField(default=0, editable=False)
    read = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    planned = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=1000, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["job", "period"], name="one_run_of_a_period")]

    def __str__(self) -> str:
        return f"{self.job} of {self.period}"
