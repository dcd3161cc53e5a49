"""Sending actions on, in batches, to every integration that wants what people do.

The engine is that of the deliveries in small: owed rows are written with the action (`taking`), found by whoever wakes,
claimed, sent and closed (`owed`), and a vendor in trouble is left alone by the same breaker. What is particular: many
rows go in one call; those the vendor singles out are refused by themselves; and an action that names a customer we do
not know yet waits for them for a day.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.db import DatabaseError, transaction
from django.utils import timezone

from signups import contracts, customers
from signups.activity import identity, owed
from signups.activity.owed import Again, Lease, Outcome, Refuse
from signups.contracts import Integration, Later, Misconfigured, Never, SentAction, ServiceError
from signups.deliveries import heartbeats, queueing
from signups.deliveries.breaker import Sign, Signal
from signups.deliveries.outcomes import MOST_TRIES, wait_before, wait_wished
from signups.models import Forward, Signup

logger = logging.getLogger(__name__)

FORWARD_FOR_S = 10.0  # no new parcel is begun after this long: well within the queue's timeout
WAIT_FOR_CUSTOMER = timedelta(hours=24)
_UNSAID_WAIT_S = 30.0  # how long a vendor that limits us without saying for how long is left alone
_RESTS = frozenset({403, 429, 503})  # with a wish to wait, these concern every call to the vendor
_TOO_LARGE = 413
_WAKE_EVERY_S = 1.0  # a stream of single actions makes parcels of a second's
_WAITS = "Waits for its customer: nobody here goes by that user id yet."
_NOBODY = "Nobody here went by that user id within a day. Send it again once they have signed up."
_LAPSED = "Given up: each try ended with the death of its worker."

_woken_at: dict[str, float] = {}


def receivers() -> list[Integration]:
    """The integrations that want what people do, and are on."""
    return [one for one in contracts.integrations() if one.takes_actions and not one.missing_settings()]


def forward(slug: str) -> int:
    """Send what is owed to the integration `slug`; returns how many actions were tried.

    0 at once where another forwarder is at it, the integration is off or paused, or its breaker is open.
    """
    integration = next((one for one in receivers() if one.slug == slug), None)
    lease = Lease.take(integration) if integration is not None else None
    if lease is None:
        return 0
    tries = 0
    until = time.monotonic() + FORWARD_FOR_S
    try:
        while time.monotonic() < until and (parcel := owed.claim(lease)):
            _forward(lease, parcel)
            tries += len(parcel)
            heartbeats.give()
    finally:
        lease.release()
    if _has_work(slug):
        _queue(slug)
    return tries


def wake_after_commit(slug: str) -> None:
    """Have owed actions sent once the transaction under way is committed."""
    transaction.on_commit(partial(wake, slug), robust=True)


def wake(slug: str) -> bool:
    """Have owed actions sent soon, and say whether a task was queued for it; at most once a second. Never raises."""
    now = time.monotonic()
    if now - _woken_at.get(slug, -_WAKE_EVERY_S) < _WAKE_EVERY_S:
        return False
    _woken_at[slug] = now
    try:
        return owed.is_free(slug) and _queue(slug)
    except DatabaseError:
        logger.exception("Cannot see whether actions are being sent to %s", slug)
        return False


def wake_due() -> int:
    """Queue a forwarder for each integration to which actions could be sent now; returns how many tasks that was."""
    return sum(_queue(one.slug) for one in receivers() if _has_work(one.slug))


def _queue(slug: str) -> bool:
    return queueing.wake_task(owed.name(slug), "signups.tasks.forward_actions", slug)


def _has_work(slug: str) -> bool:
    return owed.due(slug).exists() and owed.is_free(slug)


# -- One parcel --------------------------------------------------------------------------------------------------------


def _forward(lease: Lease, parcel: Sequence[Forward]) -> None:
    """Send one parcel and write down how it went."""
    outcomes: dict[int, Outcome] = {}
    to_send: list[tuple[Forward, SentAction]] = []
    whose, waits = _Owners(lease.integration, parcel), _Waits()
    for row in parcel:
        if row.tries > MOST_TRIES:
            outcomes[row.pk] = Refuse(_LAPSED)
        elif (sent := whose.sent(row)) is not None:
            to_send.append((row, sent))
        else:
            outcomes[row.pk] = _not_yet(row, waits)
    signals: list[Signal] = []
    for rows, result in _send(lease.integration, to_send):
        signals.append(_signal(result))
        outcomes |= _outcomes(rows, result, waits)
    owed.finish(lease, outcomes, signals)


class _Owners:
    """Whose the actions of a parcel are, looked up together."""

    def __init__(self, integration: Integration, parcel: Sequence[Forward]) -> None:
        self.integration = integration
        actions = [row.action for row in parcel]
        self.customers = customers.find({action.user_id for action in actions if action.user_id})
        self.visitors = identity.owners_of({action.anonymous_id for action in actions if action.anonymous_id})

    def sent(self, row: Forward) -> SentAction | None:
        """The action as the vendor is told of it; None while it names a customer the vendor does not know."""
        action = row.action
        visitor = self.visitors.get(action.anonymous_id)
        if not action.user_id:
            return SentAction(action, self._uid(visitor), action.anonymous_id)
        customer = self.customers.get(action.user_id)
        if not (uid := self._uid(customer)):
            return None
        return SentAction(action, uid, action.anonymous_id if customer == visitor else "")

    def _uid(self, signup: Signup | None) -> str:
        return str(signup.uid) if signup is not None and signup.verdict in self.integration.takes else ""


def _not_yet(row: Forward, waits: _Waits) -> Outcome:
    if timezone.now() - row.action.received_at > WAIT_FOR_CUSTOMER or row.tries >= MOST_TRIES:
        return Refuse(_NOBODY)
    return Again(waits.before(row.tries + 1), _WAITS)


class _Waits:
    """How long rows wait: all of a parcel with as many tries behind them wait as long, and so stay together."""

    def __init__(self) -> None:
        self._before: dict[int, timedelta] = {}

    def before(self, try_number: int) -> timedelta:
        return self._before.setdefault(try_number, wait_before(try_number))


# -- One call ----------------------------------------------------------------------------------------------------------

# What a call came to: the refused by their index in the batch, or the exception that says why none was taken.
_Result = dict[int, str] | Exception
_Batch = Sequence[tuple[Forward, SentAction]]


def _send(integration: Integration, batch: _Batch) -> Iterator[tuple[Sequence[Forward], _Result]]:
    """Send a batch, halved as often as it is too large or trips over one of its own."""
    if not batch:
        return
    rows = [row for row, _ in batch]
    result: _Result
    try:
        result = {one.index: one.why for one in integration.send_actions([sent for _, sent in batch])}
    except ServiceError as error:
        result = error
    except Exception as error:
        logger.exception("%s: sending %d actions failed", integration.slug, len(batch))
        result = error
    is_ours = isinstance(result, Exception) and not isinstance(result, ServiceError)
    is_too_large = isinstance(result, Never) and result.status == _TOO_LARGE
    if len(batch) > 1 and (is_ours or is_too_large):
        middle = len(batch) // 2
        yield from _send(integration, batch[:middle])
        yield from _send(integration, batch[middle:])
    else:
        yield rows, result


def _outcomes(rows: Sequence[Forward], result: _Result, waits: _Waits) -> dict[int, Outcome]:
    if isinstance(result, dict):
        return {row.pk: Refuse(result[index]) if index in result else None for index, row in enumerate(rows)}
    all_alike = _failed(result)
    if all_alike is not None:
        return dict.fromkeys([row.pk for row in rows], all_alike)
    why = str(result) if isinstance(result, ServiceError) else f"An error of ours: {type(result).__name__}: {result}"
    given_up = Refuse(f"Given up after {MOST_TRIES} tries. {why}")
    return {row.pk: given_up if row.tries >= MOST_TRIES else Again(waits.before(row.tries + 1), why) for row in rows}


def _failed(error: Exception) -> Again | Refuse | None:
    """What becomes of a batch of which nothing was taken, where that does not depend on how often it was tried."""
    match error:
        case Never():
            return Refuse(str(error))
        case Misconfigured():
            return Again(timedelta(0), str(error), is_counted=False)
        case Later() if (wish := _wish(error)) is not None:
            return Again(wait_wished(wish), str(error), is_counted=False)
    return None


def _signal(result: _Result) -> Signal:
    """What a call says about the vendor as a whole."""
    match result:
        case dict():
            return Signal(Sign.WORKS)
        case Never():
            return Signal(Sign.ANSWERS)
        case Misconfigured():
            return Signal(Sign.REFUSES_US, str(result))
        case Later() if (wish := _wish(result)) is not None and result.status in _RESTS:
            return Signal(Sign.RESTS, str(result), wait_wished(wish))
        case ServiceError():
            return Signal(Sign.FAILS, str(result))
    return Signal(Sign.NONE)


def _wish(error: Exception) -> float | None:
    if not isinstance(error, Later):
        return None
    return _UNSAID_WAIT_S if error.retry_after_s is None and error.status == 429 else error.retry_after_s
