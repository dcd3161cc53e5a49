"""A vendor in trouble is left alone for a while, then asked once before all others.

Five failures in a row open the breaker for 30 seconds; each failed probe doubles that, up to ten minutes. A vendor that
refuses our key opens it for ten minutes at once, with what staff must do. A 429 is no failure: the vendor lives, and is
left alone as long as it wishes. One log line per change of state.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Case, Q, When
from django.db.models.functions import Now

from signups.models import IntegrationState

logger = logging.getLogger(__name__)

FAILURES = 5
OPEN = timedelta(seconds=30)
LONGEST = timedelta(minutes=10)
_NO_TIME = timedelta(0)


class Sign(StrEnum):
    """What one try says about the vendor as a whole."""

    NONE = "none"
    WORKS = "works"  # it did what we asked
    ANSWERS = "answers"  # it refused this one request, and so is there
    FAILS = "fails"
    RESTS = "rests"  # it wants to be left alone for `wait`
    REFUSES_US = "refuses us"  # nothing will work before a setting is corrected


@dataclass(frozen=True)
class Signal:
    sign: Sign
    why: str = ""
    wait: timedelta = _NO_TIME


def may_send() -> Q:
    """What an `IntegrationState` must fulfil for a row to be sent: not paused, and the breaker not open."""
    return Q(is_paused=False) & (Q(open_until=None) | Q(open_until__lte=Now()))


def move(slug: str, signals: Sequence[Signal]) -> bool:
    """Take in what tries say, in the order in which they ended, and say whether more may be sent.

    Call it in a transaction; locks the state's row.
    """
    states = IntegrationState.objects.filter(slug=slug)
    is_open = Case(When(open_until__gt=Now(), then=True), default=False)
    state = states.annotate(is_open=is_open).select_for_update().get()
    breaker = _Breaker(slug, state.failures_in_a_row, state.trouble, is_open=state.is_open)
    for signal in signals:
        breaker.take(signal)
    changes = breaker.changes()
    if any(signal.sign is Sign.WORKS for signal in signals):
        changes["last_success_at"] = Now()
    if changes:
        states.update(**changes)
    return not state.is_paused and not breaker.is_open


def probe(slugs: Collection[str] | None = None) -> None:
    """End the wait of open breakers, of these integrations or of all: one row is sent, and decides how it goes on."""
    states = IntegrationState.objects.filter(open_until__gt=Now())
    if slugs is not None:
        states = states.filter(slug__in=slugs)
    states.update(open_until=None)


class _Breaker:
    """One integration's breaker while signals come in."""

    def __init__(self, slug: str, failures: int, trouble: str, *, is_open: bool) -> None:
        self.slug = slug
        self.failures = failures
        self.trouble = trouble
        self.is_open = is_open
        self._before = (failures, trouble)
        self._open_for: timedelta | None = None  # from now on; None: as it was
        self._is_closed = False

    def take(self, signal: Signal) -> None:
        match signal.sign:
            case Sign.WORKS | Sign.ANSWERS:
                self._works()
            case Sign.FAILS if not self.is_open:  # those under way when it opened say nothing new
                self._fails(signal.why)
            case Sign.RESTS if self.failures < FAILURES:
                self._open(max(self._open_for or _NO_TIME, min(signal.wait, LONGEST)))
            case Sign.REFUSES_US:
                if self.trouble != signal.why[:1000]:
                    logger.error("%s refuses us: %s", self.slug, signal.why)
                self.failures, self.trouble = max(self.failures, FAILURES), signal.why[:1000]
                self._open(LONGEST)

    def changes(self) -> dict[str, Any]:
        """The columns to be written; empty where nothing changed."""
        changes: dict[str, Any] = {}
        if (self.failures, self.trouble) != self._before:
            changes |= {"failures_in_a_row": self.failures, "trouble": self.trouble}
        if self._open_for is not None:
            changes["open_until"] = Now() + self._open_for
        elif self._is_closed:
            changes["open_until"] = None
        return changes

    def _works(self) -> None:
        if self.failures >= FAILURES:
            logger.info("%s works again", self.slug)
            self.is_open, self._open_for, self._is_closed = False, None, True
        self.failures, self.trouble = 0, ""

    def _fails(self, why: str) -> None:
        self.failures += 1
        if self.failures < FAILURES:
            return
        self.trouble = why[:1000]
        if self.failures == FAILURES:
            logger.warning("%s failed %d times in a row and is left alone for a while: %s", self.slug, FAILURES, why)
        self._open(min(OPEN * 2 ** min(self.failures - FAILURES, 10), LONGEST))

    def _open(self, wait: timedelta) -> None:
        self.is_open, self._open_for = True, wait
