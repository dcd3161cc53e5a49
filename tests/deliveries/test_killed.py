"""A process killed with SIGKILL in mid-delivery: what it was sending is delivered exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from signups import deliveries
from signups.deliveries import leases
from signups.models import Delivery
from tests.deliveries.acts import child_environment, owe, pass_time, results
from tests.journeys.story import slack_messages
from tests.sandbox_process import ROOT, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

DRAIN = "from signups import deliveries; deliveries.drain('slack')"


def drain_until(sandbox: Sandbox) -> None:
    """A process of its own drains Slack, and is killed while it waits for the reply to its message."""
    child = subprocess.Popen([sys.executable, "manage.py", "shell", "-c", DRAIN], cwd=ROOT, env=child_environment())
    until = time.monotonic() + 30
    while not sandbox.received("slack", "chat.postMessage"):
        assert time.monotonic() < until, "nothing was sent"
        time.sleep(0.05)
    assert leases.free_dead() == []
    child.send_signal(signal.SIGKILL)
    while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < until, "it does not end"
        time.sleep(0.01)
    assert leases.free_dead() == ["slack"], "before it is reaped"
    assert child.wait(10) == -signal.SIGKILL
    assert leases.free_dead() == []


@pytest.mark.parametrize("fault", [{"latency_ms": 20_000}, {"latency_ms": 20_000, "reset": "before"}])
def test_what_a_killed_process_was_sending_is_delivered_once(
    fault: dict[str, object], sandbox: Sandbox, settings: Settings
) -> None:
    """Whether Slack had taken the message or not."""
    settings.INTEGRATIONS = ["integrations.slack.Slack"]
    row = owe(slug="slack")
    sandbox.fault("slack", route="chat.postMessage", times=1, **fault)
    drain_until(sandbox)
    row.refresh_from_db()
    assert row.state == Delivery.State.SENDING
    assert deliveries.drain("slack") == 0, "what was being sent is still claimed"
    pass_time(seconds=121)
    assert deliveries.drain("slack") == 1
    assert len(slack_messages(sandbox)) == 1
    assert results(row) == ["lapsed", "delivered"]


def test_what_the_killed_process_had_not_claimed_does_not_wait(sandbox: Sandbox, settings: Settings) -> None:
    settings.INTEGRATIONS = ["integrations.slack.Slack"]
    owe(slug="slack")
    sandbox.fault("slack", route="chat.postMessage", times=1, latency_ms=20_000)
    drain_until(sandbox)
    other = owe("ben@dev.test", slug="slack")
    assert deliveries.drain("slack") == 1
    other.refresh_from_db()
    assert other.state == Delivery.State.DELIVERED
