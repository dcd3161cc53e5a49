"""Old facts are asked for again, the oldest and most valuable first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from signups import intake, jobs, refreshing
from signups.contracts import Subject
from signups.enrichment import budget, precedence
from signups.intake import Submission
from signups.models import Company, Delivery, JobRun, Lookup, ProviderState, Signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def sign_up(email: str) -> Signup:
    return intake.receive(Submission(email=email, name="Somebody")).signup


def age(days: float, **which: Any) -> None:
    old = timezone.now() - timedelta(days=days)
    Lookup.objects.filter(outcome="found", **which).update(expires_at=old, tried_at=old)


def run() -> JobRun:
    """A run as of noon: at night the day before would be due."""
    noon = timezone.now().replace(hour=12)
    jobs.run("refresh", noon)
    return JobRun.objects.get(job="refresh")


def test_fresh_answers_are_left_alone(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test")
    assert refreshing.stale(timezone.now()) == []
    assert refreshing.stale(timezone.now() + timedelta(days=31)) != []


def test_the_oldest_go_first_and_the_valuable_before_them(sandbox: Sandbox) -> None:
    for email in ("member-1@crowd-1.test", "member-2@crowd-2.test", "grace@rocket.test"):
        sign_up(email)
    age(1, key="member-1@crowd-1.test")
    age(2, key="member-2@crowd-2.test")
    age(1.5, key="grace@rocket.test")
    people = [key for subject, key in refreshing.stale(timezone.now()) if subject is Subject.PERSON]
    assert people == ["grace@rocket.test", "member-2@crowd-2.test", "member-1@crowd-1.test"]


def test_news_reaches_the_profile_and_is_told_once(sandbox: Sandbox) -> None:
    signup = sign_up("grace@rocket.test")
    Company.objects.update(profile={})
    Lookup.objects.filter(subject="company").update(facts={"name": "Old name"})
    age(3)
    assert (run().state, run().changed) == ("done", 1)
    assert Company.objects.get().fact("name") == "Rocket"
    assert set(Delivery.objects.filter(event="profile_changed").values_list("signup", "period")) == {(signup.pk, "2")}


def test_nobody_is_asked_twice_in_a_run_or_past_the_budget(sandbox: Sandbox) -> None:
    for n in range(4):
        sign_up(f"member-{n}@crowd-{n}.test")
    age(3)
    spent = budget.today("clearbit")
    assert spent is not None
    ProviderState.objects.create(slug="clearbit", order=0, daily_calls=spent.calls + 3)
    precedence.forget()
    sandbox.fault("gravatar", status=500, times=None)
    before = len(sandbox.received("clearbit"))
    run()
    assert len(sandbox.received("clearbit")) - before <= 3
    assert refreshing.stale(timezone.now()) == []


def test_whoever_is_left_alone_is_not_waited_for(sandbox: Sandbox) -> None:
    sign_up("ada@dev.test")
    age(3, provider="clearbit")
    until = timezone.now() + timedelta(hours=1)
    ProviderState.objects.create(slug="clearbit", order=0, open_until=until, trouble="429")
    precedence.forget()
    assert refreshing.stale(timezone.now()) == []
