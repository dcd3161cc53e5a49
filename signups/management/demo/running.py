"""One demo from the command line: may it begin, live, say what came of it, and keep everything up."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper
from django.db import connection
from django.db.models.functions import Now
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from signups.management.commands import up
from signups.management.demo import life, summary
from signups.management.demo.world import sandbox
from signups.models import Heartbeat, Signup

DAYS = 30
FILE = "demo.sqlite3"
_ALIVE = timedelta(minutes=1)
_BAR = "  {desc} |{bar}| day {n:.0f} of {total:.0f}{postfix}"


def run(out: OutputWrapper, progress_to: TextIO | OutputWrapper, days: int, *, is_anew: bool, serves: bool) -> None:
    """`is_anew`: over the demo before. Raises CommandError, one line with the remedy, where it cannot be lived here."""
    _refuse(days)
    up.refuse_busy_ports(has_sandbox=True)
    if is_anew:
        _throw_away()
    call_command("migrate", interactive=False, verbosity=0)
    _refuse_company()
    with sandbox() as world:
        began = time.monotonic()
        with _bar(days, progress_to) as progress:
            story = life.live(world, days, progress)
        took_s = time.monotonic() - began
        if wrong := summary.problems(story):
            raise CommandError("The story did not come out as it was told. " + "; ".join(wrong))
        out.write(summary.told(story, days, took_s))
        if serves:
            up.serve(has_sandbox=True)


def _refuse(days: int) -> None:
    if not settings.SANDBOX:
        raise CommandError("The demo lives in the sandbox alone: set SANDBOX=1, or run `make demo`.")
    if not 1 <= days <= DAYS:
        raise CommandError(f"--days must be from 1 to {DAYS}, the days of the story; not {days}.")


def _throw_away() -> None:
    """Remove the database of the demo before; of nothing else. Who serves it has the port, so nobody does."""
    file = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor != "sqlite" or file.name != FILE:
        raise CommandError(f"--anew throws a database called {FILE} away, and no other: this one is {file.name}.")
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        file.with_name(FILE + suffix).unlink(missing_ok=True)


def _refuse_company() -> None:
    """The demo travels in time: nobody else may work on its database meanwhile, and nothing may have happened yet."""
    if Heartbeat.objects.filter(name="canary", at__gt=Now() - _ALIVE).exists():
        raise CommandError(
            "A worker is at this database. End it (Ctrl-C where it runs), wait a minute, and begin again."
        )
    if Signup.objects.exists():
        name = settings.DATABASES["default"]["NAME"]
        raise CommandError(
            f"{name} has signups already. Give the demo an empty database (DATABASE_URL), or `make demo`."
        )


@contextmanager
def _bar(days: int, file: TextIO | OutputWrapper) -> Iterator[life.Progress]:
    """A bar by the story's days. Its own clock would be the demo's, so it shows no times but ours.

    What is logged meanwhile stands above it: warnings, and every request where a machine reads the log.
    """
    tqdm.monitor_interval = 0
    began, start = time.monotonic(), life.beginning(days)
    with (
        _quiet(),
        tqdm(total=float(days), desc="Living", bar_format=_BAR, file=file, mininterval=0) as bar,
        logging_redirect_tqdm(),
    ):

        def progress(moment: datetime) -> None:
            gone = min(float(days), (moment - start) / timedelta(days=1))
            if gone - bar.n >= 0.1 or gone == days:
                bar.set_postfix_str(f"{time.monotonic() - began:.0f} s", refresh=False)
                bar.update(gone - bar.n)

        yield progress
        bar.update(days - bar.n)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the thousands of lines that a month's requests and deliveries make, but with `LOG_FORMAT=json`."""
    ours = logging.getLogger("signups")
    level = ours.level
    if not settings.LOG_FORMAT:
        ours.setLevel(logging.WARNING)
    try:
        yield
    finally:
        ours.setLevel(level)
