"""`manage.py worker` and the real cluster it keeps at work: killed here and there, and asked to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings
from django_q.brokers import get_broker

from tests import site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

CANARY_TIMEOUT_S = 8


class Worker:
    """`manage.py worker` with a database of its own; `lines` is what it logs."""

    def __init__(self, env: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", "worker", "--canary-timeout", str(CANARY_TIMEOUT_S)]
        self.process = subprocess.Popen(
            command, cwd=site.ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, words: str, times: int = 1, within_s: float = 40) -> None:
        until = time.monotonic() + within_s
        while sum(words in line for line in self.lines) < times:
            assert time.monotonic() < until, f"{words!r} was not logged {times} times:\n" + "".join(self.lines)
            time.sleep(0.1)

    def kill_until(self, words: str, victims: Callable[[], list[int]]) -> None:
        """On a busy machine one may be killed while it holds no lock: then its place is taken, and nothing hangs."""
        for _ in range(4):
            for pid in victims():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(AssertionError):
                return self.wait_for(words, within_s=CANARY_TIMEOUT_S + 10)
        raise AssertionError(f"{words!r} was not logged:\n" + "".join(self.lines))

    def main(self) -> int:
        """The eldest of its children; the other guards the cluster."""
        return min(children(self.process.pid))

    def sentinel(self) -> int:
        (pid,) = children(self.main())
        return pid

    def monitor(self) -> int:
        """The one that the sentinel starts after its workers and before its pusher."""
        return sorted(children(self.sentinel()))[-2]

    def group(self) -> list[int]:
        """All processes of the cluster, whoever their parent is now."""
        return in_group(self.main())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(40)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines += self.process.stdout


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A database on SQLite, with whatever queue these tests run on."""
    env = empty_database(tmp_path_factory.mktemp("worker"))
    migrate(env)
    return env


@pytest.fixture
def worker(env: dict[str, str]) -> Iterator[Worker]:
    worker = Worker(env)
    try:
        worker.wait_for("Cluster at work")
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.end()


def test_a_cluster_whose_idle_workers_were_killed_hangs_and_is_started_again(worker: Worker) -> None:
    before = worker.group()
    worker.kill_until("No task has come through the queue", lambda: children(worker.sentinel()))
    worker.wait_for("Cluster at work", times=2)
    assert not alive(before)


def test_a_cluster_whose_sentinel_was_killed_is_started_again_without_its_orphans(worker: Worker) -> None:
    before = worker.group()
    os.kill(worker.sentinel(), signal.SIGKILL)
    worker.wait_for("The main process ended")
    worker.wait_for("Cluster at work", times=2)
    assert not alive(before)


def test_a_cluster_whose_monitor_was_killed_is_started_again(worker: Worker) -> None:
    before = worker.group()
    killed: list[int] = []

    def the_monitor() -> list[int]:
        """At first the one that stands there; later whoever was started last, in its place."""
        killed.append(max(children(worker.sentinel())) if killed else worker.monitor())
        return killed[-1:]

    worker.kill_until("none was acknowledged", the_monitor)
    worker.wait_for("Cluster at work", times=2)
    assert not alive(before)


def test_a_cluster_killed_as_a_whole_is_started_again(worker: Worker) -> None:
    before = worker.group()
    os.killpg(worker.main(), signal.SIGKILL)
    worker.wait_for("The main process ended")
    worker.wait_for("Cluster at work", times=2)
    assert not alive(before)


@pytest.mark.skipif(not settings.QUEUE_URL, reason="the queue is a table of the database")
def test_a_queue_that_was_emptied_is_no_reason_to_start_again(worker: Worker) -> None:
    main = worker.main()
    for _ in range(3):
        get_broker().connection.flushdb()
        time.sleep(CANARY_TIMEOUT_S / 2)
    assert worker.main() == main


def test_a_worker_asked_to_stop_leaves_nothing_behind(worker: Worker) -> None:
    before = worker.group()
    assert len(before) > 5
    assert worker.end() == 0
    assert not alive(before)
    assert "Stopped" in worker.lines[-1]


def test_a_cluster_ends_when_its_supervisor_is_killed(worker: Worker) -> None:
    before = worker.group()
    worker.kill()
    wait_until_gone(before, 20)


def test_a_cluster_that_cannot_finish_without_its_supervisor_is_killed(worker: Worker) -> None:
    before = worker.group()
    for pid in before[1:]:
        os.kill(pid, signal.SIGSTOP)
    worker.kill()
    wait_until_gone(before, 40)


def test_a_worker_started_too_early_waits_for_the_database(tmp_path: Path) -> None:
    env = empty_database(tmp_path)
    worker = Worker(env)
    try:
        worker.wait_for("Waiting for the database")
        migrate(env)
        worker.wait_for("Cluster at work")
    finally:
        worker.end()


def wait_until_gone(pids: list[int], within_s: float) -> None:
    until = time.monotonic() + within_s
    while alive(pids):
        assert time.monotonic() < until
        time.sleep(0.2)


def empty_database(folder: Path) -> dict[str, str]:
    return site.environment(folder, QUEUE_URL=settings.QUEUE_URL)


def migrate(env: dict[str, str]) -> None:
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=site.ROOT, env=env, check=True)


def children(parent: int) -> list[int]:
    return [pid for pid, fields in processes().items() if int(fields[1]) == parent]


def in_group(group: int) -> list[int]:
    return [pid for pid, fields in processes().items() if int(fields[2]) == group]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid, fields in processes().items() if pid in pids and fields[0] != "Z"]


def processes() -> dict[int, list[str]]:
    """pid → state, parent, process group, … of every process (proc(5), /proc/pid/stat)."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    return found
