"""Companies: one row a domain, whoever signs up from it."""

from __future__ import annotations

from typing import Any

from django.db import models

from signups.models.profile import ProfileField


class Company(models.Model):
    """A company, found by its domain. A free-mail or disposable domain never becomes one."""

    domain = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    profile = ProfileField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name or self.domain

    def fact(self, path: str) -> Any:
        """A fact by its dotted path ("metrics.raised"), None where unknown."""
        return self.profile.get(path, {}).get("value")
