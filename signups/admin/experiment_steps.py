"""The steps of an experiment's life as the admin asks for them: start, a new phase, stop, decide, choose an arm.

Each has its words and its form; what it does is `signups.experiments`' business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from signups.admin.base import staff
from signups.admin.experiment_forms import DecisionForm, ForceForm, PhaseForm, StartForm, StepForm
from signups.experiments import exposure, lifecycle
from signups.models import Experiment


@dataclass(frozen=True)
class Step:
    """One thing to do with an experiment. `do` raises `lifecycle.Refused`; what it returns is told."""

    title: str
    sentence: str
    button: str
    tone: str
    form: Callable[[Experiment, Any], StepForm]
    do: Callable[[HttpRequest, Experiment, Any], str]


def _start(request: HttpRequest, experiment: Experiment, form: Any) -> str:
    lifecycle.start(experiment, form.cleaned_data["coverage"])
    return "It runs. Within seconds every process shows its arms."


def _new_phase(request: HttpRequest, experiment: Experiment, form: Any) -> str:
    phase = lifecycle.new_phase(experiment, form.weights(), form.cleaned_data["coverage"])
    return f"Phase {phase.number} has begun. Whoever has seen an arm keeps it and is not counted again."


def _stop(request: HttpRequest, experiment: Experiment, form: Any) -> str:
    sent = form.cleaned_data
    lifecycle.stop(experiment, sent["decision"], sent["arm"], staff(request).pk)
    return "Stopped and decided."


def _decide(request: HttpRequest, experiment: Experiment, form: Any) -> str:
    sent = form.cleaned_data
    lifecycle.decide(experiment, sent["decision"], sent["arm"], staff(request).pk)
    return "Decided."


def _force(request: HttpRequest, experiment: Experiment, form: Any) -> str:
    sent = form.cleaned_data
    unit = sent["unit"].strip()
    if experiment.unit == Experiment.Unit.COMPANY:
        unit = unit.lower()
    exposure.force(experiment.pk, unit, sent["arm"], staff(request).pk)
    return "That unit is shown this arm from now on, and is not counted."


STEPS = {
    "start": Step(
        title="Start",
        sentence="From now on the arms are shown. Weights and coverage can be changed later, in a new phase; texts "
        "cannot.",
        button="Start",
        tone="good",
        form=StartForm,
        do=_start,
    ),
    "phase": Step(
        title="New phase",
        sentence="Numbers start from nothing: a phase is read out by itself. Whoever has seen an arm keeps it, "
        "uncounted.",
        button="Begin the new phase",
        tone="plain",
        form=PhaseForm,
        do=_new_phase,
    ),
    "stop": Step(
        title="Stop and decide",
        sentence="Nobody new is counted. An arm you choose here is shown to everybody until you decide otherwise.",
        button="Stop it",
        tone="bad",
        form=DecisionForm,
        do=_stop,
    ),
    "decide": Step(
        title="Change the decision",
        sentence="It takes the place of the earlier one.",
        button="Decide",
        tone="plain",
        form=DecisionForm,
        do=_decide,
    ),
    "force": Step(
        title="Choose an arm for somebody",
        sentence="They see it whatever the hash says, and count in no reading.",
        button="Choose it",
        tone="plain",
        form=ForceForm,
        do=_force,
    ),
}
STEPS_OF: dict[str, tuple[str, ...]] = {
    Experiment.State.DRAFT: ("start",),
    Experiment.State.RUNNING: ("phase", "stop", "force"),
    Experiment.State.STOPPED: ("decide",),
}
