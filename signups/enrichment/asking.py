"""Asking one provider one question: on a pool of threads, once at a time, as often as the vendor allows."""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import cache

from django.conf import settings
from django.utils import timezone

from signups.contracts import Answer, Cost, Deadline, Found, Later, Provider, ServiceError, Subject, UsedUp
from signups.enrichment import signed
from signups.enrichment.answers import LIFETIME, Result
from signups.enrichment.claims import Key

logger = logging.getLogger(__name__)

_THREADS = 64  # look-ups under way at once in this process; each ends with its deadline

_under_way: dict[Key, Future[Result]] = {}
_buckets: dict[str, tuple[float, float]] = {}  # provider → calls left, and when that was (monotonic)
_turn = threading.Lock()


def joined(key: Key) -> Future[Result] | None:
    """The same question, if this process is asking it already."""
    return _under_way.get(key)


def ask(provider: Provider, subject: Subject, key: str, deadline: Deadline) -> Future[Result]:
    """Start to ask; returns at once. The future never raises: whatever goes wrong becomes an answer that says so."""
    question = (provider.slug, subject, key)
    with _turn:
        if (same := _under_way.get(question)) is not None:
            return same
        context = copy_context()  # what is logged there belongs to the same request
        future = _under_way[question] = _pool().submit(context.run, _ask, provider, subject, key, deadline)
    future.add_done_callback(lambda _: _ended(question, future))
    return future


def may_ask(provider: Provider) -> bool:
    """Take one call out of what the vendor allows this process, if there is one left just now."""
    rate = provider.rate()
    if rate is None or not settings.KEEPS_PROVIDER_RATES:
        return True
    with _turn:
        now = time.monotonic()
        left, then = _buckets.get(provider.slug, (float(rate.calls), now))
        left = min(float(rate.calls), left + (now - then) * rate.calls / rate.per_s)
        is_allowed = left >= 1
        _buckets[provider.slug] = (left - 1 if is_allowed else left, now)
    return is_allowed


def not_asked(
    provider: str, subject: Subject, key: str, why: str, *, may_change: bool = False, is_needed: bool = True
) -> Result:
    """What stands for an answer of somebody who was not asked. `is_needed`: and who should be once that is possible."""
    holds_for = None if is_needed else LIFETIME[Found.FOUND]
    now = timezone.now()
    return Result(provider, subject, key, Found.SKIPPED, now, note=why, may_change=may_change, holds_for=holds_for)


def late(provider: Provider, subject: Subject, key: str, deadline: Deadline) -> Result:
    """What stands for an answer that did not come in time."""
    note = f"{provider.name}: no answer in time"
    failure = Later(provider.name, "no answer in time")
    return Result(
        provider.slug,
        subject,
        key,
        Found.ERROR,
        timezone.now(),
        note=note,
        ms=deadline.elapsed_ms(),
        may_change=True,
        was_asked=True,
        failure=failure,
    )


def forget() -> None:
    """As if nobody had been asked yet."""
    with _turn:
        _buckets.clear()


def _ended(question: Key, future: Future[Result]) -> None:
    with _turn:
        if _under_way.get(question) is future:
            del _under_way[question]


def _ask(provider: Provider, subject: Subject, key: str, deadline: Deadline) -> Result:
    started = time.monotonic()
    if deadline.remaining_s() <= 0:  # it has waited for a thread until nobody waits for it
        return late(provider, subject, key, deadline)
    may_change = False
    failure: Exception | None = None
    try:
        answer = _answer(provider, subject, key, deadline)
        may_change = answer.outcome is Found.PENDING or answer.may_change
    except ServiceError as error:
        failure, may_change = error, isinstance(error, Later) and not isinstance(error, UsedUp)
        answer = Answer(Found.ERROR, note=str(error))
    except Exception as error:
        logger.exception("%s failed on a %s look-up", provider.name, subject)
        failure = error
        answer = Answer(Found.ERROR, note=f"{provider.name}: an error of ours, see the log")
    price = provider.credits_a_hit if provider.cost is Cost.PAID and answer.outcome is Found.FOUND else 0.0
    return Result(
        provider.slug,
        subject,
        key,
        answer.outcome,
        timezone.now(),
        facts=answer.facts,
        note=answer.note,
        ms=round((time.monotonic() - started) * 1000),
        confidence=answer.confidence,
        credits=answer.credits if answer.credits is not None else price,
        may_change=may_change,
        was_asked=True,
        failure=failure,
    )


def _answer(provider: Provider, subject: Subject, key: str, deadline: Deadline) -> Answer:
    match subject:
        case Subject.PERSON:
            return provider.find_person(key, deadline)
        case Subject.COMPANY:
            return provider.find_company(key, deadline)
        case Subject.SIGNATURES:
            return signed.answer(provider.find_mails(key, deadline))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="lookup")


def _after_fork() -> None:
    """Threads do not survive a fork, and locks may be held for ever after one."""
    global _turn
    _turn = threading.Lock()
    _under_way.clear()
    _pool.cache_clear()


os.register_at_fork(after_in_child=_after_fork)
