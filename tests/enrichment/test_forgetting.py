"""Kept answers that are long out of date and about nobody we have are forgotten; refusals never are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from signups.enrichment import forgetting
from signups.models import Company, CompanyAlias, Lookup
from tests.rows import make_company, make_signup
from tests.usage.acts import counts, run

pytestmark = pytest.mark.django_db


def make_lookup(key: str, subject: str = "person", *, expired_days: float = 100, **values: Any) -> Lookup:
    """A hit of Clearbit's that expired so many days ago."""
    now = timezone.now()
    values = {"provider": "clearbit", "outcome": "found", "facts": {"bio": "x"}, **values}
    expires_at = now - timedelta(days=expired_days)
    return Lookup.objects.create(
        subject=subject, key=key, fetched_at=expires_at - timedelta(days=30), expires_at=expires_at, **values
    )


def left() -> list[str]:
    return sorted(Lookup.objects.values_list("key", flat=True))


def test_what_is_about_nobody_and_long_out_of_date_goes() -> None:
    for outcome in ("found", "not_found", "pending", "error", "skipped"):
        make_lookup(f"{outcome}@gone.test", outcome=outcome)
    make_lookup("gone.test", "company")
    row = run("prune")
    assert left() == []
    assert counts(row) == {"read": 6, "changed": 6}


def test_a_refusal_is_kept_for_ever() -> None:
    make_lookup("no@gone.test", outcome="refused", expired_days=4_000)
    run("prune")
    assert left() == ["no@gone.test"]


def test_staff_s_word_is_kept() -> None:
    make_lookup("gone.test", "company", provider="staff", expired_days=4_000)
    run("prune")
    assert left() == ["gone.test"]


def test_an_answer_that_may_stand_in_for_a_provider_that_fails_is_kept_until_then() -> None:
    make_lookup("young@gone.test", expired_days=89)
    make_lookup("old@gone.test", expired_days=91)
    run("prune")
    assert left() == ["young@gone.test"]


def test_how_long_is_a_setting(settings: Any) -> None:
    settings.LOOKUPS_KEPT_DAYS = 10
    make_lookup("old@gone.test", expired_days=11)
    run("prune")
    assert left() == []


def test_what_is_about_somebody_we_have_is_kept() -> None:
    make_signup("ada@dev.test", email_domain="dev.test")
    acme = make_company("acme.test", "Acme")
    old = make_company("old.test", "Old")
    Company.objects.filter(pk=old.pk).update(merged_into=acme)
    CompanyAlias.objects.create(domain="alias.test", company=acme, source="clearbit")
    make_lookup("ada@dev.test")
    for domain in ("dev.test", "acme.test", "old.test", "alias.test"):
        make_lookup(domain, "company")
    row = run("prune")
    assert left() == ["acme.test", "ada@dev.test", "alias.test", "dev.test", "old.test"]
    assert counts(row) == {"read": 5}


def test_a_question_that_somebody_is_asking_is_left_alone() -> None:
    make_lookup("busy@gone.test", claimed_until=timezone.now() + timedelta(seconds=10))
    make_lookup("idle@gone.test", claimed_until=timezone.now() - timedelta(seconds=10))
    run("prune")
    assert left() == ["busy@gone.test"]


def test_it_goes_on_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    make_lookup("kept@gone.test", expired_days=1)
    for number in range(5):
        make_lookup(f"p{number}@gone.test")
    row = run("prune")
    assert left() == ["kept@gone.test"]
    assert counts(row) == {"read": 5, "changed": 5}
