"""The one door out, against a vendor that misbehaves in every way."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest

from integrations import http
from integrations.http import Door, Reply
from signups.contracts import Ambiguous, Deadline, Later, Misconfigured, Never, recording
from tests.sandbox_process import Sandbox

KEY = "s3cret/key"


def door(sandbox: Sandbox, **values: Any) -> Door:
    values = {"auth": ("onboarding.sandbox", KEY), "secrets": (KEY,), "timeout": (1.0, 1.0), **values}
    return Door("Mixpanel", f"{sandbox.url}/mixpanel", **values)


def call(sandbox: Sandbox, is_safe: bool = True, **values: Any) -> Reply:
    return door(sandbox).call("POST", "/track", json=[], is_safe=is_safe, **values)


@contextmanager
def server(answer: bytes, hold_s: float = 0, drip_s: float = 0) -> Iterator[str]:
    """A server that answers anything with these bytes, all at once or one by one."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            time.sleep(hold_s)
            try:
                for piece in [answer[n : n + 1] for n in range(len(answer))] if drip_s else [answer]:
                    connection.sendall(piece)
                    time.sleep(drip_s)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_reply_is_text_and_json(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=200, body={"status": 1})
    reply = call(sandbox)
    assert (reply.status, reply.json) == (200, {"status": 1})


def test_what_no_database_takes_is_replaced_in_a_reply(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=200, body='{"a\\ud800": ["\\u0000b", "\\ud83d\\ude00"]}')
    assert call(sandbox).json == {"a?": ["\ufffdb", "😀"]}


@pytest.mark.parametrize("body", ["{", "[" * 100_000])
def test_a_reply_that_is_no_json_is_for_later(sandbox: Sandbox, body: str) -> None:
    sandbox.fault("mixpanel", status=200, body=body)
    with pytest.raises(Later):
        _ = call(sandbox).json


def test_json_goes_out_with_its_charset_and_the_key(sandbox: Sandbox) -> None:
    door(sandbox).call("POST", "/track", json={"name": "Zoë"}, is_safe=True, accept=(400,))
    (received,) = sandbox.received("mixpanel")
    assert received["body"] == {"name": "Zoë"}
    assert received["headers"]["Content-Type"] == "application/json; charset=utf-8"
    assert received["headers"]["Authorization"].startswith("Basic ")
    assert "Cookie" not in received["headers"]


@pytest.mark.parametrize("status", [408, 425, 429])
def test_some_refusals_are_for_now(sandbox: Sandbox, status: int) -> None:
    sandbox.fault("mixpanel", status=status, retry_after=7)
    with pytest.raises(Later) as caught:
        call(sandbox, is_safe=False)
    assert (caught.value.status, caught.value.retry_after_s) == (status, 7)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_other_refusals_are_for_ever(sandbox: Sandbox, status: int) -> None:
    sandbox.fault("mixpanel", status=status, body={"error": "no"})
    with pytest.raises(Never, match=rf"Mixpanel: answered {status} .* to POST /track") as caught:
        call(sandbox)
    assert caught.value.excerpt == '{"error": "no"}'


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_the_setting(sandbox: Sandbox, status: int) -> None:
    sandbox.fault("mixpanel", status=status)
    with pytest.raises(Misconfigured, match="check MIXPANEL_SECRET"):
        door(sandbox, key_setting="MIXPANEL_SECRET").call("GET", "/track", is_safe=True)


def test_a_403_of_a_used_up_quota_is_for_now(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"})
    with pytest.raises(Later) as caught:
        call(sandbox)
    assert caught.value.retry_after_s == 30


def test_a_redirect_is_not_followed(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=302, headers={"Location": "https://api-eu.mixpanel.com/track"})
    with pytest.raises(
        Misconfigured, match=r"it points to https://api-eu\.mixpanel\.com/track; check MIXPANEL_API_URL"
    ):
        door(sandbox, url_setting="MIXPANEL_API_URL").call("POST", "/track", json=[], is_safe=True)
    assert len(sandbox.received("mixpanel")) == 1


@pytest.mark.parametrize(("is_safe", "failure"), [(True, Later), (False, Ambiguous)])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"reset": "before"},
        {"reset": "after"},
        {"latency_ms": 1500},
        {"status": 200, "body": "<html>sorry"},
    ],
)
def test_no_answer_is_a_matter_of_whether_a_repeat_does_harm(
    sandbox: Sandbox, fault: dict[str, Any], is_safe: bool, failure: type[Exception]
) -> None:
    sandbox.fault("mixpanel", **fault)
    with pytest.raises(failure):
        assert call(sandbox, is_safe=is_safe).json
    assert len(sandbox.received("mixpanel")) == 1  # never repeated here


