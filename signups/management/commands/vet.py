"""`manage.py vet`: what would become of these addresses? Vets and looks up as a signup does, and saves nothing."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.color import Style, no_style
from django.db import connections

from signups import intake, vetting
from signups.models import Verdict
from signups.vetting import CheckResult

THREADS = 6
AHEAD = 4 * THREADS  # addresses under way beyond the one whose answer is next


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

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["emails"] and not options["file"]:
            raise CommandError("No address: name at least one, or a file of them with --file.")
        emails = chain(options["emails"], addresses_in(options["file"]) if options["file"] else ())
        style = self.style if self.stdout.isatty() or options["force_color"] else no_style()
        shows_progress = bool(options["file"]) and self.stderr.isatty()
        try:
            for number, vetted in enumerate(in_order(emails), 1):
                if shows_progress:
                    self._progress("")
                self.stdout.write(as_json(vetted) if options["json"] else as_text(vetted, style))
                if shows_progress:
                    self._progress(f"{number} vetted …")
            self.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            sys.exit(130)
        finally:
            if shows_progress:
                self._progress("")

    def _progress(self, text: str) -> None:
        """Overwrites the line the cursor is in."""
        self.stderr.write(f"\r\033[K{text}", style_func=str, ending="")
        self.stderr.flush()


def addresses_in(file: str) -> Iterable[str]:
    """The file's addresses, less blank lines and comments. Raises CommandError where it cannot be read."""
    if file == "-":
        lines: Iterable[str] = sys.stdin
    else:
        try:
            lines = Path(file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
    return (line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def in_order(emails: Iterable[str]) -> Iterator[Vetted]:
    """Vet several side by side; the answers come in the order of the addresses."""
    waiting: deque[Future[Vetted]] = deque()
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="vet")
    try:
        for email in emails:
            waiting.append(pool.submit(vet, email))
            while waiting and (waiting[0].done() or len(waiting) > AHEAD):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def vet(email: str) -> Vetted:
    """Vet one address; one that is none is rejected as a signup would be, by its syntax."""
    try:
        address = vetting.parse(email)
    except vetting.InvalidAddress as error:
        check = CheckResult("syntax", "bad", "invalid_syntax", str(error))
        return Vetted(email, Verdict.REJECTED, [{"code": check.code, "sentence": check.sentence}], [check])
    try:
        found = intake.assess(address)
    finally:
        connections.close_all()  # this thread's own
    return Vetted(
        email=address.email,
        verdict=found.verdict,
        reasons=found.reasons,
        checks=found.checks,
        suggestion=found.suggestion,
        company_domain=found.company_domain,
        ms=found.ms,
    )


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
    colours = {"good": style.SUCCESS, "bad": style.ERROR, "unknown": style.WARNING}
    for check in vetted.checks:
        outcome = colours[check.outcome](f"{check.outcome:<8}")
        lines.append(f"    {check.name:<11} {outcome} {check.code:<18} {check.ms:>5} ms")
    return "\n".join([*lines, ""])


def _printable(text: str) -> str:
    """Without characters that would steer the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
