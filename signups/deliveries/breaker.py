"""A vendor in trouble is left alone for a while, then asked once before all others.

Five failures in a row open the breaker for 30 seconds; each failed probe doubles that, up to ten minutes. A vendor that
refuses our key opens it for ten minutes at once, with what staff must do. A 429 is no failure: the vendor lives, and is
left alone as long as it wishes. One log line per change of state.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from signups.models import IntegrationState

logger = logging.getLogger(__name__)

FAILURES = 5
OPEN = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)


def may_send() -> Q:
    """What an `IntegrationState` must fulfil for a row to be sent: not paused, and the breaker not open."""
    return Q(is_paused=False) & (Q(open_until=None) | Q(open_until__lte=Now()))


def works(slug: str) -> None:
    """The vendor answered as it should: closed."""
    state = IntegrationState.objects.get(slug=slug)
    if state.failures_in_a_row or state.open_until or state.trouble:
        if state.failures_in_a_row >= FAILURES:
            logger.info("%s works again", slug)
        IntegrationState.objects.filter(slug=slug).update(failures_in_a_row=0, open_until=None, trouble="")
    IntegrationState.objects.filter(slug=slug).update(last_success_at=Now())


def fails(slug: str, failures: int, why: str) -> None:
    """So many more failures in a row; opens the breaker where that makes too many."""
    state = IntegrationState.objects.get(slug=slug)
    was_open = state.failures_in_a_row >= FAILURES
    # Of a batch that was under way when the breaker would have opened, only the first failure that opens it counts.
    in_a_row = state.failures_in_a_row + 1 if was_open else min(state.failures_in_a_row + failures, FAILURES)
    if in_a_row < FAILURES:
        IntegrationState.objects.filter(slug=slug).update(failures_in_a_row=in_a_row)
        return
    wait = min(OPEN * 2 ** min(in_a_row - FAILURES, 10), LONGEST)
    if not was_open:
        logger.warning("%s fails, left alone for a while: %s", slug, why)
    IntegrationState.objects.filter(slug=slug).update(
        failures_in_a_row=in_a_row, open_until=Now() + wait, trouble=why[:1000]
    )


def refuses(slug: str, why: str) -> None:
    """The vendor refuses us: nothing goes out until somebody corrects a setting, or ten minutes have passed."""
    state = IntegrationState.objects.get(slug=slug)
    if state.trouble != why[:1000]:
        logger.error("%s refuses us: %s", slug, why)
    IntegrationState.objects.filter(slug=slug).update(
        failures_in_a_row=max(state.failures_in_a_row, FAILURES), open_until=Now() + LONGEST, trouble=why[:1000]
    )


def rests(slug: str, wait: timedelta) -> None:
    """The vendor wants to be left alone for so long (429)."""
    IntegrationState.objects.filter(slug=slug).update(open_until=Now() + wait)
