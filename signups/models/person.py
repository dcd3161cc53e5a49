"""People, and what was asked about them."""

from __future__ import annotations

from typing import Any

from django.db import models

from signups.models.company import Company
from signups.models.profile import EMPLOYMENT, HANDLES, ProfileField


class MailStop(models.TextChoices):
    BOUNCED = "bounced", "the address does not take mail"
    COMPLAINED = "complained", "they reported a mail of ours as spam"
    UNSUBSCRIBED = "unsubscribed", "they unsubscribed"


class Person(models.Model):
    """Somebody behind an address. `email` is the address in lower case: the key; as typed it stands on the signup."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=255, blank=True)
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="people")
    profile = ProfileField()
    # What they said themselves when asked: whether they write code
    said_developer = models.BooleanField("said to be a developer", null=True, blank=True)
    said_developer_at = models.DateTimeField(null=True, blank=True)
    # Why no more mails go to this address, "" where they do
    mail_stopped = models.CharField(max_length=20, choices=MailStop.choices, blank=True)
    mail_stopped_at = models.DateTimeField(null=True, blank=True)
    mail_stopped_note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["email"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name or self.email

    def fact(self, path: str) -> Any:
        """A fact by its dotted path ("employment.title"), None where unknown."""
        return self.profile.get(path, {}).get("value")

    def why_no_mail(self, *, is_asked_for: bool = False) -> str:
        """A sentence for staff why this person must not be written to, "" where they may be.

        `is_asked_for`: a mail they ordered themselves, such as a confirmation link, which unsubscribing does not stop.
        """
        if not self.mail_stopped or (is_asked_for and self.mail_stopped == MailStop.UNSUBSCRIBED):
            return ""
        return f"No mail goes to this person: {self.get_mail_stopped_display()}."

    @property
    def has_profile(self) -> bool:
        """Whether some provider knows this person: by a handle on a network or an employment."""
        return any(self.profile.get(path) for path in HANDLES + EMPLOYMENT)


class Lookup(models.Model):
    """A provider's last answer about one person or company, hit or miss, and until when it need not be asked again."""

    class Outcome(models.TextChoices):
        FOUND = "found", "found"
        NOT_FOUND = "not_found", "not found"
        PENDING = "pending", "pending"
        REFUSED = "refused", "refused"
        ERROR = "error", "error"

    provider = models.CharField(max_length=50)
    subject = models.CharField(max_length=10, choices=[("person", "person"), ("company", "company")])
    key = models.CharField("asked for", max_length=255)  # an address in lower case, or a domain
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    facts = models.JSONField(default=dict, blank=True)
    note = models.CharField(max_length=500, blank=True)
    ms = models.PositiveIntegerField(default=0)
    fetched_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "subject", "key"], name="one_answer_per_question")]
        indexes = [models.Index(fields=["subject", "key"], name="lookup_by_key")]

    def __str__(self) -> str:
        return f"{self.provider}: {self.subject} {self.key} {self.get_outcome_display()}"
