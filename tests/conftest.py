"""Fixtures for all tests: one sandbox process a run, over real sockets, and no way to any other host."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings

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
    if os.environ.get("NO_SKIPS") == "1" and reporter is not None and skipped and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"NO_SKIPS: {len(skipped)} skipped", red=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real transactions empty the tables when they end: what migrations made is put back for the next."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker is not None and marker.kwargs.get("transaction"):
            item.add_marker(pytest.mark.django_db(**{**marker.kwargs, "serialized_rollback": True}), append=False)


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """The pretend internet, on the ports the settings name."""
    ports = django_settings.SANDBOX_PORTS
    with Sandbox.started(ports["http"], ports["dns"], ports["smtp"]) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: Any) -> Sandbox:
    """The pretend internet with nothing in it but its cast, and nothing remembered of earlier tests."""
    from integrations import guarded, slack_channel
    from signups import enrichment, vetting

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # which test runs replace by a list
    sandbox_process.reset()
    vetting.forget()
    enrichment.forget()
    guarded.forget()
    slack_channel.forget()
    return sandbox_process
