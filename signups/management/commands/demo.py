"""The sandbox's cast living thirty days in fast forward; what is told and how is `signups.management.demo`'s."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from signups.management.demo import running


class Command(BaseCommand):
    help = (
        "Live the first days of the sandbox's story in fast forward, ending today; then run web, worker and sandbox "
        "until Ctrl-C. Needs SANDBOX=1 and a database without signups."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, default=running.DAYS, help="how many of its days, from 1 (default: %(default)s)"
        )
        parser.add_argument(
            "--anew",
            action="store_true",
            help=f"throw the demo before away; the database must be called {running.FILE}",
        )
        parser.add_argument("--no-serve", action="store_true", help="end when the days are over")

    def handle(self, *args: Any, **options: Any) -> None:
        days, is_anew, serves = options["days"], options["anew"], not options["no_serve"]
        running.run(self.stdout, self.stderr, days, is_anew=is_anew, serves=serves)
