"""One event and one profile in Mixpanel, and the anonymous history before them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations import mixpanel
from integrations.mixpanel import Mixpanel
from signups.contracts import Delivered, Later, Misconfigured, Never
from signups.models import Delivery, Signup
from tests.rows import make_company, make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

DEVICE = "7f9c2f0e-8a54-4a1c-9d0f-3f0c6a1b2c3d"
AT_S = 1_795_000_000.123


def ada(**values: Any) -> Signup:
    facts = {"employment.title": "Backend Developer", "avatar": "https://avatars.test/ada.png"}
    return make_signup(**{"company": make_company(metrics__employees=40), "facts": facts, "score": 15, **values})


def tell(signup: Signup, delivery: Delivery | None = None, event: str = "signed_up") -> Delivered:
    outcome = Mixpanel().handler(event)(signup, delivery or make_delivery(signup, "mixpanel", event))  # type: ignore[arg-type]
    assert isinstance(outcome, Delivered)
    return outcome


def browsed(sandbox: Sandbox) -> None:
    """What the browser told before anybody signed up."""
    properties = {"time": AT_S - 60, "distinct_id": DEVICE, "$device_id": DEVICE, "$insert_id": "docs-1"}
    event = {"event": "Docs viewed", "properties": properties}
    credentials = ("onboarding.sandbox", "sandbox-mixpanel-secret")
    url = f"{sandbox.url}/mixpanel/import?strict=1&project_id=123456"
    requests.post(url, json=[event], auth=credentials, timeout=10).raise_for_status()


def user(sandbox: Sandbox, signup: Signup) -> dict[str, Any]:
    users = sandbox.state("mixpanel")["users"]
    return next(one for one in users if str(signup.uid) in (one["id"], *one["device_ids"]))


def test_a_signup_as_an_event() -> None:
    signup = ada(
        anonymous_id=DEVICE,
        is_high_value=True,
        referrer="https://news.test/",
        landing_page="/docs",
        utm={"utm_source": "hn", "gclid": "x"},
    )
    delivery = make_delivery(signup, "mixpanel", at_s=AT_S)
    assert mixpanel.event("Signed up", signup, delivery) == {
        "event": "Signed up",
        "properties": {
            "time": 1_795_000_000_123,
            "distinct_id": str(signup.uid),
            "$user_id": str(signup.uid),
            "$device_id": DEVICE,
            "$insert_id": str(delivery.uid),
            "verdict": "accepted",
            "score": 15,
            "high value": True,
            "company": "Devhouse",
            "source": "form",
            "referrer": "https://news.test/",
            "landing page": "/docs",
            "utm_source": "hn",
        },
    }


def test_a_person_as_a_profile() -> None:
    signup = ada()
    assert mixpanel.profile(signup) == {
        "$email": "ada@dev.test",
        "$name": "Ada Byrne",
        "$created": signup.created_at.isoformat(timespec="seconds"),
        "$avatar": "https://avatars.test/ada.png",
        "title": "Backend Developer",
        "company": "Devhouse",
        "company domain": "dev.test",
        "employees": 40,
        "verdict": "accepted",
        "score": 15,
        "high value": False,
    }


def test_event_and_profile_arrive_and_the_server_s_place_does_not(sandbox: Sandbox) -> None:
    signup = ada()
    assert tell(signup).external_id == str(signup.uid)
    (event,) = user(sandbox, signup)["events"]
    assert (event["event"], event["properties"]["company"]) == ("Signed up", "Devhouse")
    profile = sandbox.state("mixpanel")["profiles"][str(signup.uid)]
    assert profile == mixpanel.profile(signup)  # no $city of ours


def test_a_repeat_is_the_same_event(sandbox: Sandbox) -> None:
    signup = ada()
    delivery = make_delivery(signup, "mixpanel")
    for _ in range(3):
        tell(signup, delivery)
    held = sandbox.state("mixpanel")
    assert (held["raw_events"], held["events_after_compaction"], len(held["events"])) == (3, 1, 1)


@pytest.mark.parametrize("id_merge", ["simplified", "original", "legacy"])
def test_what_they_did_before_signing_up_becomes_theirs(sandbox: Sandbox, settings: Any, id_merge: str) -> None:
    settings.MIXPANEL = settings.MIXPANEL | {"id_merge": id_merge}
    sandbox.setting("mixpanel", id_merge=id_merge)
    browsed(sandbox)
    signup = ada(anonymous_id=DEVICE)
    delivery = make_delivery(signup, "mixpanel", at_s=AT_S)
    for _ in range(2):
        tell(signup, delivery)
    merged = user(sandbox, signup)
    assert {merged["id"], *merged["device_ids"]} == {str(signup.uid), DEVICE}
    assert [event["event"] for event in merged["events"]] == ["Docs viewed", "Signed up"]


@pytest.mark.parametrize("anonymous_id", ["", "null", "undefined", "00000000-0000-0000-0000-000000000000", " 0 "])
def test_a_browser_without_an_id_of_its_own_ties_nothing(sandbox: Sandbox, anonymous_id: str) -> None:
    signup = ada(anonymous_id=anonymous_id)
    tell(signup)
    assert user(sandbox, signup)["device_ids"] == []


def test_confirmed_is_an_event_of_its_own(sandbox: Sandbox) -> None:
    signup = ada(verdict="confirm")
    tell(signup)
    signup.verdict = "accepted"
    tell(signup, event="confirmed")
    assert [event["event"] for event in user(sandbox, signup)["events"]] == ["Signed up", "Confirmed"]
    assert sandbox.state("mixpanel")["profiles"][str(signup.uid)]["verdict"] == "accepted"


def test_news_changes_the_profile_and_is_no_event(sandbox: Sandbox) -> None:
    signup = ada()
    tell(signup)
    signup.score = 99
    tell(signup, event="profile_changed")
    assert len(user(sandbox, signup)["events"]) == 1
    assert sandbox.state("mixpanel")["profiles"][str(signup.uid)]["score"] == 99


def test_long_texts_are_cut(sandbox: Sandbox) -> None:
    signup = ada(referrer="https://x.test/" + "y" * 1900)
    tell(signup)
    (event,) = user(sandbox, signup)["events"]
    assert len(event["properties"]["referrer"]) == 255


@pytest.mark.parametrize("route", ["/import", "/engage"])
@pytest.mark.parametrize(
    "fault",
    [{"status": 429}, {"status": 502}, {"status": 200, "body": "<html>"}, {"reset": "before"}, {"reset": "after"}],
)
def test_after_trouble_a_repeat_leaves_one_of_each(sandbox: Sandbox, route: str, fault: dict[str, Any]) -> None:
    signup = ada()
    delivery = make_delivery(signup, "mixpanel")
    sandbox.fault("mixpanel", route=route, **fault)
    with pytest.raises(Later):
        tell(signup, delivery)
    tell(signup, delivery)
    held = sandbox.state("mixpanel")
    assert (len(held["events"]), list(held["profiles"])) == (1, [str(signup.uid)])


@pytest.mark.parametrize("key", ["$insert_id", "insert_id"])
def test_a_refused_event_says_why(sandbox: Sandbox, key: str) -> None:
    sandbox.setting("mixpanel", failed_insert_id_key=key)
    signup = ada()
    with pytest.raises(Never, match=r"refused the event: .*seconds since epoch|1971"):
        tell(signup, make_delivery(signup, "mixpanel", at_s=1000))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (0, "it does not say why"),
        ({"status": 0, "error": "$distinct_id, missing or empty"}, "missing or empty"),
        ({"code": 400, "status": "Bad Request", "failed_records": [{"message": "too big"}]}, "too big"),
    ],
)
def test_a_refused_profile_comes_with_200(sandbox: Sandbox, body: Any, words: str) -> None:
    sandbox.fault("mixpanel", route="/engage", status=200, body=body)
    with pytest.raises(Never, match=f"refused the profile: .*{words}"):
        tell(ada())


@pytest.mark.parametrize("body", [1, {"status": 1, "error": None}, {"code": 200, "status": "OK", "num_good_events": 1}])
def test_every_way_of_saying_yes_is_understood(sandbox: Sandbox, body: Any) -> None:
    sandbox.fault("mixpanel", route="/engage", status=200, body=body)
    tell(ada())


def test_a_wrong_secret_names_the_settings(sandbox: Sandbox, settings: Any) -> None:
    settings.MIXPANEL = settings.MIXPANEL | {"service_secret": "wrong"}
    with pytest.raises(Misconfigured, match="MIXPANEL_SERVICE_SECRET"):
        tell(ada())
