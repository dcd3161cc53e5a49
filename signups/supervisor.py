"""Keeps a django-q2 cluster at work, whatever dies in it.

A cluster left alone hangs for good when an idle worker is killed, and goes on without guard or scheduler when its
sentinel is. So it runs in a session of its own, and a canary task through the real queue and a real worker proves every
few seconds that it works. When none comes back in time, or its main process ends (as it does when the sentinel dies),
the whole tree is killed and started again; what it was doing is found by the claims' lapse and the sweep. Between two
sweeps by schedule the supervisor wakes what has come due, so that a wait of five seconds is one of about five seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections
from django.db.models.functions import Now

from signups import deliveries
from signups.deliveries import queueing
from signups.models import Heartbeat

logger = logging.getLogger(__name__)

TICK_S = 0.5
WAKE_EVERY_S = 2.0
CANARY_EVERY_S = 5.0
SWEEP_OVERDUE = timedelta(seconds=150)
RESTART_PAUSE_S = 2.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # Linux alone has these


class Supervisor:
    """Runs one cluster until `stop`. `canary_within_s`: how long a canary may take; `drain_within_s`: how long a
    stopping cluster may finish what it is doing before it is killed."""

    def __init__(self, canary_within_s: float = 60.0, drain_within_s: float = 20.0) -> None:
        self.canary_within_s = canary_within_s
        self.drain_within_s = drain_within_s
        self.cluster: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._canary_sent_at: float | None = None
        self._next_wake = self._next_canary = 0.0

    def stop(self) -> None:
        """Let the cluster finish what it is doing, and end. Safe to call from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Until `stop`; returns when no process of the cluster is left."""
        _become_subreaper()
        _quietly(deliveries.sweep)
        while not self._stopping.is_set():
            self._start()
            why = self._watch()
            if why:
                logger.error("The cluster is killed and started again: %s", why)
                self._kill()
                self._stopping.wait(RESTART_PAUSE_S)
        self._end()

    # -- The cluster ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
        self.cluster = subprocess.Popen(  # noqa: S603
            command, cwd=settings.BASE_DIR, start_new_session=True, preexec_fn=_end_with_parent
        )
        self._canary_sent_at = None
        self._next_canary = time.monotonic()
        logger.info("Cluster started (pid %s)", self.cluster.pid)

    def _watch(self) -> str:
        """Until `stop` ("") or until something is wrong with the cluster (what)."""
        assert self.cluster is not None
        while not self._stopping.wait(TICK_S):
            if self.cluster.poll() is not None:
                return f"its main process ended with code {self.cluster.returncode}"
            now = time.monotonic()
            if now >= self._next_wake:
                self._next_wake = now + WAKE_EVERY_S
                _quietly(self._wake)
            if now >= self._next_canary:
                self._next_canary = now + CANARY_EVERY_S
                if why := _quietly(self._canary):
                    return why
        return ""

    def _wake(self) -> str:
        deliveries.wake_due()
        swept_lately = Heartbeat.objects.filter(name="sweep", at__gt=Now() - SWEEP_OVERDUE)
        if not swept_lately.exists():
            logger.warning("The scheduled sweep is overdue; sweeping here")
            deliveries.sweep()
        return ""

    def _canary(self) -> str:
        """Send a canary, or look whether the last one came back; says what is wrong where it did not in time."""
        if self._canary_sent_at is not None:
            waited_s = time.monotonic() - self._canary_sent_at
            came_back = Heartbeat.objects.filter(name="canary", at__gt=Now() - timedelta(seconds=waited_s)).exists()
            if not came_back:
                is_late = waited_s > self.canary_within_s
                return f"no task came through the queue within {waited_s:.0f} s" if is_late else ""
        sent_at = time.monotonic()
        self._canary_sent_at = sent_at if queueing.enqueue("signups.tasks.canary") else None
        return ""

    def _kill(self) -> None:
        """The whole tree at once: what it was doing is found again."""
        if self.cluster is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.cluster.pid, signal.SIGKILL)
        self.cluster.wait()
        _reap()

    def _end(self) -> None:
        """Ask the main process alone to stop (asked as a group, tasks are cut and it hangs), then make sure."""
        if self.cluster is not None and self.cluster.poll() is None:
            logger.info("Stopping; what is under way is finished first")
            self.cluster.send_signal(signal.SIGTERM)
            try:
                self.cluster.wait(self.drain_within_s)
            except subprocess.TimeoutExpired:
                logger.warning("Not finished within %.0f s: killed, and found again by the sweep", self.drain_within_s)
        self._kill()


def _quietly(work: Callable[[], str | None]) -> str:
    """Do something that needs the database; where that is away, say so and go on: it will be back."""
    try:
        close_old_connections()
        return work() or ""
    except DatabaseError as error:
        logger.warning("The database does not answer: %s", error)
        return ""


def _become_subreaper() -> None:
    """Orphans of the cluster become children of this process, so that they can be reaped."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def _end_with_parent() -> None:
    """In the cluster's main process: finish and end, should the supervisor be killed."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _reap() -> None:
    """Take note of every child that has ended."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
