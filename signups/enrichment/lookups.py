"""The waterfall: what is known already, then whoever costs nothing, then paid providers while wanted facts are missing.

Those that cost nothing are asked side by side; paid ones one after the other, each only if it may answer what is still
missing, and the next without the one before where that one takes its time. Slow ones are left to the task. Nobody is
waited for beyond the deadline, and nobody is asked once the person has refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.utils import timezone

from signups.contracts import Cost, Deadline, Found, Provider, Subject
from signups.enrichment import (
    answers,
    asking,
    belonging,
    breaker,
    budget,
    claims,
    employer,
    merging,
    precedence,
    signed,
)
from signups.enrichment.answers import Kept, Question, Result
from signups.enrichment.belonging import Seeker
from signups.enrichment.claims import Key
from signups.enrichment.clues import Signed
from signups.enrichment.employer import Candidate
from signups.enrichment.precedence import Precedence
from signups.models import Lookup
from signups.models.profile import Profile

_PATIENCE = 0.35  # of the time there was: for so long the free ones, and then each paid one, are waited for
_POLL_S = 0.05  # how often it is looked whether another process has its answer
_CLAIM = timedelta(seconds=10)  # beyond the deadline


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
    precedence: Precedence = field(default_factory=lambda: Precedence({}))
    calls: list[Result] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    claimed: Mapping[Key, datetime] = field(default_factory=dict)

    def about(self, subject: Subject, key: str) -> list[Result]:
        return [result for result in self.results if result.question == (subject, key)]


def start(
    email_key: str,
    company_domain: str,
    deadline: Deadline,
    is_company_domain: Callable[[str], bool] = bool,
    *,
    is_background: bool = False,
    is_forced: bool = False,
    claims_questions: bool = True,
    name: str = "",
    company_name: str = "",
) -> PendingLookups:
    """Ask about the address and, where there is one, about the company's domain; returns at once.

    `email_key` may be empty: then only the company is asked about. `is_company_domain` says of an employer's domain
    whether a company can be known by it (a free-mail one is not). `is_background`: nobody waits, so slow providers are
    asked, too. `is_forced`: fresh answers are asked for anew. Without `claims_questions` nothing is written, and two
    processes may ask the same. `name` and `company_name`: as they were typed. One query where all is known; else one
    statement more.
    """
    seeker = Seeker(email_key, company_domain, name, company_name)
    lookups = PendingLookups(deadline, is_company_domain, is_background, is_forced, claims_questions, seeker)
    lookups.begin(email_key, company_domain)
    return lookups


def save(findings: Findings) -> None:
    """Keep what was answered, in the caller's transaction. At most three statements, none where all was kept."""
    answers.keep(findings.results, findings.claimed)


def account(findings: Findings) -> None:
    """Count what it cost and let breakers move; after `save`, outside of its transaction.

    No query where all was kept, but for one in half a minute.
    """
    listed = {one.slug: one for one in findings.precedence.providers()}
    standings = dict(findings.precedence.standings)
    breaker.take(findings.calls, standings)
    kept = [result for result in findings.results if result.is_kept and not result.was_asked]
    budget.count([*findings.calls, *kept], listed, standings)


@dataclass
class _Asked:
    """One question on its way through the waterfall."""

    subject: Subject
    key: str
    since_ms: int
    paid: list[Provider] = field(default_factory=list)  # not asked yet, the most believed first
    waiting: dict[Future[Result], tuple[Provider, bool]] = field(default_factory=dict)  # is it ours, or joined?
    elsewhere: dict[str, Provider] = field(default_factory=dict)  # those whom another process is asking
    results: dict[str, Result] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return not (self.waiting or self.paid or self.elsewhere)

    @property
    def has_refused(self) -> bool:
        return any(result.outcome is Found.REFUSED for result in self.results.values())


