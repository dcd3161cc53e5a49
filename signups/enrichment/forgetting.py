"""Answers that nobody needs any more: long out of date, and about nobody we have a person, a company or a signup of.

Refusals stay for ever, and so does staff's word. What is about people and companies we have stays too: their pages show
it, the refresh asks again by it, and it stands in where a provider fails.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from signups.contracts import Subject
from signups.enrichment.answers import STAFF
from signups.models import Company, CompanyAlias, Lookup, Person, Signup

AT_ONCE: Final = 1_000  # answers looked at in one transaction


def old(after: int) -> list[int]:
    """The next ids, after this one, of answers that have been out of date for `LOOKUPS_KEPT_DAYS`. One query."""
    rows = _old(timezone.now()).filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def forget(keys: list[int]) -> int:
    """Delete those of these answers that nobody needs, and say how many; in the caller's transaction. One statement."""
    now = timezone.now()
    is_asked = Q(claimed_until__gt=now)
    return _old(now).filter(pk__in=keys).exclude(is_asked).exclude(_is_about_somebody()).delete()[0]


def _old(now: datetime) -> QuerySet[Lookup]:
    rows = Lookup.objects.filter(expires_at__lt=now - timedelta(days=settings.LOOKUPS_KEPT_DAYS))
    return rows.exclude(provider=STAFF).exclude(outcome=Lookup.Outcome.REFUSED)


def _is_about_somebody() -> Q:
    key = OuterRef("key")
    person, company = Q(subject=Subject.PERSON.value), Q(subject=Subject.COMPANY.value)
    named = (Company.objects.filter(domain=key), CompanyAlias.objects.filter(domain=key))
    came_from = Signup.objects.filter(email_domain=key)
    is_known = Exists(named[0]) | Exists(named[1]) | Exists(came_from)
    return Q(person, Exists(Person.objects.filter(email=key))) | Q(company, is_known)
