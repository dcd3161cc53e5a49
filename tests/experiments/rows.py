"""Experiments, and what came of them, as rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from signups.experiments import lifecycle
from signups.models import Arm, Experiment, Exposure, Phase, Signup
from tests.rows import make_signup


def make_experiment(key: str = "wording", weights: Mapping[str, float] | None = None, **values: Any) -> Experiment:
    """A draft with two even arms, `a` and `b`. `contents`: arm → its texts."""
    contents = values.pop("contents", {})
    values = {"name": key.capitalize(), "hypothesis": "B is better.", "metric": "signed_up", **values}
    experiment = Experiment.objects.create(key=key, **values)
    for position, (arm, weight) in enumerate((weights or {"a": 0.5, "b": 0.5}).items()):
        Arm.objects.create(
            experiment=experiment,
            key=arm,
            name=arm.upper(),
            position=position,
            weight=weight,
            content=contents.get(arm, {}),
        )
    return experiment


def make_running(
    key: str = "wording", weights: Mapping[str, float] | None = None, coverage: float = 1.0, **values: Any
) -> Experiment:
    return lifecycle.start(make_experiment(key, weights, **values), coverage)


def phase_of(experiment: Experiment) -> Phase:
    """The latest phase, with its experiment."""
    return experiment.phases.select_related("experiment").latest("number")


def make_user() -> User:
    return User.objects.get_or_create(username="grace")[0]


def make_seen(
    experiment: Experiment,
    counts: Mapping[str, tuple[int, int]],
    *,
    ago: timedelta = timedelta(days=2),
    at: datetime | None = None,
    **values: Any,
) -> list[Exposure]:
    """So many exposures of each arm and so many of them that signed up an hour later: `{"a": (10, 3)}`."""
    at = at or timezone.now() - ago
    phase = phase_of(experiment)
    Phase.objects.filter(pk=phase.pk, started_at__gt=at).update(started_at=at - timedelta(hours=1))
    rows = [
        Exposure(experiment=experiment, phase=phase, unit=str(uuid4()), arm=arm, **values)
        for arm, (units, _) in counts.items()
        for _ in range(units)
    ]
    rows.sort(key=lambda row: row.unit)  # the arms in no order
    Exposure.objects.bulk_create(rows)
    Exposure.objects.filter(pk__in=[row.pk for row in rows]).update(at=at)
    left = {arm: converted for arm, (_, converted) in counts.items()}
    chosen = []
    for row in rows:
        if left[row.arm]:
            left[row.arm] -= 1
            chosen.append(row.unit)
    sign_up(chosen, at + timedelta(hours=1))
    return rows


def sign_up(units: list[str], at: datetime) -> None:
    """These visitors sign up at that moment: one person with many signups will do."""
    if not units:
        return
    one = make_signup("converted@dev.test", anonymous_id="first")
    fields = ("person_id", "email", "name", "verdict", "machine_verdict")
    copied = {name: getattr(one, name) for name in fields}
    one.delete()
    rows = Signup.objects.bulk_create([Signup(**copied, anonymous_id=unit) for unit in units])
    Signup.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=at)
