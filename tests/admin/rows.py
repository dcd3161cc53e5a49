"""Rows for the admin's tests, on top of `tests.rows`: attempts, and whole stories."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.utils import timezone

from signups.models import Attempt, Check, Delivery, Lookup, Signup, Verdict, VerdictChange
from tests import rows


def make_delivery(signup: Signup, integration: str = "slack", attempts: int = 0, **values: Any) -> Delivery:
    """A delivery with so many attempts that came to nothing; waiting unless `state` says otherwise."""
    delivery = rows.make_delivery(signup, integration, attempts_used=attempts, **values)
    exchange = {
        "method": "POST",
        "url": "https://vendor.test/x",
        "request": "{}",
        "status": 503,
        "reply": "no",
        "ms": 7,
    }
    tries = (timezone.now() + timedelta(seconds=number) for number in range(attempts))
    Attempt.objects.bulk_create(
        Attempt(delivery=delivery, at=at, ms=7, status=503, result="later", reason="Busy", exchanges=[exchange])
        for at in tries
    )
    return delivery


def make_story(number: int, verdict: Verdict = Verdict.ACCEPTED, attempts: int = 1, domain: str = "") -> Signup:
    """A signup with its company, checks, score, look-ups and deliveries, as the flow leaves it."""
    domain = domain or f"company{number}.test"
    company = rows.make_company(domain, f"Company {number}", metrics__employees=40)
    signup = rows.make_signup(
        f"person{number}@{domain}",
        f"Person {number}",
        company=company,
        facts={"employment.title": "Engineer", "linkedin.handle": f"in/person-{number}"},
        ledger={"The company is known": 5, "Signed up with a work address": 10},
        verdict=verdict,
    )
    Check.objects.create(signup=signup, name="mx", outcome="good", code="mx", sentence="Takes mail.", ms=12)
    VerdictChange.objects.create(signup=signup, verdict=verdict, by=VerdictChange.By.RULES)
    now = timezone.now()
    for subject, key in (("person", signup.person.email), ("company", domain)):
        Lookup.objects.get_or_create(
            provider="clearbit",
            subject=subject,
            key=key,
            defaults={"outcome": "found", "fetched_at": now, "expires_at": now},
        )
    make_delivery(signup, "slack", attempts=attempts, state="failed")
    make_delivery(signup, "close", attempts=attempts)
    return signup


def make_staff(*permissions: str) -> User:
    """A staff user who may do no more than this, such as "signups.view_signup"."""
    user = User.objects.create_user("sam", password="x", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user
