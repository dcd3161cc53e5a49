"""The numbers of an experiment's phase: who saw what, what came of it, and what may be said about the difference.

Counted are units whose window is over; the others are still counting. They are taken in the order in which they came,
and the first of them, up to the planned size, make the reading: what comes later does not change it, so that looking
again after the plan is no second chance. Two queries for the exposures and the successes, however many there are; the
sentence on it all is `verdict`'s.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from signups.experiments import analysis
from signups.experiments.analysis import Count, Interval
from signups.experiments.assignment import weights_of
from signups.experiments.metrics import METRICS, Moments
from signups.models import Arm, Experiment, Exposure, Phase

CURVE_POINTS = 60
_PACE = timedelta(days=7)  # the present pace is that of the last week


@dataclass(frozen=True)
class ArmReading:
    """One arm. `exposures`: all that count; `counting`: those whose window is not over; `count`: those of the reading.

    `difference` to the control, None for the control itself.
    """

    arm: Arm
    weight: float
    exposures: int
    counting: int
    expected: float
    count: Count
    interval: Interval
    difference: Interval | None = None
    change: float = 0.0
    curve: Sequence[Point] = ()

    @property
    def is_control(self) -> bool:
        return self.difference is None


@dataclass(frozen=True)
class Point:
    """The difference to the control after so many units, with its always-valid interval."""

    units: int
    at: datetime
    change: float
    interval: Interval


@dataclass(frozen=True)
class Reading:
    """One phase. `planned`: units over all arms; `units`: those of the reading; `later`: counted ones beyond the plan.

    `mismatch`: the p-value of a sample ratio mismatch, None while there are too few to tell.
    """

    experiment: Experiment
    phase: Phase
    arms: Sequence[ArmReading]
    planned: int
    units: int
    later: int
    exposures: int
    counting: int
    carried: int
    forced: int
    pace_a_day: float
    mismatch: float | None
    window: timedelta

    @property
    def is_complete(self) -> bool:
        return 0 < self.planned <= self.units

    @property
    def is_mismatched(self) -> bool:
        return self.mismatch is not None and self.mismatch < analysis.MISMATCH_P

    @property
    def days_left(self) -> int | None:
        """Until the planned size has been counted, at the present pace; None where nobody comes."""
        if self.is_complete:
            return 0
        missing = self.planned - self.exposures
        if missing <= 0:
            return math.ceil(self.window / timedelta(days=1))
        if self.pace_a_day <= 0:
            return None
        return math.ceil(missing / self.pace_a_day + self.window / timedelta(days=1))


@dataclass
class _Unit:
    arm: str
    at: datetime
    has_converted: bool


@dataclass
class _Seen:
    """What the exposures of one phase are."""

    mature: list[_Unit] = field(default_factory=list)
    exposures: Counter[str] = field(default_factory=Counter)
    counting: Counter[str] = field(default_factory=Counter)
    lately: int = 0
    carried: int = 0
    forced: int = 0


def read(phases: Iterable[Phase], *, has_curve: bool = False) -> dict[int, Reading]:
    """Readings by the phases' ids. The phases come with their experiment, and that with its arms.

    Two queries for one phase; for many, one for the exposures and one for each metric and kind of unit among them.
    """
    phases = list(phases)
    now = timezone.now()
    successes = _successes(phases)
    seen: dict[int, _Seen] = defaultdict(_Seen)
    by_pk = {phase.pk: phase for phase in phases}
    rows = Exposure.objects.filter(phase__in=list(by_pk)).order_by("at", "pk")
    for phase_pk, unit, arm, at, is_forced, is_carried in rows.values_list(
        "phase_id", "unit", "arm", "at", "is_forced", "is_carried"
    ):
        here, experiment = seen[phase_pk], by_pk[phase_pk].experiment
        if is_forced or is_carried:
            here.forced += is_forced
            here.carried += is_carried and not is_forced
            continue
        here.exposures[arm] += 1
        here.lately += at > now - _PACE
        window = _window(experiment)
        if at + window > now:
            here.counting[arm] += 1
        else:
            moments = successes[_question(experiment)].get(unit, ())
            here.mature.append(_Unit(arm, at, any(at <= moment <= at + window for moment in moments)))
    return {phase.pk: _reading(phase, seen[phase.pk], now, has_curve) for phase in phases}


def plan(experiment: Experiment, arms: Sequence[Arm]) -> int:
    """The planned size of an experiment, over all its arms."""
    return analysis.planned_size(experiment.baseline, experiment.effect, [arm.weight for arm in arms])


# -- Parts -------------------------------------------------------------------------------------------------------------


def _successes(phases: Sequence[Phase]) -> dict[tuple[str, str], Moments]:
    """When units succeeded, by metric and kind of unit."""
    since: dict[tuple[str, str], datetime] = {}
    for phase in phases:
        question = _question(phase.experiment)
        since[question] = min(since.get(question, phase.started_at), phase.started_at)
    return {
        (metric, unit): METRICS[metric].moments(unit, start) if metric in METRICS else {}
        for (metric, unit), start in since.items()
    }


def _question(experiment: Experiment) -> tuple[str, str]:
    return experiment.metric, experiment.unit


def _window(experiment: Experiment) -> timedelta:
    metric = METRICS.get(experiment.metric)
    return metric.window if metric is not None else timedelta(0)


def _reading(phase: Phase, seen: _Seen, now: datetime, has_curve: bool) -> Reading:
    experiment = phase.experiment
    arms = list(experiment.arms.all())
    weights = {arm.key: weights_of(phase.ranges).get(arm.key, 0.0) for arm in arms}
    planned = analysis.planned_size(experiment.baseline, experiment.effect, list(weights.values()))
    total = seen.exposures.total()
    units = seen.mature[:planned] if planned else seen.mature
    days = max((now - phase.started_at) / timedelta(days=1), 1 / 24)
    return Reading(
        experiment=experiment,
        phase=phase,
        arms=_arms(experiment, arms, weights, planned, seen, units, has_curve),
        planned=planned,
        units=len(units),
        later=len(seen.mature) - len(units),
        exposures=total,
        counting=seen.counting.total(),
        carried=seen.carried,
        forced=seen.forced,
        pace_a_day=seen.lately / min(days, _PACE / timedelta(days=1)),
        mismatch=analysis.mismatch(seen.exposures, weights),
        window=_window(experiment),
    )


def _arms(
    experiment: Experiment,
    arms: Sequence[Arm],
    weights: Mapping[str, float],
    planned: int,
    seen: _Seen,
    units: Sequence[_Unit],
    has_curve: bool,
) -> list[ArmReading]:
    counts = _counts(units)
    comparisons = sum(1 for weight in list(weights.values())[1:] if weight > 0) or 1
    alpha = analysis.ALPHA / comparisons
    is_complete = 0 < planned <= len(units)
    readings: list[ArmReading] = []
    for arm in arms:
        count, change, difference = counts.get(arm.key, Count(0, 0)), 0.0, None
        curve: list[Point] = []
        if readings:
            control = readings[0]
            change = count.rate - control.count.rate
            variance = _planned_variance(experiment, planned, weights[control.arm.key], weights[arm.key])
            if is_complete and count.units and control.count.units:
                difference = analysis.fixed(control.count, count, alpha)
            else:
                difference = analysis.always_valid(control.count, count, variance, alpha)
            if has_curve:
                curve = _curve(units, control.arm.key, arm.key, variance, alpha)
        expected = seen.exposures.total() * weights[arm.key]
        readings.append(
            ArmReading(
                arm=arm,
                weight=weights[arm.key],
                exposures=seen.exposures[arm.key],
                counting=seen.counting[arm.key],
                expected=expected,
                count=count,
                interval=analysis.wilson(count),
                difference=difference,
                change=change,
                curve=curve,
            )
        )
    return readings


def _planned_variance(experiment: Experiment, planned: int, control_weight: float, weight: float) -> float:
    """That of the plan; an arm without weight, or a plan without a size, gets that of a hundred even units."""
    if planned and control_weight and weight:
        return analysis.planned_variance(experiment.baseline, planned, control_weight, weight)
    return analysis.planned_variance(experiment.baseline, 100, 0.5, 0.5)


def _counts(units: Iterable[_Unit]) -> dict[str, Count]:
    seen: Counter[str] = Counter()
    converted: Counter[str] = Counter()
    for unit in units:
        seen[unit.arm] += 1
        converted[unit.arm] += unit.has_converted
    return {arm: Count(converted[arm], number) for arm, number in seen.items()}


def _curve(units: Sequence[_Unit], control: str, other: str, variance: float, alpha: float) -> list[Point]:
    """The difference as it was after each sixtieth of the units."""
    step = max(1, math.ceil(len(units) / CURVE_POINTS))
    seen: Counter[str] = Counter()
    converted: Counter[str] = Counter()
    points = []
    for number, unit in enumerate(units, 1):
        seen[unit.arm] += 1
        converted[unit.arm] += unit.has_converted
        if (number % step == 0 or number == len(units)) and seen[control] and seen[other]:
            counts = [Count(converted[arm], seen[arm]) for arm in (control, other)]
            interval = analysis.always_valid(counts[0], counts[1], variance, alpha)
            points.append(Point(number, unit.at, counts[1].rate - counts[0].rate, interval))
    return points
