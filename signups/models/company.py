"""Companies: one row a domain, whoever signs up from it; their other domains, and which of them are one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from signups.models.profile import ProfileField


class Company(models.Model):
    """A company, found by its domain. A free-mail or disposable domain never becomes one."""

    domain = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255)
    profile = ProfileField()
    # The company this one turned out to be; whoever comes from its domain belongs there
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged")
    # When its signups are to be scored anew by a task, NULL where none waits
    tell_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    # By which order of providers its profile was last merged anew ("": never)
    ranked_by = models.CharField(max_length=32, blank=True, db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        indexes = [
            models.Index(
                fields=["tell_due_at"], name="companies_to_tell", condition=models.Q(tell_due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name or self.domain

    def fact(self, path: str) -> Any:
        """A fact by its dotted path ("metrics.raised"), None where unknown."""
        return self.profile.get(path, {}).get("value")


class CompanyAlias(models.Model):
    """A further domain of a company: whoever comes from it belongs to the company. `source`: who says so."""

    domain = models.CharField(max_length=255, unique=True)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="aliases")
    source = models.CharField(max_length=50)  # a provider's slug, "staff" or "merge"
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["domain"]
        verbose_name_plural = "company aliases"

    def __str__(self) -> str:
        return f"{self.domain} is {self.company}"


class CompanyMerge(models.Model):
    """Two companies that staff made one: what was moved and what was changed, so that it can be undone."""

    kept = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="merged_by")
    moved: models.JSONField[Any] = models.JSONField(default=dict)  # {"people": [ids], "signups": [ids], …}
    before: models.JSONField[Any] = models.JSONField(default=dict)  # the kept company's name and profile
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.merged} into {self.kept}"
