"""Answers that come later, by a vendor's webhook: kept, and whoever waits for them is looked up again."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from signups.contracts import Found, Heard, Provider, Subject
from signups.enrichment import answers
from signups.enrichment.again import ask_first
from signups.enrichment.answers import Result
from signups.models import Lookup, Signup
from signups.transactions import write_transaction

_MOST_WOKEN = 100  # at once; the sweep finds the others


def hear(provider: Provider, heard: Heard) -> int:
    """Keep an answer that a webhook brought, and wake the signups that wait for it; says how many.

    Changes nothing where the question has been answered already: webhooks are repeated, and come late.
    """
    now = timezone.now()
    with write_transaction():
        if _is_answered(provider, heard, now):
            return 0
        answer = heard.answer
        result = Result(
            provider.slug,
            heard.subject,
            heard.key,
            answer.outcome,
            now,
            facts=answer.facts,
            note=answer.note,
            confidence=answer.confidence,
        )
        others = Lookup.objects.filter(subject=heard.subject, key=heard.key)
        if answers.has_refused(others):  # elsewhere: nothing more is kept of them
            return 0
        answers.keep([result])
    with write_transaction():  # of its own: a task locks the signup first, and its look-ups then
        return ask_first(Signup.objects.filter(pk__in=_waiting(heard)))


def _is_answered(provider: Provider, heard: Heard, now: datetime) -> bool:
    rows = Lookup.objects.select_for_update().filter(provider=provider.slug, subject=heard.subject, key=heard.key)
    is_open = Q(outcome__in=(Found.PENDING, Found.ERROR, Found.SKIPPED)) | Q(expires_at__lte=now)
    return rows.exclude(is_open).exists()


def _waiting(heard: Heard) -> list[int]:
    """Signups by that person, or from that company, that somebody was late for; where all have given up, the newest."""
    is_theirs = Q(person__email=heard.key)
    if heard.subject is Subject.COMPANY:
        is_theirs = Q(company__domain=heard.key) | Q(email_domain=heard.key)
    theirs = Signup.objects.filter(is_theirs).order_by("-created_at", "-pk").values_list("pk", flat=True)
    return list(theirs.filter(lookups_due_at__isnull=False)[:_MOST_WOKEN]) or list(theirs[:1])
