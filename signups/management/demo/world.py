"""The pretend internet the demo lives in: a sandbox that runs already, or one started for it; its clock, its state."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import CommandError

from signups.management.commands import up
from signups.management.demo.clock import Clock

_TIMEOUT_S = 60  # a webhook that fails is tried again, for twice 20 s, before the clock moves


class World:
    """A running sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def reset(self) -> None:
        """Forget everything, as nothing can have happened yet."""
        self.post("/_reset", {})

    def follow(self, clock: Clock) -> None:
        """Set the sandbox's clock. Whatever its vendors had to tell the product is told when this returns.

        Raises CommandError where the product does not take it.
        """
        left = self.post("/_clock", {"offset_s": clock.offset_s})["calls_waiting"]
        if left:
            raise CommandError(
                f"{left} webhooks of the sandbox are not taken by {settings.BASE_URL}; see its Calls page."
            )

    def set(self, vendor: str, **values: Any) -> None:
        self.post("/_settings", {"vendor": vendor, **values})

    def state(self, slug: str) -> Any:
        """What a vendor now holds; "mail": the inbox, "cast": who lives there."""
        return self._read(self._session.get(f"{self.url}/_state/{slug}", timeout=_TIMEOUT_S))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._read(self._session.post(self.url + path, json=body, timeout=_TIMEOUT_S))

    def close(self) -> None:
        self._session.close()

    def _read(self, reply: requests.Response) -> Any:
        if reply.status_code != 200:
            raise CommandError(f"The sandbox refuses {reply.request.path_url}: {reply.text[:300]}")
        return reply.json()


@contextmanager
def sandbox() -> Iterator[World]:
    """The sandbox on the ports of the settings: the one that listens there, emptied, else one of our own.

    Raises CommandError where it cannot be had.
    """
    url = f"http://{up.HOST}:{settings.SANDBOX_PORTS['http']}"
    own = None if _is_there(url) else _start()
    world = World(url)
    try:
        world.reset()
        yield world
    finally:
        world.close()
        if own is not None:
            own.terminate()
            own.wait(10)


def _is_there(url: str) -> bool:
    try:
        return requests.get(f"{url}/_state/cast", timeout=2).status_code == 200
    except requests.RequestException:
        return False


def _start() -> subprocess.Popen[str]:
    command = up.processes()["sandbox"]
    process = subprocess.Popen(  # noqa: S603  our own interpreter
        command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    if not process.stdout.readline():  # where it listens, said once it does
        raise CommandError("The sandbox did not start; the line above says why.")
    return process
