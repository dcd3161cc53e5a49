"""People, and the companies that they may work at."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from signups.models.company import Company
from signups.models.profile import EMPLOYMENT, HANDLES, ProfileField, is_known


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
    # By which order of providers the profile was last merged anew ("": never)
    ranked_by = models.CharField(max_length=32, blank=True, db_default="", editable=False)
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
        return is_known(self.profile, *HANDLES, *EMPLOYMENT)


class CompanyMatch(models.Model):
    """A company that a person may work at: how sure we are, why, and what staff say of it.

    `company` is empty as long as no row of ours has that domain. One that is *open* waits for staff's yes or no, which
    is kept as a fact about the person and as a label of how good the guess was. `company_before`: where the person was
    when staff answered, to go back to when that is taken back.
    """

    class State(models.TextChoices):
        ATTACHED = "attached", "attached"
        OPEN = "open", "to be decided"
        WEAK = "weak", "too weak to ask"
        CONFIRMED = "confirmed", "confirmed by staff"
        DENIED = "denied", "denied by staff"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="company_matches")
    domain = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="matches")
    confidence = models.FloatField()  # from 0 to 1
    reasons: models.JSONField[Any] = models.JSONField(default=list)  # [{"code", "sentence", "confidence"}], best first
    state = models.CharField(max_length=10, choices=State.choices)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    company_before = models.ForeignKey(
        Company, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-confidence", "domain"]
        verbose_name = "company match"
        verbose_name_plural = "where do they work?"
        constraints = [models.UniqueConstraint(fields=["person", "domain"], name="one_match_of_a_domain")]
        indexes = [models.Index(fields=["-created_at"], name="matches_to_decide", condition=models.Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.person} at {self.name or self.domain}?"
