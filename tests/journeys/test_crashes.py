"""Real processes, really killed: what was committed is delivered once, whatever died and whatever the queue lost."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings

from tests import site
from tests.sandbox_process import Sandbox


@pytest.fixture
def running(tmp_path: Path) -> Iterator[site.Site]:
    """Everything as `make run` starts it: on SQLite, or on a PostgreSQL database of its own and Redis."""
    with _own_database(tmp_path) as changes, site.Site.started(tmp_path, **changes, FORM_MIN_SECONDS="0") as one:
        yield one


def sign_up(running: site.Site, email: str, name: str) -> str:
    """By the form; returns where it leads."""
    with requests.Session() as visitor:
        page = visitor.get(f"{running.url}/signup/", timeout=10)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
        form = {**hidden, "name": name, "email": email}
        reply = visitor.post(f"{running.url}/signup/", data=form, allow_redirects=False, timeout=10)
    assert reply.status_code == 303, reply.text
    return str(reply.headers["Location"])


def eventually(condition: Callable[[], Any], within_s: float) -> None:
    until = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.2)


def effects(sandbox: Sandbox, email: str) -> tuple[int, int, int, int]:
    """Slack messages, Close contacts, Mixpanel events and Customer.io people with this address."""
    channels = sandbox.state("slack")["channels"]
    messages = [m for one in channels if one["id"] == "C0SIGNUPS" for m in one["messages"] if email in str(m)]
    contacts = [c for lead in sandbox.state("close")["leads"] for c in lead["contacts"] if email in str(c)]
    mixpanel = sandbox.state("mixpanel")
    ids = [key for key, profile in mixpanel["profiles"].items() if email in str(profile)]
    events = [e for user in mixpanel["users"] if user["id"] in ids for e in user["events"] if e["event"] == "Signed up"]
    people = [one for one in sandbox.state("customerio")["customers"] if email in str(one)]
    return len(messages), len(contacts), len(events), len(people)


def test_a_worker_killed_in_mid_delivery(running: site.Site) -> None:
    running.sandbox.fault("close", latency_ms=4000, times=1, route="/lead/", method="POST")
    sign_up(running, "ada@dev.test", "Ada Byrne")
    eventually(lambda: running.sandbox.received("close", "/lead/"), 20)
    for pid in _workers(running):
        os.kill(pid, signal.SIGKILL)
    time.sleep(5)  # the call is over, and nobody has claimed its delivery anew
    assert running.manage("shell", "-c", _A_MINUTE_LATER).returncode == 0
    eventually(lambda: effects(running.sandbox, "ada@dev.test") == (1, 1, 1, 1), 150)
    time.sleep(3)
    assert effects(running.sandbox, "ada@dev.test") == (1, 1, 1, 1)


def test_the_queue_emptied_by_hand(running: site.Site) -> None:
    _stop_workers(running)
    sign_up(running, "hal@gone.test", "Hal Greene")
    emptied = running.manage("shell", "-c", _EMPTY_THE_QUEUE)
    assert emptied.returncode == 0, emptied.stderr
    assert "left 0" in emptied.stdout
    _continue_workers(running)
    eventually(lambda: effects(running.sandbox, "hal@gone.test") == (1, 1, 1, 1), 90)


def test_the_web_process_killed_between_commit_and_enqueue(tmp_path: Path) -> None:
    """A process that commits a signup and dies before anything is queued."""
    with _own_database(tmp_path) as changes, site.Site.started(tmp_path, **changes) as running:
        died = running.manage("shell", "-c", _COMMIT_AND_DIE)
        assert died.returncode == -signal.SIGKILL, died.stderr
        eventually(lambda: effects(running.sandbox, "hal@gone.test") == (1, 1, 1, 1), 90)


_A_MINUTE_LATER = """
from datetime import timedelta
from django.db.models import F
from signups.deliveries.claiming import CLAIM, LEASE
from signups.models import Delivery, IntegrationState
assert Delivery.objects.filter(state="sending").update(due_at=F("due_at") - CLAIM - timedelta(seconds=60))
IntegrationState.objects.filter(lease_until__isnull=False).update(lease_until=F("lease_until") - LEASE)
"""
_EMPTY_THE_QUEUE = """
from django_q.brokers import get_broker
broker = get_broker()
broker.purge_queue()
print("left", broker.queue_size())
"""
_COMMIT_AND_DIE = """
import os, signal
from signups import deliveries, intake
from signups.deliveries import queueing
queueing.enqueue_all = lambda *args, **kwargs: os.kill(os.getpid(), signal.SIGKILL)
intake.receive(intake.Submission(email="hal@gone.test", name="Hal Greene"))
"""


@contextmanager
def _own_database(folder: Path) -> Iterator[dict[str, str]]:
    """What to change in the environment for the database and queue of this test run, empty and gone afterwards."""
    database = settings.DATABASES["default"]
    if "postgresql" not in database["ENGINE"]:
        yield {}
        return
    name = f"crash_{os.getpid()}_{time.time_ns()}"
    server = {"host": database["HOST"], "port": database["PORT"] or 5432, "user": database["USER"]}
    with psycopg.connect(dbname="postgres", autocommit=True, password=database["PASSWORD"] or None, **server) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            url = f"postgres://{server['user']}:{database['PASSWORD']}@{server['host']}:{server['port']}/{name}"
            yield {"DATABASE_URL": url, "QUEUE_URL": settings.QUEUE_URL}
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


# -- The site's processes ----------------------------------------------------------------------------------------------


def _tree(running: site.Site) -> list[tuple[int, str]]:
    """(pid, command line) of each process of this site."""
    found = []
    mark = f"SANDBOX_HTTP_PORT={running.env['SANDBOX_HTTP_PORT']}"
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and mark in (entry / "environ").read_text(errors="replace").split("\0"):
                found.append((int(entry.name), (entry / "cmdline").read_text().replace("\0", " ")))
        except OSError:
            continue
    return found


def _workers(running: site.Site) -> list[int]:
    return [pid for pid, command in _tree(running) if "qcluster" in command]


def _stop_workers(running: site.Site) -> None:
    for pid, command in _tree(running):
        if "qcluster" in command or " worker" in command:
            os.kill(pid, signal.SIGSTOP)


def _continue_workers(running: site.Site) -> None:
    for pid, command in _tree(running):
        if "qcluster" in command or " worker" in command:
            os.kill(pid, signal.SIGCONT)
