"""`manage.py train_name_look`: learn anew what throw-away domains' names look like, and say how well it works."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from signups.vetting import name_look
from signups.vetting.training import name_look as training
from signups.vetting.training.name_look import Model, Sets

HEADER = """\
# The look of a name: what each feature of a domain's name adds to the log odds that it hands out throw-away addresses.
# Made by manage.py train_name_look; see docs/vetting.md. No list's entries are in here, only sums over them.
# version: {version}
# learned from: {learned}
# licence: as the product's; the lists' licences are CC0 (disposable), MIT, BSD and MPL (legitimate)
# threshold: so that at most {rate:.2%} of the legitimate domains kept for the test are odd
# found odd of {new:,} domains first listed on or after {until}: {found:.1%}
{groups}
"""


class Command(BaseCommand):
    help = "Learn what throw-away domains' names look like, from lists in files, and measure it on what came later."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add = parser.add_argument
        add("--disposable", action="append", default=[], metavar="DATE=FILE", help="the disposable list as of a date")
        add("--legitimate", action="append", default=[], metavar="NAME=FILE", help="legitimate domains, in any format")
        add(
            "--known", action="append", default=[], type=Path, metavar="FILE", help="free mail: learned from by neither"
        )
        add("--weight", action="append", default=[], metavar="NAME=NUMBER", help="how much such a domain counts; 1")
        add(
            "--untested", action="append", default=[], metavar="NAME", help="leave it out where the threshold is chosen"
        )
        add("--until", required=True, type=_day, metavar="DATE", help="learn from what was listed before this day")
        add("--rate", default=0.006, type=float, help="the share of legitimate domains that may be odd: 0.006")
        add(
            "--output", type=Path, default=name_look.FILE, metavar="FILE", help="the shipped file unless said otherwise"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        listed = {_day(day): file for day, file in _files(options["disposable"]).items()}
        legitimate = _files(options["legitimate"])
        if not listed or not legitimate:
            raise CommandError("Name at least one --disposable DATE=FILE and one --legitimate NAME=FILE.")
        weights = {name: float(number) for name, number in _pairs(options["weight"])}
        sets = training.collect(listed, legitimate, options["known"], options["until"], weights)
        if not sets.new or not sets.legitimate:
            raise CommandError("Nothing to test with: give a state of the disposable list from after --until.")
        model = training.shortened(training.fit(sets.train, self.stdout.write))
        figures = Figures(model, sets, options["untested"], options["rate"])
        self.stdout.write(figures.as_text())
        options["output"].write_text(as_file(model, figures, sets, options["until"]), encoding="utf-8")
        self.stdout.write(self.style.SUCCESS(f"Wrote {options['output']}."))


class Figures:
    """The threshold, and what it does to the domains kept for the test."""

    def __init__(self, model: Model, sets: Sets, untested: Sequence[str], rate: float) -> None:
        self.new = {domain: training.log_odds(model, domain) for domain in sets.new}
        self.legitimate = [(one.group, training.log_odds(model, one.domain)) for one in sets.legitimate]
        tested = [odds for group, odds in self.legitimate if group not in untested]
        self.rate = rate
        self.threshold = float(np.ceil(np.quantile(tested, 1 - rate) * 100) / 100)
        self.found = self._share([*self.new.values()])

    def _share(self, odds: Sequence[float]) -> float:
        return sum(one >= self.threshold for one in odds) / len(odds)

    def groups(self) -> list[tuple[str, int, float]]:
        """Each legitimate group with its domains kept for the test, and the share of them that is odd."""
        by_group: dict[str, list[float]] = {}
        for group, odds in self.legitimate:
            by_group.setdefault(group, []).append(odds)
        return [(group, len(odds), self._share(odds)) for group, odds in by_group.items()]

    def as_text(self) -> str:
        lines = [f"threshold {self.threshold}: {self.found:.1%} of {len(self.new):,} newly listed domains are odd"]
        lines += [f"  {share:7.2%} of {number:6,} of {group}" for group, number, share in self.groups()]
        tops = Counter(domain.rpartition(".")[2] for domain in self.new)
        for top, number in tops.most_common(12):
            odds = [one for domain, one in self.new.items() if domain.rpartition(".")[2] == top]
            lines.append(f"  {self._share(odds):7.2%} of {number:6,} newly listed below .{top}")
        return "\n".join(lines)


def as_file(model: Model, figures: Figures, sets: Sets, until: date) -> str:
    """The file that ships: a header for people, then one feature and its weight a line."""
    disposable = sum(one.is_disposable for one in sets.train)
    groups = [
        f"# odd of {number:,} {group} kept for the test: {share:.2%}" for group, number, share in figures.groups()
    ]
    header = HEADER.format(
        version=until.isoformat(),
        learned=f"{disposable:,} disposable and {len(sets.train) - disposable:,} legitimate domains",
        rate=figures.rate,
        new=len(figures.new),
        until=until,
        found=figures.found,
        groups="\n".join(groups),
    )
    numbers = {"bias:": model.bias, "threshold:": figures.threshold, **dict(sorted(model.weights.items()))}
    return header + "".join(f"{feature}\t{weight:g}\n" for feature, weight in numbers.items())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no date: write it as 2026-09-05.") from None


def _pairs(options: Sequence[str]) -> list[tuple[str, str]]:
    for option in options:
        if "=" not in option:
            raise CommandError(f"{option!r} needs an =, as in 2026-09-04=list.txt or universities=list.txt.")
    return [(name, value) for name, _, value in (option.partition("=") for option in options)]


def _files(options: Sequence[str]) -> dict[str, Path]:
    files = {name: Path(value) for name, value in _pairs(options)}
    for file in files.values():
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
    return files
