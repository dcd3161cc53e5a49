"""`manage.py import_usage`: usage records from a file, as `POST /api/v1/usage` takes them."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, reset_queries
from tqdm import tqdm

from signups.usage import taking
from signups.usage.files import Line, Lines, Unreadable

_AT_ONCE = 2_000
_SHOWN = 20


@dataclass
class Result:
    """What became of the lines so far. Every line counts once: as new, replaced or refused."""

    refused_to: IO[str]
    new: int = 0
    replaced: int = 0
    refused: int = 0
    last_line: int = 0
    signups: set[int] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)

    def refuse(self, line: Line, reason: str) -> None:
        """To the file with all that are refused; the first ones are kept to be shown, too."""
        writer = csv.writer(self.refused_to)
        if not self.refused:
            writer.writerow(["line", "reason", "record"])
        writer.writerow([line.number, reason, line.raw])
        self.refused += 1
        if len(self.shown) < _SHOWN:
            self.shown.append(f"line {line.number}: {reason}")


class Command(BaseCommand):
    help = (
        "Store the usage records of a file, one a line: CSV with the columns customer, date, count and, where there is "
        "more to say, metric, limit, errors, endpoints (as JSON), or JSON lines with the same fields; gzipped or not. "
        "A record replaces the one before of the same customer, date and metric, so an import can be run again. Exits "
        "with 1 where a record was refused; all others are stored then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="-: standard input")
        parser.add_argument("--refused", metavar="PATH", help="for refused records (default: FILE.refused.csv)")

    def handle(self, *args: Any, **options: Any) -> None:
        file = options["file"]
        target = Path(options["refused"] or ("stdin.refused.csv" if file == "-" else f"{file}.refused.csv"))
        started = time.monotonic()
        try:
            with Lines(file) as lines, _refused_to(target, file) as stream:
                result = Result(stream)
                problem = self._store(lines, result)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            text = f"{target} cannot be written: {error.strerror}. Run it again with another, named with --refused."
            raise CommandError(text) from error
        finally:
            if target.is_file() and not target.stat().st_size:  # nothing was refused
                target.unlink()
        if result.last_line or not problem:
            self._tell(result, target, time.monotonic() - started)
        if problem:
            raise CommandError(problem, returncode=130 if problem.startswith("Interrupted") else 1)
        if result.refused:
            sys.exit(1)

    def _store(self, lines: Lines, result: Result) -> str:
        """Store them batch by batch; "" once all are through, else what came in between."""
        known = taking.Customers()
        try:
            with tqdm(total=lines.size, unit="B", unit_scale=True, disable=None) as bar:
                for batch in _batches(lines):
                    _take(batch, known, result)
                    bar.set_postfix(new=result.new, replaced=result.replaced, refused=result.refused, refresh=False)
                    bar.update(lines.position - bar.n)
            taking.follow_up(result.signups)
        except Unreadable as error:
            if not result.last_line:
                raise
            return f"{error} {_so_far(result)}"
        except KeyboardInterrupt:
            return f"Interrupted. {_so_far(result)}"
        except DatabaseError as error:
            text = " ".join(str(error).split())
            return f"The database failed: {text.rstrip('.')}. {_so_far(result)}"
        return ""

    def _tell(self, result: Result, target: Path, seconds: float) -> None:
        for one in result.shown:
            self.stderr.write(one)
        if result.refused > len(result.shown):
            self.stderr.write(f"and {result.refused - len(result.shown):,} more")
        lines = result.new + result.replaced + result.refused
        told = f"{result.new:,} new, {result.replaced:,} replaced, {result.refused:,} refused"
        told += f" (all of them in {target})" if result.refused else ""
        self.stdout.write(f"{told}; {seconds:.1f} s, {lines / max(seconds, 0.001):,.0f} lines a second.")


def _so_far(result: Result) -> str:
    if not result.last_line:
        return "Nothing was stored."
    return f"What stands up to line {result.last_line} is stored: run it again for the rest."


def _batches(lines: Lines) -> Iterator[list[Line]]:
    rest = iter(lines)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch


def _take(batch: list[Line], known: taking.Customers, result: Result) -> None:
    good = [line for line in batch if not line.problem]
    taken = taking.take([line.item for line in good], known)
    reasons = {line.number: line.problem for line in batch if line.problem}
    reasons |= {good[refusal.index].number: refusal.message for refusal in taken.refused}
    for line in batch:
        if line.number in reasons:
            result.refuse(line, reasons[line.number])
    result.new += taken.new
    result.replaced += taken.replaced + taken.repeated
    result.signups |= taken.signups
    result.last_line = batch[-1].number
    reset_queries()  # which Django keeps where DEBUG is on


def _refused_to(target: Path, file: str) -> IO[str]:
    if file != "-" and target.exists() and target.samefile(file):
        raise CommandError("--refused names the file to import: the refused records need a file of their own.")
    try:
        return target.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise CommandError(f"{target} cannot be written: {error.strerror}. Name another with --refused.") from error
