"""Each customer's figures at Close: only what changed, once a day, whoever dies in between."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from integrations import close_api
from signups import deliveries, jobs
from signups.contracts import Event
from signups.models import Company, Delivery, JobRun, Signup, Verdict
from tests.deliveries.acts import child_environment, pass_time
from tests.rows import make_company, make_delivery, make_signup
from tests.sandbox_process import ROOT, Sandbox
from tests.usage.acts import counts, lapse, make_customer, run, use

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.now().astimezone(UTC).date()
TOMORROW = (TODAY + timedelta(days=1)).isoformat()


@pytest.fixture(autouse=True)
def _close_alone(settings: Any) -> None:
    settings.INTEGRATIONS = ["integrations.close.Close"]
    close_api.forget_fields()


def planned() -> list[tuple[str, dict[str, Any]]]:
    rows = Delivery.objects.filter(event=Event.USAGE_REPORTED).order_by("pk")
    return [(row.signup.email, row.frozen["values"]) for row in rows.select_related("signup")]


def deliver_all() -> None:
    """As if Close had taken everything."""
    Delivery.objects.filter(due_at__isnull=False).update(state="delivered", due_at=None, made={"lead_id": "lead_1"})


# -- Who is reported, and what -----------------------------------------------------------------------------------------


def test_a_customer_s_first_report_has_all_there_is_to_say() -> None:
    ada = make_customer(slug="close", plan_limit=100)
    use(ada, 12, endpoints={"/v1/people": 9, "/v1/companies": 3})
    use(ada, 30, days_ago=40)
    row = run("sync")
    yesterday, first = (TODAY - timedelta(days=1)).isoformat(), (TODAY - timedelta(days=40)).isoformat()
    ((email, values),) = planned()
    assert email == "ada@dev.test"
    assert values.pop("percent") in (0, 12)  # on the first of a month yesterday is in the last
    assert values == {
        "yesterday": 12,
        "days_7": 12,
        "days_30": 12,
        "last_on": yesterday,
        "first_on": first,
        "top_endpoint": "/v1/people",
    }
    assert counts(row) == {"read": 1, "changed": 1, "planned": 1}
    assert Delivery.objects.get(event=Event.USAGE_REPORTED).period == TODAY.isoformat()


def test_what_did_not_change_is_not_said_again() -> None:
    ada, ben = make_customer(slug="close"), make_customer("ben@dev.test", slug="close")
    for one in (ada, ben):
        use(one, 5, days_ago=35)
    run("sync")
    deliver_all()
    use(ben, 7, days_ago=20)
    row = run("sync", TOMORROW)
    assert planned()[2:] == [
        ("ben@dev.test", {"days_30": 7, "last_on": (TODAY - timedelta(days=20)).isoformat()}),
    ]
    assert counts(row) == {"read": 2, "changed": 1, "planned": 1, "skipped": 1}


def test_what_failed_is_said_again_with_the_next() -> None:
    ada = make_customer(slug="close")
    use(ada, 5, days_ago=35)
    run("sync")
    Delivery.objects.filter(event=Event.USAGE_REPORTED).update(state="failed", due_at=None)
    run("sync", TOMORROW)
    first, second = planned()
    assert first == second


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_what_a_report_may_have_told_is_corrected_though_it_is_as_it_was_before(state: str) -> None:
    ada = make_customer(slug="close")
    use(ada, 5, days_ago=35)
    run("sync")
    deliver_all()
    wrong = use(ada, 9, days_ago=0)
    run("sync", TOMORROW)
    columns = {"due_at": None} if state == "failed" else {"is_ambiguous": True}
    Delivery.objects.filter(period=TOMORROW).update(state=state, **columns)
    wrong.delete()
    run("sync", (TODAY + timedelta(days=2)).isoformat())
    (_, doubtful), (_, corrected) = planned()[1:]
    assert doubtful.keys() == corrected.keys() == {"yesterday", "days_7", "days_30", "last_on"}
    assert (corrected["yesterday"], corrected["days_30"]) == (0, 0)


def test_a_company_counts_together_and_is_reported_by_its_eldest() -> None:
    acme = make_company("acme.test", "Acme")
    tom, uma = (make_customer(f"{name}@acme.test", "close", company=acme) for name in ("tom", "uma"))
    use(tom, 5)
    use(uma, 6)
    row = run("sync")
    assert [(email, values["yesterday"]) for email, values in planned()] == [("tom@acme.test", 11)]
    assert counts(row) == {"read": 1, "changed": 1, "planned": 1}


def test_the_next_colleague_stands_in_where_the_eldest_is_no_longer_accepted_or_was_never_told() -> None:
    acme = make_company("acme.test", "Acme")
    make_signup("never@acme.test", company=acme)
    tom, uma = (make_customer(f"{name}@acme.test", "close", company=acme) for name in ("tom", "uma"))
    use(uma, 6)
    run("sync")
    Signup.objects.filter(pk=tom.pk).update(verdict=Verdict.REJECTED)
    run("sync", TOMORROW)
    assert [email for email, _ in planned()] == ["tom@acme.test", "uma@acme.test"]


def test_of_somebody_who_never_called_nothing_is_said() -> None:
    use(make_customer(slug="close"), 0)
    assert counts(run("sync")) == {"read": 1, "skipped": 1}
    assert planned() == []


def test_without_anybody_who_listens_the_run_says_so(settings: Any) -> None:
    settings.INTEGRATIONS = ["integrations.slack.Slack"]
    row = run("sync")
    assert (row.state, row.note) == ("done", "Nobody who takes usage figures is switched on.")


def test_reports_are_forgotten_after_ninety_days_except_each_customer_s_last() -> None:
    ada = make_customer(slug="close")
    for day in range(3):
        make_delivery(ada, "close", "usage_reported", period=f"2026-01-0{day + 1}", state="delivered")
    Delivery.objects.update(created_at=F("created_at") - timedelta(days=91))
    run("prune")
    kept = Delivery.objects.filter(event="usage_reported").values_list("period", flat=True)
    assert list(kept) == ["2026-01-03"]


def test_of_reports_that_were_skipped_day_after_day_the_last_is_kept_and_what_was_delivered_before() -> None:
    ada = make_customer(slug="close")
    for day, state in enumerate(("delivered", "skipped", "skipped", "skipped")):
        make_delivery(ada, "close", "usage_reported", period=f"2026-01-0{day + 1}", state=state)
    Delivery.objects.update(created_at=F("created_at") - timedelta(days=91))
    run("prune")
    kept = Delivery.objects.filter(event="usage_reported").order_by("pk").values_list("period", flat=True)
    assert list(kept) == ["2026-01-01", "2026-01-04"]


# -- Killed half-way ---------------------------------------------------------------------------------------------------

RUN = """
from signups import jobs
from signups.usage import sync
sync._CHUNK = 2
step, sync_step = sync.step, sync.step
def slowly(run):
    import time
    time.sleep(0.15)
    return step(run)
