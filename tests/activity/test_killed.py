"""A process killed with SIGKILL while it sends actions on: each counts once at Mixpanel, and none is owed for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from signups import waking
from signups.activity import forwarding
from signups.models import Forward
from tests.activity.reports import events, forward_all, report, track
from tests.deliveries.acts import child_environment, pass_time, queued
from tests.sandbox_process import ROOT, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

FORWARD = "from signups.activity import forwarding; forwarding.forward('mixpanel')"
NUMBER = 2_500  # more than one call takes


def forward_until(sandbox: Sandbox, calls: int) -> None:
    """A process of its own sends actions on, and is killed while it waits for the reply to that many calls."""
    command = [sys.executable, "manage.py", "shell", "-c", FORWARD]
    child = subprocess.Popen(command, cwd=ROOT, env=child_environment())
    until = time.monotonic() + 30
    while len(sandbox.received("mixpanel", "/import")) < calls:
        assert time.monotonic() < until, "nothing was sent"
        assert child.poll() is None, "it ended by itself"
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL


def report_many() -> None:
    for start in range(0, NUMBER, 1_000):
        report(*[track(f"Step {number}", id=f"a-{number}") for number in range(start, min(start + 1_000, NUMBER))])


def pass_90_s() -> None:
    """Let claims and leases lapse."""
    pass_time(seconds=91)
    Forward.objects.filter(due_at__isnull=False).update(due_at=F("due_at") - timedelta(seconds=91))


def counted(sandbox: Sandbox) -> tuple[int, int]:
    """How many events Mixpanel counts, and how many names they have."""
    names = [event["event"] for event in events(sandbox)]
    return len(names), len(set(names))


@pytest.mark.parametrize(("fault", "taken"), [({}, 2_000), ({"reset": "before"}, 0)])
def test_what_a_killed_process_was_sending_counts_once(fault: dict[str, Any], taken: int, sandbox: Sandbox) -> None:
    """Whether Mixpanel had taken the batch or not."""
    report_many()
    sandbox.fault("mixpanel", route="/import", times=1, latency_ms=20_000, **fault)
    forward_until(sandbox, calls=1)
    assert Forward.objects.filter(claim__isnull=False, tries=1).count() == 2_000
    assert forwarding.forward("mixpanel") == 0  # it may be alive
    assert sandbox.state("mixpanel")["raw_events"] == taken
    pass_90_s()
    forward_all()
    assert (counted(sandbox), Forward.objects.count()) == ((NUMBER, NUMBER), 0)


def test_what_was_taken_before_the_kill_is_not_sent_again(sandbox: Sandbox) -> None:
    report_many()
    sandbox.fault("mixpanel", route="/import", times=1, latency_ms=1)
    sandbox.fault("mixpanel", route="/import", times=1, latency_ms=20_000)
    forward_until(sandbox, calls=2)
    assert Forward.objects.count() == NUMBER - 2_000
    pass_90_s()
    forward_all()
    assert (counted(sandbox), len(sandbox.received("mixpanel", "/import"))) == ((NUMBER, NUMBER), 3)


def test_the_sweep_finds_what_a_killed_process_left(sandbox: Sandbox) -> None:
    report(track())
    sandbox.fault("mixpanel", route="/import", times=1, latency_ms=20_000)
    forward_until(sandbox, calls=1)
    queued()
    waking.sweep()
    assert ("signups.tasks.forward_actions", "mixpanel") not in queued()
    pass_90_s()
    waking.sweep()
    assert ("signups.tasks.forward_actions", "mixpanel") in queued()
