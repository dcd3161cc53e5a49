"""How often what happened, and how long it took: exact, for any number of processes, without counting for ever.

Attempts, checks, verdicts and signups are rows that are only added to. Now and then (`roll`, by the sweep) those that
were long seen are added to `Tally`; whoever asks (`totals`, `by_hour`) gets that and what has come since, the rows of
a few minutes. Nothing is counted in a process's memory, and nothing in the transaction of what is counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import CharField, Count, F, IntegerField, Max, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now, TruncHour
from django.utils import timezone

from signups.models import EVER, Attempt, Check, Signup, Tally, TallyMark, VerdictChange
from signups.transactions import write_transaction

BOUNDS_MS = (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
SETTLED = timedelta(seconds=60)  # by then whoever was given a key before has committed or failed
HOURS_KEPT = timedelta(hours=49)
_AT_ONCE = 20_000  # rows, by their keys
_MOST_CHUNKS = 10  # in one go: the rest of a large table is counted a minute later
_MOST_SINCE = 200_000  # rows looked at beyond what is counted
_TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Tallied:
    """So many, `ms` milliseconds in all, of which so many took at most each of `BOUNDS_MS`."""

    number: int = 0
    ms: int = 0
    at_most: tuple[int, ...] = (0,) * len(BOUNDS_MS)

    def __add__(self, other: Tallied) -> Tallied:
        at_most = tuple(mine + its for mine, its in zip(self.at_most, other.at_most, strict=True))
        return Tallied(self.number + other.number, self.ms + other.ms, at_most)

    def quantile_ms(self, share: float) -> int | None:
        """What a share (0 to 1) took at most, about: evenly within its bound. None where there is nothing."""
        if not self.number:
            return None
        wanted, below, low = share * self.number, 0, 0
        for bound, number in zip(BOUNDS_MS, self.at_most, strict=True):
            if number >= wanted:
                return round(low + (bound - low) * (wanted - below) / (number - below))
            below, low = number, bound
        return BOUNDS_MS[-1]


@dataclass(frozen=True)
class Kind:
    """Rows of one kind, and the columns by which they are counted."""

    slug: str
    rows: Callable[[], QuerySet[Any]]
    name: Combinable
    result: Combinable
    ms: Combinable
    at: str = ""  # the column by which hours are told apart, "" where they are not


_NOTHING = Value("", output_field=CharField())
ATTEMPT = Kind("attempt", Attempt.objects.all, F("delivery__integration"), F("result"), F("ms"), "at")
CHECK = Kind("check", Check.objects.all, F("name"), F("outcome"), F("ms"))
VERDICT = Kind(
    "verdict",
    lambda: VerdictChange.objects.filter(label=""),
    F("by"),
    F("verdict"),
    Value(0, output_field=IntegerField()),
)
SIGNUP = Kind("signup", Signup.objects.all, _NOTHING, F("source"), F("decided_ms"))
KINDS = (ATTEMPT, CHECK, VERDICT, SIGNUP)
Totals = dict[str, dict[tuple[str, str], Tallied]]
Hours = dict[tuple[str, str, datetime], Tallied]


def totals() -> Totals:
    """By kind, and by name and result: since the beginning."""

    def read(counted: dict[str, int]) -> Totals:
        found: Totals = {kind.slug: defaultdict(Tallied) for kind in KINDS}
        for row in Tally.objects.filter(hour=EVER):
            if row.kind in found:
                found[row.kind][row.name, row.result] += _of_row(row)
        for kind in KINDS:
            for (name, result, _), count in _since(kind, counted.get(kind.slug, 0)).items():
                found[kind.slug][name, result] += count
        return found

    return _consistently(read)


def by_hour(since: datetime) -> Hours:
    """Attempts by integration, result and hour, of the hours since then (at most two days back)."""

    def read(counted: dict[str, int]) -> Hours:
        found: Hours = defaultdict(Tallied)
        for row in Tally.objects.filter(kind=ATTEMPT.slug, hour__gte=since):
            found[row.name, row.result, row.hour] += _of_row(row)
        for (name, result, hour), count in _since(ATTEMPT, counted.get(ATTEMPT.slug, 0)).items():
            if hour >= since:
                found[name, result, hour] += count
        return found

    return _consistently(read)


def roll() -> None:
    """Add to the tallies what was long seen. Safe to run at any time, by several at once."""
    for kind in KINDS:
        for _ in range(_MOST_CHUNKS):
            if not _roll(kind):
                break
    old = timezone.now() - HOURS_KEPT
    with write_transaction():
        Tally.objects.filter(hour__gt=EVER, hour__lt=old).delete()


def _roll(kind: Kind) -> bool:
    """One chunk; says whether there is more."""
    with write_transaction():
        TallyMark.objects.get_or_create(kind=kind.slug)
        is_settled = Q(seen_at=None) | Q(seen_at__lte=Now() - SETTLED)
        mark = TallyMark.objects.select_for_update().filter(is_settled, kind=kind.slug).first()
        if mark is None:
            return False
        upto = min(mark.seen, mark.counted + _AT_ONCE)
        _add(kind, _counts(kind, kind.rows().filter(pk__gt=mark.counted, pk__lte=upto)))
        if upto < mark.seen:
            TallyMark.objects.filter(pk=mark.pk).update(counted=upto)
            return True
        last = kind.rows().order_by().aggregate(last=Max("pk"))["last"] or 0
        TallyMark.objects.filter(pk=mark.pk).update(counted=upto, seen=max(last, upto), seen_at=Now())
        return False


def _add(kind: Kind, counts: Hours) -> None:
    oldest = timezone.now() - HOURS_KEPT
    added: Hours = defaultdict(Tallied)
    for (name, result, hour), count in counts.items():
        added[name, result, EVER] += count
        if kind.at and hour >= oldest:
            added[name, result, hour] += count
    for (name, result, hour), count in sorted(added.items()):
        row, _ = Tally.objects.get_or_create(kind=kind.slug, name=name, result=result, hour=hour)
        total = _of_row(row) + count
        Tally.objects.filter(pk=row.pk).update(number=total.number, ms=total.ms, at_most=list(total.at_most))


def _since(kind: Kind, counted: int) -> Hours:
    """What was not added to the tallies yet."""
    return _counts(kind, kind.rows().filter(pk__gt=counted, pk__lte=counted + _MOST_SINCE))


def _counts(kind: Kind, rows: QuerySet[Any]) -> Hours:
    """Counted by the database, in one query."""
    hour = TruncHour(kind.at) if kind.at else Value(EVER)
    grouped = rows.order_by().annotate(_name=kind.name, _result=kind.result, _ms=kind.ms, _hour=hour)
    within = {f"b{bound}": Count("pk", filter=Q(_ms__lte=bound)) for bound in BOUNDS_MS}
    counted = grouped.values("_name", "_result", "_hour").annotate(number=Count("pk"), all_ms=Sum("_ms"), **within)
    return {
        (row["_name"], row["_result"], row["_hour"]): Tallied(
            row["number"], row["all_ms"] or 0, tuple(row[f"b{bound}"] for bound in BOUNDS_MS)
        )
        for row in counted
    }


def _consistently(read: Callable[[dict[str, int]], T]) -> T:
    """Read again where somebody added to the tallies meanwhile, so that nothing is counted twice or left out."""
    before = _marks()
    for _ in range(_TRIES):
        found = read(before)
        after = _marks()
        if after == before:
            break
        before = after
    return found


def _marks() -> dict[str, int]:
    return dict(TallyMark.objects.values_list("kind", "counted"))


def _of_row(row: Tally) -> Tallied:
    return Tallied(row.number, row.ms, tuple(row.at_most) or Tallied().at_most)


def summed(counts: Iterable[Tallied]) -> Tallied:
    """All of them together."""
    return sum(counts, Tallied())
