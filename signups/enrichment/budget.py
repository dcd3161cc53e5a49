"""What providers cost: calls and credits of each day (UTC), held within staff's budgets, and what our tables spared.

A call of a provider with a budget is reserved before it is made, by one conditional UPDATE, so that many processes
together never pass it. Everything else is counted after the answers are kept, and what our own tables answered now and
then: those figures are for people, and a killed process may take the last half minute of them with it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from signups.contracts import Cost, Found, Provider
from signups.enrichment.answers import Result
from signups.enrichment.precedence import Standing
from signups.models import ProviderDay
from signups.transactions import write_transaction

_FLUSH_S = 30.0
_COUNTS = ("calls", "hits", "misses", "refusals", "pending", "errors", "ms", "credits", "saved_calls", "saved_credits")
_BY_OUTCOME = {
    Found.FOUND: "hits",
    Found.NOT_FOUND: "misses",
    Found.REFUSED: "refusals",
    Found.PENDING: "pending",
    Found.ERROR: "errors",
}

_saved: dict[str, Counter[str]] = defaultdict(Counter)  # provider → what our tables spared, not yet written
_flushed_at = time.monotonic()
_turn = threading.Lock()


def today(slug: str) -> ProviderDay | None:
    """What the provider did today, None where nothing."""
    return ProviderDay.objects.filter(provider=slug, day=_day()).first()


def reserve(provider: Provider, standing: Standing) -> str:
    """Take one call out of today's budget: "" where there is one, else the reason why not, for staff.

    Where it has no budget nothing is reserved. One or two statements, in a transaction of their own.
    """
    if standing.daily_calls is None and standing.daily_credits is None:
        return ""
    price = provider.credits_a_hit if provider.cost is Cost.PAID else 0.0
    rows = ProviderDay.objects.filter(provider=provider.slug, day=_day())
    if standing.daily_calls is not None:
        rows = rows.filter(calls__lt=standing.daily_calls)
    if standing.daily_credits is not None:
        rows = rows.filter(credits__lte=standing.daily_credits - price)
    with write_transaction():
        ProviderDay.objects.bulk_create([ProviderDay(provider=provider.slug, day=_day())], ignore_conflicts=True)
        if rows.update(calls=F("calls") + 1, credits=F("credits") + price):
            return ""
    budget = [f"{standing.daily_calls:,} calls"] if standing.daily_calls is not None else []
    budget += [f"{standing.daily_credits:g} credits"] if standing.daily_credits is not None else []
    return f"{provider.name}: today's budget of {' and '.join(budget)} is used up; asked again tomorrow."


def count(results: Iterable[Result], providers: dict[str, Provider], standings: dict[str, Standing]) -> None:
    """Take in what came of calls, and what kept answers spared. One statement where anybody was asked, else seldom one.

    Call it outside of the transaction that saves a signup: all signups of a day write to the same few rows.
    """
    tally: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        if (provider := providers.get(result.provider)) is None:
            continue
        price = provider.credits_a_hit if provider.cost is Cost.PAID else 0.0
        if result.was_asked:
            counts = tally[result.provider]
            standing = standings[result.provider]
            is_reserved = standing.daily_calls is not None or standing.daily_credits is not None
            counts["calls"] += 0 if is_reserved else 1
            counts["credits"] += _spent(result, price) - (price if is_reserved else 0)  # type: ignore[assignment]
            counts["ms"] += result.ms
            counts[_BY_OUTCOME.get(result.outcome, "errors")] += 1
        elif result.is_kept and result.outcome in (Found.FOUND, Found.NOT_FOUND):
            with _turn:
                _saved[result.provider]["saved_calls"] += 1
                if result.outcome is Found.FOUND:
                    _saved[result.provider]["saved_credits"] += price  # type: ignore[assignment]
    if tally or time.monotonic() - _flushed_at > _FLUSH_S:
        _write(_with_saved(tally))


def _spent(result: Result, price: float) -> float:
    """What a call has cost. One that nobody answered may have been billed all the same."""
    was_silent = result.outcome is Found.ERROR and getattr(result.failure, "status", 0) == 0
    return price if was_silent and result.failure is not None else result.credits


def flush() -> None:
    """Write what is not yet written of what our tables spared."""
    _write(_with_saved(defaultdict(Counter)))


def next_day_s() -> float:
    """Seconds until budgets begin anew."""
    now = datetime.now(UTC)
    return (datetime.combine(now.date() + timedelta(days=1), clock.min, tzinfo=UTC) - now).total_seconds()


def _with_saved(tally: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    global _flushed_at
    with _turn:
        for slug, counts in _saved.items():
            tally[slug].update(counts)
        _saved.clear()
        _flushed_at = time.monotonic()
    return tally


def _write(tally: dict[str, Counter[str]]) -> None:
    """Add to today's rows: one statement for all providers, whose rows are taken in one order."""
    if not tally:
        return
    table, day = ProviderDay._meta.db_table, connection.ops.adapt_datefield_value(_day())
    adding = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in _COUNTS if name != "credits")
    rows = ", ".join(["(" + ", ".join(["%s"] * (2 + len(_COUNTS))) + ")"] * len(tally))
    values: list[Any] = []
    for slug in sorted(tally):
        numbers = [max(0, tally[slug][name]) for name in _COUNTS]
        values += [slug, day, *numbers]
    statement = (
        f"INSERT INTO {table} (provider, day, {', '.join(_COUNTS)}) VALUES {rows} "  # noqa: S608  names of columns
        f"ON CONFLICT (provider, day) DO UPDATE SET credits = {table}.credits + excluded.credits, {adding}"
    )
    with write_transaction():
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
        for slug, counts in sorted(tally.items()):  # a call that was reserved for a hit and cost nothing
            if counts["credits"] < 0:
                rows_of = ProviderDay.objects.filter(provider=slug, day=_day())
                rows_of.update(credits=F("credits") + counts["credits"])


def _day() -> date:
    return timezone.now().astimezone(UTC).date()
