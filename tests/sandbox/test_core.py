"""What all pretend vendors share: starting and ending, the journal, faults, settings, the clock, reset."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
import requests

from tests.sandbox_process import ROOT, Sandbox

COMPANY = "/clearbit/company/v2/companies/find?domain=acme.test"
KEY = {"Authorization": "Bearer sk_sandbox_clearbit"}


def look_up(sandbox: Sandbox) -> requests.Response:
    return requests.get(sandbox.url + COMPANY, headers=KEY, timeout=10)


def sign_up_at_ga(sandbox: Sandbox) -> requests.Response:
    return requests.post(f"{sandbox.url}/ga/mp/collect", json={"client_id": "1.2"}, timeout=10)


def hits(sandbox: Sandbox) -> int:
    return int(sandbox.state("ga")["hits"])


def control(sandbox: Sandbox, path: str, body: Any) -> tuple[int, str]:
    data = body if isinstance(body, str) else json.dumps(body)
    reply = requests.post(f"{sandbox.url}/{path}", data=data, timeout=10)
    return reply.status_code, reply.json().get("error", "")


# ---- starting and ending


def start(*flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox", *flags]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("service", ["http", "dns", "smtp"])
def test_a_busy_port_is_one_line_with_the_remedy(service: str) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        others = [f"--{name}-port=0" for name in ("http", "dns", "smtp") if name != service]
        process = start(f"--{service}-port={port}", *others)
        output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (1, "")
    assert errors == (
        f"sandbox: cannot listen on 127.0.0.1:{port} ({service}): address already in use. End what uses it, "
        f"or choose another with --{service}-port or SANDBOX_{service.upper()}_PORT.\n"
    )


def test_it_ends_at_once_although_a_call_is_under_way() -> None:
    process = start("--http-port=0", "--dns-port=0", "--smtp-port=0")
    assert process.stdout is not None
    sandbox = Sandbox(json.loads(process.stdout.readline()))
    sandbox.fault("clearbit", latency_ms=60_000)
    errors: list[Exception] = []
    caller = threading.Thread(target=_collect_error, args=(sandbox, errors))
    caller.start()
    with socket.create_connection(("127.0.0.1", sandbox.ports["smtp"])):
        while not sandbox.received("clearbit"):
            time.sleep(0.01)
        asked_at = time.monotonic()
        process.terminate()
        _, complaints = process.communicate(timeout=20)
    caller.join()
    assert time.monotonic() - asked_at < 2
    assert (process.returncode, complaints, len(errors)) == (0, "", 1)


def _collect_error(sandbox: Sandbox, errors: list[Exception]) -> None:
    try:
        look_up(sandbox)
    except requests.ConnectionError as error:
        errors.append(error)


# ---- the journal


def test_every_call_is_kept_with_its_reply(sandbox: Sandbox) -> None:
    look_up(sandbox)
    (call,) = sandbox.received()
    assert (call["vendor"], call["method"], call["path"]) == ("clearbit", "GET", "/clearbit/company/v2/companies/find")
    assert (call["query"], call["status"], call["reply"]["name"]) == ({"domain": "acme.test"}, 200, "Acme")
    assert call["headers"]["Authorization"] == KEY["Authorization"]


def test_bodies_are_kept_as_json_or_text(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/ga/mp/collect"
    for body in ('{"client_id": "1.2"}', "no json"):
        requests.post(url, data=body, timeout=10)
    assert [call["body"] for call in sandbox.received("ga")] == [{"client_id": "1.2"}, "no json"]


def test_the_journal_is_asked_by_vendor_route_and_number(sandbox: Sandbox) -> None:
    for _ in range(2):
        look_up(sandbox)
    sign_up_at_ga(sandbox)
    first, second, third = sandbox.received()
    assert sandbox.received("ga") == [third]
    assert sandbox.received(route="companies") == [first, second]
    later = requests.get(f"{sandbox.url}/_received?since={second['n']}", timeout=10).json()
    assert later == [third]


def test_control_calls_are_not_kept(sandbox: Sandbox) -> None:
    sandbox.setting("ga")
    assert sandbox.received() == []


# ---- faults


def test_a_status_is_given_for_the_next_calls(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=503, times=2)
    assert [look_up(sandbox).status_code for _ in range(3)] == [503, 503, 200]
    assert [call["fault"] is not None for call in sandbox.received()] == [True, True, False]


def test_a_fault_may_end_by_itself(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=503, times=None, for_s=0.2)
    assert look_up(sandbox).status_code == 503
    time.sleep(0.3)
    assert look_up(sandbox).status_code == 200
    assert requests.get(f"{sandbox.url}/_faults", timeout=5).json() == []


def test_a_burst_of_429_tells_when_to_come_back(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=429, retry_after=7, times=3)
    replies = [look_up(sandbox) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [429, 429, 429, 200]
    assert replies[0].headers["Retry-After"] == "7"


def test_body_and_headers_of_a_fault_are_the_caller_s_choice(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=200, body="<html>proxy", headers={"Content-Type": "text/html"})
    reply = look_up(sandbox)
    assert (reply.text, reply.headers["Content-Type"]) == ("<html>proxy", "text/html")


def test_a_fault_strikes_its_own_vendor_route_and_method(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=500, route="/people/", times=None)
    sandbox.fault("clearbit", status=500, method="post", times=None)
    sandbox.fault("gravatar", status=500, times=None)
    assert look_up(sandbox).status_code == 200


def test_latency_comes_after_the_work_is_done(sandbox: Sandbox) -> None:
    sandbox.fault("ga", latency_ms=300)
    with pytest.raises(requests.Timeout):
        requests.post(f"{sandbox.url}/ga/mp/collect", json={"client_id": "1.2"}, timeout=0.1)
    assert hits(sandbox) == 1


@pytest.mark.parametrize(("reset", "kept"), [("before", 0), ("after", 1)])
def test_a_reset_connection_leaves_it_open_whether_the_call_counted(sandbox: Sandbox, reset: str, kept: int) -> None:
    sandbox.fault("ga", reset=reset)
    with pytest.raises(requests.ConnectionError):
        sign_up_at_ga(sandbox)
    assert (hits(sandbox), sandbox.received("ga")[0]["status"]) == (kept, None)


@pytest.mark.parametrize(("commit", "kept"), [(False, 0), (True, 1)])
def test_an_error_may_come_after_the_commit(sandbox: Sandbox, commit: bool, kept: int) -> None:
    sandbox.fault("ga", status=502, commit=commit)
    assert (sign_up_at_ga(sandbox).status_code, hits(sandbox)) == (502, kept)


def test_faults_are_listed_and_cleared(sandbox: Sandbox) -> None:
    sandbox.fault("clearbit", status=500, times=None)
    (fault,) = requests.get(f"{sandbox.url}/_faults", timeout=10).json()
    assert (fault["vendor"], fault["status"], fault["times"]) == ("clearbit", 500, None)
    sandbox.clear_faults()
    assert look_up(sandbox).status_code == 200


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ("{", "JSON"),
        ([], "object"),
        ({"vendor": "nobody", "status": 500}, "clearbit"),
        ({"vendor": "ga"}, "one of status, reset and latency_ms"),
        ({"vendor": "ga", "status": 99}, "from 200 to 599"),
        ({"vendor": "ga", "reset": "later"}, "before"),
        ({"vendor": "ga", "status": 500, "times": 0}, "at least 1"),
        ({"vendor": "ga", "delay": 5}, "latency_ms"),
        ({"vendor": "ga", "status": 500, "for_s": 0}, "for_s"),
        ({"vendor": "ga", "latency_ms": "5"}, "latency_ms"),
        ({"vendor": "dns", "reset": "before"}, "status timeout"),
        ({"vendor": "dns", "status": 500}, "SERVFAIL"),
    ],
)
def test_a_senseless_fault_is_refused_with_the_remedy(sandbox: Sandbox, wish: Any, word: str) -> None:
    status, error = control(sandbox, "_faults", wish)
    assert (status, word in error) == (400, True)


# ---- settings, clock, state, reset


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"vendor": "nobody"}, "clearbit"),
        ({"vendor": "clearbit", "speed": 9}, "per_minute"),
        ({"vendor": "clearbit", "per_minute": "many"}, "must be int"),
        ({"vendor": "clearbit", "rate_limit": 1}, "must be bool"),
        ({"vendor": "gravatar", "speed": 9}, "rate_limit"),
    ],
)
def test_a_senseless_setting_is_refused_with_the_remedy(sandbox: Sandbox, wish: Any, word: str) -> None:
    status, error = control(sandbox, "_settings", wish)
    assert (status, word in error) == (400, True)


def test_the_clock_moves_forward_alone(sandbox: Sandbox) -> None:
    assert sandbox.advance(3600)["now"] > time.time() + 3590
    assert control(sandbox, "_clock", {"advance_s": -1})[0] == 400


def test_the_clock_goes_back_in_an_empty_world_only(sandbox: Sandbox) -> None:
    assert control(sandbox, "_clock", {"offset_s": "soon"})[0] == 400
    assert control(sandbox, "_clock", {"offset_s": -30 * 86_400})[0] == 200
    assert abs(sandbox.advance(60)["now"] - (time.time() - 30 * 86_400 + 60)) < 5
    look_up(sandbox)
    status, error = control(sandbox, "_clock", {"offset_s": -40 * 86_400})
    assert (status, "POST /_reset first" in error) == (400, True)
    assert control(sandbox, "_clock", {"offset_s": 0})[0] == 200


def test_every_vendor_shows_its_state(sandbox: Sandbox) -> None:
    state = requests.get(f"{sandbox.url}/_state", timeout=10).json()
    assert list(state) == [
        "clearbit", "peopledatalabs", "apollo", "hunter", "gravatar", "github", "rdap", "sites", "lists", "slack",
        "close", "mixpanel", "customerio", "ga", "mail",
    ]  # fmt: skip
    assert requests.get(f"{sandbox.url}/_state/nobody", timeout=10).status_code == 404


def test_the_cast_is_told_with_its_verdicts(sandbox: Sandbox) -> None:
    tips = {tip["email"]: tip["verdict"] for tip in sandbox.state("cast")["tips"]}
    assert (tips["ada@dev.test"], tips["nora@quietcorp.test"], tips["x@throwaway.test"]) == (
        "accepted",
        "confirm",
        "rejected",
    )


def test_neighbours_are_known_and_stand_beside_the_story(sandbox: Sandbox) -> None:
    told = sandbox.state("cast")
    verdicts = {one["email"]: one["verdict"] for one in told["neighbours"]}
    assert (verdicts["mei@parcelbee.test"], verdicts["mona@bluebird.test"]) == ("accepted", "confirm")
    assert not verdicts.keys() & {tip["email"] for tip in told["tips"]}
    url = f"{sandbox.url}/clearbit/person/v2/people/find"
    reply = requests.get(url, {"email": "mei@parcelbee.test"}, auth=("sk_sandbox_clearbit", ""), timeout=10)
    assert reply.json()["employment"]["title"] == "Growth Lead"


def test_a_reset_forgets_everything(sandbox: Sandbox) -> None:
    before = requests.get(f"{sandbox.url}/_state", timeout=10).json()
    sandbox.setting("clearbit", per_minute=1)
    sandbox.fault("clearbit", status=500, times=None)
    look_up(sandbox)
    sign_up_at_ga(sandbox)
    sandbox.advance(60)
    sandbox.reset()
    assert look_up(sandbox).headers["X-RateLimit-Limit"] == "600"
    assert abs(sandbox.advance(0)["now"] - time.time()) < 5
    sandbox.reset()
    after = requests.get(f"{sandbox.url}/_state", timeout=10).json()
    assert {slug: after[slug] for slug in ("clearbit", "ga", "mail")} == {
        slug: before[slug] for slug in ("clearbit", "ga", "mail")
    }
    assert sandbox.received() == []
