"""`manage.py deliveries`, as operators and their scripts use it."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from signups import deliveries
from signups.contracts import Never
from signups.deliveries import causes
from signups.models import Delivery, IntegrationState
from tests.deliveries.acts import child_environment, owe, owe_many
from tests.deliveries.desk import Desk
from tests.rows import make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    out = StringIO()
    call_command("deliveries", *words, stdout=out)
    return out.getvalue()


def run_json(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def test_status_says_how_each_fares_and_why_deliveries_fail(desk: Desk) -> None:
    owe()
    desk.will(Never("Front desk", "answered 422 to POST /x"))
    deliveries.drain("desk")
    assert "Look at the reply of one, correct the data or skip them." in run("status")
    body = run_json("status", "desk")
    assert (body["integrations"][0]["failed"], body["causes"][0]["count"]) == (1, 1)


def test_recover_sends_dead_letters_again_all_of_them_or_those_of_a_cause(desk: Desk) -> None:
    owe_many(3)
    desk.will(*[Never("Front desk", words) for words in ("answered 422", "answered 422", "answered 413")])
    deliveries.drain("desk")
    cause = causes.key_of("desk", "Front desk: answered 422")
    assert run_json("recover", "desk", "--cause", cause)["count"] == 2
    assert run("recover", "desk") == "1 delivery to Front desk on the way again.\n"


def test_replay_counts_first_and_then_sends(desk: Desk) -> None:
    make_signup()
    assert run_json("replay", "desk", "--since", "7d", "--dry-run")["count"] == 1
    assert run_json("replay", "desk", "--since", "7d") == {
        "integration": "desk", "act": "replay", "count": 1, "signups": 1,
    }  # fmt: skip
    assert run_json("replay", "desk", "--since", "7d")["count"] == 0


def test_pause_and_resume(desk: Desk) -> None:
    assert run("pause", "desk", "--why", "painting") == "Front desk is paused.\n"
    assert IntegrationState.objects.get().paused_why == "painting"
    run("resume", "desk")
    assert not IntegrationState.objects.get().is_paused


def test_skip_gives_up_with_a_reason(desk: Desk) -> None:
    owe()
    desk.will(Never("Front desk", "answered 422"))
    deliveries.drain("desk")
    assert run_json("skip", "desk", "--why", "too old")["count"] == 1
    assert Delivery.objects.get().outcome == "Skipped by the command line: too old"


def test_drain_sends_what_waits_and_says_what_is_left(desk: Desk) -> None:
    owe_many(2)
    desk.will(Never("Front desk", "answered 422"))
    assert run("drain", "desk") == "2 tries at Front desk.\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["recover", "fax"], "No integration is named 'fax'; there are desk."),
        (["pause", "desk", "--why", " "], "--why is empty: say it in a few words."),
        (["test", "desk"], "Front desk has no test event."),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], complaint: str, desk: Desk) -> None:
    with pytest.raises(CommandError, match=complaint):
        run(*words)


def test_nothing_is_recovered_at_one_that_is_off_nor_drained_at_one_that_is_paused(desk: Desk) -> None:
    desk.lacks = ["DESK_KEY"]
    with pytest.raises(CommandError, match="set DESK_KEY"):
        run("recover", "desk")
    desk.forget()
    run("pause", "desk", "--why", "painting")
    with pytest.raises(CommandError, match="Resume it first"):
        run("drain", "desk")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["pause", "slack"],
        ["recover", "slack", "--since", "yesterday"],
        ["recover", "slack", "--since", "999999d"],
        ["replay", "slack", "--since", "9999-12-31T23:59:59-12:00"],
        ["recover", "slack", "--cause", "nosuch"],
    ],
)
def test_a_wrong_call_is_one_line_on_stderr_and_no_success(words: list[str]) -> None:
    command = [sys.executable, "manage.py", "deliveries", *words]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=child_environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_database_without_our_tables_is_named_with_the_remedy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "deliveries", "status", "--json"],
        cwd=settings.BASE_DIR,
        env=child_environment() | {"DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "no such table" in done.stderr
    assert "manage.py migrate" in done.stderr
