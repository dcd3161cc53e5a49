"""Fixtures for all tests: one sandbox process a run, over real sockets, and no way to any other host."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from tests.sandbox_process import Sandbox


def _only_this_machine(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else "unix socket"
        if host not in ("127.0.0.1", "::1", "localhost", "unix socket") and not str(host).startswith("127."):
            raise RuntimeError(f"A test tried to reach {address!r}: tests talk to this machine alone")


sys.addaudithook(_only_this_machine)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything can run, a skipped test is a failure: NO_SKIPS=1."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter is not None else []
    if os.environ.get("NO_SKIPS") == "1" and skipped and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"NO_SKIPS: {len(skipped)} skipped", red=True)


@pytest.fixture(autouse=True)
def _what_migrations_made(django_db_serialized_rollback: None) -> None:
    """Tests with real transactions empty the tables when they end: the first scorecard is put back."""


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """The pretend internet, on the ports the settings name."""
    ports = settings.SANDBOX_PORTS
    with Sandbox.started(ports["http"], ports["dns"], ports["smtp"]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """The pretend internet with nothing in it but its cast, and nothing remembered of earlier tests."""
    from signups import vetting

    sandbox_process.reset()
    vetting.forget()
    return sandbox_process
