"""After a change of whom to believe, stored profiles are merged anew: the most valuable first, and nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from signups import enrichment, jobs, remerging
from signups.admin import engine
from signups.models import Company, Delivery, FieldPrecedence, JobRun, Person, Signup
from tests.deliveries.acts import queued
from tests.rows import make_company, make_delivery, make_signup

pytestmark = pytest.mark.django_db(transaction=True)
AT = "2026-11-20T09:00:00+00:00"
CLEARBIT_FIRST = ["clearbit", "gravatar", "github"]
GITHUB_FIRST = ["github", "clearbit", "gravatar"]


@pytest.fixture(autouse=True)
def _three(settings: Any) -> Iterator[None]:
    settings.ENRICHMENT_PROVIDERS = [
        f"integrations.{one}" for one in ("clearbit.Clearbit", "gravatar.Gravatar", "github.GitHub")
    ]
    enrichment.forget()
    queued()
    yield
    enrichment.forget()


def said(path: str, **by: Any) -> dict[str, Any]:
    """A fact as it is stored: provider → value, what holds first."""
    claims = [{"value": value, "provider": slug, "at": AT, "confidence": 0.8} for slug, value in by.items()]
    return {path: claims[0] | ({"others": claims[1:]} if claims[1:] else {})}


def make_person(email: str, score: int = 0, company: Company | None = None, **by: str) -> Signup:
    signup = make_signup(email, score=score, company=company)
    Person.objects.filter(pk=signup.person_id).update(profile=said("location", **by))
    return signup


def place(signup: Signup) -> Any:
    return Person.objects.get(pk=signup.person_id).fact("location")


def go() -> JobRun:
    """Let the wait be over, and everything that was opened run."""
    JobRun.objects.filter(job="remerge", state="running").update(claimed_until=Now())
    jobs.run("remerge")
    row = JobRun.objects.filter(job="remerge").first()
    assert row is not None
    return row


def test_profiles_are_merged_by_the_new_order_and_only_who_changed_is_told() -> None:
    ada = make_person("ada@dev.test", clearbit="Dublin", github="Cork")
    ben = make_person("ben@dev.test", clearbit="Leeds")
    engine.put_in_order(GITHUB_FIRST)
    row = go()
    assert (place(ada), place(ben)) == ("Cork", "Leeds")
    assert dict(Signup.objects.values_list("pk", "profile_version")) == {ada.pk: 2, ben.pk: 1}
    assert (row.state, row.read, row.changed) == ("done", 2, 1)
    assert {one.signup_id for one in Delivery.objects.filter(event="profile_changed")} <= {ada.pk}


def test_a_fact_s_own_order_counts_too() -> None:
    ada = make_person("ada@dev.test", clearbit="Dublin", github="Cork")
    with engine.rules_change() as begun:
        FieldPrecedence.objects.create(subject="person", path="location", providers=["github"])
    assert begun.number == 1
    go()
    assert place(ada) == "Cork"


def test_a_company_s_signups_are_told_by_the_job_and_crowd_nobody_out_of_the_queue() -> None:
    acme = make_company("acme.com", "Acme")
    Company.objects.filter(pk=acme.pk).update(profile=said("name", clearbit="Acme", github="ACME Inc"))
    make_delivery(make_signup("ada@acme.com", company=acme), "close", state="delivered")
    engine.put_in_order(GITHUB_FIRST)
    go()
    acme.refresh_from_db()
    assert (acme.name, acme.fact("name")) == ("ACME Inc", "ACME Inc")
    assert "signups.tasks.tell_company" not in {task for task, _ in queued()}
    assert Signup.objects.get().profile_version == 2
    assert acme.tell_due_at is None


@pytest.mark.parametrize("columns", [{"is_on": False}, {"daily_calls": 10}])
def test_what_decides_no_fact_merges_nothing(columns: dict[str, Any]) -> None:
    make_person("ada@dev.test", clearbit="Dublin", github="Cork")
    engine.change_provider("github", **columns)
    assert not JobRun.objects.exists()


def test_it_waits_until_every_process_knows_the_rules() -> None:
    engine.put_in_order(GITHUB_FIRST)
    assert jobs.run("remerge") == 0


def test_several_changes_before_it_begins_are_one_run() -> None:
    ada = make_person("ada@dev.test", clearbit="Dublin", github="Cork")
    engine.put_in_order(GITHUB_FIRST)
    engine.put_in_order(CLEARBIT_FIRST)
    row = go()
    assert (JobRun.objects.count(), row.changed, place(ada)) == (1, 0, "Dublin")


def test_the_most_valuable_go_first_and_who_dies_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remerging, "AT_ONCE", 1)
    dear = make_person("b@dev.test", 90, clearbit="Dublin", github="Cork")
    cheap = make_person("a@dev.test", 10, clearbit="Dublin", github="Cork")
    engine.put_in_order(GITHUB_FIRST)
    usual = remerging._next
    monkeypatch.setattr(remerging, "_next", lambda mark: usual(mark) if place(dear) == "Dublin" else 1 / 0)
    assert go().state == "running"
    assert (place(dear), place(cheap)) == ("Cork", "Dublin")
    monkeypatch.setattr(remerging, "_next", usual)
    row = go()
    assert (row.state, row.read, place(cheap)) == ("done", 2, "Cork")
    assert Signup.objects.get(pk=dear.pk).profile_version == 2


def test_a_change_while_one_is_under_way_is_another_run_after_it() -> None:
    ada = make_person("ada@dev.test", clearbit="Dublin", github="Cork")
    engine.put_in_order(GITHUB_FIRST)
    JobRun.objects.update(claim="6f1c2a4e-0000-4000-8000-000000000000", claimed_until="2100-01-01T00:00Z")
    engine.put_in_order(CLEARBIT_FIRST)
    second = JobRun.objects.get(claim=None)
    JobRun.objects.filter(pk=second.pk).update(claimed_until=Now())
    assert jobs.run("remerge") == 0
    jobs.wake_due()
    assert ("signups.tasks.run_job", "remerge") not in queued()
    JobRun.objects.exclude(pk=second.pk).update(claimed_until=Now())
    assert jobs.run("remerge") == 2
    assert place(ada) == "Dublin"


def test_staff_s_word_stays_whoever_is_believed() -> None:
    ada = make_person("ada@dev.test", staff="Galway", clearbit="Dublin", github="Cork")
    engine.put_in_order(GITHUB_FIRST)
    go()
    assert place(ada) == "Galway"
    assert Signup.objects.get().profile_version == 1


def test_staff_read_how_many_and_see_how_far_on_the_page_of_jobs() -> None:
    make_person("ada@dev.test", clearbit="Dublin", github="Cork")
    browser = Client()
    browser.force_login(User.objects.create_superuser("boss"))
    url = reverse("admin:signups_provider_move", args=["github"])
    reply = browser.post(url, {"place": "1"}, follow=True).content.decode()
    assert "1 profile is merged anew in the background, the most valuable first: Jobs says how far that is." in reply
    shown = browser.get(reverse("admin:signups_jobrun_changelist")).content.decode()
    assert "Merge profiles anew" in shown
    assert "To be merged anew: 1. Staff changed whom to believe." in shown
    rule = reverse("admin:signups_fact_set", args=["person", "location"])
    reply = browser.post(rule, {"first": "gravatar", "wanted": "no"}, follow=True).content.decode()
    assert "1 profile is merged anew" in reply
