"""Writing down how tries went, by whoever still holds the claim: a writer whose claim has lapsed changes nothing.

Every try is kept as an Attempt all the same, with what was said over the wire.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from signups import logs
from signups.contracts import Delivered, Integration
from signups.deliveries import breaker, sending
from signups.deliveries.breaker import Sign, Signal
from signups.deliveries.claiming import Lease
from signups.deliveries.outcomes import MOST_TRIES, wait_before, wait_wished
from signups.deliveries.sending import Try
from signups.models import Attempt, Delivery
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

# With a wish to wait, these concern every call to the vendor, not this one alone.
_RESTS = frozenset({403, 429, 503})


def finish(lease: Lease, tries: Sequence[Try]) -> bool:
    """Record tries made under one lease and move the breaker, in one transaction; says whether more may be sent."""
    with write_transaction():
        may_go_on = breaker.move(lease.integration.slug, [_signal(one) for one in tries if one.is_news])
        written = _write_done(lease, [one for one in tries if not one.has_failed])
        written += _write_failed(lease, [one for one in tries if one.has_failed])
        if written < len(tries):
            keys = [one.delivery.pk for one in tries]
            logger.warning(
                "%s: %d outcomes came too late, of deliveries among %s",
                lease.integration.slug,
                len(tries) - written,
                keys,
            )
        _keep(tries)
    logs.tried(tries)
    return may_go_on


def _write_done(lease: Lease, tries: Sequence[Try]) -> int:
    """Close the rows of which nothing is left to do, and say how many were still ours."""
    rows = []
    for one in tries:
        made = one.outcome if isinstance(one.outcome, Delivered) else Delivered()
        state = Delivery.State.DELIVERED if one.result == sending.DELIVERED else Delivery.State.SKIPPED
        rows.append((one, (state.value, one.may_be_done, one.reason, made.external_id, made.url, made.made)))
    columns = ("state", "is_ambiguous", "outcome", "external_id", "external_url", "made")
    return _write(lease, columns, rows, f"due_at = NULL, finished_at = {_now_sql()}")


def _write_failed(lease: Lease, tries: Sequence[Try]) -> int:
    """Say of the rows that failed what becomes of them, and how many were still ours."""
    if not tries:
        return 0
    now = Delivery.objects.filter(pk__in=[one.delivery.pk for one in tries]).values_list(Now(), flat=True).first()
    if now is None:  # all of them were erased meanwhile
        return 0
    rows = []
    for one in tries:
        then = _next(lease.integration, one)
        due_at, finished_at = (None, now) if then.wait is None else (now + then.wait, None)
        state = Delivery.State.FAILED if then.wait is None else Delivery.State.PENDING
        used = one.delivery.attempts_used - (not then.is_counted)
        rows.append((one, (state.value, one.may_be_done, then.outcome, due_at, finished_at, used)))
    columns = ("state", "is_ambiguous", "outcome", "due_at", "finished_at", "attempts_used")
    return _write(lease, columns, rows)


def _write(lease: Lease, columns: Sequence[str], rows: Sequence[tuple[Try, Sequence[Any]]], also: str = "") -> int:
    """Write these columns of claimed rows, and say how many were still ours. One statement for all of them: an update
    of the ORM's for each would take longer than all else that is written."""
    if not rows:
        return 0
    concrete = {field.name: field for field in Delivery._meta.concrete_fields}
    fields = [concrete[name] for name in columns]
    assignments = [f"{connection.ops.quote_name(str(field.column))} = %s" for field in fields]
    assignments += ["claim = NULL", *([also] if also else [])]
    sql = (
        f"UPDATE {connection.ops.quote_name(Delivery._meta.db_table)} SET {', '.join(assignments)}"  # noqa: S608
        " WHERE id = %s AND claim = %s AND state = %s"
    )
    token = concrete["claim"].get_db_prep_value(lease.token, connection)
    parameters = []
    for one, values in rows:
        ready = [field.get_db_prep_save(value, connection) for field, value in zip(fields, values, strict=True)]
        parameters.append((*ready, one.delivery.pk, token, Delivery.State.SENDING.value))
    with connection.cursor() as cursor:
        cursor.executemany(sql, parameters)
        return int(cursor.rowcount)


def _now_sql() -> str:
    """The database's own clock."""
    sql: str = Delivery.objects.all().query.get_compiler(connection=connection).compile(Now())[0]
    return sql


def _keep(tries: Sequence[Try]) -> None:
    """Every try, except where its signup was erased meanwhile."""
    rows = Delivery.objects.filter(pk__in=[one.delivery.pk for one in tries])
    there = set(rows.values_list("pk", flat=True))
    Attempt.objects.bulk_create(
        Attempt(
            delivery_id=one.delivery.pk,
            at=one.at,
            ms=one.ms,
            status=one.status,
            result=one.result,
            reason=one.reason,
            exchanges=list(one.exchanges),
        )
        for one in tries
        if one.delivery.pk in there
    )


@dataclass(frozen=True)
class _Next:
    """What becomes of a row that failed: due again after `wait`, None: a dead letter."""

    wait: timedelta | None
    outcome: str
    is_counted: bool = True


def _next(integration: Integration, one: Try) -> _Next:
    match one.result:
        case sending.NEVER:
            return _Next(None, one.reason)
        case sending.MISCONFIGURED:
            return _Next(timedelta(0), one.reason, is_counted=False)
        case sending.LATER if one.retry_after_s is not None:
            return _Next(wait_wished(one.retry_after_s), one.reason, is_counted=False)
    if one.delivery.attempts_used >= MOST_TRIES:
        return _Next(None, f"Given up after {MOST_TRIES} tries. {one.reason}"[:1000])
    wait = wait_before(one.delivery.attempts_used + 1)
    return _Next(max(wait, integration.reconcile_after) if one.may_be_done else wait, one.reason)


def _signal(one: Try) -> Signal:
    """What a try says about the vendor as a whole. An error of ours, or a skip, says nothing."""
    match one.result:
        case sending.DELIVERED:
            return Signal(Sign.WORKS)
        case sending.NEVER:
            return Signal(Sign.ANSWERS)
        case sending.MISCONFIGURED:
            return Signal(Sign.REFUSES_US, one.reason)
        case sending.LATER if one.retry_after_s is not None:
            if one.status in _RESTS:
                return Signal(Sign.RESTS, one.reason, wait_wished(one.retry_after_s))
        case sending.LATER | sending.AMBIGUOUS:
            return Signal(Sign.FAILS, one.reason)
    return Signal(Sign.NONE)
