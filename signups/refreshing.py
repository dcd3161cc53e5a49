"""Asking again about people and companies whose facts have grown old, the oldest and most valuable first.

The step of the daily job `refresh`. Budgets hold here as everywhere (`signups.enrichment`), whoever is left alone is
not asked, and misses are not asked for again. What is new is told once (`signups.profiles`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Max, Q
from django.utils import timezone

from signups import contracts, enrichment, profiles, vetting
from signups.contracts import Deadline, Subject
from signups.enrichment import breaker, precedence
from signups.models import Company, Lookup, Person, Signup
from signups.transactions import write_transaction

if TYPE_CHECKING:
    from signups.jobs.running import Run

MOST_A_RUN = 2_000  # people and companies
AT_ONCE = 10  # of one step
BUDGET_MS = 15_000
_LOOKED_AT = 2_000  # of the oldest answers, among which the most valuable go first
_SETTLED = timedelta(hours=3)
_AGAIN_AFTER = timedelta(hours=20)  # whoever was asked in vain is not asked again in the same run
_SCORE_THAT_DOUBLES = 25  # so many points count like twice the age

Question = tuple[Subject, str]


def step(run: Run) -> bool:
    """Refresh some; returns whether there is more."""
    due = stale(timezone.now())[: min(AT_ONCE, MOST_A_RUN - run.cursor)]
    outcomes = [refresh(subject, key) for subject, key in due]
    if due:
        with run.chunk(run.cursor + len(due)) as counts:
            counts.read = len(due)
            counts.changed = sum(outcomes)
    return len(due) == AT_ONCE and run.cursor < MOST_A_RUN


def stale(now: datetime) -> list[Question]:
    """Who should be asked about again, the oldest and most valuable first; a bounded number. Four queries.

    Signatures are read again with the person whom they concern, where it is time.
    """
    able = [one.slug for one in precedence.current().providers() if _may_be_asked(one, now)]
    outcomes = (Lookup.Outcome.FOUND, Lookup.Outcome.SKIPPED, Lookup.Outcome.ERROR)
    rows = Lookup.objects.filter(provider__in=able, outcome__in=outcomes, expires_at__lte=now)
    rows = rows.exclude(subject=Subject.SIGNATURES.value)
    rows = rows.filter(Q(outcome=Lookup.Outcome.FOUND) | Q(fetched_at__lt=now - _SETTLED))  # tasks are at the others
    rows = rows.filter(Q(tried_at=None) | Q(tried_at__lt=now - _AGAIN_AFTER)).order_by("expires_at")
    ages: dict[Question, float] = {}
    for subject, key, expires_at in rows.values_list("subject", "key", "expires_at")[:_LOOKED_AT]:
        age_days = (now - expires_at) / timedelta(days=1)
        ages[Subject(subject), key] = max(age_days, ages.get((Subject(subject), key), 0.0))
    scores = _scores(ages)
    return sorted(ages, key=lambda question: -ages[question] * (1 + scores.get(question, 0) / _SCORE_THAT_DOUBLES))


def refresh(subject: Subject, key: str) -> bool:
    """Ask everybody again whose answer about one person or company is old; says whether other facts hold now."""
    person = Person.objects.filter(email=key).first() if subject is Subject.PERSON else None
    email, domain, name = ("", key, "") if person is None else (key, _work_domain(key), person.name)
    deadline, is_company = Deadline(BUDGET_MS), vetting.is_company_domain
    findings = enrichment.start(email, domain, deadline, is_company, is_background=True, name=name).finish()
    with write_transaction():
        enrichment.save(findings)
        # Also those of whom nobody was asked in the end: the others come first the next time.
        Lookup.objects.filter(subject=subject.value, key=key).update(tried_at=timezone.now())
    enrichment.account(findings)
    rows = {about: row for about in {result.question for result in findings.results} if (row := _row(*about))}
    new = [row for about, row in rows.items() if profiles.take(row, findings.about(*about), tells=False)]
    companies = {row.pk for row in new if isinstance(row, Company)}
    for row in new:  # whoever hears of their company hears of themselves at once
        if isinstance(row, Company) or row.company_id not in companies:
            profiles.tell(row)
    return bool(new)


def _work_domain(email: str) -> str:
    try:
        return vetting.known_company_domain(vetting.parse(email))
    except vetting.InvalidAddress:
        return ""


def _may_be_asked(provider: contracts.Provider, now: datetime) -> bool:
    standing = precedence.current().standings[provider.slug]
    return not provider.missing_settings() and not breaker.why_not(provider.name, standing, now)


def _scores(questions: Iterable[Question]) -> dict[Question, int]:
    """The highest score of the signups each question is about."""
    people = [key for subject, key in questions if subject is Subject.PERSON]
    domains = [key for subject, key in questions if subject is Subject.COMPANY]
    by_person = Signup.objects.filter(person__email__in=people).order_by().values_list("person__email")
    by_company = Signup.objects.filter(company__domain__in=domains).order_by().values_list("company__domain")
    found = {(Subject.PERSON, key): score for key, score in by_person.annotate(best=Max("score"))}
    return found | {(Subject.COMPANY, key): score for key, score in by_company.annotate(best=Max("score"))}


def _row(subject: Subject, key: str) -> Person | Company | None:
    if subject is Subject.PERSON:
        return Person.objects.filter(email=key).first()
    if subject is Subject.SIGNATURES:
        return None
    return Company.objects.filter(domain=key, merged_into=None).first()
