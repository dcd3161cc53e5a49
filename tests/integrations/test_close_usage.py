"""What sales see at Close of a customer's usage, and that they see it once."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import close_api, close_usage
from integrations.close import LEAD_IS_GONE, Close
from signups.contracts import Ambiguous, Delivered, Later, Outcome, Skipped
from signups.models import Delivery, LimitReached, Signup
from tests.integrations.test_close import leads, merged_after_both_were_told, own, tell, tom, typed, uma
from tests.rows import finish, make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

WHOLE = {
    "yesterday": 12,
    "days_7": 80,
    "days_30": 300,
    "percent": 30,
    "last_on": "2026-11-23",
    "first_on": "2026-11-01",
    "top_endpoint": "/v1/people",
}
SEEN = {
    "API calls yesterday": 12,
    "API calls 7 days": 80,
    "API calls 30 days": 300,
    "API limit used (%)": 30,
    "API last call": "2026-11-23",
    "API first call": "2026-11-01",
    "API top endpoint": "/v1/people",
}
DAYS = (f"2026-11-{number}" for number in range(10, 30))


@pytest.fixture(autouse=True)
def _first_use() -> None:
    close_api.forget_fields()


def planned(signup: Signup, **values: Any) -> Delivery:
    """A report of these values, or of all."""
    frozen = {"values": values or WHOLE, "whole": {**WHOLE, **values}}
    return make_delivery(signup, "close", "usage_reported", period=next(DAYS), frozen=frozen)


def report(signup: Signup, **values: Any) -> Outcome:
    delivery = planned(signup, **values)
    outcome = Close().on_usage_reported(signup, delivery)
    row = finish(delivery, outcome)
    row.outcome = outcome.why if isinstance(outcome, Skipped) else outcome.note
    row.save()
    return outcome


def usage_of(sandbox: Sandbox, number: int = 0) -> dict[str, Any]:
    return {name: value for name, value in own(sandbox, leads(sandbox)[number]).items() if name.startswith("API")}


def puts(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [call for call in sandbox.received("close", "/v1/lead/") if call["method"] == "PUT"]


# -- The figures -------------------------------------------------------------------------------------------------------


def test_figures_stand_on_the_lead(sandbox: Sandbox) -> None:
    signup = tom()
    made = tell(signup).made
    outcome = report(signup)
    assert usage_of(sandbox) == SEEN
    assert isinstance(outcome, Delivered)
    assert (outcome.external_id, outcome.made) == (made["lead_id"], {"lead_id": made["lead_id"]})
    assert outcome.note == "7 figures of the lead Acme."


def test_after_a_merge_figures_stand_on_the_kept_company_s_lead(sandbox: Sandbox) -> None:
    merged, _ = merged_after_both_were_told()
    report(merged)
    assert [usage_of(sandbox, number) for number in (0, 1)] == [{}, SEEN]


def test_only_what_changed_is_sent_in_one_call(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    report(signup)
    before = len(puts(sandbox))
    report(signup, yesterday=20, percent=None)
    assert usage_of(sandbox) == {name: value for name, value in SEEN.items() if name != "API limit used (%)"} | {
        "API calls yesterday": 20
    }
    (call,) = puts(sandbox)[before:]
    assert len(call["body"]) == 2


def test_the_fields_are_made_on_first_use_and_found_again(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    assert len(sandbox.state("close")["custom_fields"]["lead"]) == 7
    for _ in range(2):
        close_api.forget_fields()  # another process
        report(signup)
    made = {field["name"]: field["type"] for field in sandbox.state("close")["custom_fields"]["lead"]}
    assert {name: made.get(name) for name in close_usage.FIELDS["lead"]} == close_usage.FIELDS["lead"]
    assert len(made) == 14


def test_a_newer_report_takes_the_place_of_one_that_waited(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    elder, newer = planned(signup, yesterday=1), planned(signup, yesterday=2)
    assert Close().on_usage_reported(signup, elder) == Skipped("A newer report took its place.")
    Close().on_usage_reported(signup, newer)
    assert usage_of(sandbox)["API calls yesterday"] == 2


def test_fields_deleted_at_close_are_made_anew_and_all_figures_told(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    report(signup)
    for field in sandbox.state("close")["custom_fields"]["lead"]:
        typed(sandbox, "DELETE", f"custom_field/lead/{field['id']}/")
    report(signup, yesterday=20)
    assert usage_of(sandbox) == SEEN | {"API calls yesterday": 20}


def test_a_lead_merged_away_is_found_again_and_told_all(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    report(signup)
    kept = typed(sandbox, "POST", "lead/", name="Acme Hardware", url="https://acme.test")
    typed(sandbox, "POST", "lead/merge/", source=leads(sandbox)[0]["id"], destination=kept["id"])
    report(signup, yesterday=20)
    assert len(leads(sandbox)) == 1
    assert usage_of(sandbox) == SEEN | {"API calls yesterday": 20}


def test_a_lead_that_sales_deleted_is_left_alone_and_not_looked_for_every_day(sandbox: Sandbox) -> None:
    signup = tom()
    typed(sandbox, "DELETE", f"lead/{tell(signup).made['lead_id']}/")
    assert report(signup) == Skipped(LEAD_IS_GONE)
    calls = len(sandbox.received("close"))
    assert report(signup, yesterday=20) == Skipped(LEAD_IS_GONE)
    assert len(sandbox.received("close")) == calls
    tell(uma())
    assert isinstance(report(signup, yesterday=21), Delivered)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_after_a_call_in_doubt_nothing_is_sent_twice(sandbox: Sandbox, reset: str) -> None:
    signup = tom()
    tell(signup)
    delivery = planned(signup)
    close_api.fields(close_usage.FIELDS)
    sandbox.fault("close", method="PUT", reset=reset)
    with pytest.raises(Later):
        Close().on_usage_reported(signup, delivery)
    found = Close().reconcile(signup, delivery)
    assert (found is None) == (reset == "before")
    assert (usage_of(sandbox) == SEEN) == (reset == "after")


# -- The limit ---------------------------------------------------------------------------------------------------------


def at_limit(signup: Signup, event: str = "reached_limit", threshold: int = 100, **values: Any) -> Delivery:
    row, _ = LimitReached.objects.get_or_create(
        signup=signup, period="2026-11", threshold=threshold, defaults={"count": 1000, "limit": 1000}
    )
    frozen = {"threshold": threshold, "count": 1000, "limit": 1000, "period": row.period}
    return make_delivery(signup, "close", event, period=f"2026-11:{threshold}", frozen=frozen, **values)


def tasks(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(sandbox.state("close")["tasks"])


def test_a_limit_is_a_task_with_the_numbers(sandbox: Sandbox) -> None:
    signup = tom()
    lead_id = tell(signup).made["lead_id"]
    outcome = Close().on_reached_limit(signup, at_limit(signup, at_s=1_795_500_000))
    (task,) = tasks(sandbox)
    page = f"http://127.0.0.1:8000/admin/signups/signup/{signup.pk}/change/?limit=2026-11-100#usage"
    assert task["text"] == (
        "Tom Reyes (Acme) has used 100 % of the plan: 1,000 of 1,000 API calls in November 2026. "
        f"Talk about an upgrade: {page}"
    )
    assert (task["lead_id"], task["date"], task["is_complete"]) == (lead_id, "2026-11-24", False)
    assert isinstance(outcome, Delivered)
    assert outcome.made == {"lead_id": lead_id, "task_id": task["id"]}


def test_the_task_is_the_lead_owner_s(sandbox: Sandbox) -> None:
    signup = tom()
    lead_id = tell(signup).made["lead_id"]
    field = typed(sandbox, "POST", "custom_field/lead/", name="Lead owner", type="user")
    me = typed(sandbox, "GET", "me/")
    typed(sandbox, "PUT", f"lead/{lead_id}/", **{f"custom.{field['id']}": me["id"]})
    assert close_usage.task(
        leads(sandbox)[0], signup, at_limit(signup)
    )["assigned_to"] == me["id"]  # fmt: skip


@pytest.mark.parametrize("fault", [{"reset": "before"}, {"reset": "after"}, {"status": 500, "commit": True}])
def test_after_a_task_in_doubt_there_is_one(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    signup = tom()
    tell(signup)
    delivery = at_limit(signup)
    sandbox.fault("close", route="/v1/task/", method="POST", **fault)
    with pytest.raises(Ambiguous):
        Close().on_reached_limit(signup, delivery)
    assert Close().reconcile(signup, delivery) is None
    Close().on_reached_limit(signup, delivery)
    assert len(tasks(sandbox)) == 1


def test_each_share_is_a_task_of_its_own(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    for threshold in (80, 100):
        Close().on_reached_limit(signup, at_limit(signup, threshold=threshold))
    assert len(tasks(sandbox)) == 2


def test_a_limit_that_no_longer_holds_makes_no_task_and_completes_the_one_there_is(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    told = at_limit(signup)
    finish(told, Close().on_reached_limit(signup, told))
    LimitReached.objects.update(resolved_at="2026-11-24T12:00Z")
    Close().on_limit_resolved(signup, at_limit(signup, "limit_resolved"))
    assert [task["is_complete"] for task in tasks(sandbox)] == [True]
    assert isinstance(Close().on_reached_limit(signup, told), Skipped)


def test_a_task_that_is_not_there_need_not_be_completed(sandbox: Sandbox) -> None:
    signup = tom()
    tell(signup)
    resolved = at_limit(signup, "limit_resolved")
    assert Close().on_limit_resolved(signup, resolved) == Skipped("There is no task to complete.")
    told = at_limit(signup)
    finish(told, Close().on_reached_limit(signup, told))
    typed(sandbox, "DELETE", f"task/{tasks(sandbox)[0]['id']}/")
    LimitReached.objects.update(resolved_at="2026-11-24T12:00Z")
    assert Close().on_limit_resolved(signup, resolved) == Skipped("The task was deleted in Close.")


def test_somebody_whose_lead_is_gone_has_no_task(sandbox: Sandbox) -> None:
    signup = make_signup("cleo@bigmail.test", "Cleo Park")
    typed(sandbox, "DELETE", f"lead/{tell(signup).made['lead_id']}/")
    assert Close().on_reached_limit(signup, at_limit(signup)) == Skipped(LEAD_IS_GONE)
