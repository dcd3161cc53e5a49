"""Who sees which arm, and that it is written down once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from signups import experiments
from signups.experiments import lifecycle
from signups.experiments.assignment import assigned, ranges_of
from signups.experiments.exposure import force
from signups.models import Exposure, ForcedArm, Signup
from tests.experiments.rows import make_experiment, make_running, make_user, phase_of
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db


def arm_of(key: str = "wording", unit: str = "", **who: object) -> str | None:
    shown = experiments.arm(key, unit=unit, **who)  # type: ignore[arg-type]
    return shown.key if shown is not None else None


def test_a_unit_sees_the_arm_of_its_hash_and_is_written_down_once() -> None:
    experiment = make_running()
    expected = assigned("wording", "ada", 1, ranges_of({"a": 0.5, "b": 0.5}))
    assert [arm_of(unit="ada") for _ in range(3)] == [expected] * 3
    assert list(Exposure.objects.values_list("phase", "unit", "arm", "is_forced", "is_carried")) == [
        (phase_of(experiment).pk, "ada", expected, False, False)
    ]


def test_a_draft_is_shown_to_nobody() -> None:
    make_experiment()
    assert arm_of(unit="ada") is None
    assert arm_of("another", unit="ada") is None
    assert not Exposure.objects.exists()


def test_whoever_takes_no_part_leaves_no_trace() -> None:
    make_running(coverage=0.000001)
    assert arm_of(unit="ada") is None
    assert not Exposure.objects.exists()


def test_nothing_is_asked_of_the_database_while_nothing_runs() -> None:
    make_experiment()
    experiments.arm("wording", unit="ada")
    with CaptureQueriesContext(connection) as captured:
        experiments.arm("wording", unit="ada")
        experiments.content("signup_page", signup=Signup(anonymous_id="ada"))
    assert len(captured) == 0


def test_a_known_unit_costs_one_look_up_and_a_new_one_an_insert_more() -> None:
    make_running()
    arm_of(unit="warm")
    with CaptureQueriesContext(connection) as new:
        arm_of(unit="ada")
    with CaptureQueriesContext(connection) as known:
        arm_of(unit="ada")
    inserts = [query["sql"] for query in new if query["sql"].startswith("INSERT")]
    look_ups = [query["sql"] for query in known if "SAVEPOINT" not in query["sql"]]  # the test's own transaction
    assert (len(inserts), len(look_ups)) == (1, 1)


def test_a_new_phase_keeps_the_arms_of_those_who_saw_one_and_does_not_count_them() -> None:
    experiment = make_running(weights={"a": 0.5, "b": 0.5})
    units = [str(number) for number in range(40)]
    before = {unit: arm_of(unit=unit) for unit in units}
    lifecycle.new_phase(experiment, {"a": 0.0, "b": 1.0}, 1.0)

    assert {unit: arm_of(unit=unit) for unit in units} == before
    assert {arm_of(unit=f"new{number}") for number in range(20)} == {"b"}
    in_second = Exposure.objects.filter(phase__number=2)
    assert in_second.filter(is_carried=True).count() == 40
    assert in_second.counted().count() == 20


def test_a_visitor_keeps_the_arm_as_a_customer() -> None:
    make_running()
    visitor = str(uuid4())
    before = arm_of(unit=visitor)
    assert arm_of(signup=make_signup(anonymous_id=visitor)) == before
    assert Exposure.objects.count() == 1


@pytest.mark.parametrize("anonymous_id", ["", "null", "0"])
def test_a_signup_without_a_visitors_id_is_a_unit_by_its_own(anonymous_id: str) -> None:
    make_running()
    signup = make_signup(anonymous_id=anonymous_id)
    arm_of(signup=signup)
    assert Exposure.objects.get().unit == str(signup.uid)


def test_people_of_one_company_see_the_same_arm() -> None:
    make_running(unit="company")
    company = make_company("dev.test")
    shown = {arm_of(signup=make_signup(f"{name}@dev.test", company=company)) for name in "abcdefgh"}
    assert len(shown) == 1
    assert [row.unit for row in Exposure.objects.all()] == ["dev.test"]
    assert arm_of(signup=make_signup("x@bigmail.test")) is None


def test_an_arm_that_staff_chose_is_shown_and_not_counted() -> None:
    experiment = make_running()
    arm_of(unit="ada")
    for arm in ("a", "b"):
        force(experiment.pk, "ada", arm, make_user().pk)
        assert arm_of(unit="ada") == arm
    force(experiment.pk, "new", "b", None)
    assert arm_of(unit="new") == "b"
    assert not Exposure.objects.counted().exists()


def test_a_choice_taken_back_gives_the_unit_its_own_arm_again_still_uncounted() -> None:
    experiment = make_running()
    own = arm_of(unit="ada")
    force(experiment.pk, "ada", "b" if own == "a" else "a", None)
    ForcedArm.objects.all().delete()
    assert arm_of(unit="ada") == own
    assert not Exposure.objects.counted().exists()


def test_a_choice_taken_back_leaves_the_unit_uncounted_in_the_phases_after_it_too() -> None:
    experiment = make_running()
    arm_of(unit="ada")
    force(experiment.pk, "ada", "b", None)
    ForcedArm.objects.all().delete()
    lifecycle.new_phase(experiment, {"a": 0.4, "b": 0.6}, 1.0)
    arm_of(unit="ada")
    assert Exposure.objects.count() == 2
    assert not Exposure.objects.counted().exists()


def test_a_unit_that_a_process_showed_its_own_arm_before_it_knew_of_the_choice_is_not_counted() -> None:
    experiment = make_running()
    own = arm_of(unit="ada")
    ForcedArm.objects.create(experiment=experiment, unit="ada", arm="b" if own == "a" else "a")
    experiments.forget()
    shown = arm_of(unit="ada")
    assert shown != own
    assert list(Exposure.objects.values_list("arm", "is_forced")) == [(shown, True)]


def test_what_is_written_down_is_what_is_shown_once_a_choice_is_taken_back() -> None:
    experiment = make_running()
    own = arm_of(unit="ada")
    force(experiment.pk, "ada", "b" if own == "a" else "a", None)
    ForcedArm.objects.all().delete()
    arm_of(unit="ada")
    assert Exposure.objects.get().arm == own


def test_a_stopped_experiment_shows_everybody_the_arm_decided_for() -> None:
    experiment = make_running()
    lifecycle.stop(experiment, "B won.", "b", make_user().pk)
    assert {arm_of(unit=str(number)) for number in range(20)} == {"b"}
    lifecycle.decide(experiment, "Not after all.", "", make_user().pk)
    assert arm_of(unit="ada") is None
    assert not Exposure.objects.exists()


def test_what_was_decided_holds_beneath_the_next_test_of_the_surface() -> None:
    first = make_running("first", surface="signup_page", contents={"b": {"headline": "Fast.", "button": "Go"}})
    lifecycle.stop(first, "B won.", "b", make_user().pk)
    make_running("second", {"a": 0.0001, "b": 0.9999}, surface="signup_page", contents={"b": {"button": "Start"}})
    assert experiments.content("signup_page", signup=make_signup()) == {"headline": "Fast.", "button": "Start"}


def test_the_arms_of_a_signup_are_those_of_what_runs() -> None:
    signup = make_signup(company=make_company("dev.test"), anonymous_id=str(uuid4()))
    running = {"one": make_running("one"), "two": make_running("two", unit="company"), "over": make_running("over")}
    shown = {key: arm_of(key, signup=signup) for key in running}
    make_running("unseen")
    lifecycle.stop(running["over"], "Enough.", "", make_user().pk)
    assert Exposure.objects.arms_of(signup) == {"one": shown["one"], "two": shown["two"]}


def test_an_arm_decided_for_everybody_is_everybodys() -> None:
    experiment = make_running()
    lifecycle.stop(experiment, "B won.", "b", make_user().pk)
    assert Exposure.objects.arms_of(make_signup()) == {"wording": "b"}
    lifecycle.decide(experiment, "Not after all.", "", make_user().pk)
    assert Exposure.objects.arms_of(make_signup("bob@dev.test")) == {}


@pytest.mark.django_db(transaction=True)
def test_many_first_views_at_once_are_one_exposure() -> None:
    make_running()

    def view(_: int) -> str | None:
        try:
            return arm_of(unit="ada")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        shown = set(pool.map(view, range(24)))
    assert len(shown) == 1
    assert Exposure.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_shows_the_products_own_words() -> None:
    make_running()
    arm_of(unit="warm")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE signups_exposure RENAME TO away")
    try:
        assert arm_of(unit="ada") is None
        with transaction.atomic():  # as while a signup is saved, which goes on
            assert arm_of(unit="ada") is None
            assert not Signup.objects.exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO signups_exposure")
