"""The outbox: each call owed to a vendor, written down before it is made. The engine is `signups.deliveries`."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from signups.models.company import Company
from signups.models.signup import Signup


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def routine(self) -> DeliveryQuerySet:
        """What comes every day and went well: of no interest beside what happened once."""
        return self.filter(Delivery.routine_at())

    def remarkable(self) -> DeliveryQuerySet:
        return self.exclude(Delivery.routine_at())

    def dead(self) -> DeliveryQuerySet:
        """The dead letters, by their index. SQLite takes a partial one only where its condition stands so."""
        is_failed = RawSQL("signups_delivery.state = 'failed'", (), output_field=models.BooleanField())
        return self.filter(is_failed)


class Delivery(models.Model):
    """One event owed to one integration, exactly once. `uid` is what every idempotency key derives from, for ever.

    `due_at` is when there is something to do: while pending the next try, while sending the moment the claim lapses,
    NULL once finished. So one index serves new work, retries and crash recovery. `integration` is free text: a new
    vendor needs no migration.
    """

    class State(models.TextChoices):
        PENDING = "pending", "waiting"
        SENDING = "sending", "sending"
        DELIVERED = "delivered", "delivered"
        SKIPPED = "skipped", "skipped"
        FAILED = "failed", "failed"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    signup = models.ForeignKey(Signup, on_delete=models.CASCADE, related_name="deliveries")
    company = models.ForeignKey(Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries")
    integration = models.CharField(max_length=50)
    event = models.CharField(max_length=30)
    period = models.CharField(max_length=30, blank=True)  # "" or what tells recurring ones apart: a date, a number
    frozen = models.JSONField(default=dict, blank=True)  # facts that must not change between tries, such as the time
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    attempts_used = models.PositiveSmallIntegerField("attempts", default=0)
    is_ambiguous = models.BooleanField("may have been done", default=False)
    outcome = models.CharField(max_length=1000, blank=True)
    external_id = models.CharField("the vendor's id", max_length=255, blank=True)
    external_url = models.URLField("at the vendor", max_length=1000, blank=True)
    made = models.JSONField("what it made", default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["signup", "integration", "event", "period"], name="one_delivery_of_an_event"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=("pending", "sending"), due_at__isnull=False)
                | models.Q(state__in=("delivered", "skipped", "failed"), due_at__isnull=True),
                name="due_exactly_while_unfinished",
            ),
        ]
        indexes = [
            # SQLite uses a partial index with bound parameters only where its condition is IS NOT NULL.
            # In the order in which they are claimed: many that are sent again at once are due at one moment.
            models.Index(
                fields=["integration", "due_at", "id"],
                name="delivery_due_in_order",
                condition=models.Q(due_at__isnull=False),
            ),
            # Whose elder, and whose colleague, is unfinished: found however many of theirs are finished.
            models.Index(
                fields=["signup", "integration"], name="delivery_unfinished", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(
                fields=["company", "integration"],
                name="delivery_unfinished_company",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(fields=["company", "integration"], name="delivery_by_company"),
            models.Index(
                fields=["integration", "finished_at"], name="delivery_dead", condition=models.Q(state="failed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event.replace('_', ' ')} → {self.integration}"

    @staticmethod
    def routine_at(path: str = "") -> models.Q:
        """Which deliveries are routine, seen from a row that has them at `path` ("delivery__")."""
        return models.Q(**{f"{path}event": "usage_reported", f"{path}state": Delivery.State.DELIVERED})


class Attempt(models.Model):
    """One try of a delivery: when, how long, what was said. Append only."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    ms = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField("HTTP status", default=0)
    result = models.CharField(max_length=20)  # delivered, skipped, later, never, ambiguous, misconfigured, lapsed, bug
    reason = models.CharField(max_length=1000, blank=True)
    exchanges = models.JSONField(default=list, blank=True)  # contracts.Exchange, secrets masked

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.result}"


class IntegrationState(models.Model):
    """How one integration fares: its drain lease, its breaker, and whether staff paused it."""

    slug = models.CharField(max_length=50, primary_key=True)
    is_paused = models.BooleanField("paused", default=False)
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    paused_why = models.CharField(max_length=500, blank=True)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField("breaker open until", null=True, blank=True)
    trouble = models.CharField(max_length=1000, blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    # By which process (`deliveries.processes`); "": nobody can say.
    leased_by = models.CharField(max_length=80, blank=True, default="", db_default="", editable=False)
    woken_at = models.DateTimeField(null=True, blank=True, editable=False)  # a drain is on the queue since then
    spent = models.JSONField(default=dict, blank=True, editable=False)  # of the vendor's rates, by earlier drains
    last_success_at = models.DateTimeField("last success", null=True, blank=True)
    # What staff were told last: where it differs from how things are, there is something to tell.
    told_trouble = models.BooleanField(default=False, editable=False)
    told_paused = models.BooleanField(default=False, editable=False)

    def __str__(self) -> str:
        return self.slug


class StaffAlert(models.Model):
    """One change of an integration's state, and whether staff were told: written down before anybody is.

    `due_at` is when to tell them, or to try again; NULL once they know, or where nobody can tell them. A dead letter's
    `cause` has one open alert, until none of its dead letters is left.
    """

    class Kind(models.TextChoices):
        TROUBLE = "trouble", "in trouble"
        WORKS = "works", "works again"
        PAUSED = "paused", "paused"
        RESUMED = "resumed", "resumed"
        DEAD_LETTER = "dead_letter", "first failure of its kind"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    integration = models.CharField(max_length=50)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    cause = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=1000)
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True, blank=True)
    told_by = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "cause"],
                name="one_open_alert_of_a_cause",
                condition=models.Q(kind="dead_letter", closed_at__isnull=True),
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="alert_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.integration}: {self.get_kind_display()}"


class Heartbeat(models.Model):
    """When something that must keep happening last happened: the worker's canary, the sweep."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"

    @classmethod
    def beat(cls, name: str) -> None:
        """Say that it happened just now, by the database's clock."""
        cls.objects.update_or_create(name=name, defaults={"at": Now()})
