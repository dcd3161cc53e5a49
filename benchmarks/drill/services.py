"""The real processes of a fire drill: the sandbox, and web and worker, started again as systemd would when they end.

Each service's processes carry a mark in their environment, as systemd keeps them in one cgroup: by it all of them are
found, whoever their parents are. Which process of django-q2's cluster is which is read from the order of their birth.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
RESTART_S = 1.0  # systemd's RestartSec
_MARK = "FIRE_DRILL"
_TICKS_S = 0.25
_BUSY_LOOK_S = 0.3


class Sandbox:
    """The pretend internet. `ports` has "http", "dns" and "smtp"."""

    def __init__(self, log: Path, most_mails: int) -> None:
        ports = ["--http-port", "0", "--dns-port", "0", "--smtp-port", "0", "--inbox-size", str(most_mails)]
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sandbox", *ports], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.process.stdout is not None
        self.ports: dict[str, int] = json.loads(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.ports['http']}"

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(30)


class Service:
    """One command that is to run always. `starts`: how often it was started."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.command = command
        self.mark = f"{os.getpid()}-{name}"
        self.env = {**env, _MARK: self.mark}
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] = log.open("ab")
        self._is_ending = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self._start()
        self._keeper.start()

    def kill(self, *, leaves_orphans: bool) -> bool:
        """SIGKILL its first process, and what that leaves behind; says whether there was one."""
        process = self.process
        if process is None or process.poll() is not None:
            return False
        process.kill()
        if not leaves_orphans:
            self.kill_all()
        return True

    def kill_all(self) -> None:
        """SIGKILL everything of this service, until nothing is left."""
        while pids := self.pids():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap()

    def end(self, within_s: float = 40.0) -> list[int]:
        """SIGTERM, as systemd's `KillMode=mixed` sends it; returns the processes that had to be killed."""
        self._is_ending.set()
        self._keeper.join()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
        until = time.monotonic() + within_s
        while self.pids() and time.monotonic() < until:
            self._reap()
            time.sleep(0.1)
        left = self.pids()
        self.kill_all()
        self._log.close()
        return left

    def pids(self) -> list[int]:
        """All its processes, oldest first."""
        wanted = f"{_MARK}={self.mark}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0") and _state(int(entry.name)) != "Z":
                    found.append(int(entry.name))
        return sorted(found, key=_born)

    def _keep(self) -> None:
        while not self._is_ending.wait(_TICKS_S):
            if self.process is not None and self.process.poll() is not None:
                if self._is_ending.wait(RESTART_S):
                    return
                self._start()

    def _start(self) -> None:
        self.starts += 1
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=self.env, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def _reap(self) -> None:
        if self.process is not None:
            self.process.poll()


class Cluster:
    """Who is who among the worker's processes."""

    def __init__(self, service: Service, workers: int) -> None:
        self.service = service
        self.workers = workers
        self._roles: dict[int, str] = {}
        self._free: list[str] = []
        self._sentinel = 0

    def look(self) -> dict[str, list[int]]:
        """Role → process ids. Call it often: who takes the place of whom is seen in the order of events."""
        processes = self.service.pids()
        roles: dict[str, list[int]] = {"supervisor": [], "cluster": [], "sentinel": [], "children": []}
        clusters = [pid for pid in processes if b"qcluster" in _command(pid)]
        for pid in processes:
            if pid not in clusters:
                roles["supervisor"].append(pid)
        # The newest cluster is the one that works: an orphaned one may be finishing what it does.
        mains = [pid for pid in clusters if _parent(pid) not in clusters and _parent(pid) in roles["supervisor"]]
        if not mains:
            return roles
        roles["cluster"] = [mains[-1]]
        roles["sentinel"] = [pid for pid in clusters if _parent(pid) == mains[-1]][:1]
        if roles["sentinel"]:
            self._name([pid for pid in clusters if _parent(pid) == roles["sentinel"][0]], roles["sentinel"][0])
            for pid, role in self._roles.items():
                roles.setdefault(role, []).append(pid)
        return roles

    def workers_by_use(self) -> tuple[list[int], list[int]]:
        """(busy, idle) workers: those that used the processor just now or have more threads than others; the rest."""
        workers = self.look().get("worker", [])
        before = {pid: _used(pid) for pid in workers}
        time.sleep(_BUSY_LOOK_S)
        fewest = min((_threads(pid) for pid in workers), default=0)
        busy = [pid for pid in workers if _used(pid) > before[pid] or _threads(pid) > fewest]
        return busy, [pid for pid in workers if pid not in busy]

    def _name(self, children: list[int], sentinel: int) -> None:
        """The sentinel starts its workers, then the monitor, then the pusher; whoever comes later replaces one lost."""
        if sentinel != self._sentinel:
            self._sentinel, self._roles, self._free = sentinel, {}, []
            self._free = ["worker"] * self.workers + ["monitor", "pusher"]
        for pid in [pid for pid in self._roles if pid not in children]:
            self._free.append(self._roles.pop(pid))
        for pid in children:
            if pid not in self._roles and self._free:
                self._roles[pid] = self._free.pop(0)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name; empty where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _state(pid: int) -> str:
    return next(iter(_stat(pid)), "Z")


def _parent(pid: int) -> int:
    return int(stat[1]) if (stat := _stat(pid)) else 0


def _born(pid: int) -> tuple[int, int]:
    return (int(stat[19]) if (stat := _stat(pid)) else 0), pid


def _used(pid: int) -> int:
    """Processor time so far, in clock ticks."""
    return int(stat[11]) + int(stat[12]) if (stat := _stat(pid)) else 0


def _threads(pid: int) -> int:
    return int(stat[17]) if (stat := _stat(pid)) else 0


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
