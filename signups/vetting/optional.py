"""The optional checks: domain age, mailbox, mail setup. Off by default, as each tells somebody outside of the signup.

Those that are switched on run beside the others under the same deadline; what is late is unknown. Answers are kept
(`KeptAnswer`) for as long as they hold, so that nobody is asked twice about the same.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings

from signups.contracts import Deadline, Examiner, Finding, Later, ServiceError, examiners
from signups.domains import mail_setup, name_servers
from signups.models import Check, Signup
from signups.vetting import kept_answers, mailbox
from signups.vetting.address import Address
from signups.vetting.kept_answers import Answer
from signups.vetting.result import CheckResult

logger = logging.getLogger(__name__)

_THREADS = 16  # examiners asked at once in this process

# No answer for now: asking again later may bring one.
PASSING = frozenset({"late", "busy", "no_answer", "try_later", "not_asked"})


@dataclass
class OptionalChecks:
    """Optional checks under way for one address."""

    address: Address
    deadline: Deadline
    started: float = field(default_factory=time.monotonic)
    answers: dict[str, Answer] = field(default_factory=dict)
    waiting: dict[str, Future[Finding]] = field(default_factory=dict)
    texts: Future[mail_setup.Texts] | None = None
    ended: dict[str, float] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        futures: list[Future[Any]] = [*self.waiting.values(), *([self.texts] if self.texts else [])]
        return all(future.done() for future in futures)

    def finish(self, hosts: Iterable[str] = ()) -> list[Answer]:
        """The answers in a fixed order; waits no longer than the deadline. `hosts` are the domain's mail servers."""
        for name, future in self.waiting.items():
            found = _result(name, future, self.deadline)
            self.answers[name] = Answer(self._check(name, found), kept_answers.key(name, self.address, found), found)
        if self.texts is not None:
            texts = _result(mail_setup.NAME, self.texts, self.deadline)
            if not isinstance(texts, Finding):
                texts = mail_setup.read(self.address.domain, tuple(hosts), texts)
            self.answers[mail_setup.NAME] = Answer(self._check(mail_setup.NAME, texts))
        return list(self.answers.values())

    def time(self, name: str, future: Future[Any]) -> None:
        """Note when this check ends."""
        future.add_done_callback(lambda _: self.ended.setdefault(name, time.monotonic()))

    def _check(self, name: str, found: Finding) -> CheckResult:
        ms = round((self.ended.get(name, time.monotonic()) - self.started) * 1000)
        return CheckResult(name, found.outcome, found.code, found.sentence, found.evidence, ms)


def start(
    address: Address, deadline: Deadline, *, is_company: bool, only: Collection[str] | None = None
) -> OptionalChecks | None:
    """Start those that are switched on; returns at once, None where none is. At most one query.

    `is_company`: whether a company can be known by the domain. Of any other only the mailbox is asked about. `only`:
    the names of those that are wanted; None: all.
    """

    def is_wanted(name: str) -> bool:
        return only is None or name in only

    on = [one for one in examiners() if is_company and not one.missing_settings() and is_wanted(one.slug)]
    probes = is_probing() and is_wanted(mailbox.NAME)
    reads_setup = is_company and settings.MAIL_SETUP_IS_ON and is_wanted(mail_setup.NAME)
    if not (on or probes or reads_setup):
        return None
    checks = OptionalChecks(address, deadline)
    kept = kept_answers.find(address, [*(one.slug for one in on), *([mailbox.NAME] if probes else [])])
    checks.answers |= {name: Answer(check) for name, check in kept.items()}
    for one in on:
        if one.slug not in kept:
            domain = kept_answers.registered(address.domain)
            checks.waiting[one.slug] = _asked(one, domain, deadline)
    if probes and mailbox.NAME not in kept:
        checks.waiting[mailbox.NAME] = name_servers.submit(mailbox.ask(address, deadline))
    if reads_setup:
        checks.texts = name_servers.submit(mail_setup.ask(address.domain, deadline))
        checks.time(mail_setup.NAME, checks.texts)
    for name, future in checks.waiting.items():
        checks.time(name, future)
    return checks


def is_probing() -> bool:
    return bool(settings.SMTP_PROBE["is_on"] and settings.SMTP_PROBE["sender"])


def unanswered(checks: Iterable[CheckResult | Check]) -> set[str]:
    """The names of the optional checks that had no answer for now."""
    names = {mailbox.NAME, *(one.slug for one in examiners())}
    return {check.name for check in checks if check.name in names and check.code in PASSING}


def replace_answers(signup: Signup, answers: Sequence[Answer]) -> None:
    """Put later answers in the place of those that `signup` had, and keep them. A query an answer, and one more."""
    for answer in answers:
        check = answer.check
        Check.objects.filter(signup=signup, name=check.name).update(
            outcome=check.outcome,
            code=check.code,
            sentence=check.sentence[:500],
            evidence={**check.evidence, "asked_again": True},
            ms=check.ms,
        )
    kept_answers.keep(answers)


def forget() -> None:
    """Ask anew about everything that is not kept in the database."""
    mailbox.forget()


# -- Asking ------------------------------------------------------------------------------------------------------------


def _asked(examiner: Examiner, domain: str, deadline: Deadline) -> Future[Finding]:
    """Ask an examiner, together with whoever is asking the same just now."""
    question = (examiner.slug, domain)
    with _asking:
        future = _under_way.get(question)
        if future is None:
            future = _under_way[question] = _pool().submit(_examine, examiner, domain, deadline)
            future.add_done_callback(lambda _: _under_way.pop(question, None))
        return future


def _examine(examiner: Examiner, domain: str, deadline: Deadline) -> Finding:
    """Ask one examiner; whatever goes wrong becomes a finding that says so."""
    try:
        return examiner.examine(domain, deadline)
    except ServiceError as error:
        code = "busy" if isinstance(error, Later) and error.status == 429 else "no_answer"
        return Finding("unknown", code, f"{examiner.name} could not say.", {"error": str(error)[:300]})


def _result(name: str, future: Future[Any], deadline: Deadline) -> Any:
    """What the future brings, or a finding that says why it brings nothing."""
    try:
        return future.result(timeout=deadline.remaining_s())
    except TimeoutError:
        if name in (mailbox.NAME, mail_setup.NAME):  # others may wait for an examiner
            future.cancel()
        return Finding("unknown", "late", "There was no answer in time.")
    except Exception as error:
        logger.exception("The check %s failed", name)
        return Finding("unknown", "error", "The check failed: an error of ours.", {"error": type(error).__name__})


_under_way: dict[tuple[str, str], Future[Finding]] = {}
_asking = threading.RLock()  # also taken by what a future does when it is done, perhaps at once


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="examiner")


def _reopen() -> None:
    """Threads do not survive a fork, and locks may be held for ever after one."""
    global _asking
    _asking = threading.RLock()
    _under_way.clear()
    _pool.cache_clear()


os.register_at_fork(after_in_child=_reopen)
