"""POST /api/v1/usage and PATCH /api/v1/signups/…: what is stored, and what comes back with the reason."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signups.models import ApiKey, Signup, UsageRecord, Verdict
from signups.usage.figures import utc_today
from tests.api.test_signups import error
from tests.rows import make_signup

if TYPE_CHECKING:
    from tests.pages.visit import Reply

pytestmark = pytest.mark.django_db
DAY = "2026-11-23"


def record(customer: str = "ada@dev.test", count: int = 12, **values: Any) -> dict[str, Any]:
    return {"customer": customer, "date": DAY, "count": count, **values}


def post(client: Client, *records: Any) -> Reply:
    return client.post("/api/v1/usage", json.dumps({"records": records}), content_type="application/json")


def refused(client: Client, *records: Any) -> list[tuple[int, str, str | None]]:
    reply = post(client, *records)
    assert reply.status_code == 200
    assert all(one["message"] for one in reply.json()["refused"])
    return [(one["index"], one["code"], one["field"]) for one in reply.json()["refused"]]


def patch(client: Client, customer: str, **values: Any) -> Reply:
    url = f"/api/v1/signups/{quote(customer, safe='')}"
    return client.patch(url, json.dumps(values), content_type="application/json")


# -- Usage -------------------------------------------------------------------------------------------------------------


def test_a_record_is_stored_with_all_it_says(backend: Client) -> None:
    signup = make_signup()
    reply = post(backend, record(limit=1_000, errors=2, endpoints={"/v1/people": 7, "/v1/companies": 5}))

    assert (reply.status_code, reply.json()) == (
        200,
        {"stored": 1, "new": 1, "replaced": 0, "repeated": 0, "refused": []},
    )
    row = UsageRecord.objects.get()
    assert (row.signup, str(row.date), row.metric, row.count) == (signup, DAY, "api_calls", 12)
    assert (row.limit, row.errors, row.endpoints) == (1_000, 2, {"/v1/people": 7, "/v1/companies": 5})


def test_a_customer_goes_by_id_own_id_and_address(backend: Client) -> None:
    signup = make_signup(external_id="u/42")
    for day, name in enumerate((str(signup.uid), "u/42", "Ada@Dev.test"), 1):
        assert post(backend, record(name, date=f"2026-11-0{day}")).json()["new"] == 1
    assert signup.usage.count() == 3


def test_a_later_report_of_a_day_and_metric_replaces(backend: Client) -> None:
    make_signup()
    post(backend, record(count=12, limit=50, endpoints={"/v1/people": 12}))
    before = UsageRecord.objects.get()
    assert post(backend, record(count=15)).json() | {"refused": []} == {
        "stored": 1, "new": 0, "replaced": 1, "repeated": 0, "refused": [],
    }  # fmt: skip
    after = UsageRecord.objects.get()
    assert (after.pk, after.count, after.limit, after.endpoints) == (before.pk, 15, None, {})


def test_a_report_of_the_same_again_is_a_report(backend: Client) -> None:
    make_signup()
    post(backend, record())
    first = UsageRecord.objects.get().reported_at
    post(backend, record())
    assert UsageRecord.objects.get().reported_at > first


def test_other_days_and_metrics_stand_beside_it(backend: Client) -> None:
    make_signup()
    reply = post(backend, record(), record(date="2026-11-22"), record(metric="seats"))
    assert (reply.json()["new"], UsageRecord.objects.count()) == (3, 3)


def test_of_two_in_one_batch_the_last_one_counts(backend: Client) -> None:
    signup = make_signup()
    reply = post(backend, record(count=1), record(str(signup.uid), count=2), record(count=3))
    assert (reply.json()["stored"], reply.json()["repeated"]) == (1, 2)
    assert UsageRecord.objects.get().count == 3


def test_one_that_is_wrong_keeps_no_other_out(backend: Client) -> None:
    make_signup()
    wrong = refused(backend, record(count=-1), record(), record("nobody@dev.test"), "nonsense")
    assert wrong == [(0, "invalid", "count"), (2, "unknown_customer", "customer"), (3, "invalid", None)]
    assert UsageRecord.objects.get().count == 12


def test_a_rejected_signup_is_nobodys_customer(backend: Client) -> None:
    make_signup(verdict=Verdict.REJECTED)
    assert refused(backend, record()) == [(0, "unknown_customer", "customer")]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"customer": ""}, "customer"),
        ({"customer": 42}, "customer"),
        ({"customer": "a" * 255}, "customer"),
        ({"customer": "ada@dev.test\x00"}, "customer"),
        ({"customer": "ada\ud800@dev.test"}, "customer"),
        ({"date": "2026-02-30"}, "date"),
        ({"date": "20261123"}, "date"),
        ({"date": "2026-11-23T00:00:00Z"}, "date"),
        ({"date": 1_700_000_000}, "date"),
        ({"date": "1999-12-31"}, "date"),
        ({"date": "9999-12-31"}, "date"),
        ({"count": None}, "count"),
        ({"count": "12"}, "count"),
        ({"count": 1.5}, "count"),
        ({"count": True}, "count"),
        ({"count": 10**15 + 1}, "count"),
        ({"errors": -1}, "errors"),
        ({"limit": 0}, "limit"),
        ({"metric": "API calls"}, "metric"),
        ({"metric": "m" * 51}, "metric"),
        ({"endpoints": ["/v1/people"]}, "endpoints"),
        ({"endpoints": {f"/{number}": 1 for number in range(201)}}, "endpoints"),
        ({"endpoints": {"/" * 201: 1}}, f"endpoints.{'/' * 90}"),
        ({"endpoints": {"/v1/\x00": 1}}, "endpoints./v1/\ufffd"),
        ({"endpoints": {"/v1/people": -1}}, "endpoints./v1/people"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_a_field_that_is_wrong_is_named(values: dict[str, Any], field: str, backend: Client) -> None:
    make_signup()
    assert refused(backend, record(**values)) == [(0, "invalid", field)]
    assert not UsageRecord.objects.exists()


def test_tomorrow_may_have_begun_elsewhere_but_not_the_day_after(backend: Client) -> None:
    make_signup()
    days = [str(utc_today() + timedelta(days=number)) for number in (1, 2)]
    assert refused(backend, *(record(date=day) for day in days)) == [(1, "invalid", "date")]


@pytest.mark.parametrize("body", ["[]", "{}", '{"records": {}}', '{"records": null}', '{"records": [], "x": 1}'])
def test_a_body_of_another_shape_is_refused_whole(backend: Client, body: str) -> None:
    reply = backend.post("/api/v1/usage", body, content_type="application/json")
    assert (reply.status_code, error(reply)["code"]) == (422, "invalid")


def test_more_records_than_are_taken_are_refused_whole(backend: Client) -> None:
    make_signup()
    reply = post(backend, *[record()] * 10_001)
    assert (reply.status_code, error(reply)["field"]) == (422, "records")
    assert not UsageRecord.objects.exists()


def test_ten_thousand_records_take_few_queries(backend: Client) -> None:
    signups = [make_signup(f"person{number}@dev.test", external_id=f"u{number}") for number in range(10)]
    first = utc_today() - timedelta(days=1_000)
    days = [str(first + timedelta(days=number)) for number in range(1_000)]
    batch = [record(signup.external_id, date=day, endpoints={"/v1": 1}) for day in days for signup in signups]
    with CaptureQueriesContext(connection) as captured:
        assert post(backend, *batch).json()["new"] == 10_000

    assert len(captured) < 250  # SQLite takes about a hundred rows in one statement
    assert post(backend, *batch).json()["replaced"] == 10_000


def test_more_than_a_megabyte_is_taken_and_more_than_ten_refused(backend: Client) -> None:
    make_signup()
    padded = record(endpoints={f"/{number:0199}": 1 for number in range(200)})
    assert post(backend, *[padded] * 30).json()["repeated"] == 29  # 1.2 MB
    reply = post(backend, *[padded] * 300)
    assert (reply.status_code, error(reply)["code"]) == (413, "body_too_large")


def test_a_trial_key_may_not_report(backend: Client) -> None:
    ApiKey.objects.update(kind=ApiKey.Kind.TRIAL)
    assert post(backend, record()).status_code == 401
    assert patch(backend, "ada@dev.test", plan="free").status_code == 401


# -- Plan and limit ----------------------------------------------------------------------------------------------------


def test_plan_limit_and_own_id_are_set(backend: Client) -> None:
    signup = make_signup()
    reply = patch(backend, "ada@dev.test", plan="trial", limit=1_000, limit_period="day", external_id="u_42")

    told = {"id": str(signup.uid), "external_id": "u_42", "plan": "trial", "limit": 1_000, "limit_period": "day"}
    assert (reply.status_code, reply.json()) == (200, told)
    signup.refresh_from_db()
    assert (signup.plan, signup.plan_limit, signup.plan_period) == ("trial", 1_000, "day")
    assert signup.external_id == "u_42"


def test_what_is_left_out_stays(backend: Client) -> None:
    make_signup(plan="trial", plan_limit=1_000, plan_period="total", external_id="u_42")
    reply = patch(backend, "u_42", limit=None)
    assert {name: reply.json()[name] for name in ("plan", "limit", "limit_period", "external_id")} == {
        "plan": "trial", "limit": None, "limit_period": "total", "external_id": "u_42",
    }  # fmt: skip


@pytest.mark.parametrize("own_id", ["u/42", "a%20b", "ü & ö?#", "ada+test@dev.test"])
def test_an_odd_own_id_can_be_written_in_the_address(backend: Client, own_id: str) -> None:
    make_signup(external_id=own_id)
    assert patch(backend, own_id, plan="free").status_code == 200
    assert Signup.objects.get().plan == "free"


@pytest.mark.parametrize("customer", ["nobody@dev.test", "u_42\x00"])
def test_an_unknown_customer_is_not_found(backend: Client, customer: str) -> None:
    make_signup()
    reply = patch(backend, customer, plan="free")
    assert (reply.status_code, error(reply)["code"]) == (404, "unknown_customer")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"plan": "p" * 51}, "plan"),
        ({"plan": None}, "plan"),
        ({"plan": "a\nb"}, "plan"),
        ({"limit": 0}, "limit"),
        ({"limit": "1000"}, "limit"),
        ({"limit": 10**16}, "limit"),
        ({"limit_period": "week"}, "limit_period"),
        ({"external_id": "x" * 101}, "external_id"),
        ({"external_id": "null"}, "external_id"),
        ({"email": "tom@dev.test"}, "email"),
    ],
)
def test_a_plans_field_that_is_wrong_is_named(values: dict[str, Any], field: str, backend: Client) -> None:
    make_signup(plan="trial", plan_limit=7)
    reply = patch(backend, "ada@dev.test", **values)
    assert (reply.status_code, error(reply)["field"]) == (422, field)
    assert Signup.objects.filter(plan="trial", plan_limit=7, external_id="").exists()


def test_anothers_own_id_is_refused(backend: Client) -> None:
    make_signup("tom@dev.test", external_id="u_42")
    make_signup()
    reply = patch(backend, "ada@dev.test", external_id="u_42")
    assert (reply.status_code, error(reply)["code"], error(reply)["field"]) == (422, "taken", "external_id")
    assert Signup.objects.filter(external_id="u_42").count() == 1


@pytest.mark.parametrize("name", ["email", "uid"])
def test_an_own_id_that_names_another_customer_otherwise_is_refused(name: str, backend: Client) -> None:
    tom = make_signup("tom@dev.test")
    make_signup()
    reply = patch(backend, "ada@dev.test", external_id=str(getattr(tom, name)))
    assert (reply.status_code, error(reply)["code"]) == (422, "taken")
    assert patch(backend, "ada@dev.test", external_id="ada@dev.test").status_code == 200


def test_the_docs_say_what_a_record_is(client: Client) -> None:
    described = client.get("/api/openapi.json").json()
    records = described["components"]["schemas"]["UsageIn"]["properties"]["records"]
    assert set(records["items"]["properties"]) == {
        "customer", "date", "metric", "count", "limit", "errors", "endpoints",
    }  # fmt: skip
