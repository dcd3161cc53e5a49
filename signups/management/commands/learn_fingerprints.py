"""`manage.py learn_fingerprints`: ask DNS which servers throw-away domains share, and which other domains use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import reset_queries
from django.utils import timezone
from tqdm import tqdm

from signups import vetting
from signups.contracts import Deadline
from signups.domains.registered import is_public, registrable
from signups.models import Fingerprint, LearnedDomain
from signups.vetting import domain_lists, fingerprints, kind, learning, mx
from signups.vetting.learning import Label, Lesson, Source

AT_ONCE = 500  # domains whose name servers are being asked
BUDGET_MS = 5_000


class Command(BaseCommand):
    help = (
        "Ask DNS for the servers of the domains on the disposable list, and of domains known to be good. "
        "May be stopped at any time: the next run goes on where this one was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--good", type=Path, metavar="FILE", help="domains known not to be disposable, one a line")
        add("--no-list", action="store_true", help="leave the disposable list out")
        add("--again-after", type=int, default=30, metavar="DAYS", help="ask about a domain again after so long: 30")
        add("--at-once", type=int, default=AT_ONCE, metavar="N", help=f"domains asked about at once: {AT_ONCE}")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["at_once"] < 1:
            raise CommandError("--at-once must be 1 or more.")
        since = timezone.now() - timedelta(days=options["again_after"])
        fresh = set(LearnedDomain.objects.filter(learned_at__gt=since).values_list("domain", flat=True))
        listed = {} if options["no_list"] else dict.fromkeys(listed_domains(), Label.DISPOSABLE)
        wanted = dict.fromkeys(good_domains(options["good"]) if options["good"] else (), Label.OTHER) | listed
        due = [(domain, label) for domain, label in sorted(wanted.items()) if domain not in fresh]
        changed = 0
        with tqdm(total=len(due), unit=" domains", disable=None) as bar:
            lessons = asked(iter(due), options["at_once"])
            while batch := list(islice(lessons, learning.AT_ONCE)):
                changed += learning.learn(batch)
                bar.update(len(batch))
                reset_queries()  # kept by DEBUG
        known = Fingerprint.objects.filter(kind=fingerprints.Kind.ALL).first()
        counts = (known.disposable, known.other) if known else (0, 0)
        self.stdout.write(
            f"Asked about {len(due):,} domains, {len(wanted) - len(due):,} of them were known; {changed:,} changed.\n"
            f"Servers are known of {counts[0]:,} disposable and {counts[1]:,} other domains."
        )


def listed_domains() -> Iterator[str]:
    """The registered domains on the disposable list in use."""
    domain_lists.refresh()
    for name in domain_lists.current().disposable:
        if not is_public(name) and kind.of(name).code == "disposable":
            yield registrable(name)


def good_domains(file: Path) -> Iterator[str]:
    """The registered domains in a file, less those that the lists call disposable. Raises CommandError."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"Cannot read {file}: {error.strerror}.") from error
    except UnicodeError as error:
        raise CommandError(f"Cannot read {file}: it is no text in UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if not (text := line.partition("#")[0].strip()):
            continue
        try:
            domain = registrable(vetting.parse(f"info@{text}").domain)
        except vetting.InvalidAddress as error:
            raise CommandError(f"{file}, line {number}: {text!r} is no domain, such as example.com. {error}") from error
        if domain and kind.of(domain).code not in ("disposable", "suspected_disposable"):
            yield domain


def asked(due: Iterator[tuple[str, LearnedDomain.Label]], at_once: int) -> Iterator[Lesson]:
    """Each domain with the servers that DNS named; those that nobody answered for come without any."""
    under_way: dict[Any, tuple[mx.Asking, LearnedDomain.Label]] = {}
    for domain, label in islice(due, at_once):
        asking = mx.start(domain, Deadline(BUDGET_MS))
        under_way[asking.future] = (asking, label)
    while under_way:
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            asking, label = under_way.pop(future)
            for domain, other in islice(due, 1):
                following = mx.start(domain, Deadline(BUDGET_MS))
                under_way[following.future] = (following, other)
            mail = asking.finish()
            yield Lesson(asking.domain, label, Source.LIST, fingerprints.servers_of(mail, asking.domain))
