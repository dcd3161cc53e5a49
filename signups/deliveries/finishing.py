"""Writing down how tries went, by whoever still holds the claim: a writer whose claim has lapsed changes nothing.

Every try is kept as an Attempt all the same, with what was said over the wire.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from signups.contracts import Delivered, Integration
from signups.deliveries import breaker, sending
from signups.deliveries.claiming import Lease
from signups.deliveries.outcomes import MOST_TRIES, wait_before, wait_wished
from signups.deliveries.sending import Try
from signups.models import Attempt, Delivery
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)


def finish(integration: Integration, lease: Lease, tries: Sequence[Try]) -> None:
    """Record tries of one integration and move the breaker, in one transaction."""
    with write_transaction():
        _move_breaker(integration.slug, tries)
        for one in tries:
            mine = Delivery.objects.filter(pk=one.delivery.pk, claim=lease.token, state=Delivery.State.SENDING)
            if not mine.update(claim=None, is_ambiguous=one.may_be_done, **_changes(integration, one)):
                logger.warning("%s: the outcome of delivery %s came too late", integration.slug, one.delivery.pk)
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
        )


def _changes(integration: Integration, one: Try) -> dict[str, Any]:
    """The columns of the row that a try changes."""
    match one.result:
        case sending.DELIVERED | sending.SKIPPED:
            made = one.outcome if isinstance(one.outcome, Delivered) else Delivered()
            return {
                "state": Delivery.State.DELIVERED if one.result == sending.DELIVERED else Delivery.State.SKIPPED,
                "due_at": None,
                "finished_at": Now(),
                "outcome": one.reason,
                "external_id": made.external_id[:255],
                "external_url": made.url[:1000],
                "made": made.made,
            }
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


def _move_breaker(slug: str, tries: Sequence[Try]) -> None:
    refusals = [one for one in tries if one.result == sending.MISCONFIGURED]
    rests = [one.retry_after_s for one in tries if one.status == 429 and one.retry_after_s is not None]
    lives = any(one.result in (sending.DELIVERED, sending.NEVER) for one in tries)
    failures = [
        one
        for one in tries
        if one.result == sending.AMBIGUOUS or (one.result == sending.LATER and one.retry_after_s is None)
    ]
    if refusals:
        breaker.refuses(slug, refusals[0].reason)
    elif lives:
        breaker.works(slug)
    elif failures:
        breaker.fails(slug, len(failures), failures[0].reason)
    if rests and not refusals:
        breaker.rests(slug, wait_wished(max(rests)))
