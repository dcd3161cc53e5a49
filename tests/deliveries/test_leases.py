"""The right to do something alone, and how it ends when whoever had it is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from signups.deliveries import leases, processes
from signups.deliveries.claiming import Lease
from signups.models import IntegrationState
from tests.deliveries.acts import integration, pass_time
from tests.deliveries.desk import Desk

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(seconds=60)


def state(name: str = "something") -> IntegrationState:
    return IntegrationState.objects.get(slug=name)


def dead_name() -> str:
    """The name of a process that was one of this machine, and has ended."""
    say = "from signups.deliveries import processes; print(processes.own_name())"
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", say]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "ENV_FILE": ""})
    return done.stdout.strip()


def test_one_has_it_until_it_is_released_or_lapses() -> None:
    first = leases.take("something", MINUTE)
    assert first is not None
    assert leases.take("something", MINUTE) is None
    leases.release("something", first)
    assert leases.take("something", MINUTE) is not None
    pass_time(seconds=61)
    assert leases.take("something", MINUTE) is not None


def test_whoever_lost_it_neither_renews_nor_releases_another_s() -> None:
    first = leases.take("something", MINUTE)
    assert first is not None
    pass_time(seconds=61)
    second = leases.take("something", MINUTE)
    assert not leases.renew("something", first, MINUTE)
    leases.release("something", first)
    assert state().lease == second


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells processes apart for sure")
def test_a_dead_process_s_lease_ends_and_a_living_one_s_does_not() -> None:
    leases.take("something", MINUTE)
    assert leases.free_dead() == []
    IntegrationState.objects.update(leased_by=dead_name())
    assert leases.free_dead() == ["something"]
    assert (state().lease, state().leased_by) == (None, "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells processes apart for sure")
def test_a_number_that_was_given_again_is_another_process() -> None:
    space, _, started = processes.own_name().rpartition(" ")
    leases.take("something", MINUTE)
    IntegrationState.objects.update(leased_by=f"{space} {int(started) - 1}")
    assert leases.free_dead() == ["something"]


@pytest.mark.parametrize("elsewhere", ["another-boot 4026531836 1 1", "", "nonsense", "1 1"])
def test_of_other_machines_processes_nobody_says_that_they_are_gone(elsewhere: str) -> None:
    leases.take("something", MINUTE)
    IntegrationState.objects.update(leased_by=elsewhere)
    assert leases.free_dead() == []
    assert leases.take("something", MINUTE) is None


def test_a_process_of_another_user_lives() -> None:
    """Process 1 is root's: whoever may not signal it can still see it."""
    space = processes.own_name().rpartition(" ")[0].rpartition(" ")[0]
    started = processes._stat(1)[19] if space else "1"
    assert not processes.is_gone(f"{space} 1 {started}")


def test_a_drain_s_pace_is_kept_while_it_lives(desk: Desk) -> None:
    """A killed one's is known to the next, which may begin at once."""
    lease = Lease.take(integration())
    assert lease is not None
    lease.pace._next["0"] = 10**9
    lease.renew([])
    assert "0" in IntegrationState.objects.get(slug="desk").spent
