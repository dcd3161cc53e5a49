"""Starting, changing, stopping, deciding: what is kept, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from signups.experiments import lifecycle
from signups.experiments.lifecycle import Refused
from signups.models import Arm, Experiment, Phase
from tests.experiments.rows import make_experiment, make_running, make_user

pytestmark = pytest.mark.django_db


def test_a_start_opens_the_first_phase() -> None:
    experiment = make_running(weights={"a": 0.25, "b": 0.75}, coverage=0.5)
    phase = Phase.objects.get()
    assert (experiment.state, phase.number, phase.coverage, phase.ended_at) == ("running", 1, 0.5, None)
    assert phase.ranges == {"a": [0.0, 0.25], "b": [0.25, 1.0]}


@pytest.mark.parametrize(
    ("weights", "values", "why"),
    [
        ({"a": 1.0}, {}, "at least two arms"),
        ({"a": 0.5, "b": 0.4}, {}, "add up to 1"),
        ({"a": 1.0, "b": 0.0}, {}, "at least one other arm"),
        (None, {"metric": "luck"}, "Choose a metric"),
        (None, {"surface": "moon"}, "Choose where it is shown"),
        (None, {"surface": "signup_page", "unit": "company"}, "choose visitor"),
        (None, {"surface": "signup_page", "contents": {"b": {"title": "X"}}}, "b: there is no title"),
        (None, {"surface": "welcome_mail", "contents": {"b": {"title": "X"}}}, "by the arm’s key"),
    ],
)
def test_what_is_not_ready_does_not_start(weights: dict[str, float], values: dict[str, str], why: str) -> None:
    experiment = make_experiment("wording", weights, **values)
    with pytest.raises(Refused, match=why):
        lifecycle.start(experiment)
    assert Experiment.objects.get().state == Experiment.State.DRAFT
    assert not Phase.objects.exists()


def test_a_surface_has_room_for_one_running_experiment() -> None:
    first = make_running("first", surface="signup_page")
    second = make_experiment("second", surface="signup_page")
    with pytest.raises(Refused, match="“First” runs there"):
        lifecycle.start(second)
    lifecycle.stop(first, "Enough.", "", make_user().pk)
    assert lifecycle.start(second).state == "running"


def test_a_new_phase_ends_the_old_one_and_keeps_the_weights() -> None:
    experiment = make_running()
    lifecycle.new_phase(experiment, {"a": 0.1, "b": 0.9}, 0.5)
    first, second = experiment.phases.all()
    assert first.ended_at is not None
    assert (second.number, second.coverage, second.ranges["b"]) == (2, 0.5, [0.1, 1.0])
    assert list(Arm.objects.values_list("weight", flat=True)) == [0.1, 0.9]


@pytest.mark.parametrize(
    ("weights", "coverage", "why"),
    [
        ({"a": 0.5, "b": 0.5}, 1.0, "nothing would change"),
        ({"a": 0.5, "b": 0.6}, 1.0, "add up to 1"),
        ({"a": 1.5, "b": -0.5}, 1.0, "lie in 0–1"),
        ({"a": 1.0}, 1.0, "every arm a weight"),
        ({"a": 0.4, "b": 0.6}, 0.0, "coverage"),
    ],
)
def test_a_phase_that_makes_no_sense_is_refused_whole(weights: dict[str, float], coverage: float, why: str) -> None:
    experiment = make_running()
    with pytest.raises(Refused, match=why):
        lifecycle.new_phase(experiment, weights, coverage)
    assert [phase.ended_at for phase in Phase.objects.all()] == [None]
    assert list(Arm.objects.values_list("weight", flat=True)) == [0.5, 0.5]


def test_a_stop_keeps_the_decision_with_its_author() -> None:
    experiment = lifecycle.stop(make_running(), " B won. ", "b", make_user().pk)
    assert (experiment.state, experiment.decision, experiment.decided_arm) == ("stopped", "B won.", "b")
    assert experiment.decided_by == make_user()
    assert experiment.decided_at is not None
    assert Phase.objects.get().ended_at is not None


def test_a_stop_without_words_or_for_an_arm_that_is_not_there_is_refused() -> None:
    experiment = make_running()
    for words, arm in ((" ", "b"), ("C won.", "c")):
        with pytest.raises(Refused):
            lifecycle.stop(experiment, words, arm, make_user().pk)
    assert Phase.objects.get().ended_at is None


def test_nothing_is_done_twice_or_out_of_order() -> None:
    running, draft = make_running("running"), make_experiment("draft")
    user = make_user().pk
    for refused in (
        lambda: lifecycle.start(running),
        lambda: lifecycle.new_phase(draft, {"a": 0.4, "b": 0.6}, 1.0),
        lambda: lifecycle.stop(draft, "No.", "", user),
        lambda: lifecycle.decide(running, "No.", "", user),
    ):
        with pytest.raises(Refused):
            refused()


@pytest.mark.django_db(transaction=True)
def test_of_two_starts_on_one_surface_at_once_one_is_refused() -> None:
    drafts = [make_experiment(key, surface="signup_page") for key in ("one", "two")]

    def start(draft: Experiment) -> bool:
        try:
            lifecycle.start(draft)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(start, drafts)) == [False, True]
    assert Experiment.objects.filter(state="running").count() == 1
