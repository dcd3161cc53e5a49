"""One try of one delivery: reconcile where it may have been done, else call the vendor; never raises."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from signups import logs
from signups.contracts import (
    Delivered,
    Event,
    Integration,
    Later,
    Misconfigured,
    Never,
    Outcome,
    ServiceError,
    Skipped,
    recording,
)
from signups.models import Delivery
from signups.storable import storable

logger = logging.getLogger(__name__)

# The results of a try, as they stand in Attempt.result.
DELIVERED, SKIPPED = "delivered", "skipped"
LATER, AMBIGUOUS, NEVER, MISCONFIGURED, BUG = "later", "ambiguous", "never", "misconfigured", "bug"

# How long a vendor that limits us without saying for how long (429) is left alone.
_UNSAID_WAIT_S = 30.0


@dataclass(frozen=True)
class Try:
    """How one try went. `may_be_done`: the vendor may have applied this or an earlier try without telling us."""

    delivery: Delivery
    result: str
    at: datetime
    ms: int
    reason: str
    may_be_done: bool = False
    outcome: Outcome | None = None
    status: int = 0
    retry_after_s: float | None = None
    exchanges: tuple[dict[str, Any], ...] = ()


def send(integration: Integration, delivery: Delivery) -> Try:
    """Tell the vendor of a claimed delivery's event."""
    at, started = timezone.now(), time.monotonic()
    may_be_done = delivery.is_ambiguous
    outcome: Outcome | None = None
    status, retry_after_s = 0, None
    with logs.about(delivery.signup, delivery), recording() as exchanges:
        try:
            if delivery.is_ambiguous:
                outcome = integration.reconcile(delivery.signup, delivery)
                may_be_done = False
            if outcome is None:
                outcome = integration.handler(Event(delivery.event))(delivery.signup, delivery)
            result, reason, outcome = _said(outcome)
        except ServiceError as error:
            result, reason, status = _class_of(error), str(error), error.status
            may_be_done = may_be_done or result == AMBIGUOUS
            retry_after_s = _wish(error)
        except Exception as error:
            logger.exception("%s: delivery %s of %s failed", integration.slug, delivery.pk, delivery.event)
            result, may_be_done = BUG, True
            reason, outcome = f"An error of ours, see the log: {type(error).__name__}: {error}", None
    return Try(
        delivery=delivery,
        result=result,
        at=at,
        ms=round((time.monotonic() - started) * 1000),
        reason=storable(reason)[:1000],
        may_be_done=may_be_done,
        outcome=outcome,
        status=status or (exchanges[-1].status if exchanges else 0),
        retry_after_s=retry_after_s,
        exchanges=tuple(storable(asdict(exchange)) for exchange in exchanges),
    )


def _said(outcome: Outcome) -> tuple[str, str, Outcome]:
    """Result, reason, and the outcome as it can be stored. Raises TypeError where a handler returned something else."""
    match outcome:
        case Delivered():
            kept = replace(
                outcome,
                external_id=storable(outcome.external_id)[:255],
                url=outcome.url if len(outcome.url) <= 1000 else "",
                made=storable(outcome.made),
            )
            return DELIVERED, outcome.note, kept
        case Skipped():
            return SKIPPED, outcome.why, outcome
    raise TypeError(f"a handler must return Delivered or Skipped, not {outcome!r}")


def _class_of(error: ServiceError) -> str:
    for kind, result in ((Later, LATER), (Misconfigured, MISCONFIGURED), (Never, NEVER)):
        if isinstance(error, kind):
            return result
    return AMBIGUOUS


def _wish(error: ServiceError) -> float | None:
    """How long the vendor wants to be left alone, in seconds; None where it is no wish of its own."""
    if not isinstance(error, Later):
        return None
    if error.retry_after_s is None and error.status == 429:
        return _UNSAID_WAIT_S
    return error.retry_after_s
