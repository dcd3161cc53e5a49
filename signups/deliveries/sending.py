"""One try of one delivery: reconcile where it may have been done, else call the vendor; never raises."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from signups.contracts import (
    Ambiguous,
    Delivered,
    Event,
    Integration,
    Later,
    Misconfigured,
    Outcome,
    ServiceError,
    Skipped,
    recording,
)
from signups.models import Delivery

logger = logging.getLogger(__name__)

# The results of a try, as they stand in Attempt.result.
DELIVERED, SKIPPED = "delivered", "skipped"
LATER, AMBIGUOUS, NEVER, MISCONFIGURED, BUG = "later", "ambiguous", "never", "misconfigured", "bug"


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
    with recording() as exchanges:
        try:
            if delivery.is_ambiguous:
                outcome = integration.reconcile(delivery.signup, delivery)
                may_be_done = False
            if outcome is None:
                outcome = integration.handler(Event(delivery.event))(delivery.signup, delivery)
            result, reason = _said(outcome)
        except ServiceError as error:
            result, reason, status = _class_of(error), str(error), error.status
            may_be_done = may_be_done or result == AMBIGUOUS
            retry_after_s = error.retry_after_s if isinstance(error, Later) else None
        except Exception as error:
            logger.exception("%s: delivery %s of %s failed", integration.slug, delivery.pk, delivery.event)
            result, may_be_done = BUG, True
            reason = f"An error of ours, see the log: {type(error).__name__}: {error}"
    return Try(
        delivery=delivery,
        result=result,
        at=at,
        ms=round((time.monotonic() - started) * 1000),
        reason=reason[:1000],
        may_be_done=may_be_done,
        outcome=outcome,
        status=status or (exchanges[-1].status if exchanges else 0),
        retry_after_s=retry_after_s,
        exchanges=tuple(asdict(exchange) for exchange in exchanges),
    )


def _said(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Delivered():
            return DELIVERED, outcome.note
        case Skipped():
            return SKIPPED, outcome.why


def _class_of(error: ServiceError) -> str:
    if isinstance(error, Later):
        return LATER
    if isinstance(error, Ambiguous):
        return AMBIGUOUS
    return MISCONFIGURED if isinstance(error, Misconfigured) else NEVER
