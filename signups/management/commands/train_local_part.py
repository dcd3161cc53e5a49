"""`manage.py train_local_part NAMES`: learn which letters follow which in names, and measure that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from signups.vetting import local_part
from signups.vetting.training import local_part as training


class Command(BaseCommand):
    help = "Learns what names read like from a file of them, a line each, and prints what would be called gibberish."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", type=Path)
        parser.add_argument("--write", action="store_true", help=f"replace {local_part.FILE.name}")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = options["names"].read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            raise CommandError(f"{options['names']} cannot be read as UTF-8 text: {error}") from error
        text, report = training.learn(lines)
        if options["write"]:
            local_part.FILE.write_text(text, encoding="ascii")
        for line in report:
            self.stdout.write(line)
