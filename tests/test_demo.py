"""`manage.py demo`: its clock, what it refuses, that it ends with everything up. Its story is told in `journeys`."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from django.core import signing
from django.core.management import CommandError, call_command
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from signups.management.demo.agenda import Agenda
from signups.management.demo.clock import travelling
from signups.models import Experiment, Heartbeat, Phase
from tests import site
from tests.rows import make_signup

LONG_AGO = datetime(2020, 2, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def demo(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "demo", *words]
    return subprocess.run(command, cwd=site.ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def before_today(file: Path) -> dict[str, list[tuple[str, str]]]:
    """What happened on the complete days; today is as long as it is when somebody looks."""
    questions = {
        "signups": "SELECT email, verdict FROM signups_signup WHERE created_at < ? ORDER BY 1",
        "exposures": "SELECT unit, arm FROM signups_exposure WHERE at < ? ORDER BY 1",
        "actions": "SELECT anonymous_id, name FROM signups_action WHERE at < ? ORDER BY 1, 2",
    }
    with closing(sqlite3.connect(file)) as database:
        midnight = f"{timezone.now().astimezone(UTC):%Y-%m-%d}"
        return {name: database.execute(question, [midnight]).fetchall() for name, question in questions.items()}


# -- The clock ---------------------------------------------------------------------------------------------------------


def test_python_s_clocks_travel_tick_and_come_home() -> None:
    with travelling(LONG_AGO) as clock:
        assert timedelta(0) <= timezone.now() - LONG_AGO < SECOND
        clock.move_to(LONG_AGO + timedelta(days=3))
        assert timedelta(days=3) <= timezone.now() - LONG_AGO < timedelta(days=3) + SECOND
        clock.move_to(LONG_AGO)  # which has passed
        assert time.time() > (LONG_AGO + timedelta(days=3)).timestamp()
        clock.come_home()
        home = timezone.now()
    assert abs(home - timezone.now()) < SECOND


@pytest.mark.django_db
def test_the_database_s_clock_travels_along() -> None:
    Heartbeat.beat("sweep")
    with travelling(LONG_AGO):
        assert not Heartbeat.objects.filter(at__lte=Now()).exists()
        Heartbeat.beat("canary")
        assert abs(Heartbeat.objects.get(name="canary").at - LONG_AGO) < SECOND
        assert Heartbeat.objects.filter(at__gt=Now() - timedelta(minutes=1), at__lte=Now()).count() == 1
    assert Heartbeat.objects.filter(at__lte=Now()).count() == 2


@pytest.mark.django_db
def test_so_do_a_column_s_own_defaults() -> None:
    experiment = Experiment.objects.create(key="words", name="Words", hypothesis="They matter.", metric="signed_up")
    with travelling(LONG_AGO):
        Phase.objects.create(experiment=experiment, number=1)
    assert abs(Phase.objects.annotate(at=F("started_at")).get().at - LONG_AGO) < SECOND


def test_what_is_signed_in_the_past_is_old_today() -> None:
    with travelling(timezone.now() - timedelta(days=2)):
        signed = signing.dumps("ada")
        assert signing.loads(signed, max_age=60) == "ada"
    with pytest.raises(signing.SignatureExpired):
        signing.loads(signed, max_age=timedelta(days=1))


def test_what_is_entered_meanwhile_comes_in_its_turn() -> None:
    agenda, said = Agenda(), []
    agenda.at(LONG_AGO + SECOND, lambda: said.append("second"))
    agenda.at(LONG_AGO, lambda: agenda.at(LONG_AGO, lambda: said.append("first")))
    agenda.at(LONG_AGO + 3 * SECOND, lambda: said.append("too late"))
    for _, act, _ in agenda.until(LONG_AGO + 2 * SECOND):
        act()
    assert said == ["first", "second"]


# -- The command -------------------------------------------------------------------------------------------------------


def test_outside_the_sandbox_it_refuses(settings: object) -> None:
    settings.SANDBOX = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="set SANDBOX=1, or run `make demo`"):
        call_command("demo")


def test_the_story_has_thirty_days() -> None:
    with pytest.raises(CommandError, match="--days must be from 1 to 30"):
        call_command("demo", days=31)


@pytest.fixture
def free_port(settings: object) -> None:
    settings.PORT = site.free_ports(1)[0]  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.usefixtures("free_port")
def test_a_database_with_signups_is_left_alone() -> None:
    make_signup()
    with pytest.raises(CommandError, match=r"has signups already\. Give the demo an empty database"):
        call_command("demo", no_serve=True)


@pytest.mark.django_db
@pytest.mark.usefixtures("free_port")
def test_a_worker_at_the_database_must_end_first() -> None:
    Heartbeat.beat("canary")
    with pytest.raises(CommandError, match="A worker is at this database"):
        call_command("demo", no_serve=True)


@pytest.mark.django_db
@pytest.mark.usefixtures("free_port")
def test_only_a_demo_s_database_is_thrown_away() -> None:
    with pytest.raises(CommandError, match=r"--anew throws a database called demo\.sqlite3 away, and no other"):
        call_command("demo", no_serve=True, anew=True)


def test_a_refusal_is_one_line(tmp_path: Path) -> None:
    run = demo(site.environment(tmp_path), "--days", "0")
    assert run.returncode == 1
    assert run.stderr == "CommandError: --days must be from 1 to 30, the days of the story; not 0.\n"


def test_two_days_leave_the_same_behind_each_time(tmp_path: Path) -> None:
    env = site.environment(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'demo.sqlite3'}")
    lives = []
    for flags in ([], ["--anew"]):
        run = demo(env, "--days", "2", "--no-serve", *flags)
        assert run.returncode == 0, run.stderr
        assert "everything came out as it was told" in run.stdout
        assert " INFO " not in run.stderr  # the bar stays readable
        lives.append(before_today(tmp_path / "demo.sqlite3"))
    assert lives[0] == lives[1]
    assert ("grace@rocket.test", "accepted") in lives[0]["signups"]
    assert len(lives[0]["exposures"]) >= 24


def test_it_ends_with_everything_up(tmp_path: Path) -> None:
    # Two days: Grace comes at nine in the morning of the second, which one day may not have reached yet.
    with site.Site.started(tmp_path, "demo", "--days", "2") as running:
        assert running.get("/healthz").json()["database"] == "ok"
        leads = {lead["name"] for lead in running.sandbox.state("close")["leads"]}
        assert "Rocket" in leads
        sandbox = running.sandbox.url
        assert running.end() == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(sandbox, timeout=2)
