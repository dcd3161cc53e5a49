"""Asking the providers: all at once on a pool of threads, and nobody is waited for beyond the deadline."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache

from django.utils import timezone

from signups.contracts import Answer, Deadline, Found, Later, Provider, ServiceError, Subject, providers
from signups.enrichment import answers, belonging, employer
from signups.enrichment.answers import Kept, Result
from signups.enrichment.belonging import Seeker
from signups.enrichment.employer import Candidate
from signups.models import Lookup
from signups.models.profile import Profile, with_facts

logger = logging.getLogger(__name__)

_THREADS = 64  # look-ups under way at once in this process; each ends with its deadline


@dataclass(frozen=True)
class Findings:
    """All that is known after the look-ups. `company_domain` is the likeliest of the `candidates`, where sure enough.

    `is_late`: somebody has not answered for good yet, and asking again later may bring more.
    """

    results: list[Result]
    person: Profile
    company: Profile
    company_domain: str
    is_late: bool
    candidates: list[Candidate] = field(default_factory=list)


def start(
    email_key: str,
    company_domain: str,
    deadline: Deadline,
    is_company_domain: Callable[[str], bool] = bool,
    *,
    name: str = "",
    company_name: str = "",
) -> PendingLookups:
    """Ask everybody about the address and, where there is one, about the company's domain; returns at once.

    `is_company_domain` says of an employer's domain whether a company can be known by it (a free-mail one is not).
    `name` and `company_name`: as they were typed. One query.
    """
    seeker = Seeker(email_key, company_domain, name, company_name)
    lookups = PendingLookups(email_key, company_domain, deadline, is_company_domain, seeker)
    lookups.ask(Subject.PERSON, email_key)
    if company_domain:
        lookups.ask(Subject.COMPANY, company_domain)
    return lookups


def save(findings: Findings) -> None:
    """Keep what was answered, in the caller's transaction. At most one query."""
    answers.keep(findings.results)


@dataclass
class PendingLookups:
    """Look-ups under way about one address."""

    email_key: str
    company_domain: str
    deadline: Deadline
    is_company_domain: Callable[[str], bool]
    seeker: Seeker
    results: list[Result] = field(default_factory=list)
    waiting: dict[Future[Result], tuple[Provider, Subject, str]] = field(default_factory=dict)
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        questions = [(Subject.PERSON, self.email_key)]
        if self.company_domain:
            questions.append((Subject.COMPANY, self.company_domain))
        self.kept = answers.kept(questions)

    def finish(self) -> Findings:
        """Wait for the answers until the deadline and put them together. At most three more queries."""
        self._wait()
        person = _merged(self._about(Subject.PERSON, self.email_key))
        at_address = _merged(self._about(Subject.COMPANY, self.company_domain)) if self.company_domain else {}
        candidates = belonging.rank(self.seeker, person, at_address, self.is_company_domain)
        best = employer.best(candidates)
        domain = best.domain if best else ""
        if domain and domain != self.company_domain:
            self.kept |= answers.kept([(Subject.COMPANY, domain)])
            self.ask(Subject.COMPANY, domain)
            self._wait()
        company = _merged(self._about(Subject.COMPANY, domain)) if domain else {}
        if company.get("emailProvider", {}).get("value") is True:
            domain, company = "", {}
        is_late = any(result.may_change for result in self.results)
        return Findings(self.results, person, company, domain, is_late, candidates)

    def ask(self, subject: Subject, key: str) -> None:
        """Take what was answered before, and ask whoever has not answered lately. Nobody, where the person refused."""
        now = timezone.now()
        able = [one for one in providers() if one.answers(subject) and not one.missing_settings()]
        known = {
            one.slug: result
            for one in able
            if (row := self.kept.get((one.slug, subject, key))) and (result := answers.from_row(row, now))
        }
        self.results.extend(known.values())
        if any(result.outcome is Found.REFUSED for result in known.values()):
            return
        for provider in able:
            if provider.slug not in known:
                future = _pool().submit(_ask, provider, subject, key, self.deadline)
                self.waiting[future] = (provider, subject, key)

    def _wait(self) -> None:
        """Collect answers until all are in or the time is up; what is not in by then is late."""
        wait(self.waiting, timeout=self.deadline.remaining_s())
        for future, (provider, subject, key) in self.waiting.items():
            if future.done() and not future.cancelled():
                result = future.result()
            else:
                future.cancel()
                result = _late(provider, subject, key, self.deadline)
            stale = self.kept.get((provider.slug, subject, key))
            self.results.append(_or_stale(result, stale))
        self.waiting.clear()

    def _about(self, subject: Subject, key: str) -> Iterator[Result]:
        """What was answered about one subject, the most believed provider first; nothing where the person refused."""
        said = {result.provider: result for result in self.results if (result.subject, result.key) == (subject, key)}
        if any(result.outcome is Found.REFUSED for result in said.values()):
            self.results = [
                result
                for result in self.results
                if result.subject is not subject or result.key != key or result.outcome is Found.REFUSED
            ]
            return
        for provider in providers():
            if provider.slug in said:
                yield said[provider.slug]


def _ask(provider: Provider, subject: Subject, key: str, deadline: Deadline) -> Result:
    """Ask one provider; whatever goes wrong becomes an answer that says so."""
    started = time.monotonic()
    may_change = False
    try:
        find = provider.find_person if subject is Subject.PERSON else provider.find_company
        answer = find(key, deadline)
        may_change = answer.outcome is Found.PENDING
    except ServiceError as error:
        may_change = isinstance(error, Later)
        answer = Answer(Found.ERROR, note=str(error))
    except Exception:
        logger.exception("%s failed on a %s look-up", provider.name, subject)
        answer = Answer(Found.ERROR, note=f"{provider.name}: an error of ours, see the log")
    ms = round((time.monotonic() - started) * 1000)
    return Result(
        provider.slug,
        subject,
        key,
        answer.outcome,
        timezone.now(),
        facts=answer.facts,
        note=answer.note,
        ms=ms,
        may_change=may_change,
    )


def _late(provider: Provider, subject: Subject, key: str, deadline: Deadline) -> Result:
    note = f"{provider.name}: no answer in time"
    return Result(
        provider.slug,
        subject,
        key,
        Found.ERROR,
        timezone.now(),
        note=note,
        ms=deadline.elapsed_ms(),
        may_change=True,
    )


def _or_stale(result: Result, stale: Lookup | None) -> Result:
    """An old hit rather than no answer at all; it is asked again as the failed one would be."""
    if stale is None or stale.outcome != Lookup.Outcome.FOUND or result.outcome not in (Found.ERROR, Found.PENDING):
        return result
    return Result(
        result.provider,
        result.subject,
        result.key,
        Found.FOUND,
        stale.fetched_at,
        facts=stale.facts,
        note=f"An older answer: {result.note}" if result.note else "An older answer.",
        ms=result.ms,
        is_kept=True,
        may_change=result.may_change,
    )


def _merged(results: Iterator[Result]) -> Profile:
    """One profile of several answers: of two that say different things the first is believed."""
    profile: Profile = {}
    for result in results:
        if result.outcome is Found.FOUND:
            profile = with_facts(profile, result.facts, result.provider, result.fetched_at)
    return profile


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="lookup")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
