"""Starts everything as `make run` does, on free ports and with a database of its own: for tests of real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.sandbox_process import Sandbox

ROOT = Path(__file__).resolve().parent.parent


def free_ports(count: int) -> list[int]:
    """Ports that are free for TCP and UDP now."""
    holders = []
    ports: list[int] = []
    while len(ports) < count:
        tcp = socket.create_server(("127.0.0.1", 0))
        holders.append(tcp)
        port = tcp.getsockname()[1]
        with socket.socket(type=socket.SOCK_DGRAM) as udp:
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
    for holder in holders:
        holder.close()
    return ports


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """The environment of a site of its own: sandbox mode, free ports, SQLite and nothing else."""
    web, http, dns, smtp = free_ports(4)
    ports = {"PORT": web, "SANDBOX_HTTP_PORT": http, "SANDBOX_DNS_PORT": dns, "SANDBOX_SMTP_PORT": smtp}
    keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    database = f"sqlite:///{folder / 'site.sqlite3'}"
    own = {"SANDBOX": "1", "ENV_FILE": "", "DATABASE_URL": database, "PYTHONUNBUFFERED": "1"}
    return keep | own | {name: str(port) for name, port in ports.items()} | changes


class Site:
    """A running site. `url` is the web server's, `sandbox` the pretend internet it talks to."""

    def __init__(self, process: subprocess.Popen[str], env: dict[str, str]) -> None:
        self.process = process
        self.env = env
        self.url = f"http://127.0.0.1:{env['PORT']}"
        ports = {name: int(env[f"SANDBOX_{name.upper()}_PORT"]) for name in ("http", "dns", "smtp")}
        self.sandbox = Sandbox(ports)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    @contextmanager
    def started(cls, folder: Path, *command: str, **changes: str) -> Iterator[Site]:
        """`manage.py up`, or another command that ends so, ended on the way out."""
        env = environment(folder, **changes)
        process = subprocess.Popen(
            [sys.executable, "manage.py", *(command or ("up",))],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        site = cls(process, env)
        try:
            site.wait_for("Ctrl-C ends everything")
            yield site
        finally:
            site.end()

    def wait_for(self, words: str, within_s: float = 60) -> None:
        """Until a line with these words was printed."""
        until = time.monotonic() + within_s
        while not any(words in line for line in self.lines):
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"{words!r} was not printed:\n" + "".join(self.lines[-60:]))
            time.sleep(0.05)

    def end(self) -> int:
        """As Ctrl-C does; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        """`manage.py` on this site's database."""
        command_line = [sys.executable, "manage.py", *command]
        return subprocess.run(
            command_line, cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60, check=False
        )

    def get(self, path: str) -> requests.Response:
        return requests.get(self.url + path, timeout=10)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
