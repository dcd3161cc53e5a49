"""Once a day, whoever dies, however many ask, and whatever the clock does."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_q.models import Schedule

from signups import jobs
from signups.deliveries import heartbeats
from signups.deliveries.schedule import ensure_schedules
from signups.jobs import registry, running, watching
from signups.jobs.registry import Job
from signups.jobs.running import ClaimLost, Run
from signups.models import Heartbeat, JobRun
from tests.deliveries.acts import queued
from tests.usage.acts import TODAY, at, lapse

pytestmark = pytest.mark.django_db

EIGHT = list(range(1, 9))
done: list[tuple[str, int]] = []


def step(run: Run) -> bool:
    """Counts to eight, two at a time."""
    left = [number for number in EIGHT if number > run.cursor][:2]
    if not left:
        return False
    with run.chunk(left[-1]) as counts:
        done.extend((run.period, number) for number in left)
        counts.read += len(left)
    return True


def failing(run: Run) -> bool:
    if run.cursor >= 4:
        raise RuntimeError("the figures are away")
    return step(run)


def killed(run: Run) -> bool:
    if run.cursor >= 4:
        raise SystemExit
    return step(run)


@pytest.fixture(autouse=True)
def _job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs there are: one that counts, at the time of the sync."""
    done.clear()
    _become(monkeypatch, "step")
    queued()


def _become(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    counting = Job("sync", "Counting", "Counts to eight.", f"tests.usage.test_jobs.{function}")
    monkeypatch.setattr(registry, "JOBS", (counting,))
    monkeypatch.setitem(registry.BY_NAME, "sync", counting)


def runs() -> list[tuple[str, str, int]]:
    return list(JobRun.objects.order_by("pk").values_list("period", "state", "read"))


def test_a_run_does_all_there_is_once_a_day() -> None:
    assert jobs.run("sync", at(5.1)) == 1
    assert jobs.run("sync", at(5.2)) == 0
    assert jobs.run("sync", at(23)) == 0
    assert runs() == [("2026-11-24", "done", 8)]
    assert done == [("2026-11-24", number) for number in EIGHT]


def test_nothing_happens_before_its_time() -> None:
    jobs.run("sync", at(6, TODAY - timedelta(days=1)))
    assert jobs.run("sync", at(4.9)) == 0
    assert jobs.wake_due(at(4.9)) == 0
    assert jobs.wake_due(at(5.1)) == 1
    assert queued() == [("signups.tasks.run_job", "sync")]


@pytest.mark.parametrize("hours", [[5.1, 4.1, 5.2, 6.2], [4.5, 5.5, 4.6, 5.6], [5.1, 29.1, 5.2, 29.2]])
def test_a_clock_that_jumps_makes_no_second_run_and_loses_none(hours: list[float]) -> None:
    """An hour back; an hour forth and back; a day forth and back."""
    jobs.run("sync", at(6, TODAY - timedelta(days=1)))
    for hour in hours:
        jobs.run("sync", at(hour))
    days = [(TODAY - timedelta(days=1)).isoformat(), TODAY.isoformat()]
    days += ["2026-11-25"] if 29.1 in hours else []
    assert runs() == [(day, "done", 8) for day in days]


def test_a_clock_that_was_a_month_ahead_stops_no_job_until_then() -> None:
    jobs.run("sync", at(6, TODAY - timedelta(days=1)))
    jobs.run("sync", at(6, TODAY + timedelta(days=30)))
    (standing,) = jobs.standings(at(7.1))
    assert standing.trouble.startswith("Its last run was of 2026-11-23.")
    assert jobs.run("sync", at(7.2)) == 1
    assert runs()[-1] == ("2026-11-24", "done", 8)


def test_days_that_were_missed_are_caught_up_by_one_run() -> None:
    jobs.run("sync", at(6, date(2026, 11, 20)))
    for hour in (3, 3.1, 5.1):
        jobs.run("sync", at(hour))
    assert [period for period, *_ in runs()] == ["2026-11-20", "2026-11-23", "2026-11-24"]


def test_who_died_is_taken_over_after_the_claim_and_nothing_is_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    _become(monkeypatch, "killed")
    with pytest.raises(SystemExit):
        jobs.run("sync", at(5.1))
    _become(monkeypatch, "step")
    assert jobs.run("sync", at(5.2)) == 0  # somebody may be at it
    assert jobs.wake_due(at(5.2)) == 0
    lapse()
    assert jobs.wake_due(at(5.2)) == 1
    assert jobs.run("sync", at(5.2)) == 1
    assert done == [("2026-11-24", number) for number in EIGHT]
    assert runs() == [("2026-11-24", "done", 8)]


def test_who_lost_the_claim_writes_nothing_more() -> None:
    jobs.start("sync", "2026-11-24")
    slow = running._take(registry.job("sync"))
    lapse()
    assert jobs.run("sync", at(5.1)) == 1
    assert slow is not None
    with pytest.raises(ClaimLost), slow.chunk(99) as counts:
        counts.read = 99
    assert runs() == [("2026-11-24", "done", 8)]


def test_a_long_run_lets_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "WORK_FOR_S", 0)
    assert jobs.run("sync", at(5.1)) == 1
    assert runs() == [("2026-11-24", "running", 2)]
    assert queued() == [("signups.tasks.run_job", "sync")]
    while jobs.run("sync", at(5.2)):
        pass
    assert runs() == [("2026-11-24", "done", 8)]


