"""`manage.py revet`: what would a version of the rules have made of past signups? Saves nothing and asks nobody."""

from __future__ import annotations

import json
import os
import re
import sys
from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import reset_queries
from django.utils import timezone
from django.utils.dateparse import parse_date
from tqdm import tqdm

from signups.models import RuleSet
from signups.verdicts import current, replay
from signups.verdicts.replay import LABELS, OUTCOMES, Comparison, Replayed

LISTED = 50


class Command(BaseCommand):
    help = (
        "Decide on past signups again, by their stored checks, and print who would change, from which verdict to which "
        "and by which rule, with what became of them. Saves nothing and asks nobody outside."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, metavar="DAY", help="2026-11-01, or 30d: thirty days back")
        parser.add_argument("--until", metavar="DAY", help="the last day that counts; the default is now")
        parser.add_argument("--rules", default="draft", metavar="V", help="draft (the latest), published or a version")
        parser.add_argument("--json", action="store_true", help="one JSON object a change, and one with the sums last")
        parser.add_argument(
            "--limit", type=int, default=LISTED, metavar="N", help=f"changes listed ({LISTED}); 0: none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] < 0:
            raise CommandError("--limit must be 0 or more.")
        since = moment(options["since"], "--since")
        until = moment(options["until"], "--until", is_end=True) if options["until"] else None
        if until is not None and until <= since:
            raise CommandError("--until lies before --since: there is no day between them.")
        rule_set = chosen(options["rules"])
        try:
            comparison = self._replay(rule_set, since, until, options)
            text = _as_json_line({"rules": rule_set.version, **comparison.as_json()})
            self.stdout.write(text if options["json"] else as_text(comparison, rule_set))
            self.stdout.flush()
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except KeyboardInterrupt:
            sys.exit(130)

    def _replay(
        self, rule_set: RuleSet, since: datetime, until: datetime | None, options: dict[str, Any]
    ) -> Comparison:
        comparison, signups = Comparison(), replay.between(since, until)
        with tqdm(total=signups.count(), unit=" signups", disable=None) as bar:
            for number, one in enumerate(replay.replay(signups, current.of(rule_set)), 1):
                comparison.add(one)
                bar.update()
                if number % replay.AT_ONCE == 0:
                    reset_queries()
                if one.is_changed and comparison.changed <= options["limit"]:
                    if self.stdout.isatty() and not bar.disable:
                        bar.clear()
                    self.stdout.write(_as_json_line(_of(one)) if options["json"] else _line(one))
        return comparison


def moment(text: str, option: str, *, is_end: bool = False) -> datetime:
    """A day in the site's time zone, its start or its end; or so many days back. Raises CommandError."""
    if found := re.fullmatch(r"(\d{1,5})d", text):
        return timezone.now() - timedelta(days=int(found[1]))
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise CommandError(f"{option} {text}: write a day as 2026-11-01, or 30d for thirty days back.")
    return timezone.make_aware(datetime.combine(day, time.min)) + timedelta(days=1 if is_end else 0)


def chosen(name: str) -> RuleSet:
    """The version that `--rules` names. Raises CommandError."""
    rule_sets = RuleSet.objects.order_by("-version")
    if name in (RuleSet.State.DRAFT, RuleSet.State.PUBLISHED):
        found = rule_sets.filter(state=name).first()
    elif name.isdecimal() and len(name) < 10:
        found = rule_sets.filter(version=int(name)).first()
    else:
        raise CommandError(f"--rules {name}: it is draft, published or a version's number.")
    if found is None and name == RuleSet.State.DRAFT:
        raise CommandError("There is no draft: make one in the admin under Verdict rules, or name --rules published.")
    if found is None:
        there = ", ".join(str(version) for version in rule_sets.values_list("version", flat=True)[:10])
        raise CommandError(f"--rules {name}: there is no such version. There are: {there or 'none'}.")
    return found


def as_text(comparison: Comparison, rule_set: RuleSet) -> str:
    """The sums as a table, and a sentence a move."""
    head = (
        f"{comparison.changed:,} of {comparison.total:,} signups would change under version {rule_set.version} "
        f"({rule_set.get_state_display()})."
    )
    if not comparison.changed:
        return f"\n{head}"
    names = ("all", *LABELS, *OUTCOMES)
    lines = [f"\n{head}\n", f"{'from → to':<24}" + "".join(f"{name:>{len(name) + 2}}" for name in names)]
    for before, after, counts, _ in comparison.rows():
        numbers = "".join(f"{counts[name]:>{len(name) + 2},}" for name in names)
        lines.append(f"{f'{before} → {after}':<24}{numbers}")
    return "\n".join([*lines, "", *(f"{sentence}." for sentence in comparison.sentences())])


def _line(one: Replayed) -> str:
    why = f"{one.rule or 'no rule'} ({one.code})"
    return (
        f"{one.created_at:%Y-%m-%d}  {one.before} → {one.after:<10} {why:<44} {one.email}  [{', '.join(one.outcomes)}]"
    )


def _of(one: Replayed) -> dict[str, Any]:
    return {
        "signup": one.pk,
        "email": one.email,
        "signed_up": one.created_at.isoformat(),
        "from": one.before,
        "to": one.after,
        "rule": one.rule,
        "code": one.code,
        "outcomes": list(one.outcomes),
    }


def _as_json_line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
