"""The pretend Google Analytics takes anything, and shows what it threw away."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

STREAM = {"measurement_id": "G-SANDBOX01", "api_secret": "sandbox-ga-secret"}
SIGN_UP = {"name": "sign_up", "params": {"method": "form", "session_id": "1732406300", "engagement_time_msec": 100}}


def hit(**changes: Any) -> dict[str, Any]:
    return {"client_id": "123456.7654321", "user_id": "u_42", "events": [SIGN_UP], **changes}


def collect(sandbox: Sandbox, body: Any, **stream: str) -> int:
    data = body if isinstance(body, str) else json.dumps(body)
    url = f"{sandbox.url}/ga/mp/collect"
    return requests.post(url, params={**STREAM, **stream}, data=data, timeout=10).status_code


def complaints(sandbox: Sandbox, body: Any) -> list[tuple[str, str]]:
    """Field and code of each message of the validation server."""
    reply = requests.post(f"{sandbox.url}/ga/debug/mp/collect", params=STREAM, data=json.dumps(body), timeout=10)
    assert reply.status_code == 200
    return [(each["fieldPath"], each["validationCode"]) for each in reply.json()["validationMessages"]]


def events(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [event for client in sandbox.state("ga")["clients"] for event in client["events"]]


def test_a_sign_up_is_kept_and_seen_in_real_time(sandbox: Sandbox) -> None:
    assert collect(sandbox, hit()) == 204
    (client,) = sandbox.state("ga")["clients"]
    assert (client["client_id"], client["user_ids"]) == ("123456.7654321", ["u_42"])
    (event,) = client["events"]
    assert (event["name"], event["is_kept"], event["is_realtime"]) == ("sign_up", True, True)


@pytest.mark.parametrize("body", ["", "{", "[]", "7", '{"events": 1}', "x" * 130_001])
def test_nonsense_is_answered_204_too_and_not_kept(sandbox: Sandbox, body: str) -> None:
    assert collect(sandbox, body) == 204
    assert [event["is_kept"] for event in events(sandbox)] == [False]


@pytest.mark.parametrize("stream", [{"measurement_id": "G-ANOTHER"}, {"api_secret": "guess"}])
def test_a_hit_for_an_unknown_stream_is_lost_without_a_word(sandbox: Sandbox, stream: dict[str, str]) -> None:
    assert collect(sandbox, hit(), **stream) == 204
    assert [event["is_kept"] for event in events(sandbox)] == [False]


def test_a_repeated_hit_is_counted_twice(sandbox: Sandbox) -> None:
    for _ in range(2):
        collect(sandbox, hit())
    assert len(events(sandbox)) == 2


def test_without_a_session_an_event_is_kept_but_not_in_real_time(sandbox: Sandbox) -> None:
    collect(sandbox, hit(events=[{"name": "sign_up"}]))
    (event,) = events(sandbox)
    assert (event["is_kept"], event["is_realtime"]) == (True, False)


def test_a_good_hit_has_no_complaints_and_is_not_recorded(sandbox: Sandbox) -> None:
    micros = str(int(time.time() * 1e6))
    consent = {"ad_user_data": "DENIED", "ad_personalization": "DENIED"}
    assert complaints(sandbox, hit(timestamp_micros=micros, consent=consent)) == []
    assert sandbox.state("ga")["hits"] == 0


def named(name: Any) -> dict[str, Any]:
    return {"events": [{"name": name}]}


def with_params(**params: Any) -> dict[str, Any]:
    return {"events": [{"name": "sign_up", "params": params}]}


OLD = str(int((time.time() - 73 * 3600) * 1e6))
FLAWS: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"client_id": None}, ("client_id", "VALUE_REQUIRED")),
    ({"user_id": "ada@dev.test"}, ("user_id", "VALUE_INVALID")),
    ({"timestamp_micros": OLD}, ("timestamp_micros", "VALUE_OUT_OF_BOUNDS")),
    ({"timestamp_micros": "now"}, ("timestamp_micros", "VALUE_INVALID")),
    ({"consent": {"ad_user_data": "maybe"}}, ("consent.ad_user_data", "VALUE_INVALID")),
    ({"events": []}, ("events", "VALUE_REQUIRED")),
    ({"events": [SIGN_UP] * 26}, ("events", "EXCEEDED_MAX_ENTITIES")),
    (named("session_start"), ("events[0].name", "NAME_RESERVED")),
    (named("ga_signup"), ("events[0].name", "NAME_RESERVED")),
    (named("sign up"), ("events[0].name", "NAME_INVALID")),
    (named("x" * 41), ("events[0].name", "NAME_INVALID")),
    (named(""), ("events[0].name", "VALUE_REQUIRED")),
    (with_params(**{str(n): n for n in range(26)}), ("events[0].params", "EXCEEDED_MAX_ENTITIES")),
    (with_params(source="x" * 101), ("events[0].params.source", "VALUE_OUT_OF_BOUNDS")),
    (with_params(source={}), ("events[0].params.source", "VALUE_INVALID")),
    (with_params(session_id="abc"), ("events[0].params.session_id", "VALUE_INVALID")),
    ({"user_properties": {"plan": "free"}}, ("user_properties.plan", "VALUE_REQUIRED")),
    ({"user_properties": {"plan": {"value": "x" * 37}}}, ("user_properties.plan.value", "VALUE_OUT_OF_BOUNDS")),
]


@pytest.mark.parametrize(("changes", "complaint"), FLAWS)
def test_the_validation_server_names_the_field(
    sandbox: Sandbox, changes: dict[str, Any], complaint: tuple[str, str]
) -> None:
    assert complaints(sandbox, hit(**changes))[0] == complaint
