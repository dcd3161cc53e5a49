"""Starts the sandbox as a process of its own and talks to its control routes. Knows nothing of Django."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent


class Sandbox:
    """A running sandbox. `ports` has "http", "dns" and "smtp"."""

    def __init__(self, ports: dict[str, int]) -> None:
        self.ports = ports
        self.url = f"http://127.0.0.1:{ports['http']}"
        self.session = requests.Session()

    @classmethod
    @contextmanager
    def started(cls, http: int = 0, dns: int = 0, smtp: int = 0) -> Iterator[Sandbox]:
        """A sandbox on these ports (0: any free one), ended on the way out."""
        flags = ["--http-port", str(http), "--dns-port", str(dns), "--smtp-port", str(smtp)]
        command = [sys.executable, "-m", "sandbox", *flags]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("The sandbox did not start: see its error above")
            yield cls(json.loads(line))
        finally:
            process.terminate()
            process.wait(10)

    def reset(self) -> None:
        """Forget everything: state, calls, faults, settings, clock, inbox."""
        self._post("/_reset", {})

    def fault(self, vendor: str, **fault: Any) -> Any:
        """Order a fault: status=, latency_ms=, reset="before"|"after", route=, times= …"""
        return self._post("/_faults", {"vendor": vendor, **fault})

    def clear_faults(self) -> None:
        self.session.delete(f"{self.url}/_faults", timeout=10).raise_for_status()

    def setting(self, vendor: str, **values: Any) -> Any:
        return self._post("/_settings", {"vendor": vendor, **values})

    def advance(self, seconds: float) -> Any:
        """Move the sandbox's clock."""
        return self._post("/_clock", {"advance_s": seconds})

    def state(self, slug: str) -> Any:
        """What a vendor now holds, in its own terms; "mail": the inbox; "cast": the cast."""
        return self._get(f"/_state/{slug}")

    def received(self, vendor: str = "", route: str = "") -> list[dict[str, Any]]:
        """The calls that came in, oldest first."""
        calls: list[dict[str, Any]] = self._get("/_received", vendor=vendor, route=route)
        return calls

    def _get(self, path: str, **query: str) -> Any:
        reply = self.session.get(self.url + path, params={k: v for k, v in query.items() if v}, timeout=10)
        reply.raise_for_status()
        return reply.json()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        reply = self.session.post(self.url + path, json=body, timeout=10)
        reply.raise_for_status()
        return reply.json() if reply.content else None
