"""The worker: a supervised django-q2 cluster. What systemd, Docker and process managers start, never bare qcluster."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from signups.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Run the queue's workers, and start them again whatever happens to them. "
        "SIGTERM or Ctrl-C finishes what is under way; a second one does not wait."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--canary-timeout",
            type=float,
            default=30.0,
            metavar="SECONDS",
            help="start the cluster again when no task came through the queue for so long (default: %(default)g)",
        )
        parser.add_argument(
            "--drain-timeout",
            type=float,
            default=20.0,
            metavar="SECONDS",
            help="how long a stopping cluster may finish what it is doing (default: %(default)g)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        supervisor = Supervisor(options["canary_timeout"], options["drain_timeout"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.stop())
        supervisor.run()
