"""Keeps a django-q2 cluster at work, whatever dies in it.

A cluster left alone hangs for good when an idle worker is killed, and goes on without guard or scheduler when its
sentinel is. So it runs in a session of its own, and a canary task through the real queue and a real worker proves every
few seconds that it works, and that its monitor takes note of what is done (`deliveries.heartbeats`). When no sign of
life comes in time, or its main process ends (as it does when the sentinel dies), the whole tree is killed and started
again; what it was at is freed at once, and what it was sending is found when its claims lapse. Between two sweeps by
schedule the supervisor wakes what has come due, so that a wait of five seconds is one of about five seconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.db.models.functions import Now

from signups import cluster_guard, waking
from signups.deliveries import breaker, heartbeats, leases, queueing
from signups.deliveries.schedule import ensure_schedules
from signups.models import Heartbeat

logger = logging.getLogger(__name__)
T = TypeVar("T")

TICK_S = 0.5
WAKE_EVERY_S = 1.0
CANARY_EVERY_S = 5.0  # each second until the first sign of life
START_WITHIN_S = 60.0
SWEEP_OVERDUE = timedelta(seconds=90)
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)  # before a start, one after the other while clusters die young
YOUNG_S = 30.0
KILLED_WITHIN_S = 5.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # Linux alone has these


class Supervisor:
    """Runs one cluster until `stop`. `canary_within_s`: how long no sign of life may come from a cluster that has once
    given one; `drain_within_s`: how long a stopping cluster may finish what it is doing before it is killed."""

    def __init__(self, canary_within_s: float = 30.0, drain_within_s: float = 20.0) -> None:
        self.canary_within_s = canary_within_s
        self.drain_within_s = drain_within_s
        self.heartbeat = f"worker {socket.gethostname()[:30]}:{os.getpid()}"
        self.cluster: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._stops = 0
        self._begun = self._started = 0.0
        self._names = {  # of the signs of life, and what it means that one does not come
            self.heartbeat: "No task has come through the queue",
            heartbeats.of_monitor(self.heartbeat): "Tasks are done and none was acknowledged",
        }
        self._waiting_since: dict[str, float] = {}  # by the sign's name
        self._last_beats: dict[str, datetime] = {}
        self._has_begun = False
        self._next_wake = self._next_canary = 0.0
        self._is_database_away = False

    def stop(self) -> None:
        """Let the cluster finish what it is doing, and end; asked again, end at once. For signal handlers."""
        self._stops += 1  # no lock, no event: the main thread may be holding it

    def run(self) -> None:
        """Until `stop`; returns when no process of the cluster is left."""
        _become_subreaper()
        self._begin()
        young = 0
        while not self._stops:
            self._start()
            why = self._watch()
            if why:
                young = young + 1 if time.monotonic() - self._started < YOUNG_S else 0
                pause_s = PAUSES_S[min(young, len(PAUSES_S) - 1)]
                logger.error("%s. The cluster is killed, and started again in %g s", why, pause_s)
                self._kill()
                self._sleep(pause_s)
        self._end()

    def _begin(self) -> None:
        """Wait for the database, then do what a start is a good moment for: settings may have been corrected."""
        while not self._stops and self._with_database(Heartbeat.objects.exists) is None:
            self._sleep(WAKE_EVERY_S)
        self._begun = time.monotonic()
        for work in (ensure_schedules, breaker.probe, _free_dead, waking.sweep_thoroughly_soon):
            if not self._stops:
                self._with_database(work)

    # -- Watching ------------------------------------------------------------------------------------------------------

    def _watch(self) -> str:
        """Until `stop` ("") or until something is wrong with the cluster (what)."""
        assert self.cluster is not None
        while not self._stops:
            time.sleep(TICK_S)
            if self.cluster.poll() is not None:
                return f"The main process ended with code {self.cluster.returncode}"
            now = time.monotonic()
            if now >= self._next_wake:
                self._next_wake = now + WAKE_EVERY_S
                self._with_database(self._wake)
            if now >= self._next_canary:
                self._next_canary = now + (CANARY_EVERY_S if self._has_begun else 1.0)
                if why := self._with_database(self._canary):
                    return why
        return ""

    def _wake(self) -> None:
        _free_dead()
        waking.wake_due()
        is_time = time.monotonic() - self._begun > SWEEP_OVERDUE.total_seconds()  # for the first one to come by itself
        if is_time and not Heartbeat.objects.filter(name="sweep", at__gt=Now() - SWEEP_OVERDUE).exists():
            logger.warning("The scheduled sweep is overdue; sweeping here")
            waking.sweep()

    def _canary(self) -> str:
        """Look for a sign of life, and send the next canary; says what is wrong where the signs have stopped."""
        beats = dict(Heartbeat.objects.filter(name__in=self._names).values_list("name", "at"))
        if self.heartbeat in beats and not self._has_begun:
            logger.info("Cluster at work")
            self._has_begun = True
        now = time.monotonic()
        for name, what in self._names.items():
            if beats.get(name) != self._last_beats.get(name):
                self._last_beats[name] = beats[name]
                self._waiting_since.pop(name, None)
            since = self._waiting_since.get(name)
            has_come = name in self._last_beats
            patience_s = self.canary_within_s if has_come else max(START_WITHIN_S, self.canary_within_s)
            if since is not None and now - since > patience_s:
                return f"{what} for {now - since:.0f} s"
        if queueing.enqueue("signups.tasks.canary", is_urgent=True):
            for name in self._names:
                self._waiting_since.setdefault(name, now)
        else:  # a queue that takes nothing says nothing of the cluster
            self._waiting_since.clear()
        return ""

    def _with_database(self, work: Callable[[], T]) -> T | None:
        """Do what needs the database; where that is away, say so once and go on: it will be back."""
        try:
            close_old_connections()
            result = work()
        except DatabaseError as error:
            connection.close()
            if not self._is_database_away:
                logger.warning("Waiting for the database: %s", str(error).strip())
            self._is_database_away = True
            self._waiting_since.clear()
            return None
        if self._is_database_away:
            logger.info("The database answers again")
        self._is_database_away = False
        return result

    # -- The cluster ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._with_database(Heartbeat.objects.filter(name__in=self._names).delete)
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
        self.cluster = subprocess.Popen(  # noqa: S603
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, heartbeats.NAME_VARIABLE: self.heartbeat},
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        guard = [sys.executable, "-I", cluster_guard.__file__, str(self.cluster.pid), str(self.drain_within_s)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
        self._started = time.monotonic()
        self._waiting_since, self._last_beats, self._has_begun = {}, {}, False
        self._next_canary = self._next_wake = self._started
        logger.info("Cluster started (pid %s)", self.cluster.pid)

    def _end(self) -> None:
        """Ask the main process alone to stop (asked as a group, tasks are cut and it hangs), then make sure."""
        if self.cluster is not None and self.cluster.poll() is None:
            logger.info("Stopping; what is under way is finished first")
            self.cluster.send_signal(signal.SIGTERM)
            until = time.monotonic() + self.drain_within_s
            while self.cluster.poll() is None and time.monotonic() < until and self._stops == 1:
                time.sleep(0.1)
            if self.cluster.poll() is None:
                logger.warning("Killed before all was finished; the sweep finds it again")
        self._kill()
        self._with_database(Heartbeat.objects.filter(name__in=self._names).delete)
        logger.info("Stopped")

    def _kill(self) -> None:
        """The whole tree at once, and wait until nothing is left of it."""
        if self.cluster is None:
            return
        cluster, self.cluster = self.cluster, None
        until = time.monotonic() + KILLED_WITHIN_S
        with contextlib.suppress(ProcessLookupError):
            while time.monotonic() < until:
                os.killpg(cluster.pid, signal.SIGKILL)
                cluster.poll()
                _reap()
                time.sleep(0.05)
            logger.warning("Some process of the old cluster (group %s) does not end", cluster.pid)
        self._with_database(_free_dead)
        if self._guard is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._guard.communicate(b"ended\n", timeout=KILLED_WITHIN_S)
            self._guard = None

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stops and time.monotonic() < until:
            time.sleep(0.1)


def _free_dead() -> None:
    if freed := leases.free_dead():
        logger.info("Freed what killed workers were at: %s", ", ".join(sorted(freed)))


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
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