sync.step = slowly
jobs.start("sync", "%s")
print("worked on", jobs.run("sync"), flush=True)
"""
DRAIN = "from signups import deliveries; deliveries.drain('close')"


def child(code: str) -> subprocess.Popen[str]:
    """A process of its own on the tests' database, which knows Close."""
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", code]
    return subprocess.Popen(command, cwd=ROOT, env=child_environment(), stdout=subprocess.PIPE, text=True)


def until(condition: Any, within_s: float = 30) -> None:
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL


def twelve_leads() -> list[Company]:
    """Twelve companies that Close knows, with a customer each who has called."""
    companies = [make_company(f"c{n}.test", f"Company {n}") for n in range(12)]
    for company in companies:
        signup = make_signup(f"boss@{company.domain}", company=company)
        deliveries.plan_for(signup)
        use(signup, 10 + company.pk)
    while deliveries.drain("close"):
        pass
    return companies


def puts(sandbox: Sandbox) -> Counter[str]:
    """How often each lead was written to."""
    calls = sandbox.received("close", "/v1/lead/")
    return Counter(call["path"] for call in calls if call["method"] == "PUT")


def test_a_run_killed_half_way_goes_on_where_it_stopped(sandbox: Sandbox) -> None:
    twelve_leads()
    process = child(RUN % TODAY)
    until(lambda: JobRun.objects.filter(cursor__gt=0).exists())
    kill(process)
    row = JobRun.objects.get()
    assert (row.state, 0 < row.read < 12) == ("running", True)
    assert jobs.run("sync") == 0  # nobody knows yet that it died
    lapse()
    run("sync")
    assert counts(row) == {"read": 12, "changed": 12, "planned": 12}
    while deliveries.drain("close"):
        pass
    assert set(puts(sandbox).values()) == {1}
    assert len(puts(sandbox)) == 12


@pytest.mark.parametrize("fault", [{"latency_ms": 20_000}, {"latency_ms": 20_000, "reset": "before"}])
def test_a_worker_killed_while_it_tells_close_leaves_each_lead_told_once(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    """Whether Close had taken what it was sending or not."""
    twelve_leads()
    run("sync")
    sandbox.fault("close", method="PUT", times=1, **fault)
    process = child(DRAIN)
    until(lambda: len(puts(sandbox)) >= 4)
    kill(process)
    pass_time(seconds=121)
    while deliveries.drain("close"):
        pass
    fields = {
        f"custom.{one['id']}" for one in sandbox.state("close")["custom_fields"]["lead"] if one["name"][:3] == "API"
    }
    leads = [lead for lead in sandbox.state("close")["leads"] if fields & lead.keys()]
    assert len(leads) == 12
    refused = 1 if "reset" in fault else 0  # that one did not arrive
    assert sum(puts(sandbox).values()) - refused == 12


def test_two_schedulers_at_once_make_one_run(sandbox: Sandbox) -> None:
    twelve_leads()
    both = [child(RUN % TODAY) for _ in range(2)]
    said = sorted(one.communicate(timeout=60)[0].strip() for one in both)
    assert said == ["worked on 0", "worked on 1"]
    assert counts(JobRun.objects.get()) == {"read": 12, "changed": 12, "planned": 12}
    assert Delivery.objects.filter(event=Event.USAGE_REPORTED).count() == 12
