"""Newer versions of the lists of domains, fetched by `update_lists` and shared by all machines."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DomainListVersion(models.Model):
    """A version of a list. One of a list is in use, or none: then the one that came with the product is.

    `names` is the list as text, one domain a line, compressed by zlib; `index` what a process looks names up in, empty
    for a list that is short enough to be held. `added` and `removed` count against the version before, and `samples`
    has some of each: {"added": [...], "removed": [...]}.
    """

    class List(models.TextChoices):
        DISPOSABLE = "disposable", "disposable"
        SUSPECTED = "suspected", "suspected of being disposable"

    list = models.CharField(max_length=20, choices=List.choices, editable=False)
    source = models.TextField(editable=False)
    version = models.CharField(max_length=100, editable=False)
    licence = models.CharField(max_length=200, editable=False)
    count = models.PositiveIntegerField("entries", editable=False)
    added = models.PositiveIntegerField(default=0, editable=False)
    removed = models.PositiveIntegerField(default=0, editable=False)
    samples = models.JSONField(default=dict, editable=False)
    names = models.BinaryField()
    index = models.BinaryField(default=bytes)
    is_in_use = models.BooleanField("in use", default=False, editable=False)
    fetched_at = models.DateTimeField("fetched", auto_now_add=True)
    fetched_by = models.CharField(max_length=150, blank=True, editable=False)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    used_at = models.DateTimeField("put to use", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-fetched_at"]
        verbose_name = "domain list"
        constraints = [
            models.UniqueConstraint(
                fields=["list"], condition=models.Q(is_in_use=True), name="one_version_of_a_list_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_list_display()}, {self.version}"
