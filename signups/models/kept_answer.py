"""What outsiders said in the optional checks, kept so that one domain or mailbox is not asked about at every signup."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def fresh(self, now: datetime) -> KeptAnswerQuerySet:
        return self.filter(expires_at__gt=now)

    def prune(self, now: datetime) -> int:
        """Delete what is believed no longer; says how many."""
        return self.filter(expires_at__lte=now).delete()[0]


class KeptAnswer(models.Model):
    """One optional check's answer about one `key`: a domain, or a keyed hash of an address, never the address."""

    check_name = models.CharField(max_length=50)
    key = models.CharField(max_length=253)
    outcome = models.CharField(max_length=10)
    code = models.CharField(max_length=50)
    sentence = models.CharField(max_length=500)
    evidence: models.JSONField[Any] = models.JSONField(default=dict, blank=True)
    answered_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["check_name", "key"], name="one_kept_answer_a_key")]

    def __str__(self) -> str:
        return f"{self.check_name} of {self.key}: {self.code}"
