"""Sending a test event: whether an integration's settings and its vendor work, without anybody having signed up."""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import timezone

from signups import contracts
from signups.contracts import Delivered, ServiceError, TestEvent, recording
from signups.deliveries import standing
from signups.models import IntegrationState

logger = logging.getLogger(__name__)


class CannotTest(Exception):
    """There is nothing to test. The message says why."""


@dataclass(frozen=True)
class Tested:
    """How a test event went: `words` for staff, where to see it, and what was said over the wire."""

    __test__ = False  # no test of ours, whatever its name

    is_well: bool
    words: str
    url: str = ""
    exchanges: tuple[dict[str, Any], ...] = ()


def send_test(slug: str, by: str, by_email: str = "") -> Tested:
    """Send one now, whatever the breaker says and though it may be paused. Raises LookupError and CannotTest."""
    integration = contracts.integration(slug)
    if missing := integration.missing_settings():
        raise CannotTest(f"{integration.name} is off. To switch it on, set {', '.join(missing)}.")
    if not integration.can_test:
        raise CannotTest(f"{integration.name} has no test event.")
    test = TestEvent(str(uuid.uuid4()), timezone.now(), by, by_email)
    with recording() as exchanges:
        try:
            made = integration.send_test(test)
        except ServiceError as error:
            return Tested(False, str(error), exchanges=tuple(asdict(one) for one in exchanges))
        except Exception as error:
            logger.exception("%s: the test event failed", slug)
            words = f"An error of ours, see the log: {type(error).__name__}"
            return Tested(False, words, exchanges=tuple(asdict(one) for one in exchanges))
    words = f"{_words(integration.name, made)} {_left_alone(slug)}".strip()
    return Tested(True, words, made.url, tuple(asdict(one) for one in exchanges))


def _left_alone(slug: str) -> str:
    """What a test does not end: the wait after failures, while something is owed."""
    state, number = IntegrationState.objects.filter(slug=slug).first(), standing.waiting_of(slug).count()
    until = standing.left_alone(state) if state is not None and number else ""
    return f"{until} {number:,} wait." if until else ""


def _words(name: str, made: Delivered) -> str:
    return f"{name} took the test event. {made.note}".strip()
