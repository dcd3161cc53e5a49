"""What staff do with an experiment: start it, change its weights in a new phase, stop it, decide.

Each is one transaction that locks the experiment; what is refused says why in a sentence. Who may do it is the admin's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db.models import Q
from django.db.models.functions import Now

from signups.experiments import running
from signups.experiments.assignment import ranges_of
from signups.experiments.metrics import METRICS
from signups.experiments.surfaces import SURFACES, Surface
from signups.models import Arm, Experiment, Phase
from signups.transactions import write_transaction

_TOLERANCE = 1e-6


class Refused(Exception):
    """Not as things are; the text says why, and what would help."""


def start(experiment: Experiment, coverage: float = 1.0) -> Experiment:
    """A draft begins to run, with its first phase. Raises Refused."""
    with write_transaction():
        experiment = _locked(experiment)
        _require(experiment.state == Experiment.State.DRAFT, "It has been started before.")
        arms = list(experiment.arms.all())
        _require_ready(experiment, arms)
        _open_phase(experiment, 1, coverage, {arm.key: arm.weight for arm in arms})
        experiment.state = Experiment.State.RUNNING
        experiment.save(update_fields=["state"])
    running.forget()
    return experiment


def new_phase(experiment: Experiment, weights: Mapping[str, float], coverage: float) -> Phase:
    """Other weights or another coverage from now on. Whoever has seen an arm keeps it, uncounted. Raises Refused."""
    with write_transaction():
        experiment = _locked(experiment)
        _require(experiment.state == Experiment.State.RUNNING, "Only a running experiment has phases.")
        arms = list(experiment.arms.all())
        present = experiment.phases.get(ended_at=None)
        _require({arm.key for arm in arms} == set(weights), "Give every arm a weight; 0 shows it to nobody new.")
        _require_weights([weights[arm.key] for arm in arms])
        is_same = present.coverage == coverage and present.ranges == ranges_of({a.key: weights[a.key] for a in arms})
        _require(not is_same, "That is how it is now: nothing would change.")
        for arm in arms:
            arm.weight = weights[arm.key]
        Arm.objects.bulk_update(arms, ["weight"])
        Phase.objects.filter(pk=present.pk).update(ended_at=Now())
        phase = _open_phase(experiment, present.number + 1, coverage, {arm.key: arm.weight for arm in arms})
    running.forget()
    return phase


def stop(experiment: Experiment, decision: str, arm_key: str, user_pk: int) -> Experiment:
    """It ends, with what was decided and why. `arm_key`: the arm everybody is shown from now on, "" for none."""
    with write_transaction():
        experiment = _locked(experiment)
        _require(experiment.state == Experiment.State.RUNNING, "It does not run.")
        experiment.phases.filter(ended_at=None).update(ended_at=Now())
        experiment.state = Experiment.State.STOPPED
        _decide(experiment, decision, arm_key, user_pk)
    running.forget()
    return experiment


def decide(experiment: Experiment, decision: str, arm_key: str, user_pk: int) -> Experiment:
    """Decide anew about a stopped experiment: "" takes an arm shown to everybody back."""
    with write_transaction():
        experiment = _locked(experiment)
        _require(experiment.state == Experiment.State.STOPPED, "Stop it first: that asks for the decision.")
        _decide(experiment, decision, arm_key, user_pk)
    running.forget()
    return experiment


def problems(experiment: Experiment, arms: list[Arm]) -> list[str]:
    """Why it cannot start yet, in sentences; none where it can."""
    found = []
    surface = SURFACES.get(experiment.surface)
    if len(arms) < 2:
        found.append("Give it at least two arms: the first is the control.")
    elif abs(sum(arm.weight for arm in arms) - 1) > _TOLERANCE:
        found.append("The arms’ weights must add up to 1.")
    elif not arms[0].weight or sum(arm.weight > 0 for arm in arms) < 2:
        found.append("The control and at least one other arm need a weight above 0.")
    if experiment.metric not in METRICS:
        found.append("Choose a metric.")
    if surface is None and experiment.surface:
        found.append("Choose where it is shown.")
    if surface is not None and experiment.unit not in surface.units:
        found.append(f"The {surface.name.lower()} is seen by visitors whose company is not known yet: choose visitor.")
    found += [problem for arm in arms if (problem := content_problem(surface, arm.key, arm.content))]
    return found


def content_problem(surface: Surface | None, arm_key: str, content: object) -> str:
    """What is wrong with an arm's texts, "" where nothing is. Without a surface code knows what to make of them."""
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        return f"{arm_key}: texts have a name and words."
    unknown = sorted(set(content) - set(surface.texts)) if surface is not None else []
    if not unknown or surface is None:
        return ""
    offered = " and ".join(surface.texts) if surface.texts else "no texts: it is shown elsewhere, by the arm’s key"
    return f"{arm_key}: there is no {unknown[0]} on the {surface.name.lower()}; it has {offered}."


def _locked(experiment: Experiment) -> Experiment:
    """The experiment, and those it might collide with on its surface, locked in one order."""
    same = Q(pk=experiment.pk) | (Q(surface=experiment.surface) & ~Q(surface=""))
    rows = {row.pk: row for row in Experiment.objects.select_for_update().filter(same).order_by("pk")}
    if experiment.pk not in rows:
        raise Refused("It has been deleted.")
    return rows[experiment.pk]


def _require_ready(experiment: Experiment, arms: list[Arm]) -> None:
    if found := problems(experiment, arms):
        raise Refused(" ".join(found))
    if experiment.surface:
        running_there = Experiment.objects.filter(surface=experiment.surface, state=Experiment.State.RUNNING).first()
        if running_there is not None:
            raise Refused(f"“{running_there}” runs there. Two at once would blur each other: stop that one first.")


def _require_weights(weights: Collection[float]) -> None:
    is_right = all(0 <= weight <= 1 for weight in weights) and abs(sum(weights) - 1) <= _TOLERANCE
    _require(is_right, "The weights must lie in 0–1 and add up to 1.")


def _open_phase(experiment: Experiment, number: int, coverage: float, weights: Mapping[str, float]) -> Phase:
    _require(0 < coverage <= 1, "The coverage must be above 0 and at most 1.")
    return Phase.objects.create(
        experiment=experiment, number=number, coverage=coverage, ranges=ranges_of(dict(weights)), started_at=Now()
    )


def _decide(experiment: Experiment, decision: str, arm_key: str, user_pk: int) -> None:
    _require(bool(decision.strip()), "Write down what was decided, and why.")
    is_arm = not arm_key or experiment.arms.filter(key=arm_key).exists()
    _require(is_arm, "There is no such arm.")
    experiment.decision, experiment.decided_arm = decision.strip()[:2000], arm_key
    experiment.decided_by_id, experiment.decided_at = user_pk, Now()
    experiment.save(update_fields=["state", "decision", "decided_arm", "decided_by", "decided_at"])
    experiment.refresh_from_db(fields=["decided_at"])


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Refused(otherwise)
