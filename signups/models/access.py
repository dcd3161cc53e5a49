"""Who may ask, and whom we let in or keep out: API keys, replies kept for repeats, allow and deny lists."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from signups.models.signup import Signup


class ApiKey(models.Model):
    """A bearer key, stored as its SHA-256; the key itself is shown once, when it is made.

    `backend` keys are the product's own backend's; a `trial` key is an accepted person's first key, and can do no more
    than the first call the welcome page shows. A `public` key stands in web pages: it may only report actions, from the
    origins it lists.
    """

    class Kind(models.TextChoices):
        BACKEND = "backend", "the product's backend"
        TRIAL = "trial", "trial"
        PUBLIC = "public", "web pages (actions only)"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BACKEND, editable=False)
    origins = models.TextField(
        blank=True, help_text="One a line, such as https://www.example.com: whose pages may use it"
    )
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    signup = models.OneToOneField(
        Signup, null=True, blank=True, editable=False, on_delete=models.CASCADE, related_name="trial_key"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL
    )
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def generate() -> str:
        """A new key: `ob_` and 40 random characters."""
        return f"ob_{secrets.token_urlsafe(30)}"

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    def set_key(self, key: str) -> None:
        """Take `key` as this row's key: keeps its digest and the few characters by which people tell keys apart."""
        self.digest = self.digest_of(key)
        self.prefix = key[:9]


class IdempotentReply(models.Model):
    """The answer given to an `Idempotency-Key`, given again when the same request comes again."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    reply = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["api_key", "key"], name="one_reply_per_idempotency_key")]

    def __str__(self) -> str:
        return self.key


class ListEntryQuerySet(models.QuerySet["ListEntry"]):
    def in_force(self) -> ListEntryQuerySet:
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=Now()))


class ListEntry(models.Model):
    """Staff's own word on an address or a domain (and what is below it). Beats every other check; allow beats deny."""

    class Kind(models.TextChoices):
        ALLOW = "allow", "allow"
        DENY = "deny", "deny"
        HOLD = "hold", "hold for review"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value = models.CharField("address or domain", max_length=254, help_text="ada@example.com, or example.com")
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL)
    expires_at = models.DateTimeField("expires", null=True, blank=True, help_text="empty: never")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ListEntryQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "value"]
        verbose_name_plural = "list entries"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="one_entry_of_a_value")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.value = self.value.strip().lower().removeprefix("@")
        super().save(*args, **kwargs)  # type: ignore[arg-type]
