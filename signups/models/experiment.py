"""A/B tests: what is tried, who saw what, and in which phase. The arithmetic is `signups.experiments`'."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from signups.models.action import is_forbidden_id
from signups.models.signup import Signup


class Experiment(models.Model):
    """One question with its arms. The first arm (lowest `position`) is the control."""

    class Unit(models.TextChoices):
        VISITOR = "visitor", "visitor"
        COMPANY = "company", "company"

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped"

    key = models.SlugField(max_length=50, unique=True)  # part of the hash: never changes once it ran
    name = models.CharField(max_length=200)
    # Where its arms are shown, a key of signups.experiments.surfaces; "" where code asks for them by `key`
    surface = models.CharField(max_length=50, blank=True)
    hypothesis = models.TextField(max_length=2000)
    unit = models.CharField(max_length=10, choices=Unit.choices, default=Unit.VISITOR)
    metric = models.CharField(max_length=50)  # a key of signups.experiments.metrics
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    baseline = models.FloatField(
        "expected rate of the control", default=0.5, validators=[MinValueValidator(0.0001), MaxValueValidator(0.9999)]
    )
    effect = models.FloatField(
        "smallest difference worth knowing", default=0.05, validators=[MinValueValidator(0.0001), MaxValueValidator(1)]
    )
    decision = models.TextField(max_length=2000, blank=True)
    decided_arm = models.CharField(max_length=50, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class Arm(models.Model):
    """One of an experiment's alternatives. `content` is what it shows: the texts or the choice, by name."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    key = models.SlugField(max_length=50)
    name = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)
    weight = models.FloatField(default=0.5, validators=[MinValueValidator(0), MaxValueValidator(1)])
    content = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["experiment", "key"], name="one_arm_of_a_key")]

    def __str__(self) -> str:
        return self.name


class Phase(models.Model):
    """A stretch of time in which weights and coverage did not change; each is read out by itself.

    `ranges`: arm → [from, to) within 0–1, as the hash is compared with.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="phases")
    number = models.PositiveSmallIntegerField()
    coverage = models.FloatField(default=1.0, validators=[MinValueValidator(0), MaxValueValidator(1)])
    ranges = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="one_phase_of_a_number")]

    def __str__(self) -> str:
        return f"phase {self.number}"


class ExposureQuerySet(models.QuerySet["Exposure"]):
    def counted(self) -> ExposureQuerySet:
        """Those a reading counts: neither chosen by staff nor carried over from an earlier phase."""
        return self.filter(is_forced=False, is_carried=False)

    def arms_of(self, signup: Signup) -> dict[str, str]:
        """The arms that hold for this signup: experiment → arm.

        Of what runs, those that its visitor and company saw, the latest word; of what is stopped, those for everybody.
        """
        decided = Experiment.objects.filter(state=Experiment.State.STOPPED).exclude(decided_arm="")
        rows = self.filter(unit__in=units_of(signup), experiment__state=Experiment.State.RUNNING)
        seen = rows.order_by("phase__number", "pk").values_list("experiment__key", "arm")
        return dict(decided.values_list("key", "decided_arm")) | dict(seen)


def visitor_unit(anonymous_id: str, uid: UUID) -> str:
    """The unit that a signup is as a visitor: the id from before it had a name, else its own."""
    return anonymous_id if anonymous_id and not is_forbidden_id(anonymous_id) else str(uid)


def units_of(signup: Signup) -> list[str]:
    """The names under which this signup can be a unit: as a visitor, and its company's domain."""
    visitor = visitor_unit(signup.anonymous_id, signup.uid)
    return [visitor, signup.company.domain] if signup.company is not None else [visitor]


class Exposure(models.Model):
    """A unit could first see its arm in this phase. Append only, once a phase.

    `unit`: the visitor's anonymous id (or the signup's id where there is none), or the company's domain. `is_forced`:
    staff chose the arm; `is_carried`: it was seen in an earlier phase, whose arm the unit keeps. Neither is counted.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="exposures")
    phase = models.ForeignKey(Phase, on_delete=models.CASCADE, related_name="exposures")
    unit = models.CharField(max_length=255)
    arm = models.CharField(max_length=50)
    is_forced = models.BooleanField(default=False)
    is_carried = models.BooleanField(default=False)
    at = models.DateTimeField(auto_now_add=True)

    objects = ExposureQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["phase", "unit"], name="one_exposure_a_phase")]
        indexes = [models.Index(fields=["experiment", "unit"], name="exposure_by_unit")]

    def __str__(self) -> str:
        return f"{self.unit}: {self.arm}"


class ForcedArm(models.Model):
    """Staff's choice for one unit, such as their own browser."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="forced_arms")
    unit = models.CharField(max_length=255)
    arm = models.CharField(max_length=50)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "unit"], name="one_forced_arm_of_a_unit")]

    def __str__(self) -> str:
        return f"{self.unit}: {self.arm}"
