"""Who is asked, in which order, and who is spared, over the sandbox's Clearbit (paid), Gravatar and GitHub (free)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups import enrichment
from signups.contracts import Deadline, Found, Subject
from signups.enrichment import budget, claims, precedence
from signups.models import FieldPrecedence, Lookup, ProviderDay, ProviderState
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

ADA, DEV = "ada@dev.test", "dev.test"


@pytest.fixture(autouse=True)
def without_mails(settings: Any) -> None:
    """No CRM, whose mails are asked for afterwards."""
    settings.CLOSE = settings.CLOSE | {"api_key": ""}


def look_up(email: str, domain: str = "", budget_ms: int = 5000, **how: Any) -> enrichment.Findings:
    findings = enrichment.start(email, domain, Deadline(budget_ms), **how).finish()
    enrichment.save(findings)
    enrichment.account(findings)
    return findings


def said(findings: enrichment.Findings, slug: str, subject: Subject = Subject.PERSON) -> enrichment.Result:
    return next(one for one in findings.results if (one.provider, one.subject) == (slug, subject))


def want(subject: str, *paths: str) -> None:
    FieldPrecedence.objects.filter(subject=subject).update(is_wanted=False)
    for path in paths:
        FieldPrecedence.objects.update_or_create(subject=subject, path=path, defaults={"is_wanted": True})
    precedence.forget()


def put(slug: str, **values: Any) -> None:
    ProviderState.objects.update_or_create(slug=slug, defaults={"order": 0, **values})
    precedence.forget()


def day(slug: str) -> ProviderDay:
    found = budget.today(slug)
    assert found is not None
    return found


def test_a_paid_provider_is_not_asked_where_free_ones_know_what_is_wanted(sandbox: Sandbox) -> None:
    want("person", "name.fullName", "github.handle")
    findings = look_up(ADA)
    assert sandbox.received("clearbit") == []
    assert said(findings, "clearbit").note == "Clearbit was not needed: all wanted facts are known."
    assert findings.person["github.handle"]["provider"] == "gravatar"
    assert not findings.is_late


def test_a_paid_provider_is_asked_for_what_is_missing(sandbox: Sandbox) -> None:
    want("person", "employment.domain")
    assert look_up(ADA).person["employment.domain"]["value"] == DEV
    assert len(sandbox.received("clearbit", "/people/")) == 1


def test_a_paid_provider_is_not_waited_for_by_slow_free_ones(sandbox: Sandbox) -> None:
    sandbox.fault("gravatar", latency_ms=8000, times=None)
    findings = look_up(ADA, budget_ms=3000)
    assert said(findings, "clearbit").outcome is Found.FOUND
    assert said(findings, "gravatar").outcome is Found.ERROR


def test_a_warm_look_up_costs_two_queries_and_no_call(sandbox: Sandbox) -> None:
    look_up(ADA, DEV)
    calls = len(sandbox.received())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        findings = look_up(ADA, DEV)  # the answers, and what the database knows of where they work
    assert len(queries) == 2, [query["sql"] for query in queries]
    assert (len(sandbox.received()), findings.calls) == (calls, [])


def test_whoever_is_skipped_is_written_down_once(sandbox: Sandbox) -> None:
    want("person", "name.fullName")
    look_up(ADA)
    first = Lookup.objects.get(provider="clearbit").fetched_at
    look_up(ADA)
    assert Lookup.objects.get(provider="clearbit").fetched_at == first
    want("person", "employment.domain")
    assert said(look_up(ADA), "clearbit").outcome is Found.FOUND


def test_one_that_is_switched_off_is_not_asked(sandbox: Sandbox) -> None:
    put("clearbit", is_on=False)
    assert {one.provider for one in look_up(ADA).results} == {"gravatar", "github"}
    assert sandbox.received("clearbit") == []


def test_the_order_of_the_providers_decides_whom_to_believe(sandbox: Sandbox) -> None:
    assert look_up(ADA).person["bio"]["provider"] == "clearbit"
    put("clearbit", order=9)
    put("github", order=8)
    put("gravatar", order=7)
    person = look_up(ADA).person
    assert person["employment.name"]["provider"] == "gravatar"
    assert [other["provider"] for other in person["employment.name"]["others"]] == ["github", "clearbit"]


def test_staff_put_a_provider_first_for_one_fact(sandbox: Sandbox) -> None:
    FieldPrecedence.objects.create(subject="person", path="location", providers=["github"])
    precedence.forget()
    person = look_up(ADA).person
    assert (person["location"]["value"], person["location"]["provider"]) == ("Leeds", "github")
    assert person["employment.title"]["provider"] == "clearbit"


# -- Budgets -----------------------------------------------------------------------------------------------------------


def test_a_budget_of_calls_holds(sandbox: Sandbox) -> None:
    put("clearbit", daily_calls=2)
    findings = [look_up(f"member-{n}@crowd-{n}.test") for n in range(4)]
    assert len(sandbox.received("clearbit")) == 2
    assert said(findings[3], "clearbit").outcome is Found.SKIPPED
    assert said(findings[3], "clearbit").note.startswith("Clearbit: today's budget of 2 calls is used up")
    assert (day("clearbit").calls, findings[3].is_late) == (2, False)


def test_a_budget_of_credits_is_given_back_by_a_miss(sandbox: Sandbox) -> None:
    put("clearbit", daily_credits=1)
    look_up("nora@quietcorp.test")
    assert (day("clearbit").calls, day("clearbit").credits, day("clearbit").misses) == (1, 0, 1)
    look_up(ADA)
    assert (day("clearbit").calls, day("clearbit").credits) == (2, 1)
    assert said(look_up("grace@rocket.test"), "clearbit").outcome is Found.SKIPPED


def test_what_was_asked_and_what_was_spared_is_counted(sandbox: Sandbox) -> None:
    look_up(ADA, DEV)
    look_up(ADA, DEV)
    budget.flush()
    assert (day("clearbit").calls, day("clearbit").hits, day("clearbit").credits) == (2, 2, 2)
    assert (day("clearbit").saved_calls, day("clearbit").saved_credits) == (2, 2)
    assert (day("gravatar").calls, day("gravatar").credits, day("gravatar").saved_calls) == (1, 0, 1)


# -- Whoever is in trouble ---------------------------------------------------------------------------------------------


def test_one_that_fails_five_times_is_left_alone(sandbox: Sandbox) -> None:
    sandbox.fault("gravatar", status=500, times=None)
    for n in range(6):
        findings = look_up(f"member-{n}@crowd-{n}.test")
    assert len(sandbox.received("gravatar")) == 5
    assert said(findings, "gravatar").note.startswith("Gravatar is left alone until ")
    assert findings.is_late
    assert ProviderState.objects.get(slug="gravatar").failures_in_a_row == 5


def test_one_that_works_again_is_forgiven(sandbox: Sandbox) -> None:
    sandbox.fault("gravatar", status=500, times=3)
    for n in range(4):
        look_up(f"member-{n}@crowd-{n}.test")
    state = ProviderState.objects.get(slug="gravatar")
    assert (state.failures_in_a_row, state.open_until, state.trouble) == (0, None, "")


def test_a_429_is_waited_out_until_its_reset(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=429, retry_after=900, times=1)
    look_up(ADA)
    state = ProviderState.objects.get(slug="clearbit")
    assert state.open_until is not None
    assert timedelta(minutes=14) < state.open_until - timezone.now() <= timedelta(minutes=15)
    assert state.failures_in_a_row == 0
    assert said(look_up("grace@rocket.test"), "clearbit").outcome is Found.SKIPPED
    assert len(sandbox.received("clearbit")) == 1


def test_one_that_refuses_our_key_says_so(sandbox: Sandbox, settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": "sk_wrong"}
    look_up(ADA)
    assert "CLEARBIT_API_KEY" in ProviderState.objects.get(slug="clearbit").trouble


# -- Once at a time ----------------------------------------------------------------------------------------------------


def test_two_that_ask_the_same_in_one_process_make_one_call(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", latency_ms=500, times=None)

    def ask(_: int) -> enrichment.Findings:
        try:
            return look_up("", DEV, budget_ms=10_000)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        findings = list(pool.map(ask, range(5)))
    assert len(sandbox.received("clearbit")) == 1
    assert {one.company["name"]["value"] for one in findings} == {"Devhouse"}
    assert [call.provider for one in findings for call in one.calls].count("clearbit") == 1


def test_what_another_process_is_asking_is_waited_for(sandbox: Sandbox) -> None:
    claims.claim({("clearbit", Subject.COMPANY, DEV)}, timezone.now() + timedelta(seconds=30))
    pending = enrichment.start("", DEV, Deadline(400))
    findings = pending.finish()
    assert sandbox.received("clearbit") == []
    assert (said(findings, "clearbit", Subject.COMPANY).outcome, findings.is_late) == (Found.SKIPPED, True)


def test_a_claim_whose_process_died_lapses(sandbox: Sandbox) -> None:
    claims.claim({("clearbit", Subject.COMPANY, DEV)}, timezone.now() + timedelta(seconds=-1))
    assert look_up("", DEV).company["name"]["value"] == "Devhouse"


def test_a_claim_is_won_once_and_not_while_an_answer_is_fresh(sandbox: Sandbox) -> None:
    key = ("clearbit", Subject.COMPANY, DEV)
    assert claims.claim({key}, timezone.now() + timedelta(seconds=30)) == {key}
    assert claims.claim({key}, timezone.now() + timedelta(seconds=30)) == set()
    Lookup.objects.all().delete()
    look_up("", DEV)
    assert claims.claim({key}, timezone.now() + timedelta(seconds=30)) == set()
    assert claims.claim({key}, timezone.now() + timedelta(seconds=30), is_forced=True) == {key}


def test_vetting_by_hand_keeps_no_answer(sandbox: Sandbox) -> None:
    enrichment.start(ADA, DEV, Deadline(3000), claims_questions=False).finish()
    assert Lookup.objects.count() == 0


# -- Whoever asked not to be looked up ---------------------------------------------------------------------------------


def test_a_refusal_holds_also_after_its_provider_is_switched_off(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", route="/people/", status=451, times=None)
    look_up(ADA)
    put("clearbit", is_on=False)
    calls = len(sandbox.received())
    assert look_up(ADA).person == {}
    assert len(sandbox.received()) == calls
    assert Lookup.objects.get(outcome="refused").expires_at - timezone.now() > timedelta(days=3000)


@pytest.mark.parametrize("slug", ["clearbit", "gravatar", "github"])
def test_everybody_hanging_costs_no_more_than_the_budget(sandbox: Sandbox, slug: str) -> None:
    for vendor in ("clearbit", "gravatar", "github"):
        sandbox.fault(vendor, latency_ms=20_000, times=None)
    deadline = Deadline(700)
    findings = enrichment.start(ADA, DEV, deadline).finish()
    assert deadline.elapsed_ms() < 1200
    assert said(findings, slug).outcome is Found.ERROR
    assert findings.is_late


def test_a_provider_is_asked_no_more_often_than_it_allows(sandbox: Sandbox, settings: Any) -> None:
    settings.KEEPS_PROVIDER_RATES = True
    findings = [look_up(f"member-{n}@crowd-{n}.test") for n in range(12)]
    asked = [said(one, "github").outcome for one in findings]
    assert asked == [Found.NOT_FOUND] * 10 + [Found.SKIPPED] * 2  # ten a minute without a token
    assert findings[-1].is_late
