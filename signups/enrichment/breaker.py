"""A provider in trouble is left alone for a while, then asked again.

Five failures in a row open its breaker for 30 seconds; each failed try after that doubles the wait, up to ten minutes.
One that refuses our key is left alone for ten minutes at once, with what staff must do. A 429 or a plan that is used up
is no failure: the provider is left alone until the time it names. One log line per change of state.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from signups.contracts import Found, Later, Misconfigured, Never, UsedUp
from signups.enrichment import precedence
from signups.enrichment.answers import Result
from signups.enrichment.precedence import Standing
from signups.models import ProviderState
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

FAILURES = 5
OPEN = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)
RESTS_MOST = timedelta(days=31)  # a plan's credits come back with the month
USED_UP = timedelta(hours=1)  # where the vendor does not say until when


def why_not(name: str, standing: Standing, now: datetime | None = None) -> str:
    """Why the provider is not asked now, for staff; "" where it may be."""
    now = now or timezone.now()
    if standing.open_until is None or standing.open_until <= now:
        return ""
    return f"{name} is left alone until {standing.open_until:%Y-%m-%d %H:%M} UTC: {standing.trouble}"


def take(results: Iterable[Result], standings: dict[str, Standing]) -> None:
    """Let what came of calls move the breakers. No query where all went well and all was well before."""
    asked: dict[str, list[Result]] = {}
    for result in results:
        if result.was_asked and (result.failure is not None or result.outcome is not Found.ERROR):
            asked.setdefault(result.provider, []).append(result)
    for slug, answers in sorted(asked.items()):
        before = standings[slug]
        has_failed = any(answer.failure is not None for answer in answers)
        if has_failed or before.failures or before.trouble:
            _move(slug, answers, before)


def close(slug: str) -> None:
    """Ask the provider again from now on: staff want it."""
    with write_transaction():
        ProviderState.objects.filter(slug=slug).update(open_until=None, failures_in_a_row=0, trouble="")
    precedence.forget()


def _move(slug: str, answers: list[Result], standing: Standing) -> None:
    with write_transaction():
        state, _ = ProviderState.objects.get_or_create(slug=slug, defaults={"order": standing.order})
        state = ProviderState.objects.select_for_update().get(slug=slug)
        changes: dict[str, Any] = {}
        for answer in answers:
            changes |= _after(state, answer)
            for name, value in changes.items():
                setattr(state, name, value)
        ProviderState.objects.filter(slug=slug).update(**changes)
    precedence.forget()


def _after(state: ProviderState, answer: Result) -> dict[str, Any]:
    """The columns that one answer changes."""
    now, why = timezone.now(), answer.note[:1000]
    match answer.failure:
        case None:
            if state.failures_in_a_row >= FAILURES or state.open_until:
                logger.info("%s works again", state.slug)
            return {"failures_in_a_row": 0, "trouble": "", "open_until": None, "last_success_at": now}
        case UsedUp() as failure:
            wait = timedelta(seconds=failure.retry_after_s) if failure.retry_after_s else USED_UP
            logger.warning("%s: %s", state.slug, why)
            return {"trouble": why, "open_until": now + min(wait, RESTS_MOST)}
        case Later(retry_after_s=float() | int() as wait_s) if answer.outcome is Found.ERROR:
            return {"trouble": why, "open_until": now + min(timedelta(seconds=wait_s), RESTS_MOST)}
        case Misconfigured():
            logger.error("%s refuses us: %s", state.slug, why)
            failures = max(FAILURES, state.failures_in_a_row)
            return {"failures_in_a_row": failures, "trouble": why, "open_until": now + LONGEST}
        case Never():
            return {}  # it refused this one question, and so is there
    if state.open_until is not None and state.open_until > now:
        return {}  # under way when it was left alone: that says nothing new
    failures = state.failures_in_a_row + 1
    if failures < FAILURES:
        return {"failures_in_a_row": failures}
    if failures == FAILURES:
        logger.warning("%s failed %d times in a row and is left alone for a while: %s", state.slug, failures, why)
    wait = min(OPEN * 2 ** min(failures - FAILURES, 10), LONGEST)
    return {"failures_in_a_row": failures, "trouble": why, "open_until": now + wait}