def test_retry_after_of_a_broken_server_is_obeyed(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=503, retry_after=120)
    with pytest.raises(Later) as caught:
        call(sandbox)
    assert caught.value.retry_after_s == 120


def test_what_was_surely_not_sent_is_for_later_even_where_a_repeat_does_harm() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Later, match="cannot be reached"):
        Door("Slack", f"http://127.0.0.1:{port}").call("POST", "/x", json={}, is_safe=False)


def test_a_url_that_is_none_is_a_setting_to_correct() -> None:
    with pytest.raises(Misconfigured, match="cannot be used"):
        Door("Slack", "nonsense").call("GET", "/x", is_safe=True)


def test_a_deadline_is_kept(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", latency_ms=900)
    deadline = Deadline(200)
    with pytest.raises(Later, match="timed out"):
        call(sandbox, deadline=deadline)
    assert deadline.elapsed_ms() < 800


def test_after_the_deadline_nothing_is_asked(sandbox: Sandbox) -> None:
    with pytest.raises(Later, match="no time was left"):
        call(sandbox, deadline=Deadline(0))
    assert sandbox.received("mixpanel") == []


def test_a_dripping_server_cannot_hold_us() -> None:
    deadline = Deadline(300)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    with server(head + b"x" * 500, drip_s=0.02) as url, pytest.raises(Later, match=r"took too long|timed out"):
        Door("Drip", url).call("GET", "/", is_safe=True, deadline=deadline)
    assert deadline.elapsed_ms() < 1500


def test_a_reply_that_is_too_long_is_not_read_to_its_end() -> None:
    body = b"x" * (http.MOST_BYTES + 1)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with server(head + body) as url, pytest.raises(Later, match="longer than 1000000 bytes"):
        Door("Long", url).call("GET", "/", is_safe=True)


def test_a_reply_that_breaks_off_is_none() -> None:
    with server(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"a": 1') as url, pytest.raises(Later):
        assert Door("Short", url).call("GET", "/", is_safe=True).json


def test_garbage_instead_of_http_is_no_answer() -> None:
    with server(b"\x00\x01\x02 hello\r\n\r\n") as url, pytest.raises(Ambiguous):
        Door("Garbage", url).call("POST", "/", json={}, is_safe=False)


def test_both_sides_are_recorded_and_secrets_masked(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=200, body={"echo": KEY})
    with recording() as exchanges:
        door(sandbox).call("POST", "/track", params={"api_secret": KEY}, json={"token": KEY}, is_safe=True)
    (exchange,) = exchanges
    assert exchange.url == f"{sandbox.url}/mixpanel/track?api_secret=••••"
    assert (exchange.request, exchange.reply) == ('{"token": "••••"}', '{"echo": "••••"}')
    assert (exchange.method, exchange.status) == ("POST", 200)


def test_a_call_without_a_reply_is_recorded_too(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", reset="before")
    with recording() as exchanges, pytest.raises(Later):
        call(sandbox)
    (exchange,) = exchanges
    assert exchange.status == 0
    assert "reset" in exchange.reply.lower()


def test_a_secret_is_not_told_in_an_error(sandbox: Sandbox) -> None:
    sandbox.fault("mixpanel", status=400, body={"error": f"bad key {KEY}"})
    with pytest.raises(Never) as caught:
        call(sandbox)
    assert "••••" in caught.value.excerpt
    assert KEY not in caught.value.excerpt


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"RateLimit": "limit=100, remaining=0, reset=2.5", "Retry-After": "3"}, 2.5),
        ({"X-RateLimit-Reset": "60"}, 60),
        ({"Retry-After": "99999999"}, 86_400),
    ],
)
def test_how_long_a_vendor_asks_us_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert http.retry_after_s(headers) == seconds


@pytest.mark.parametrize(
    ("header", "written"),
    [
        ("Retry-After", lambda at: formatdate(at, usegmt=True)),
        ("X-RateLimit-Reset", lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("X-RateLimit-Reset", lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")),
    ],
)
def test_a_date_to_wait_for_is_counted_from_now(header: str, written: Callable[[float], str]) -> None:
    assert http.retry_after_s({header: written(time.time() + 9_000)}) == pytest.approx(9_000, abs=1_000)
