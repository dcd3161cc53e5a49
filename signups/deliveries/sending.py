"""One try of one delivery, or of several in one call: reconcile what may have been done, else call; never raises."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from signups import logs
from signups.contracts import (
    BatchItem,
    Delivered,
    Event,
    Exchange,
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
_PART_CHARACTERS = 2_000  # kept of a batch's calls with each of its deliveries

_Result = Outcome | Exception


@dataclass(frozen=True)
class Try:
    """How one try went. `may_be_done`: the vendor may have applied this or an earlier try without telling us.

    `is_news`: it says something of the vendor that no other delivery of the same call says already.
    """

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
    is_news: bool = True

    @property
    def has_failed(self) -> bool:
        return self.result not in (DELIVERED, SKIPPED)


def send(integration: Integration, delivery: Delivery) -> Try:
    """Tell the vendor of a claimed delivery's event."""
    clock = _Clock()
    with logs.about(delivery.signup, delivery), recording() as exchanges:
        result, may_be_done = _asked(integration, delivery)
        if result is None:
            result = _told(integration, delivery)
    return _try(delivery, result, clock, exchanges, may_be_done=may_be_done)


def send_together(integration: Integration, deliveries: Sequence[Delivery]) -> list[Try]:
    """Tell the vendor of several claimed deliveries of its `batched` events in as few calls as it allows."""
    clock = _Clock()
    tries: list[Try] = []
    left: list[Delivery] = []
    for delivery in deliveries:
        with logs.about(delivery.signup, delivery), recording() as exchanges:
            result, may_be_done = _asked(integration, delivery)
        if result is None:
            left.append(delivery)
        else:
            tries.append(_try(delivery, result, clock, exchanges, may_be_done=may_be_done))
    return tries + _send_batch(integration, left)


def _send_batch(integration: Integration, deliveries: Sequence[Delivery]) -> list[Try]:
    """Halved as often as the vendor refuses it whole, or trips over one of its own."""
    clock = _Clock()
    if len(deliveries) < 2:
        return [_told_alone(integration, one) for one in deliveries]
    with logs.about_all(deliveries), recording() as exchanges:
        results = _results(integration, deliveries)
    if isinstance(results, Exception):
        if isinstance(results, Never) or not isinstance(results, ServiceError):
            middle = len(deliveries) // 2
            halves = deliveries[:middle], deliveries[middle:]
            return [one for half in halves for one in _send_batch(integration, half)]
        results = [BatchItem(results)] * len(deliveries)
    tries: list[Try] = []
    heard: set[int] = set()
    for one, item in zip(deliveries, results, strict=True):
        own = _try(one, item.result, clock, _parts(exchanges, item.said, len(deliveries)))
        tries.append(replace(own, is_news=id(item.result) not in heard))
        heard.add(id(item.result))
    return tries


def _told_alone(integration: Integration, delivery: Delivery) -> Try:
    clock = _Clock()
    with logs.about(delivery.signup, delivery), recording() as exchanges:
        result = _told(integration, delivery)
    return _try(delivery, result, clock, exchanges)


def _results(integration: Integration, deliveries: Sequence[Delivery]) -> Sequence[BatchItem] | Exception:
    try:
        items = integration.send_batch(deliveries)
        if len(items) != len(deliveries):
            raise TypeError(f"send_batch must return {len(deliveries)} items, not {len(items)}")
    except ServiceError as error:
        return error
    except Exception as error:
        logger.exception("%s: a batch of %d deliveries failed", integration.slug, len(deliveries))
        return error
    return items


def _parts(exchanges: Sequence[Exchange], said: Any, count: int) -> list[Exchange]:
    """What a delivery's own attempt keeps of the calls for all: its part of them."""
    part = json.dumps(said, ensure_ascii=False, default=str)[:_PART_CHARACTERS] if said is not None else ""
    own = f"(one of {count} in one call) {part}".strip()
    return [replace(exchange, request=own, reply=exchange.reply[:_PART_CHARACTERS]) for exchange in exchanges]


class _Clock:
    """When something began, and how long it has taken since."""

    def __init__(self) -> None:
        self.at = timezone.now()
        self._started = time.monotonic()

    def ms(self) -> int:
        return round((time.monotonic() - self._started) * 1000)


def _asked(integration: Integration, delivery: Delivery) -> tuple[_Result | None, bool]:
    """What looking up an earlier try found, None where it was surely not done; and whether it still may have been."""
    if not delivery.is_ambiguous:
        return None, False
    found = _result(integration, lambda: integration.reconcile(delivery.signup, delivery), is_look_up=True)
    return found, isinstance(found, Exception)


def _told(integration: Integration, delivery: Delivery) -> _Result:
    """What the event's handler made of it."""
    result: _Result = _result(
        integration, lambda: integration.handler(Event(delivery.event))(delivery.signup, delivery)
    )
    return result


def _result(integration: Integration, call: Callable[[], Outcome | None], *, is_look_up: bool = False) -> Any:
    """What a call returned or raised. Whoever returns nothing where something is due made an error of ours."""
    try:
        outcome = call()
        if outcome is None and is_look_up:
            return None
        if not isinstance(outcome, (Delivered, Skipped)):
            raise TypeError(f"a handler must return Delivered or Skipped, not {outcome!r}")
    except ServiceError as error:
        return error
    except Exception as error:
        logger.exception("%s: a delivery failed", integration.slug)
        return error
    return outcome


def _try(
    delivery: Delivery, result: _Result, clock: _Clock, exchanges: Sequence[Exchange], *, may_be_done: bool = False
) -> Try:
    """A try, as it is written down. `may_be_done`: an earlier one may have been done, and nobody could say."""
    said = _said(result)
    status = result.status if isinstance(result, ServiceError) else 0
    return Try(
        delivery=delivery,
        result=said.result,
        at=clock.at,
        ms=clock.ms(),
        reason=storable(said.reason)[:1000],
        may_be_done=may_be_done or said.result in (AMBIGUOUS, BUG),
        outcome=said.outcome,
        status=status or (exchanges[-1].status if exchanges else 0),
        retry_after_s=_wish(result) if isinstance(result, ServiceError) else None,
        exchanges=tuple(storable(asdict(exchange)) for exchange in exchanges),
    )


@dataclass(frozen=True)
class _Said:
    result: str
    reason: str
    outcome: Outcome | None = None


def _said(result: _Result) -> _Said:
    """A result by its class, with the reason, and the outcome as it can be stored."""
    match result:
        case Delivered():
            kept = replace(
                result,
                external_id=storable(result.external_id)[:255],
                url=result.url if len(result.url) <= 1000 else "",
                made=storable(result.made),
            )
            return _Said(DELIVERED, result.note, kept)
        case Skipped():
            return _Said(SKIPPED, result.why, result)
        case ServiceError():
            return _Said(_class_of(result), str(result))
    return _Said(BUG, f"An error of ours, see the log: {type(result).__name__}: {result}")


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
