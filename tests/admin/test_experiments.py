"""Experiments in the admin: drafts, steps, the read-out, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signups import experiments
from signups.experiments import lifecycle, surfaces
from signups.experiments.exposure import force
from signups.models import Arm, Experiment, ForcedArm
from tests.admin.rows import make_staff
from tests.experiments.rows import make_experiment, make_running, make_seen, make_user

LIST = "/admin/signups/experiment/"


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    experiments.forget()
    yield
    experiments.forget()


def words(reply: Any, status: int = 200) -> str:
    """A page's words, and those of its pictures, without tags."""
    assert reply.status_code == status
    html = re.sub(r"<(style|script)\b.*?</\1>", " ", reply.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def page(browser: Client, experiment: Experiment, query: str = "") -> str:
    return words(browser.get(f"{LIST}{experiment.pk}/change/{query}"))


def sent(*arms: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A draft as the form sends it; two even arms unless others are given."""
    arms = arms or ({"key": "a", "name": "A"}, {"key": "b", "name": "B"})
    data = {
        "name": "Wording",
        "key": "wording",
        "hypothesis": "B is better.",
        "surface": "signup_page",
        "unit": "visitor",
        "metric": "signed_up",
        "baseline": "0.2",
        "effect": "0.05",
        "arms-TOTAL_FORMS": len(arms),
        "arms-INITIAL_FORMS": 0,
        **values,
    }
    for number, arm in enumerate(arms):
        data |= {f"arms-{number}-{name}": value for name, value in {"weight": "0.5", "content": "", **arm}.items()}
    return data


# -- Drafts ------------------------------------------------------------------------------------------------------------


def test_an_empty_list_says_how_to_begin(browser: Client) -> None:
    shown = words(browser.get(LIST))
    assert "Nothing has been tried yet" in shown
    for surface in surfaces.SURFACES.values():
        assert surface.name in shown


@pytest.mark.parametrize("surface", surfaces.SURFACES.values(), ids=lambda surface: surface.key)
def test_every_example_can_be_kept_and_started_as_it_is(browser: Client, surface: surfaces.Surface) -> None:
    form = browser.get(f"{LIST}add/?example={surface.key}").context
    data = {name: form["adminform"].form[name].value() or "" for name in form["adminform"].form.fields}
    arms = form["inline_admin_formsets"][0].formset.forms[:2]
    values = [{name: arm[name].value() or "" for name in ("key", "name", "weight", "content")} for arm in arms]
    assert browser.post(f"{LIST}add/?example={surface.key}", sent(*values, **data)).status_code == 302

    experiment = Experiment.objects.get()
    assert experiment.surface == surface.key
    assert lifecycle.start(experiment).state == "running"


def test_a_draft_keeps_its_arms_in_order_with_their_texts_and_author(browser: Client, boss: User) -> None:
    b = {"key": "b", "name": "B", "weight": "0.75", "content": "headline: Free: now\n\nbutton: Start"}
    browser.post(f"{LIST}add/", sent({"key": "a", "name": "A", "weight": "0.25"}, b))
    control, other = Arm.objects.order_by("position")
    assert (control.key, control.position, other.position) == ("a", 0, 1)
    assert other.content == {"headline": "Free: now", "button": "Start"}
    assert Experiment.objects.get().author == boss


@pytest.mark.parametrize(
    ("arms", "values", "why"),
    [
        ([{"key": "a", "name": "A", "weight": "1"}], {}, "at least two arms"),
        ([{"key": "a", "name": "A"}, {"key": "b", "name": "B", "weight": "0.4"}], {}, "these make 0.9"),
        ([{"key": "a", "name": "A"}, {"key": "a", "name": "B"}], {}, "duplicate"),
        ([{"key": "a", "name": "A"}, {"key": "b", "name": "B", "content": "title: X"}], {}, "there is no title"),
        ([{"key": "a", "name": "A"}, {"key": "b", "name": "B", "content": "Start"}], {}, "a colon and the words"),
        ([], {"unit": "company"}, "choose visitor"),
        ([], {"baseline": "0.5", "effect": "0.6"}, "No rate between 0 and 1"),
        ([], {"baseline": "0"}, "greater than or equal"),
    ],
)
def test_a_draft_that_makes_no_sense_is_sent_back(
    browser: Client, arms: list[dict[str, str]], values: dict[str, str], why: str
) -> None:
    assert why in words(browser.post(f"{LIST}add/", sent(*arms, **values)))
    assert not Experiment.objects.exists()


def test_a_draft_shows_its_planned_size_and_what_is_missing(browser: Client) -> None:
    experiment = make_experiment(weights={"a": 0.5, "b": 0.4})
    shown = page(browser, experiment)
    assert "Not started" in shown
    assert "must add up to 1" in shown


def test_only_drafts_are_edited_or_deleted(browser: Client) -> None:
    draft, running = make_experiment("draft"), make_running("running")
    assert browser.get(f"{LIST}{draft.pk}/edit/").status_code == 200
    assert browser.get(f"{LIST}{running.pk}/edit/").status_code == 302
    assert browser.post(f"{LIST}{running.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post(f"{LIST}{draft.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Experiment.objects.all()) == [running]


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_is_started_while_it_is_saved_runs(browser: Client) -> None:
    draft = make_experiment("wording", surface="signup_page")
    starts: list[Thread] = []

    def start() -> None:
        lifecycle.start(draft)
        connection.close()

    def meanwhile(instance: Experiment, **_: Any) -> None:
        if not starts:
            starts.append(Thread(target=start))
            starts[0].start()
            starts[0].join(timeout=0.5)

    a, b = ({"key": arm.key, "name": arm.name, "id": arm.pk} for arm in draft.arms.all())
    pre_save.connect(meanwhile, sender=Experiment, weak=False)
    try:
        browser.post(f"{LIST}{draft.pk}/edit/", sent(a, b, **{"arms-INITIAL_FORMS": 2}))
        starts[0].join()
    finally:
        pre_save.disconnect(meanwhile, sender=Experiment)
    draft.refresh_from_db()
    assert draft.state == "running"


# -- Steps -------------------------------------------------------------------------------------------------------------


def test_a_whole_life(browser: Client, boss: User) -> None:
    experiment = make_experiment()
    url = f"{LIST}{experiment.pk}/"
    browser.post(f"{url}start/", {"coverage": "0.5"})
    browser.post(f"{url}phase/", {"weight-a": "0.2", "weight-b": "0.8", "coverage": "1"})
    browser.post(f"{url}stop/", {"arm": "b", "decision": "B won."})
    experiment.refresh_from_db()
    assert (experiment.state, experiment.decided_arm, experiment.decided_by) == ("stopped", "b", boss)
    assert [phase.coverage for phase in experiment.phases.all()] == [0.5, 1.0]

    browser.post(f"{url}decide/", {"arm": "", "decision": "Taken back."})
    shown = page(browser, experiment)
    assert "Taken back. No arm is shown to everybody." in shown


def test_stopping_asks_for_the_decision(browser: Client) -> None:
    experiment = make_running()
    shown = words(browser.post(f"{LIST}{experiment.pk}/stop/", {"arm": "b", "decision": " "}), 422)
    assert "Please write down what was decided, and why." in shown
    experiment.refresh_from_db()
    assert experiment.state == "running"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"weight-a": "0.5", "weight-b": "0.6", "coverage": "1"}, "add up to 1"),
        ({"weight-a": "0.5", "weight-b": "0.5", "coverage": "1"}, "nothing would change"),
        ({"weight-a": "0.5", "weight-b": "x", "coverage": "1"}, "Enter a number"),
        ({"weight-a": "0.4", "weight-b": "0.6", "coverage": "0"}, "coverage must be above 0"),
    ],
)
def test_a_phase_that_makes_no_sense_is_sent_back(browser: Client, data: dict[str, str], why: str) -> None:
    experiment = make_running()
    assert why in words(browser.post(f"{LIST}{experiment.pk}/phase/", data), 422)
    assert experiment.phases.count() == 1


def test_a_step_that_is_not_for_its_state_is_not_offered(browser: Client) -> None:
    experiment = make_running()
    assert browser.post(f"{LIST}{experiment.pk}/start/", {"coverage": "1"}).status_code == 302
    assert experiment.phases.count() == 1


def test_an_arm_is_chosen_for_somebody_and_taken_back(browser: Client, boss: User) -> None:
    experiment = make_running()
    browser.post(f"{LIST}{experiment.pk}/force/", {"unit": " ada ", "arm": "b"})
    row = ForcedArm.objects.get()
    assert (row.unit, row.arm, row.author) == ("ada", "b", boss)
    assert "ada" in page(browser, experiment)

    browser.post(f"{LIST}{experiment.pk}/unforce/{row.pk}/")
    assert not ForcedArm.objects.exists()


def test_a_company_is_chosen_by_its_domain_however_it_is_written(browser: Client) -> None:
    experiment = make_running(unit="company")
    browser.post(f"{LIST}{experiment.pk}/force/", {"unit": "Dev.Test", "arm": "b"})
    assert ForcedArm.objects.get().unit == "dev.test"


# -- The read-out ------------------------------------------------------------------------------------------------------


def test_the_page_reads_out_every_arm(browser: Client) -> None:
    experiment = make_running(baseline=0.2, effect=0.05)
    make_seen(experiment, {"a": (200, 40), "b": (200, 44)})
    shown = page(browser, experiment)
    assert "400 of 2,188 planned" in shown.replace("Too early: 400 of 2,188 planned units have been counted.", "")
    assert "Too early: 400 of 2,188 planned units have been counted." in shown
    assert "A control, 50.0 % 200 40 of 200 20.0 % 15.0 to 26.1 %" in shown
    assert "22.0 %" in shown
    assert "+2.0" in shown
    assert "Is the split right? yes" in shown


def test_no_p_value_is_shown_before_the_planned_size(browser: Client) -> None:
    experiment = make_running(baseline=0.2, effect=0.05)
    make_seen(experiment, {"a": (300, 60), "b": (300, 81)})
    shown = page(browser, experiment)
    assert "Too early" in shown
    assert re.findall(r"p [=<] [\d.]*\d", shown) == ["p = 1.000"]  # that of the split


def test_a_mismatch_is_shown_first(browser: Client) -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (300, 60), "b": (200, 60)})
    assert "Do not trust these numbers" in page(browser, experiment)
    assert "do not trust" in words(browser.get(LIST))


def test_each_phase_is_read_out_by_itself(browser: Client) -> None:
    experiment = make_running()
    make_seen(experiment, {"a": (20, 4), "b": (20, 4)})
    lifecycle.new_phase(experiment, {"a": 0.1, "b": 0.9}, 1.0)
    assert "Nobody has seen it yet." in page(browser, experiment)
    assert "40 of" in page(browser, experiment, "?phase=1")
    assert "Nobody has seen it yet." in page(browser, experiment, "?phase=nonsense")


@pytest.mark.parametrize("counts", [{"a": (1, 0)}, {"a": (0, 0), "b": (2, 2)}, {"a": (3, 0), "b": (3, 0)}])
def test_the_first_few_units_break_nothing(browser: Client, counts: dict[str, tuple[int, int]]) -> None:
    experiment = make_running()
    make_seen(experiment, counts)
    make_seen(experiment, {"a": (1, 0)}, ago=timedelta(minutes=1))
    assert "Too early" in page(browser, experiment)


def test_a_text_from_staff_is_shown_as_text(browser: Client) -> None:
    script = "<script>alert(1)</script>"
    experiment = make_running(name=script, contents={"b": {"headline": script}})
    Arm.objects.update(name=script)
    make_seen(experiment, {"a": (20, 4), "b": (20, 4)})
    for url in (LIST, f"{LIST}{experiment.pk}/change/", f"{LIST}{experiment.pk}/stop/"):
        assert script not in browser.get(url).content.decode()


def test_the_list_says_a_word_on_each(browser: Client) -> None:
    make_experiment("draft")
    make_seen(make_running("running", baseline=0.2, effect=0.05), {"a": (200, 40), "b": (200, 44)})
    lifecycle.stop(make_running("stopped"), "B won.", "b", make_user().pk)
    shown = words(browser.get(LIST))
    for said in ("not started", "too early (18 %)", "decided: B"):
        assert said in shown


def test_the_page_needs_as_many_queries_for_many_exposures_as_for_few(browser: Client) -> None:
    counts = []
    for key, number in (("few", 3), ("many", 300)):
        experiment = make_running(key)
        make_seen(experiment, {"a": (number, 1), "b": (number, 1)})
        for unit in range(number // 3):
            force(experiment.pk, f"{unit}", "a", make_user().pk)
        browser.get(f"{LIST}{experiment.pk}/change/")
        with CaptureQueriesContext(connection) as captured:
            page(browser, experiment)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# -- Who may -----------------------------------------------------------------------------------------------------------


def test_who_may_only_look_is_offered_nothing_else(db: None) -> None:
    browser, experiment = Client(), make_running()
    browser.force_login(make_staff("signups.view_experiment"))
    shown = page(browser, experiment)
    assert "Stop and decide" not in shown
    assert "Choose an arm" not in shown
    for step in ("start", "phase", "stop", "decide", "force", "edit"):
        assert browser.post(f"{LIST}{experiment.pk}/{step}/").status_code == 403
    assert browser.get(f"{LIST}add/").status_code == 403
    assert "Start from an example" not in words(browser.get(LIST))


def test_who_may_not_look_sees_nothing(db: None) -> None:
    browser, experiment = Client(), make_running()
    browser.force_login(make_staff("signups.view_signup"))
    assert browser.get(LIST).status_code == 403
    assert browser.get(f"{LIST}{experiment.pk}/change/").status_code == 403
