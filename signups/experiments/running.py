"""What runs now, kept by each process for a few seconds: a page asks for its arm without asking the database what runs.

So a start, a stop or a change of weights reaches every process within `KEPT_S` seconds. What a decision settled (the
arm of a stopped experiment that staff chose for everybody) is kept here, too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Prefetch

from signups import models
from signups.models import Experiment, ForcedArm, Phase
from signups.transactions import may_fail

log = logging.getLogger(__name__)

KEPT_S = 5.0


@dataclass(frozen=True)
class Arm:
    """What a unit is shown. `is_decided`: by decision, to everybody, and no longer part of a test."""

    experiment: str
    key: str
    name: str
    content: Mapping[str, str] = field(default_factory=dict)
    is_decided: bool = False


@dataclass(frozen=True)
class Running:
    """A running experiment in its present phase."""

    pk: int
    key: str
    surface: str
    unit: str
    phase_pk: int
    coverage: float
    ranges: Mapping[str, tuple[float, float]]
    arms: Mapping[str, Arm]
    has_forced: bool


@dataclass(frozen=True)
class Now:
    """`decided`: of stopped experiments, the arms chosen for everybody, the latest decision last."""

    running: Mapping[str, Running]
    decided: Mapping[str, Arm]
    decided_on: Mapping[str, tuple[Arm, ...]]  # by surface

    def on(self, surface: str) -> list[Running]:
        return [one for one in self.running.values() if one.surface == surface]


_lock = threading.Lock()
_kept: tuple[float, Now] | None = None


def now() -> Now:
    """What runs and what was decided, as of at most `KEPT_S` seconds ago; one query where nothing does.

    While the database is away, what was known last.
    """
    global _kept
    kept = _kept
    if kept is None or time.monotonic() - kept[0] > KEPT_S:
        try:
            with may_fail():
                known = _read()
        except DatabaseError:
            log.exception("What experiments run could not be read")
            known = kept[1] if kept is not None else Now({}, {}, {})
        kept = (time.monotonic(), known)
        with _lock:
            _kept = kept
    return kept[1]


def forget() -> None:
    """Look again at the next question; for whoever has just changed an experiment, and for tests."""
    global _kept
    with _lock:
        _kept = None


def _read() -> Now:
    is_decided = {"state": Experiment.State.STOPPED}
    rows = (
        Experiment.objects.filter(state__in=(Experiment.State.RUNNING, Experiment.State.STOPPED))
        .exclude(decided_arm="", **is_decided)
        .annotate(has_forced=Exists(ForcedArm.objects.filter(experiment=OuterRef("pk"))))
        .prefetch_related("arms", Prefetch("phases", Phase.objects.filter(ended_at=None), to_attr="open_phases"))
        .order_by("decided_at", "pk")
    )
    running: dict[str, Running] = {}
    decided: dict[str, Arm] = {}
    decided_on: dict[str, tuple[Arm, ...]] = {}
    for row in rows:
        is_over = row.state == Experiment.State.STOPPED
        arms = {arm.key: _arm(row, arm, is_over) for arm in row.arms.all()}
        if is_over and row.decided_arm in arms:
            decided[row.key] = arms[row.decided_arm]
            decided_on[row.surface] = (*decided_on.get(row.surface, ()), arms[row.decided_arm])
        elif not is_over and row.open_phases:
            phase = row.open_phases[-1]
            ranges = {arm: (float(start), float(end)) for arm, (start, end) in phase.ranges.items()}
            running[row.key] = Running(
                row.pk, row.key, row.surface, row.unit, phase.pk, phase.coverage, ranges, arms, row.has_forced
            )
    return Now(running, decided, decided_on)


def _arm(experiment: Experiment, arm: models.Arm, is_decided: bool) -> Arm:
    texts = arm.content if isinstance(arm.content, dict) else {}
    return Arm(experiment.key, arm.key, arm.name, {name: str(text) for name, text in texts.items()}, is_decided)
