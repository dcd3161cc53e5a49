"""`manage.py deliveries`: how the integrations fare, and what operators can do about it, as in the admin."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from tqdm import tqdm

from signups import contracts, deliveries
from signups.contracts import Integration
from signups.deliveries import causes, claiming, replaying, standing, testing
from signups.deliveries.standing import Standing

WHO = "the command line"
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class _Parser(CommandParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> Any:
        if not self.called_from_command_line:
            raise CommandError(message)
        self.exit(2, f"{self.prog}: {message}\n")


class Command(BaseCommand):
    help = "See how deliveries fare at each integration, and recover, replay, skip, pause, resume, drain or test them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.__class__ = _Parser
        acts = parser.add_subparsers(dest="act", required=True, metavar="act", parser_class=_Parser)
        self._add(acts, "status", "how each integration fares, and why deliveries fail", one=False)
        recover = self._add(acts, "recover", "send what failed for good again, the eldest first")
        replay = self._add(acts, "replay", "send what signups since then should have sent and have not")
        replay.add_argument(
            "--since", type=since, required=True, metavar="TIME", help="signed up since: 24h, 7d, a day"
        )
        replay.add_argument("--dry-run", action="store_true", help="only count")
        skip = self._add(acts, "skip", "give up on what failed, for good")
        for act in (recover, skip):
            act.add_argument("--since", type=since, metavar="TIME", help="failed since: 90m, 24h, 7d, a day, a time")
            act.add_argument(
                "--cause", type=cause, default="", metavar="KEY", help="only of this cause, as status names it"
            )
        skip.add_argument("--why", required=True, help="the reason, for colleagues")
        pause = self._add(acts, "pause", "send nothing there until it is resumed")
        pause.add_argument("--why", required=True, help="the reason, for colleagues")
        self._add(acts, "resume", "send there again, the eldest first")
        self._add(acts, "drain", "send what waits there now, here, and wait until it is done")
        self._add(acts, "test", "send an event that is recognisable there as a test")

    def _add(self, acts: Any, name: str, words: str, *, one: bool = True) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = acts.add_parser(name, help=words, description=words)
        if one:
            parser.add_argument("integration", help="such as slack")
        else:
            parser.add_argument("integration", nargs="?", default="", help="such as slack; without it all")
        parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._handle(options)
        except (OperationalError, ProgrammingError) as error:
            said = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise CommandError(f"The database of DATABASE_URL: {said}. If it is new: manage.py migrate") from error

    def _handle(self, options: dict[str, Any]) -> None:
        acts: dict[str, Callable[..., dict[str, Any]]] = {
            "recover": self._recover,
            "replay": self._replay,
            "skip": self._skip,
            "pause": self._pause,
            "resume": self._resume,
            "drain": self._drain,
            "test": self._test,
        }
        slug = options["integration"]
        integration = _integration(slug) if slug else None
        if options["act"] == "status":
            self._status(slug, options["json"])
        elif integration is not None:
            done = acts[options["act"]](integration, options)
            words = done.pop("words")
            said = {"integration": integration.slug, "act": options["act"], **done}
            self.stdout.write(json.dumps(said) if options["json"] else words)

    # -- What there is to do -------------------------------------------------------------------------------------------

    def _status(self, slug: str, is_json: bool) -> None:
        found = [one for one in standing.standings() if slug in ("", one.slug)]
        why = [one for one in causes.causes() if slug in ("", one.integration)]
        if is_json:
            body = {"integrations": [_as_json(one) for one in found], "causes": [asdict(one) for one in why]}
            self.stdout.write(json.dumps(body, default=_iso))
            return
        head = f"{'integration':<20}{'state':<9}{'today':>8}{'waiting':>9}{'oldest':>9}{'failed':>8}{'p95 ms':>8}"
        self.stdout.write(head)
        for one in found:
            oldest = _span(one.oldest_s) if one.waiting else "–"
            figures = f"{one.delivered_today:>8,}{one.waiting:>9,}{oldest:>9}{one.failed:>8,}{one.p95_ms or '–':>8}"
            self.stdout.write(f"{one.slug:<20}{one.condition:<9}{figures}")
            if one.why and not one.is_off:
                self.stdout.write(f"{'':<20}{one.why}")
        for cause in why:
            mark = "failed" if cause.is_dead else "waits"
            self.stdout.write(f"\n{cause.integration}: {cause.count:,} {mark}: {cause.words} (cause {cause.key})")
            self.stdout.write(f"  {cause.remedy}")

    def _recover(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        _require_on(one)
        total = causes.dead_of(one.slug, options["cause"], options["since"]).count()
        count, until = 0, timezone.now()
        with _progress(total) as bar:
            while done := deliveries.recover(one.slug, options["since"], WHO, until=until, cause=options["cause"]):
                count += done
                bar.update(done)
        return {"count": count, "words": f"{_some(count)} to {one.name} on the way again."}

    def _replay(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        _require_on(one)
        if options["dry_run"]:
            found = replaying.missing(one.slug, options["since"], most=10**9)
            words = f"{_some(found.count)} to {one.name} missing, of {found.signups:,} signups."
            return {"count": found.count, "signups": found.signups, "words": words}
        count = seen = 0
        with _progress(replaying.number_of_signups(options["since"]), " signups") as bar:
            for signup in replaying.signups(options["since"]):
                count += replaying.replay_of(one.slug, signup)
                seen += 1
                bar.update()
        words = f"{_some(count)} to {one.name} planned, for {seen:,} signups."
        return {"count": count, "signups": seen, "words": words}

    def _skip(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        rows = causes.dead_of(one.slug, options["cause"], options["since"], timezone.now())
        count = 0
        with _progress(rows.count()) as bar:
            while done := deliveries.skip(rows.order_by("pk")[:1_000], WHO, _reason(options)):
                count += done
                bar.update(done)
        return {"count": count, "words": f"{_some(count)} to {one.name} skipped."}

    def _pause(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        deliveries.pause(one.slug, WHO, _reason(options))
        return {"count": 1, "words": f"{one.name} is paused."}

    def _resume(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        deliveries.resume(one.slug, WHO)
        return {"count": 1, "words": f"{one.name} is resumed; what waited is on its way."}

    def _drain(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        _require_on(one)
        if standing.standing(one.slug).is_paused:
            raise CommandError(f"{one.name} is paused. Resume it first: manage.py deliveries resume {one.slug}")
        total, tries = deliveries.drain_now(one.slug, WHO), 0
        with _progress(total) as bar:
            while done := deliveries.drain(one.slug):
                tries += done
                bar.update(done)
        left = standing.waiting_of(one.slug).count()
        is_taken = not tries and total and not claiming.is_free(one.slug)
        rest = f"; {left:,} still wait" + (", and a worker is at it" if is_taken else "") if left else ""
        return {"count": tries, "waiting": left, "words": f"{tries:,} tries at {one.name}{rest}."}

    def _test(self, one: Integration, options: dict[str, Any]) -> dict[str, Any]:
        try:
            tested = testing.send_test(one.slug, WHO)
        except testing.CannotTest as error:
            raise CommandError(str(error)) from error
        if not tested.is_well:
            raise CommandError(tested.words)
        return {"count": 1, "url": tested.url, "words": " ".join(filter(None, (tested.words, tested.url)))}


def cause(text: str) -> str:
    """A cause's key. Raises ArgumentTypeError."""
    if not re.fullmatch(r"([0-9a-f]{16})?", text):
        raise argparse.ArgumentTypeError(f"{text!r}: manage.py deliveries status names each cause by 16 letters")
    return text


