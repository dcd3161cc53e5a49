"""One event and one profile in Mixpanel, and the anonymous history before them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from integrations import mixpanel, mixpanel_actions
from integrations.mixpanel import Mixpanel
from signups.activity import identity
from signups.contracts import Delivered, Later, Misconfigured, Never, Refusal, SentAction
from signups.models import Action, Delivery, Signup
from tests.rows import make_company, make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

DEVICE = "7f9c2f0e-8a54-4a1c-9d0f-3f0c6a1b2c3d"
AT_S = 1_795_000_000.123


def ada(**values: Any) -> Signup:
    facts = {"employment.title": "Backend Developer", "avatar": "https://avatars.test/ada.png"}
    signup = make_signup(**{"company": make_company(metrics__employees=40), "facts": facts, "score": 15, **values})
    identity.join(signup, signup.anonymous_id, identity.Reason.SIGNED_UP)
    return signup


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


def test_several_signups_in_one_import_are_as_if_told_one_by_one(sandbox: Sandbox) -> None:
    people = [ada(email="ada@dev.test"), ada(email="ben@dev.test", name="Ben")]
    items = Mixpanel().send_batch([make_delivery(one, "mixpanel") for one in people])
    assert [item.result for item in items] == [
        Delivered(external_id=str(one.uid), note="Event and profile written.") for one in people
    ]
    assert len(sandbox.received("mixpanel")) == 2
    profiles = sandbox.state("mixpanel")["profiles"]
    assert profiles == {str(one.uid): mixpanel.profile(one) for one in people}


def test_of_several_the_one_that_is_refused_fails_by_itself(sandbox: Sandbox) -> None:
    good, bad = ada(email="ada@dev.test"), ada(email="ben@dev.test")
    rows = [make_delivery(good, "mixpanel"), make_delivery(bad, "mixpanel", at_s=9_999_999_999)]
    taken, refused = [item.result for item in Mixpanel().send_batch(rows)]
    assert isinstance(taken, Delivered)
    assert isinstance(refused, Never)
    assert list(sandbox.state("mixpanel")["profiles"]) == [str(good.uid)]


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


@pytest.mark.parametrize("id_merge", ["simplified", "original", "legacy"])
def test_two_people_of_one_browser_stay_two(sandbox: Sandbox, settings: Any, id_merge: str) -> None:
    settings.MIXPANEL = settings.MIXPANEL | {"id_merge": id_merge}
    sandbox.setting("mixpanel", id_merge=id_merge)
    browsed(sandbox)
    first, second = ada(anonymous_id=DEVICE), ada(email="eve@dev.test", anonymous_id=DEVICE)
    tell(first)
    assert "anonymous history merged" not in tell(second).note
    assert [event["event"] for event in user(sandbox, first)["events"]] == ["Docs viewed", "Signed up"]
    assert [event["event"] for event in user(sandbox, second)["events"]] == ["Signed up"]


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


# -- What people do ----------------------------------------------------------------------------------------------------


def sent(kind: str = "track", name: str = "Called the API", uid: str = "", **values: Any) -> SentAction:
    properties = values.pop("properties", {})
    at = datetime(2026, 11, 1, 10, tzinfo=UTC)
    action = Action(source="backend", key="a-1", kind=kind, name=name, at=at, properties=properties, **values)
    return SentAction(action, uid, action.anonymous_id)


def test_an_action_is_an_event_with_its_own_time_and_id() -> None:
    properties = {"endpoint": "/v1/x", "empty": None}
    one = sent(uid="u-1", anonymous_id=DEVICE, user_id="cus_1", properties=properties)
    assert mixpanel_actions.event(one, "simplified") == {
        "event": "Called the API",
        "properties": {
            "endpoint": "/v1/x",
            "time": 1_793_527_200_000,
            "$insert_id": str(one.action.uid),
            "distinct_id": "u-1",
            "$user_id": "u-1",
            "$device_id": DEVICE,
        },
    }


def test_a_page_view_says_which_page() -> None:
    properties = {"url": "https://x.test/docs", "path": "/docs", "title": "Docs", "referrer": "https://g.test/"}
    event = mixpanel_actions.event(sent("page", "Docs", properties=properties), "simplified")
    assert event["event"] == "Page viewed"
    assert {name: event["properties"][name] for name in ("page", *properties)} == {"page": "Docs", **properties}


@pytest.mark.parametrize(
    ("id_merge", "uid", "ids"),
    [
        ("simplified", "", {"distinct_id": f"$device:{DEVICE}", "$device_id": DEVICE}),
        ("simplified", "u-1", {"distinct_id": "u-1", "$user_id": "u-1", "$device_id": DEVICE}),
        ("original", "", {"distinct_id": DEVICE}),
        ("original", "u-1", {"distinct_id": "u-1"}),
        ("legacy", "", {"distinct_id": DEVICE}),
        ("legacy", "u-1", {"distinct_id": "u-1"}),
    ],
)
def test_ids_are_those_of_the_project_s_way_of_merging(id_merge: str, uid: str, ids: dict[str, str]) -> None:
    properties = mixpanel_actions.event(sent(uid=uid, anonymous_id=DEVICE), id_merge)["properties"]
    assert {name: properties[name] for name in properties if name.endswith("_id") and name != "$insert_id"} == ids


@pytest.mark.parametrize("id_merge", ["simplified", "original", "legacy"])
def test_visits_and_actions_stand_in_one_history(sandbox: Sandbox, settings: Any, id_merge: str) -> None:
    settings.MIXPANEL = settings.MIXPANEL | {"id_merge": id_merge}
    sandbox.setting("mixpanel", id_merge=id_merge)
    signup = ada(anonymous_id=DEVICE)
    before = sent("page", "Docs", anonymous_id=DEVICE)
    after = sent(uid=str(signup.uid), user_id=str(signup.uid))
    after.action.key = "a-2"
    assert Mixpanel().send_actions([before]) == []
    tell(signup)
    assert Mixpanel().send_actions([after]) == []
    names = {event["event"] for event in user(sandbox, signup)["events"]}
    assert names == {"Page viewed", "Signed up", "Called the API"}


def test_nothing_that_a_page_says_takes_the_place_of_what_mixpanel_reads() -> None:
    properties = {
        "distinct_id": "x",
        "time": 1,
        "$insert_id": "x",
        "$user_id": "x",
        "token": "x",
        "mp_lib": "x",
        "a": 1,
    }
    event = mixpanel_actions.event(sent(name="$create_alias", anonymous_id=DEVICE, properties=properties), "legacy")
    assert event["event"] == "create_alias"
    assert {name: value for name, value in event["properties"].items() if value in ("x", 1)} == {"a": 1}


def test_an_action_s_long_texts_and_lists_are_cut(sandbox: Sandbox) -> None:
    properties = {"text": "x" * 300, "list": list(range(300)), "deep": {"texts": ["y" * 300]}}
    one = sent(anonymous_id=DEVICE, properties=properties)
    assert Mixpanel().send_actions([one]) == []
    kept = mixpanel_actions.event(one, "simplified")["properties"]
    assert (len(kept["text"]), len(kept["list"]), len(kept["deep"]["texts"][0])) == (255, 254, 255)


@pytest.mark.parametrize("key", ["$insert_id", "insert_id"])
def test_refused_actions_are_named_by_their_place(sandbox: Sandbox, key: str) -> None:
    sandbox.setting("mixpanel", failed_insert_id_key=key)
    batch = [sent(anonymous_id=DEVICE) for _ in range(3)]
    batch[1].action.at = datetime(1969, 1, 1, tzinfo=UTC)
    why = "Mixpanel refused it: 'properties.time' is invalid: must not be before 1971-01-01"
    assert Mixpanel().send_actions(batch) == [Refusal(1, why)]


def test_a_batch_goes_packed(sandbox: Sandbox) -> None:
    Mixpanel().send_actions([sent(anonymous_id=DEVICE), sent(anonymous_id=DEVICE)])
    (call,) = sandbox.received("mixpanel")
    assert (call["headers"]["Content-Encoding"], call["query"]["strict"]) == ("gzip", "1")


@pytest.mark.parametrize("body", [{"code": 400, "error": "no"}, {"failed_records": [{"index": 7}]}, ["?"], "text"])
def test_a_refusal_of_the_whole_batch_is_not_taken_for_one_of_nobody(sandbox: Sandbox, body: Any) -> None:
    sandbox.fault("mixpanel", route="/import", status=400, body=body)
    with pytest.raises((Never, Later)):
        Mixpanel().send_actions([sent(anonymous_id=DEVICE)])
