"""`manage.py vet`: what would become of these addresses? Vets as a signup does, and saves nothing.

A file may be of any length: hundreds of addresses are under way at once, the answers come in the order of the lines,
and what is kept in memory does not grow with the file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from threading import Condition
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import Style, no_style
from django.db import OperationalError, ProgrammingError, reset_queries
from tqdm import tqdm

from signups import intake, vetting
from signups.models import Verdict
from signups.vetting import CheckResult

AT_ONCE = 300  # addresses whose name servers are being asked, with up to 700 questions on the way
AT_ONCE_LOOKED_UP = 24  # addresses where people are looked up, too, which vendors take in small numbers only
AHEAD = 5_000  # answers that wait for one before them
LONGEST_LINE = 10_000  # characters; what comes after them is passed over


@dataclass(frozen=True)
class Vetted:
    """What is said of one address."""

    email: str
    verdict: str
    reasons: Sequence[dict[str, str]]
    checks: Sequence[CheckResult]
    suggestion: str = ""
    company_domain: str = ""
    ms: int = 0


class Command(BaseCommand):
    help = "Vet addresses as a signup does, and save nothing. Exits with 0 whatever the verdicts are."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("emails", nargs="*", metavar="EMAIL")
        parser.add_argument("--file", metavar="F", help="a file with one address a line; -: standard input")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument(
            "--look-up",
            action=argparse.BooleanOptionalAction,
            help="ask the providers who each person is; the default without --file, as they count every question",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        emails, file, looks_up = options["emails"], options["file"], options["look_up"]
        if not emails and not file:
            raise CommandError("No address: name at least one, or a file of them with --file.")
        style = self.style if self.stdout.isatty() or options["force_color"] else no_style()
        try:
            with tqdm(total=lines_in(file), unit=" addresses", disable=None if file else True) as bar:
                lines = chain(emails, addresses_in(file, bar) if file else ())
                for vetted in in_order(lines, looks_up=not file if looks_up is None else looks_up):
                    text = as_json(vetted) if options["json"] else as_text(vetted, style)
                    if self.stdout.isatty() and not bar.disable:
                        bar.clear()
                    self.stdout.write(text)
            self.stdout.flush()
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(f"The database cannot be read: {error}. Run `manage.py migrate` first.") from error
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            sys.exit(130)


def lines_in(file: str | None) -> int | None:
    """How many lines the file has, None where that cannot be known before. Raises CommandError."""
    if file is None or file == "-" or not Path(file).is_file():
        return None
    with opened(file) as stream:
        return sum(1 for _ in lines_of(stream))


def addresses_in(file: str, bar: tqdm[Any]) -> Iterator[str]:
    """The file's addresses, less blank lines and comments, read as they are wanted. Raises CommandError."""
    stream = sys.stdin if file == "-" else opened(file)
    with stream:
        for line in lines_of(stream):
            bar.update()
            if (address := line.strip("\ufeff \t\r\n")) and not address.startswith("#"):
                yield address


def opened(file: str) -> TextIO:
    try:
        return Path(file).open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.") from error


def lines_of(stream: TextIO) -> Iterator[str]:
    """The lines; of one that is too long the beginning, so that one without an end does not fill the memory."""
    while line := stream.readline(LONGEST_LINE):
        yield line
        while line and not line.endswith("\n"):
            line = stream.readline(LONGEST_LINE)


def in_order(emails: Iterable[str], *, looks_up: bool) -> Iterator[Vetted]:
    """Vet many side by side; the answers come in the order of the addresses."""
    waiting: deque[UnderWay] = deque()
    asking = Asking(AT_ONCE)
    ahead = AT_ONCE_LOOKED_UP if looks_up else AHEAD
    for email in emails:
        waiting.append(asking.start(email, looks_up=looks_up))
        while waiting[0].is_done or len(waiting) >= ahead or not asking.has_room(waiting[0]):
            yield waiting.popleft().finish()
            reset_queries()  # kept by DEBUG
            if not waiting:
                break
    while waiting:
        yield waiting.popleft().finish()


@dataclass
class UnderWay:
    """An address being vetted, or one that is none, whose answer is there at once."""

    email: str
    assessing: intake.Assessing | None
    problem: str = ""

    @property
    def is_done(self) -> bool:
        return self.assessing is None or self.assessing.is_done

    def finish(self) -> Vetted:
        """What is said of the address; one that is none is rejected as a signup would be, by its syntax."""
        if self.assessing is None:
            check = CheckResult("syntax", "bad", "invalid_syntax", self.problem)
            return Vetted(self.email, Verdict.REJECTED, [{"code": check.code, "sentence": check.sentence}], [check])
        found = self.assessing.finish()
        return Vetted(
            email=found.address.email,
            verdict=found.verdict,
            reasons=found.reasons,
            checks=found.checks,
            suggestion=found.suggestion,
            company_domain=found.company_domain,
            ms=found.ms,
        )


class Asking:
    """Counts the addresses whose name servers have not answered yet."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.count = 0
        self.changed = Condition()

    def start(self, email: str, *, looks_up: bool) -> UnderWay:
        try:
            address = vetting.parse(email)
        except vetting.InvalidAddress as error:
            return UnderWay(email, None, str(error))
        assessing = intake.start(address, looks_up=looks_up)
        with self.changed:
            self.count += 1
        assessing.examining.asking.future.add_done_callback(self._answered)
        return UnderWay(email, assessing)

    def has_room(self, first: UnderWay) -> bool:
        """Whether one more may be asked about; waits until that is so, or until `first` has its answer."""
        with self.changed:
            self.changed.wait_for(lambda: first.is_done or self.count < self.most)
            return self.count < self.most

    def _answered(self, _: object) -> None:
        with self.changed:
            self.count -= 1
            self.changed.notify()


def as_json(vetted: Vetted) -> str:
    said = asdict(vetted)
    del said["ms"]
    return json.dumps(said)


def as_text(vetted: Vetted, style: Style) -> str:
    """A few lines a person can read, in colour where `style` has any."""
    colour = {"accepted": style.SUCCESS, "rejected": style.ERROR}.get(vetted.verdict, style.WARNING)
    lines = [f"{_printable(vetted.email)}  {colour(vetted.verdict)}  {vetted.ms} ms"]
    lines += [f"  {_printable(reason['sentence'])}" for reason in vetted.reasons]
    if vetted.suggestion:
        lines.append(f"  Did they mean {_printable(vetted.suggestion)}?")
    if vetted.company_domain:
        lines.append(f"  Company: {_printable(vetted.company_domain)}")
    colours = {"good": style.SUCCESS, "risky": style.WARNING, "bad": style.ERROR, "unknown": style.WARNING}
    for check in vetted.checks:
        outcome = colours[check.outcome](f"{check.outcome:<8}")
        lines.append(f"    {check.name:<11} {outcome} {check.code:<18} {check.ms:>5} ms")
    return "\n".join([*lines, ""])


def _printable(text: str) -> str:
    """Without characters that would steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