def test_a_worker_gives_signs_of_life_during_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "_given_at", -heartbeats._EVERY_S)
    jobs.run("sync", at(5.1))
    assert Heartbeat.objects.filter(name="canary").exists()


def test_a_failure_is_tried_again_and_told_in_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    _become(monkeypatch, "failing")
    for _ in range(running.MOST_TRIES + 1):
        assert jobs.run("sync", at(5.1)) == 1
        assert jobs.run("sync", at(5.1)) == 0
        lapse()
        if JobRun.objects.get().state == JobRun.State.FAILED:
            break
    row = JobRun.objects.get()
    assert (row.state, row.read, row.note) == ("failed", 4, "RuntimeError: the figures are away")
    (standing,) = jobs.standings(at(5.2))
    assert standing.trouble.startswith("The run of 2026-11-24 failed.")


def dying(run: Run) -> bool:
    raise SystemExit


def test_a_run_that_kills_its_worker_each_time_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _become(monkeypatch, "dying")
    for _ in range(running.MOST_TRIES):
        with pytest.raises(SystemExit):
            jobs.run("sync", at(5.1))
        lapse()
    assert jobs.run("sync", at(5.1)) == 0
    assert JobRun.objects.get().note == "Given up: 5 tries in a row ended with the death of their worker."


def test_an_elder_run_that_nobody_finished_makes_way(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.start("sync", "2026-11-23")
    jobs.run("sync", at(5.1))
    assert runs() == [("2026-11-23", "failed", 0), ("2026-11-24", "done", 8)]
    assert "run of 2026-11-24" in JobRun.objects.get(period="2026-11-23").note


def test_staff_have_a_further_run_and_the_daily_one_comes_all_the_same() -> None:
    boss = User.objects.create_user("boss")
    jobs.run("sync", at(6, TODAY - timedelta(days=1)))
    assert jobs.run_now("sync", boss, at(3)) is not None
    jobs.run("sync", at(3.1))
    jobs.run("sync", at(5.1))
    assert runs()[1:] == [("2026-11-24 03:00:00", "done", 8), ("2026-11-24", "done", 8)]


def test_staff_cannot_have_a_run_beside_one_under_way_and_can_repeat_a_failed_one() -> None:
    boss = User.objects.create_user("boss")
    jobs.start("sync", "2026-11-24")
    running._take(registry.job("sync"))
    assert jobs.run_now("sync", boss) is None
    JobRun.objects.update(state="failed", claim=None, claimed_until=None, finished_at=timezone.now(), cursor=4)
    jobs.run_now("sync", boss)
    jobs.run("sync", at(5.1))
    assert done == [("2026-11-24", number) for number in EIGHT[4:]]


def test_a_job_is_late_when_its_grace_is_over() -> None:
    jobs.run("sync", at(6, TODAY - timedelta(days=1)))
    assert [one.trouble for one in jobs.standings(at(6.9))] == [""]
    (late,) = jobs.standings(at(7.1))
    assert late.trouble.startswith("Its last run was of 2026-11-23. Is a worker running (manage.py worker)?")
    assert late.next_at == at(5, TODAY + timedelta(days=1))


def test_what_was_missed_yesterday_is_late_in_todays_grace_too_until_its_run_is_made_up_for() -> None:
    jobs.run("sync", at(6, TODAY - timedelta(days=3)))
    (late,) = jobs.standings(at(5.5))
    assert late.trouble.startswith("Its last run was of 2026-11-21.")
    jobs.start("sync", TODAY.isoformat())
    assert [one.trouble for one in jobs.standings(at(5.6))] == [""]


def test_the_first_run_of_all_is_not_late_while_it_runs() -> None:
    jobs.start("sync", TODAY.isoformat())
    assert [one.trouble for one in jobs.standings(at(5.1))] == [""]


def test_on_a_new_installation_nothing_is_late() -> None:
    (new,) = jobs.standings(at(23))
    assert (new.trouble, new.last) == ("", None)
    assert watching.due_day(new.job, at(23)) == TODAY


def test_schedules_are_set_once_and_then_left_alone() -> None:
    ensure_schedules()
    row = Schedule.objects.get(name="onboarding: sync")
    assert (row.func, row.args, row.schedule_type) == ("signups.tasks.run_job", "('sync',)", Schedule.DAILY)
    assert row.next_run is not None
    assert (row.next_run.hour, row.next_run.minute) == (5, 0)
    assert timezone.now() < row.next_run <= timezone.now() + timedelta(days=1)
    moved = timezone.now() + timedelta(hours=7)
    Schedule.objects.filter(pk=row.pk).update(next_run=moved, func="nonsense")
    ensure_schedules()
    row.refresh_from_db()
    assert (row.func, row.next_run) == ("signups.tasks.run_job", moved)
