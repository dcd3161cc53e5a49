"""What DNS said of domains, kept so that web and workers ask once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models


class DnsFindingQuerySet(models.QuerySet["DnsFinding"]):
    def prune(self, now: datetime) -> int:
        """Delete what is believed no longer; says how many."""
        return self.filter(expires_at__lte=now).delete()[0]


class DnsFinding(models.Model):
    """The whole answer about one domain that was asked about; `registered_domain` is the one it is or lies below."""

    domain = models.CharField(max_length=253, unique=True)
    registered_domain = models.CharField(max_length=253, db_index=True)
    outcome = models.CharField(max_length=10)
    code = models.CharField(max_length=50)
    sentence = models.CharField(max_length=500)
    evidence: models.JSONField[Any] = models.JSONField(default=dict, blank=True)
    hosts: models.JSONField[Any] = models.JSONField(default=list, blank=True)
    addresses: models.JSONField[Any] = models.JSONField(default=list, blank=True)
    name_servers: models.JSONField[Any] = models.JSONField(default=list, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    objects = DnsFindingQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.domain}: {self.code}"
