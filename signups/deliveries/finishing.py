"""Writing down how tries went, by whoever still holds the claim: a writer whose claim has lapsed changes nothing.

Every try is kept as an Attempt all the same, with what was said over the wire.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F
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
    integration = lease.integration
    with write_transaction():
        may_go_on = breaker.move(integration.slug, [_signal(one) for one in tries if one.is_news])
        written = _finish_done(lease, [one for one in tries if not one.has_failed])
        for one in tries:
            if one.has_failed:
                mine = Delivery.objects.filter(pk=one.delivery.pk, claim=lease.token, state=Delivery.State.SENDING)
                written += mine.update(claim=None, is_ambiguous=one.may_be_done, **_changes(integration, one))
        if written < len(tries):
            keys = [one.delivery.pk for one in tries]
            logger.warning(
                "%s: %d outcomes came too late, of deliveries among %s", integration.slug, len(tries) - written, keys
            )
        _keep(tries)
    logs.tried(tries)
    return may_go_on


def _finish_done(lease: Lease, tries: Sequence[Try]) -> int:
    """Close the rows of which nothing is left to do, and say how many were still ours. One statement for all of them:
    most tries end so, and to make an update of the ORM's for each would take longer than all else that is written."""
    if not tries:
        return 0
    now, _ = Delivery.objects.all().query.get_compiler(connection=connection).compile(Now())
    concrete = {field.name: field for field in Delivery._meta.concrete_fields}
    fields = [concrete[name] for name in _DONE]
    columns = ", ".join(f"{connection.ops.quote_name(str(field.column))} = %s" for field in fields)
    sql = (
        f"UPDATE {connection.ops.quote_name(Delivery._meta.db_table)} SET {columns}, claim = NULL, due_at = NULL,"  # noqa: S608
        f" finished_at = {now} WHERE id = %s AND claim = %s AND state = %s"
    )
    token = concrete["claim"].get_db_prep_value(lease.token, connection)
    rows = []
    for one in tries:
        values = [field.get_db_prep_save(value, connection) for field, value in zip(fields, _done(one), strict=True)]
        rows.append((*values, one.delivery.pk, token, Delivery.State.SENDING.value))
    with connection.cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


_DONE = ("state", "is_ambiguous", "outcome", "external_id", "external_url", "made")


def _done(one: Try) -> tuple[Any, ...]:
    """The values of `_DONE`."""
    made = one.outcome if isinstance(one.outcome, Delivered) else Delivered()
    state = Delivery.State.DELIVERED if one.result == sending.DELIVERED else Delivery.State.SKIPPED
    return state.value, one.may_be_done, one.reason, made.external_id, made.url, made.made


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


def _changes(integration: Integration, one: Try) -> dict[str, Any]:
    """The columns of the row that a failed try changes."""
    match one.result:
        case sending.NEVER:
            return _dead(one.reason)
        case sending.MISCONFIGURED:
            return _again(one.reason, timedelta(0)) | {"attempts_used": F("attempts_used") - 1}
        case sending.LATER if one.retry_after_s is not None:
            wait = wait_wished(one.retry_after_s)
            return _again(one.reason, wait) | {"attempts_used": F("attempts_used") - 1}
    if one.delivery.attempts_used >= MOST_TRIES:
        return _dead(f"Given up after {MOST_TRIES} tries. {one.reason}"[:1000])
    wait = wait_before(one.delivery.attempts_used + 1)
    return _again(one.reason, max(wait, integration.reconcile_after) if one.may_be_done else wait)


def _again(reason: str, wait: timedelta) -> dict[str, Any]:
    return {"state": Delivery.State.PENDING, "due_at": Now() + wait, "outcome": reason}


def _dead(reason: str) -> dict[str, Any]:
    return {"state": Delivery.State.FAILED, "due_at": None, "finished_at": Now(), "outcome": reason}


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
