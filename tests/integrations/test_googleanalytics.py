"""One sign_up in Google Analytics for a visit it knows, never two."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from integrations import googleanalytics
from integrations.googleanalytics import GoogleAnalytics
from signups.contracts import Ambiguous, Delivered, Later, Never, Outcome, Skipped, recording
from signups.models import Delivery, Signup
from tests.rows import make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def ada(**values: Any) -> Signup:
    return make_signup(**{"ga_client_id": "123456.7654321", "ga_session_id": "1732406300", **values})


def tell(signup: Signup, delivery: Delivery | None = None) -> Outcome:
    return GoogleAnalytics().on_signed_up(signup, delivery or make_delivery(signup, "googleanalytics"))


def events(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [event for client in sandbox.state("ga")["clients"] for event in client["events"]]


def test_a_signup_as_an_event() -> None:
    signup = ada()
    delivery = make_delivery(signup, "googleanalytics", at_s=1_795_000_000.123)
    assert googleanalytics.sign_up(signup, delivery) == {
        "client_id": "123456.7654321",
        "user_id": str(signup.uid),
        "timestamp_micros": "1795000000123000",
        "consent": {"ad_user_data": "DENIED", "ad_personalization": "DENIED"},
        "events": [
            {
                "name": "sign_up",
                "params": {"method": "form", "engagement_time_msec": 100, "session_id": "1732406300"},
            }
        ],
    }


def test_the_event_is_kept_and_shown_in_real_time(sandbox: Sandbox) -> None:
    assert isinstance(tell(ada()), Delivered)
    (event,) = events(sandbox)
    assert (event["name"], event["is_kept"], event["is_realtime"]) == ("sign_up", True, True)


def test_the_validation_server_has_no_objection(sandbox: Sandbox) -> None:
    signup = ada()
    body = googleanalytics.sign_up(signup, make_delivery(signup, "googleanalytics"))
    reply = requests.post(f"{sandbox.url}/ga/debug/mp/collect", json=body, timeout=10)
    assert reply.json() == {"validationMessages": []}


def test_without_a_client_id_there_is_no_visit_to_join(sandbox: Sandbox) -> None:
    outcome = tell(ada(ga_client_id=""))
    assert isinstance(outcome, Skipped)
    assert "no Google Analytics client id" in outcome.why
    assert sandbox.received("ga") == []


def test_an_event_too_old_to_be_taken_is_not_sent(sandbox: Sandbox) -> None:
    signup = ada()
    outcome = tell(signup, make_delivery(signup, "googleanalytics", at_s=time.time() - 73 * 3600))
    assert outcome == Skipped("Google Analytics takes no event older than 72 hours.")
    assert sandbox.received("ga") == []


def test_what_would_be_dropped_without_a_word_is_said_here(sandbox: Sandbox) -> None:
    with pytest.raises(Never, match="session_id must be digits"):
        tell(ada(ga_session_id="one; two"))
    assert sandbox.received("ga") == []


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"client_id": ""}, "client_id is missing"),
        ({"user_id": "ada@dev.test"}, "user_id must be at most 256 characters and no e-mail address"),
        ({"events": []}, "there must be 1 to 25 events"),
        ({"events": [{"name": "session_start", "params": {}}]}, "'session_start' cannot be an event's name"),
        ({"events": [{"name": "sign_up", "params": {"ga_x": 1}}]}, "'ga_x' cannot be a parameter's name"),
        ({"events": [{"name": "sign_up", "params": {"method": "x" * 101}}]}, "method is longer than 100 characters"),
        ({"events": [{"name": "a", "params": {f"p{n}": n for n in range(26)}}]}, "a has more than 25 parameters"),
    ],
)
def test_the_vendor_s_limits(change: dict[str, Any], flaw: str) -> None:
    body = {"client_id": "1.2", "events": [{"name": "sign_up", "params": {}}]}
    assert list(googleanalytics.flaws(body)) == []
    assert list(googleanalytics.flaws({**body, **change})) == [flaw]


@pytest.mark.parametrize(
    "fault", [{"reset": "after"}, {"status": 500, "commit": True}, {"status": 200, "commit": True}]
)
def test_what_may_have_been_counted_is_not_sent_again(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    signup = ada()
    delivery = make_delivery(signup, "googleanalytics")
    sandbox.fault("ga", **fault)
    with pytest.raises(Ambiguous):
        tell(signup, delivery)
    outcome = GoogleAnalytics().reconcile(signup, delivery)
    assert isinstance(outcome, Delivered)
    assert "May have been counted" in outcome.note
    assert len(events(sandbox)) == 1


def test_too_many_requests_were_surely_not_counted(sandbox: Sandbox) -> None:
    sandbox.fault("ga", status=429)
    with pytest.raises(Later):
        tell(ada())


def test_the_secret_in_the_url_is_not_recorded(sandbox: Sandbox) -> None:
    with recording() as exchanges:
        tell(ada())
    assert "sandbox-ga-secret" not in str(exchanges)
    assert "api_secret=$GA_API_SECRET" in exchanges[0].url
