"""Fingerprints: what a domain's mail rests on (servers, addresses, name servers), and whose domains rest on it.

Each domain counts once, whatever its signups. It is kept with its label and its fingerprints, so that a new label
moves it from one count to the other and the counts stay exact (`signups.vetting.learning` alone writes here).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Fingerprint(models.Model):
    """One thing that domains share, with how many of the domains learned about were disposable and how many not.

    The one row of kind `all` counts every domain that was learned about.
    """

    class Kind(models.TextChoices):
        MX_HOST = "mx_host", "mail server"
        MX_DOMAIN = "mx_domain", "mail servers' domain"
        MX_ADDRESS = "mx_address", "mail server's address"
        NAME_SERVER = "name_server", "name servers' domain"
        ALL = "all", "all"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=253)
    disposable = models.PositiveIntegerField(default=0)
    other = models.PositiveIntegerField(default=0)
    # Staff's word; where they have none, the shipped list and the counts decide (`signups.vetting.fingerprints`).
    is_exempt = models.BooleanField("exempt", null=True, blank=True)
    exempted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL
    )
    exempted_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField("last counted", auto_now=True)

    class Meta:
        ordering = ["-disposable", "kind", "value"]
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="one_fingerprint_of_a_value")]
        indexes = [models.Index(fields=["-disposable", "kind", "value"], name="fingerprints_by_disposable")]

    def __str__(self) -> str:
        return self.value


class LearnedDomain(models.Model):
    """A registered domain that fingerprints were learned from; `source` says who called it what it is."""

    class Label(models.TextChoices):
        DISPOSABLE = "disposable", "disposable"
        OTHER = "other", "not disposable"

    class Source(models.TextChoices):
        STAFF = "staff", "staff"
        LIST = "list", "a list"
        OUTCOME = "outcome", "what became of its signups"

    domain = models.CharField(max_length=253, unique=True)
    label = models.CharField(max_length=10, choices=Label.choices, blank=True)  # blank while its row is being made
    source = models.CharField(max_length=10, choices=Source.choices, blank=True)
    fingerprints = models.ManyToManyField(Fingerprint, related_name="domains", editable=False)
    learned_at = models.DateTimeField("learned", auto_now=True)

    class Meta:
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.domain
