"""The mails people were sent by campaigns, and what became of each: as the mail tool reports it."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from signups.models.signup import Signup


class Campaign(models.Model):
    """A campaign of the mail tool, by the tool's id; staff give it a name and say when its mails come.

    `schedule`: days after the start at which its mails are sent, [1, 3, 7]; empty where nobody has said.
    """

    source = models.CharField(max_length=50, default="customerio", editable=False)  # the integration's slug
    key = models.CharField("the vendor's id", max_length=100)
    name = models.CharField(max_length=200)
    schedule = models.JSONField("days of its mails", default=list, blank=True)
    is_drip = models.BooleanField("drip", default=False, help_text="More than one mail, some days apart")

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "drip status"  # the page that lists them
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_campaign_of_a_key")]

    def __str__(self) -> str:
        return self.name


class Mail(models.Model):
    """One mail to one person. Each moment is the first of its kind, whatever the order in which reports came."""

    MOMENTS = (
        "sent",
        "delivered",
        "opened",
        "clicked",
        "converted",
        "bounced",
        "dropped",
        "failed",
        "complained",
        "unsubscribed",
    )

    source = models.CharField(max_length=50, default="customerio")
    key = models.CharField("the vendor's id", max_length=150)
    signup = models.ForeignKey(Signup, null=True, blank=True, on_delete=models.CASCADE, related_name="mails")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="mails")
    action_key = models.CharField("the vendor's id of the step", max_length=100, blank=True)
    recipient = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    first_at = models.DateTimeField()  # of its earliest report
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    converted_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    complained_at = models.DateTimeField(null=True, blank=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)
    clicked_url = models.CharField(max_length=2000, blank=True)
    why = models.CharField("why it failed", max_length=1000, blank=True)

    class Meta:
        ordering = ["-first_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_mail_of_a_key")]
        indexes = [
            models.Index(fields=["signup", "first_at"], name="mail_by_signup"),
            models.Index(fields=["campaign", "first_at"], name="mail_by_campaign"),
        ]

    def __str__(self) -> str:
        return self.subject or self.key

    def moment(self, name: str) -> datetime | None:
        """When it was `sent`, `opened`, … (one of MOMENTS); None: not yet, or never."""
        at: datetime | None = getattr(self, f"{name}_at")
        return at


class MailEvent(models.Model):
    """One report of the mail tool, kept so that a replay is known as one and an odd one can be looked at."""

    source = models.CharField(max_length=50, default="customerio")
    key = models.CharField("the vendor's id", max_length=150)
    metric = models.CharField(max_length=50)
    mail = models.ForeignKey(Mail, null=True, blank=True, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    body = models.JSONField(default=dict, blank=True)
    note = models.CharField("what was odd", max_length=500, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_mail_event_of_a_key")]
        indexes = [models.Index(fields=["received_at"], name="mail_event_by_receipt")]

    def __str__(self) -> str:
        return self.metric
