"""The pretend Mixpanel behaves like Mixpanel, seen over HTTP."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

ACCOUNT = ("onboarding.sandbox", "sandbox-mixpanel-secret")
TOKEN = "sandbox-mixpanel-token"
ANON = "7f9c2f0e-6d1b-4a56-9d0c-2f6b7c8d9e10"
INSERT_ID = "5e42258e-eea7-5083-be66-5f01e894fa39"


def event(name: str = "Signed up", **properties: Any) -> dict[str, Any]:
    given = {"time": int(time.time()) - 60, "distinct_id": "u_1", "$insert_id": INSERT_ID}
    return {"event": name, "properties": {**given, **properties}}


def send(sandbox: Sandbox, *events: Any, auth: Any = ACCOUNT, **query: Any) -> requests.Response:
    params = {"strict": "1", "project_id": "123456", **query}
    return requests.post(f"{sandbox.url}/mixpanel/import", params=params, json=list(events), auth=auth, timeout=10)


def track(sandbox: Sandbox, *events: Any, **query: Any) -> Any:
    return requests.post(f"{sandbox.url}/mixpanel/track", params=query, json=list(events), timeout=10).json()


def engage(sandbox: Sandbox, *updates: Any, **query: Any) -> Any:
    params = {"ip": "0", "verbose": "1", **query}
    return requests.post(f"{sandbox.url}/mixpanel/engage", params=params, json=list(updates), timeout=10).json()


def update(operator: str = "$set", operand: Any = None, /, **more: Any) -> dict[str, Any]:
    return {"$token": TOKEN, "$distinct_id": "u_1", operator: {"plan": "free"} if operand is None else operand, **more}


def state(sandbox: Sandbox) -> Any:
    return sandbox.state("mixpanel")


def profile(sandbox: Sandbox) -> Any:
    return state(sandbox)["profiles"]["u_1"]


# ---- events


def test_an_event_is_imported(sandbox: Sandbox) -> None:
    reply = send(sandbox, event(plan="free"))
    assert reply.json() == {"code": 200, "num_records_imported": 1, "status": "OK"}
    (kept,) = state(sandbox)["events"]
    assert (kept["event"], kept["user"], kept["properties"]) == ("Signed up", "u_1", {"plan": "free"})


@pytest.mark.parametrize(
    ("auth", "project"),
    [
        (None, "123456"),
        (("onboarding.sandbox", "guess"), "123456"),
        (ACCOUNT, "654321"),
        ((TOKEN, "guess"), "123456"),
    ],
)
def test_wrong_credentials_are_refused(sandbox: Sandbox, auth: Any, project: str) -> None:
    reply = send(sandbox, event(), auth=auth, project_id=project)
    assert (reply.status_code, reply.json()["error"]) == (401, "Invalid credentials")
    assert state(sandbox)["events"] == []


def test_the_project_token_opens_the_import_too(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/mixpanel/import?strict=1"
    assert requests.post(url, json=[event()], auth=(TOKEN, ""), timeout=10).status_code == 200


def test_good_events_are_kept_although_others_are_refused(sandbox: Sandbox) -> None:
    reply = send(sandbox, event("Good"), event("Bad", time="yesterday"))
    assert reply.status_code == 400
    assert reply.json() == {
        "code": 400,
        "error": "some data points in the request failed validation",
        "failed_records": [
            {
                "index": 1,
                "$insert_id": INSERT_ID,
                "field": "properties.time",
                "message": "'properties.time' is invalid: must be specified as seconds since epoch",
            }
        ],
        "num_records_imported": 1,
        "status": "Bad Request",
    }
    assert [each["event"] for each in state(sandbox)["events"]] == ["Good"]


def test_the_insert_id_of_a_refused_event_may_go_by_its_other_name(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", failed_insert_id_key="insert_id")
    assert send(sandbox, event(time=None)).json()["failed_records"][0]["insert_id"] == INSERT_ID


def test_without_strict_bad_events_vanish_without_a_word(sandbox: Sandbox) -> None:
    reply = send(sandbox, event(time="yesterday"), strict="0")
    assert reply.json() == {"code": 200, "num_records_imported": 0, "status": "OK"}


LATER = int(time.time()) + 7200
FLAWS: list[tuple[dict[str, Any], str]] = [
    ({"time": 31_000_000}, "properties.time"),
    ({"time": LATER}, "properties.time"),
    ({"time": True}, "properties.time"),
    ({"$insert_id": "with spaces"}, "properties.$insert_id"),
    ({"$insert_id": "x" * 37}, "properties.$insert_id"),
    ({"distinct_id": "null"}, "properties.distinct_id"),
    ({"$device_id": "00000000-0000-0000-0000-000000000000"}, "properties.$device_id"),
    ({"deep": {"a": {"b": {"c": {}}}}}, "properties.deep"),
    ({"long": list(range(255))}, "properties.long"),
    ({str(n): n for n in range(252)}, "properties"),
]


@pytest.mark.parametrize(("properties", "field"), FLAWS)
def test_an_event_beyond_the_limits_is_refused(sandbox: Sandbox, properties: dict[str, Any], field: str) -> None:
    (failed,) = send(sandbox, event(**properties)).json()["failed_records"]
    assert failed["field"] == field


@pytest.mark.parametrize("name", ["time", "distinct_id", "$insert_id"])
def test_an_event_needs_time_and_ids(sandbox: Sandbox, name: str) -> None:
    incomplete = event()
    del incomplete["properties"][name]
    assert send(sandbox, incomplete).json()["failed_records"][0]["field"] == f"properties.{name}"


def test_an_event_of_nobody_is_taken(sandbox: Sandbox) -> None:
    assert send(sandbox, event(distinct_id="")).status_code == 200
    assert state(sandbox)["events"][0]["user"] is None


def test_long_texts_are_cut(sandbox: Sandbox) -> None:
    send(sandbox, event(bio="x" * 300))
    assert state(sandbox)["events"][0]["properties"]["bio"] == "x" * 255


def test_compressed_and_line_by_line_bodies_are_read(sandbox: Sandbox) -> None:
    lines = "\n".join(json.dumps(event(name)) for name in ("One", "Two"))
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    url = f"{sandbox.url}/mixpanel/import?strict=1&project_id=123456"
    reply = requests.post(url, data=gzip.compress(lines.encode()), headers=headers, auth=ACCOUNT, timeout=10)
    assert reply.json()["num_records_imported"] == 2


@pytest.mark.parametrize("body", ["{", "{}", "[]", json.dumps([{}] * 2001)])
def test_a_body_that_cannot_be_read_is_refused_whole(sandbox: Sandbox, body: str) -> None:
    url = f"{sandbox.url}/mixpanel/import?strict=1&project_id=123456"
    reply = requests.post(url, data=body, headers={"Content-Type": "application/json"}, auth=ACCOUNT, timeout=10)
    assert (reply.status_code, reply.json()["status"]) == (400, "Bad Request")


def test_a_time_without_end_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/mixpanel/import?strict=1&project_id=123456"
    body = json.dumps([event(time=0)]).replace('"time": 0', '"time": 1e999')
    reply = requests.post(url, data=body, headers={"Content-Type": "application/json"}, auth=ACCOUNT, timeout=10)
    assert reply.json()["failed_records"][0]["field"] == "properties.time"


def test_a_body_too_large_is_413(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", max_bytes=100)
    reply = send(sandbox, event(bio="x" * 100))
    assert (reply.status_code, reply.json()["error"]) == (413, "request exceeds max limit of 100 bytes")


def test_the_same_event_sent_twice_counts_once(sandbox: Sandbox) -> None:
    for plan in ("free", "paid"):
        send(sandbox, event(time=1_732_406_400_123, plan=plan))
    held = state(sandbox)
    assert (held["raw_events"], len(held["events"])) == (2, 1)
    assert held["events"][0]["properties"]["plan"] == "paid"


def test_a_repeat_with_another_time_counts_until_compaction(sandbox: Sandbox) -> None:
    for at in (1_732_406_400, 1_732_406_401):
        send(sandbox, event(time=at))
    held = state(sandbox)
    assert (len(held["events"]), held["events_after_compaction"]) == (2, 1)


def test_a_token_of_another_region_is_welcome_and_nothing_is_kept(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", is_wrong_region=True)
    assert send(sandbox, event()).status_code == 200
    assert engage(sandbox, update()) == {"status": 1, "error": None}
    assert (state(sandbox)["events"], state(sandbox)["profiles"]) == ([], {})


# ---- /track


def test_track_says_one_or_zero(sandbox: Sandbox) -> None:
    assert track(sandbox, event(token=TOKEN)) == 1
    assert track(sandbox, event()) == 0
    assert track(sandbox, event(), verbose=1) == {"status": 0, "error": "token, missing or empty"}


def test_track_takes_a_form_as_browsers_send_it(sandbox: Sandbox) -> None:
    url, form = f"{sandbox.url}/mixpanel/track", {"data": json.dumps(event("Viewed", token=TOKEN))}
    reply = requests.post(url, data=form, timeout=10)
    assert (reply.text, reply.headers["Content-Length"]) == ("1", "1")
    assert state(sandbox)["events"][0]["event"] == "Viewed"


def test_track_drops_what_is_older_than_five_days_and_what_is_not_ours(sandbox: Sandbox) -> None:
    old = int(time.time()) - 6 * 86_400
    assert track(sandbox, event(token=TOKEN, time=old), event(token="another")) == 1
    assert state(sandbox)["events"] == []


# ---- profiles


def test_a_profile_is_set(sandbox: Sandbox) -> None:
    assert engage(sandbox, update("$set", {"$email": "ada@dev.test", "plan": "free"})) == {"status": 1, "error": None}
    assert profile(sandbox) == {"$email": "ada@dev.test", "plan": "free"}


def test_the_operators_do_what_they_are_called(sandbox: Sandbox) -> None:
    engage(
        sandbox,
        update("$set", {"plan": "free", "calls": 1, "tags": ["a"]}),
        update("$set_once", {"plan": "paid", "source": "form"}),
        update("$add", {"calls": 2}),
        update("$union", {"tags": ["a", "b"]}),
        update("$append", {"tags": "c"}),
        update("$remove", {"tags": "a"}),
        update("$unset", ["source"]),
    )
    assert profile(sandbox) == {"plan": "free", "calls": 3, "tags": ["b", "c"]}
    engage(sandbox, update("$delete", ""))
    assert state(sandbox)["profiles"] == {}


def test_a_wrong_token_is_answered_with_success(sandbox: Sandbox) -> None:
    assert engage(sandbox, update(**{"$token": "another"})) == {"status": 1, "error": None}
    assert state(sandbox)["profiles"] == {}


@pytest.mark.parametrize(
    "bad", [update("$set", "text"), update("$add", {"calls": "two"}), update(**{"$unset": []}), {"$token": TOKEN}, 7]
)
def test_a_senseless_update_is_refused_with_http_200(sandbox: Sandbox, bad: Any) -> None:
    reply = engage(sandbox, bad)
    assert (reply["status"], bool(reply["error"])) == (0, True)
    assert engage(sandbox, bad, verbose="0") == 0


def test_strict_profiles_tell_each_failure(sandbox: Sandbox) -> None:
    assert engage(sandbox, update(), strict="1") == {"code": 200, "num_good_events": 1, "status": "OK"}
    reply = engage(sandbox, update(), update("$set", "text"), strict="1")
    assert (reply["code"], [each["index"] for each in reply["failed_records"]]) == (400, [1])


def test_a_server_that_lets_itself_be_located_moves_its_users(sandbox: Sandbox) -> None:
    engage(sandbox, update(), ip="1")
    assert profile(sandbox)["$city"] == "Ashburn"
    engage(sandbox, update(**{"$distinct_id": "u_2", "$ip": "0"}), ip="1")
    assert "$city" not in state(sandbox)["profiles"]["u_2"]


def test_profiles_are_read_back_by_the_service_account(sandbox: Sandbox) -> None:
    engage(sandbox, update(), update(**{"$distinct_id": "u_2"}))
    url = f"{sandbox.url}/mixpanel/api/2.0/engage?project_id=123456"
    reply = requests.post(url, data={"distinct_id": "u_1"}, auth=ACCOUNT, timeout=10).json()
    assert reply["results"] == [{"$distinct_id": "u_1", "$properties": {"plan": "free"}}]
    assert (reply["total"], reply["page_size"], reply["status"]) == (1, 1000, "ok")
    assert requests.post(url, timeout=10).status_code == 401


# ---- who is who


def history(sandbox: Sandbox) -> dict[str, list[str]]:
    return {user["id"]: [each["event"] for each in user["events"]] for user in state(sandbox)["users"]}


def browse_then_sign_up(sandbox: Sandbox) -> None:
    before, after = int(time.time()) - 120, int(time.time()) - 60
    track(sandbox, event("Viewed docs", token=TOKEN, time=before, distinct_id=ANON, **{"$device_id": ANON}))
    ids = {"distinct_id": "u_1", "$user_id": "u_1", "$device_id": ANON}
    send(sandbox, event("Signed up", time=after, **ids))


def test_simplified_merging_follows_from_an_event_with_both_ids(sandbox: Sandbox) -> None:
    browse_then_sign_up(sandbox)
    assert history(sandbox) == {"u_1": ["Viewed docs", "Signed up"]}
    assert state(sandbox)["users"][0]["device_ids"] == [ANON]


def test_simplified_merging_never_merges_two_users(sandbox: Sandbox) -> None:
    browse_then_sign_up(sandbox)
    send(sandbox, event("Signed up", **{"distinct_id": "u_2", "$user_id": "u_2", "$device_id": ANON}))
    assert history(sandbox) == {"u_1": ["Viewed docs", "Signed up"], "u_2": ["Signed up"]}


def identity(name: str, **properties: Any) -> dict[str, Any]:
    return {"event": name, "properties": {"token": TOKEN, **properties}}


IDENTIFY = identity("$identify", **{"$identified_id": "u_1", "$anon_id": ANON})


def test_simplified_merging_takes_identity_events_and_ignores_them(sandbox: Sandbox) -> None:
    track(sandbox, event("Viewed docs", token=TOKEN, distinct_id=ANON, **{"$device_id": ANON}))
    assert track(sandbox, IDENTIFY) == 1
    assert history(sandbox) == {f"$device:{ANON}": ["Viewed docs"]}
    assert state(sandbox)["identity_events"][0]["outcome"].startswith("ignored: simplified")


def test_a_profile_set_at_a_device_is_not_carried_over(sandbox: Sandbox) -> None:
    engage(sandbox, update(**{"$distinct_id": f"$device:{ANON}"}))
    browse_then_sign_up(sandbox)
    assert list(state(sandbox)["profiles"]) == [f"$device:{ANON}"]


def test_original_merging_needs_identify(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", id_merge="original")
    browse_then_sign_up(sandbox)
    assert history(sandbox) == {ANON: ["Viewed docs"], "u_1": ["Signed up"]}
    for _ in range(2):
        track(sandbox, IDENTIFY)
    assert history(sandbox) == {"u_1": ["Viewed docs", "Signed up"]}
    assert [each["outcome"] for each in state(sandbox)["identity_events"]] == [
        "merged",
        "ignored: $anon_id is merged already",
    ]


def test_original_merging_wants_a_uuid_as_anonymous_id(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", id_merge="original")
    track(sandbox, identity("$identify", **{"$identified_id": "u_1", "$anon_id": "visitor"}))
    assert state(sandbox)["identity_events"][0]["outcome"] == "ignored: $anon_id must be a UUID version 4"


def test_two_users_are_merged_by_import_alone(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", id_merge="original")
    send(sandbox, event("One"), event("Two", distinct_id="u_2"))
    merge = {"event": "$merge", "properties": {"$distinct_ids": ["u_1", "u_2"], "token": TOKEN}}
    track(sandbox, merge)
    assert len(history(sandbox)) == 2
    send(sandbox, merge)
    assert list(history(sandbox)) == ["u_1"]


def test_legacy_projects_know_aliases(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", id_merge="legacy")
    browse_then_sign_up(sandbox)
    track(sandbox, IDENTIFY, identity("$create_alias", distinct_id=ANON, alias="u_1"))
    assert history(sandbox) == {ANON: ["Viewed docs", "Signed up"]}


def test_an_unknown_way_of_merging_is_refused(sandbox: Sandbox) -> None:
    reply = requests.post(f"{sandbox.url}/_settings", json={"vendor": "mixpanel", "id_merge": "magic"}, timeout=10)
    assert (reply.status_code, "simplified, original, legacy" in reply.json()["error"]) == (400, True)
