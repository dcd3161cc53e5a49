"""What people did on the site and in the product, before and after they had a name, and who a visitor was."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from signups.models.signup import Signup

_NAMESPACE = uuid.UUID("5f0bd3f0-3c0e-4c63-9f6e-0a2b52d0b6c1")

# What browsers and programs send that lost the id they meant to send. Whoever took one for an id would make one person
# of everybody. Mixpanel refuses these too (https://docs.mixpanel.com/reference/import-events, 2026-11).
FORBIDDEN_IDS = frozenset(
    ("00000000-0000-0000-0000-000000000000", "anon", "anonymous", "nil", "none", "null", "n/a", "na", "undefined")
    + ("unknown", "<nil>", "0", "-1", "true", "false", "[]", "{}")
)


def is_forbidden_id(text: str) -> bool:
    """Whether this stands for "no id": one of those above in any case and with spaces, or an all-zero UUID undashed.

    So does a device of that name: Mixpanel's own "$device:" before it makes it no more of an id.
    """
    text = text.strip().lower()
    device = text.removeprefix("$device:").strip()
    if device != text and not device:
        return True
    return device in FORBIDDEN_IDS or (len(device) == 32 and not device.strip("0"))


class Action(models.Model):
    """One page view or event, as its sender reported it. Append only; whose it is, is read through `IdentityLink`.

    `key` is the sender's id of it: the same key from the same kind of sender is the same action. A browser cannot take
    the backend's keys. `user_id` is what the backend calls the customer: a signup's id, its external id or its address.
    """

    class Kind(models.TextChoices):
        PAGE = "page", "page view"
        TRACK = "track", "event"

    class Source(models.TextChoices):
        BROWSER = "browser", "browser"
        BACKEND = "backend", "backend"

    source = models.CharField(max_length=10, choices=Source.choices)
    key = models.CharField("the sender's id", max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=200)
    anonymous_id = models.CharField("anonymous id", max_length=100, blank=True)
    user_id = models.CharField("user id", max_length=254, blank=True)
    at = models.DateTimeField()  # the sender's clock
    received_at = models.DateTimeField(auto_now_add=True)
    properties = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="one_action_of_a_key")]
        indexes = [
            models.Index(fields=["anonymous_id", "at"], name="action_by_visitor"),
            models.Index(fields=["user_id", "at"], name="action_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"

    @property
    def uid(self) -> uuid.UUID:
        """An id of this action for the outside world, the same for ever."""
        return uuid.uuid5(_NAMESPACE, f"{self.source}:{self.key}")

    def property(self, name: str) -> Any:
        """One of its properties, None where it has none of that name."""
        return self.properties.get(name) if isinstance(self.properties, dict) else None


class Forward(models.Model):
    """An action still owed to an integration, or refused by it. The row goes when the vendor has taken the action.

    `due_at` as in `Delivery`: the next try, or while one is under way the moment its claim lapses; NULL once refused.
    """

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="forwards")
    integration = models.CharField(max_length=50)
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0)
    refused_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=1000, blank=True)

    class Meta:
        verbose_name = "refused action"  # those that staff see
        constraints = [models.UniqueConstraint(fields=["integration", "action"], name="one_forward_of_an_action")]
        indexes = [
            models.Index(
                fields=["integration", "due_at"], name="forward_due", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(fields=["refused_at"], name="forward_refused", condition=models.Q(refused_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"action {self.action_id} → {self.integration}"


class IdentityLink(models.Model):
    """An edge: this anonymous id was this signup's person. Timelines are read through it, nothing is copied.

    An anonymous id has one owner at most. A link that ended says why: staff detached it, or it was never made because
    the id is somebody else's or the signup has enough of them.
    """

    class Reason(models.TextChoices):
        SIGNED_UP = "signed_up", "signed up in this browser"
        CONFIRMED = "confirmed", "confirmed in this browser"
        BACKEND = "backend", "the product's backend named both"
        STAFF = "staff", "joined by staff"

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="identity_links")
    anonymous_id = models.CharField("anonymous id", max_length=100)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=300, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["anonymous_id"], name="one_owner_of_an_anonymous_id", condition=models.Q(ended_at=None)
            )
        ]
        indexes = [models.Index(fields=["signup", "anonymous_id"], name="identity_by_signup")]

    def __str__(self) -> str:
        return f"{self.anonymous_id} is {self.signup_id}"


class Note(models.Model):
    """Something about a signup that staff wrote or did by hand."""

    class Kind(models.TextChoices):
        NOTE = "note", "note"
        OPENED = "opened", "opened from Slack"

    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.NOTE)
    text = models.CharField(max_length=5000, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.text[:60] or self.get_kind_display()