def since(text: str) -> datetime:
    """`90m`, `24h` and `7d` back from now, a day or a time in the site's time zone. Raises ArgumentTypeError."""
    moment: datetime | None = None
    try:
        if found := re.fullmatch(r"(\d{1,6})([mhd])", text):
            moment = timezone.now() - timedelta(**{_UNITS[found[2]]: int(found[1])})
        elif (day := parse_date(text)) is not None:
            moment = datetime.combine(day, time.min)
        else:
            moment = parse_datetime(text)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise argparse.ArgumentTypeError(f"{text!r}: write 90m, 24h, 7d, 2026-11-01 or 2026-11-01T09:30")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _integration(slug: str) -> Integration:
    try:
        return contracts.integration(slug)
    except LookupError:
        there = ", ".join(one.slug for one in contracts.integrations())
        raise CommandError(f"No integration is named {slug!r}; there are {there}.") from None


def _require_on(one: Integration) -> None:
    if missing := one.missing_settings():
        raise CommandError(f"{one.name} is off. To switch it on, set {', '.join(missing)}.")


def _reason(options: dict[str, Any]) -> str:
    reason: str = options["why"].strip()
    if not reason:
        raise CommandError("--why is empty: say it in a few words.")
    return reason


def _progress(total: int, unit: str = " deliveries") -> tqdm[Any]:
    return tqdm(total=total, unit=unit, disable=None)


def _some(count: int) -> str:
    return "1 delivery" if count == 1 else f"{count:,} deliveries"


def _span(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _as_json(one: Standing) -> dict[str, Any]:
    return {**asdict(one), "is_open": one.is_open, "oldest_s": round(one.oldest_s, 1)}


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