@dataclass
class PendingLookups:
    """Look-ups under way about one address."""

    deadline: Deadline
    is_company_domain: Callable[[str], bool]
    is_background: bool
    is_forced: bool
    claims_questions: bool
    seeker: Seeker
    kept: Kept = field(default_factory=dict)
    calls: list[Result] = field(default_factory=list)
    claimed: dict[Key, datetime] = field(default_factory=dict)
    questions: dict[Question, _Asked] = field(default_factory=dict)
    read: set[Question] = field(default_factory=set)
    precedence: Precedence = field(default_factory=precedence.current)
    email_key: str = ""
    company_domain: str = ""

    def begin(self, email_key: str, company_domain: str) -> None:
        self.email_key, self.company_domain = email_key, company_domain
        asked = [(Subject.PERSON, email_key)] if email_key else []
        asked += [(Subject.COMPANY, company_domain)] if company_domain else []
        self._read([*asked, *([self._signing] if email_key else [])])
        self._open(asked)

    @property
    def waiting(self) -> list[Future[Result]]:
        return [future for asked in self.questions.values() for future in asked.waiting]

    def finish(self) -> Findings:
        """Wait for the answers until the deadline and put them together. One query, two more about an employer.

        How people sign their mails is asked only where it may tell something: then there is a query more.
        """
        self._run()
        person = self._profile(Subject.PERSON, self.email_key)
        candidates: list[Candidate] = []
        domain = self.company_domain
        if self.email_key:
            at_address = self._profile(Subject.COMPANY, self.company_domain)
            candidates = self._ranked(person, at_address)
            if employer.is_open(candidates) and self._ask_how_they_sign(at_address):
                candidates = self._ranked(person, at_address)
            best = employer.best(candidates)
            domain = best.domain if best else ""
        if domain and (Subject.COMPANY, domain) not in self.questions:
            self._open([(Subject.COMPANY, domain)])
            self._run()
        company = self._profile(Subject.COMPANY, domain)
        if company.get("emailProvider", {}).get("value") is True:
            candidates = [one for one in candidates if one.domain != domain]
            domain, company = "", {}
        results = [result for asked in self.questions.values() for result in asked.results.values()]
        is_late = any(result.may_change for result in results)
        return Findings(
            results, person, company, domain, is_late, self.precedence, self.calls, candidates, self.claimed
        )

    # -- How they sign -----------------------------------------------------------------------------------------------

    @property
    def _signing(self) -> Question:
        """One question for all who write from a work domain, one of their own for whoever has a personal address."""
        return Subject.SIGNATURES, self.company_domain or self.email_key

    def _ranked(self, person: Profile, at_address: Profile) -> list[Candidate]:
        return belonging.rank(self.seeker, person, at_address, self.is_company_domain, self._signatures())

    def _signatures(self) -> list[Signed]:
        """As far as they are known, fresh or not; none of whoever asked not to be looked up."""
        if self._has_refused:
            return []
        (subject, key), asked = self._signing, self.questions.get(self._signing)
        if asked is not None:
            results = list(asked.results.values())
        else:
            rows = (row for (_, *question), row in self.kept.items() if question == [subject, key])
            results = [answers.as_result(row) for row in rows]
        return signed.of(results)

    def _ask_how_they_sign(self, at_address: Profile) -> bool:
        """Ask, unless that is known; says whether anything was learned that was not known before.

        Not of a domain that proved to be a mail provider's, nor of whoever asked not to be looked up.
        """
        is_shared = at_address.get("emailProvider", {}).get("value") is True
        if self._has_refused or is_shared:
            return False
        before = self._signatures()
        self._open([self._signing])
        self._run()
        return self._signatures() != before

    @property
    def _has_refused(self) -> bool:
        return self.questions[Subject.PERSON, self.email_key].has_refused

    # -- One question ------------------------------------------------------------------------------------------------

    def _open(self, questions: list[Question]) -> None:
        """Take what was answered before, and ask those that cost nothing and have not answered lately."""
        self._read(questions)
        free: list[tuple[_Asked, Provider]] = []
        for subject, key in questions:
            asked = self.questions[subject, key] = _Asked(subject, key, self.deadline.elapsed_ms())
            rows = {row.provider: row for (_, *question), row in self.kept.items() if question == [subject, key]}
            if (own := rows.get(answers.STAFF)) is not None:
                asked.results[answers.STAFF] = answers.as_result(own)
            if answers.has_refused(rows.values()):
                refusals = [row for row in rows.values() if row.outcome == Found.REFUSED]
                asked.results |= {row.provider: answers.as_result(row) for row in refusals}
                continue
            free += [(asked, one) for one in self._to_ask(asked, rows)]
            for slug, row in rows.items():  # of whoever is off by now, what they have said stays
                if slug not in asked.results and row.outcome == Found.FOUND and not self._may_be_asked(slug):
                    asked.results[slug] = answers.as_result(row)
        self._ask(free)

    def _read(self, questions: list[Question]) -> None:
        """What was answered before, where that is not read yet. One query, or none."""
        if new := [question for question in questions if question not in self.read]:
            self.kept |= answers.kept(new)
            self.read.update(new)

    def _may_be_asked(self, slug: str) -> bool:
        return any(one.slug == slug and not one.missing_settings() for one in self.precedence.providers())

    def _to_ask(self, asked: _Asked, rows: dict[str, Lookup]) -> Iterator[Provider]:
        """The free ones without a fresh answer; paid ones wait for their turn."""
        now = timezone.now()
        for provider in self.precedence.providers():
            if not provider.answers(asked.subject) or provider.missing_settings():
                continue
            row = rows.get(provider.slug)
            fresh = answers.from_row(row, now) if row is not None and not self.is_forced else None
            if fresh is not None:
                asked.results[provider.slug] = fresh
            elif provider.is_slow and not self.is_background:
                self._skip(asked, provider, f"{provider.name} is asked in the background.", may_change=True)
            elif provider.cost is Cost.PAID:
                asked.paid.append(provider)
            else:
                yield provider

    def _ask(self, wanted: Iterable[tuple[_Asked, Provider]]) -> None:
        """Ask these, unless somebody else does: then their answer is waited for."""
        mine: list[tuple[_Asked, Provider]] = []
        for asked, provider in wanted:
            standing = self.precedence.standings[provider.slug]
            if why := breaker.why_not(provider.name, standing):
                self._skip(asked, provider, why, may_change=True)
            elif (same := asking.joined((provider.slug, asked.subject, asked.key))) is not None:
                asked.waiting[same] = provider, False
            else:
                mine.append((asked, provider))
        keys = {(provider.slug, asked.subject, asked.key) for asked, provider in mine}
        until = timezone.now() + timedelta(seconds=self.deadline.remaining_s()) + _CLAIM
        won = claims.claim(keys, until, is_forced=self.is_forced) if self.claims_questions else keys
        self.claimed |= dict.fromkeys(won, until) if self.claims_questions else {}
        for asked, provider in mine:
            if (provider.slug, asked.subject, asked.key) in won:
                self._call(asked, provider)
            else:
                asked.elsewhere[provider.slug] = provider

    def _call(self, asked: _Asked, provider: Provider) -> None:
        if not asking.may_ask(provider):
            why = f"{provider.name} was asked as often as it allows just now; asked again later."
            self._skip(asked, provider, why, may_change=True)
        elif why := budget.reserve(provider, self.precedence.standings[provider.slug]):
            self._skip(asked, provider, why, may_change=False)
        else:
            future = asking.ask(provider, asked.subject, asked.key, self.deadline)
            asked.waiting[future] = provider, True

    # -- Waiting -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        """Until every question is done or the time is up; what is not in by then is late."""
        while any(not asked.is_done for asked in self.questions.values()) and self.deadline.remaining_s() > 0:
            self._collect()
            self._read_elsewhere()
            for asked in self.questions.values():
                self._go_on(asked)
            self._wait()
        self._collect()
        for asked in self.questions.values():
            self._give_up(asked)

    def _wait(self) -> None:
        waiting = self.waiting
        pauses = [self.deadline.remaining_s()]
        if any(asked.elsewhere for asked in self.questions.values()):
            pauses.append(_POLL_S)
        pauses += [self._patience_left_s(asked) for asked in self.questions.values() if asked.paid]
        if waiting or len(pauses) > 1:
            wait(waiting, timeout=max(0.001, min(pauses)), return_when=FIRST_COMPLETED)

    def _collect(self) -> None:
        for asked in self.questions.values():
            for future in [future for future in asked.waiting if future.done()]:
                provider, is_mine = asked.waiting.pop(future)
                result = future.result() if not future.cancelled() else self._late(asked, provider)
                if is_mine:
                    self.calls.append(result)
                self._take(asked, provider, replace(result, was_asked=is_mine))

    def _read_elsewhere(self) -> None:
        """Look whether those whom other processes are asking have answered by now. A query for all of them."""
        questions = [(asked.subject, asked.key) for asked in self.questions.values() if asked.elsewhere]
        if not questions:
            return
        rows, now = answers.kept(questions), timezone.now()
        for asked in self.questions.values():
            for slug, provider in list(asked.elsewhere.items()):
                row = rows.get((slug, asked.subject, asked.key))
                if row is not None and (result := answers.from_row(row, now)) is not None:
                    asked.results[slug] = result
                    del asked.elsewhere[slug]
                elif row is None or row.claimed_until is None or row.claimed_until <= now:
                    del asked.elsewhere[slug]
                    note = row.note if row is not None and row.note else f"{provider.name} did not answer for good."
                    self._skip(asked, provider, note, may_change=True)

    def _go_on(self, asked: _Asked) -> None:
        """The next paid provider, where it is time and wanted facts are missing."""
        while asked.paid:
            if asked.has_refused:
                asked.paid.clear()
                return
            if (asked.waiting or asked.elsewhere) and self._patience_left_s(asked) > 0:
                return
            asked.since_ms = self.deadline.elapsed_ms()
            provider = asked.paid.pop(0)
            missing = self._missing(asked)
            may_answer = provider.fields(asked.subject) or missing
            if missing & may_answer:
                self._ask([(asked, provider)])
                continue
            why = "it does not know what is missing" if missing else "all wanted facts are known"
            self._skip(asked, provider, f"{provider.name} was not needed: {why}.", is_needed=False)

    def _give_up(self, asked: _Asked) -> None:
        """The time is up."""
        for provider, is_mine in asked.waiting.values():
            result = self._late(asked, provider)
            if is_mine:
                self.calls.append(result)
            self._take(asked, provider, replace(result, was_asked=is_mine))
        for provider in [*asked.paid, *asked.elsewhere.values()]:
            self._skip(asked, provider, f"{provider.name}: no time was left to ask; asked later.", may_change=True)
        asked.waiting.clear()
        asked.paid.clear()
        asked.elsewhere.clear()

    def _late(self, asked: _Asked, provider: Provider) -> Result:
        return asking.late(provider, asked.subject, asked.key, self.deadline)

    def _patience_left_s(self, asked: _Asked) -> float:
        until_ms = asked.since_ms + _PATIENCE * self.deadline.budget_ms
        return max(0.0, (until_ms - self.deadline.elapsed_ms()) / 1000)

    # -- What came of it ---------------------------------------------------------------------------------------------

    def _take(self, asked: _Asked, provider: Provider, result: Result) -> None:
        """An old hit rather than no answer at all; it is asked again as the failed one would be."""
        stale = self.kept.get((provider.slug, asked.subject, asked.key))
        is_no_answer = result.outcome in (Found.ERROR, Found.PENDING, Found.SKIPPED)
        if stale is not None and stale.outcome == Found.FOUND and is_no_answer:
            note = f"An older answer: {result.note}" if result.note else "An older answer."
            result = replace(answers.as_result(stale), note=note, ms=result.ms, may_change=result.may_change)
        elif stale is not None and (stale.outcome, stale.note) == (Found.SKIPPED, result.note) and is_no_answer:
            result = replace(result, is_kept=not result.was_asked and stale.claimed_until is None)
        asked.results[provider.slug] = result

    def _skip(self, asked: _Asked, provider: Provider, why: str, **how: bool) -> None:
        self._take(asked, provider, asking.not_asked(provider.slug, asked.subject, asked.key, why, **how))

    def _missing(self, asked: _Asked) -> frozenset[str]:
        """The wanted facts that nobody has said yet."""
        known = {path for one in asked.results.values() if one.outcome is Found.FOUND for path in one.facts}
        return frozenset(self.precedence.wanted.get(asked.subject, frozenset()) - known)

    def _profile(self, subject: Subject, key: str) -> Profile:
        """What was answered about one subject; of whoever refused, what staff say alone."""
        asked = self.questions.get((subject, key))
        if asked is None:
            return {}
        if asked.has_refused:
            asked.results = {
                slug: one
                for slug, one in asked.results.items()
                if one.outcome is Found.REFUSED or slug == answers.STAFF
            }
        return merging.merge(subject, {}, asked.results.values(), self.precedence)
