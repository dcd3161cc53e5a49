"""Reporting actions: with the backend's key, with a public key from a listed page, and from our own pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signups.api.actions import page_limit
from signups.models import Action, ApiKey
from tests.activity.reports import page, track
from tests.rows import make_signup

pytestmark = pytest.mark.django_db

SITE = "https://www.dev.test"


@pytest.fixture(autouse=True)
def unlimited() -> Iterator[None]:
    page_limit.forget()
    yield
    page_limit.forget()


@pytest.fixture
def public_key() -> str:
    key = ApiKey.generate()
    row = ApiKey(name="web site", kind=ApiKey.Kind.PUBLIC, origins=f"{SITE}\nhttps://docs.dev.test:8443")
    row.set_key(key)
    row.save()
    return key


def post(client: Client, *items: Any, query: str = "", **headers: str) -> Any:
    """As a page sends it on being left: plain text, so that no question comes first."""
    body = json.dumps({"actions": items})
    return client.post(f"/api/v1/actions{query}", body, content_type="text/plain", headers=headers)


def test_a_backend_reports_a_batch_and_each_action_is_answered(backend: Client) -> None:
    ada = make_signup()
    reply = post(backend, track(id="a-1", user_id=str(ada.uid)), track(id="a-1"), track(id="a-2", type="click"))
    assert reply.status_code == 200
    refused = {"field": "type", "message": "must be page or track"}
    fine = {"field": None, "message": ""}
    assert reply.json() == {
        "accepted": 2,
        "items": [
            {"index": 0, "id": "a-1", "status": "stored", **fine},
            {"index": 1, "id": "a-1", "status": "duplicate", **fine},
            {"index": 2, "id": "a-2", "status": "refused", **refused},
        ],
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 200_000, "not valid JSON"),
        (b"[]", "must be"),
        (b'{"actions": {}}', "must be"),
        (json.dumps({"actions": [{}] * 1001}).encode(), "At most 1,000"),
    ],
)
def test_a_body_that_cannot_be_read_at_all_says_why(backend: Client, body: bytes, words: str) -> None:
    reply = backend.post("/api/v1/actions", body, content_type="application/json")
    assert reply.status_code == 422
    assert words in reply.json()["error"]["message"]


def test_a_body_too_large_is_refused_unread(backend: Client) -> None:
    assert post(backend, track(properties={"a": "x" * 1_000_000})).status_code == 413


def test_an_empty_batch_is_fine(backend: Client) -> None:
    assert post(backend).json() == {"accepted": 0, "items": []}


@pytest.mark.parametrize("kind", [ApiKey.Kind.TRIAL, None])
def test_nobody_reports_without_a_fitting_key(client: Client, kind: ApiKey.Kind | None) -> None:
    key = ApiKey.generate()
    if kind is not None:
        row = ApiKey(name="trial", kind=kind)
        row.set_key(key)
        row.save()
    assert post(client, track(), Authorization=f"Bearer {key}").status_code == 401
    assert post(client, track(), query=f"?key={key}").status_code == 401


def test_a_backend_s_key_is_not_taken_from_an_address(backend: Client, client: Client) -> None:
    key = backend.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    assert post(client, track(), query=f"?key={key}").status_code == 401


def test_a_listed_page_reports_with_a_public_key(client: Client, public_key: str) -> None:
    reply = post(client, page(), query=f"?key={public_key}", Origin=SITE)
    assert (reply.status_code, reply["Access-Control-Allow-Origin"], reply["Vary"]) == (200, SITE, "Origin")
    assert Action.objects.get().source == "browser"
    assert post(client, page(), Authorization=f"Bearer {public_key}", Origin=SITE).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.test", "http://www.dev.test", "https://docs.dev.test", "null", ""])
def test_a_page_that_is_not_listed_is_told_so(client: Client, public_key: str, origin: str) -> None:
    reply = post(client, page(), query=f"?key={public_key}", **({"Origin": origin} if origin else {}))
    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "origin_refused"
    assert SITE in reply.json()["error"]["message"]
    assert "Access-Control-Allow-Origin" not in reply
    assert not Action.objects.exists()


def test_a_public_key_does_nothing_else(client: Client, public_key: str) -> None:
    headers = {"Authorization": f"Bearer {public_key}", "Origin": SITE}
    assert client.get("/api/v1/hello", headers=headers).status_code == 401
    assert client.post("/api/v1/signups", "{}", content_type="application/json", headers=headers).status_code == 401


def test_a_page_does_not_say_who_its_visitor_is(client: Client, public_key: str) -> None:
    reply = post(client, track(user_id="ada@dev.test"), query=f"?key={public_key}", Origin=SITE)
    assert reply.json()["items"][0]["field"] == "user_id"


def test_a_revoked_public_key_lets_nobody_in(client: Client, public_key: str) -> None:
    ApiKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    reply = post(client, page(), query=f"?key={public_key}", Origin=SITE)
    assert (reply.status_code, "Access-Control-Allow-Origin" in reply) == (401, False)


@pytest.mark.parametrize("origin", ["http://testserver", settings.BASE_URL])
def test_our_own_pages_need_no_key(client: Client, origin: str) -> None:
    assert post(client, page(), Origin=origin).json()["accepted"] == 1


def test_browsers_are_told_beforehand_which_origins_may_call(client: Client, public_key: str) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    reply = client.options("/api/v1/actions", headers={"Origin": SITE, **asked})
    assert (reply.status_code, reply["Access-Control-Allow-Origin"]) == (204, SITE)
    assert reply["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    stranger = client.options("/api/v1/actions", headers={"Origin": "https://evil.test", **asked})
    assert "Access-Control-Allow-Origin" not in stranger


def test_a_call_soon_after_another_waits_for_no_write_of_the_key(client: Client, public_key: str) -> None:
    post(client, page(), query=f"?key={public_key}", Origin=SITE)
    with CaptureQueriesContext(connection) as queries:
        post(client, query=f"?key={public_key}", Origin=SITE)
    assert not [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]


def test_a_flood_from_one_address_is_told_when_to_come_again(client: Client, public_key: str) -> None:
    page_limit.take(f"{ApiKey.objects.get().pk} 127.0.0.1", page_limit.most)
    reply = post(client, page(), query=f"?key={public_key}", Origin=SITE)
    assert (reply.status_code, reply.json()["error"]["code"]) == (429, "too_many_actions")
    assert 1 <= int(reply["Retry-After"]) <= 60


def test_the_docs_describe_the_call(client: Client) -> None:
    described = client.get("/api/openapi.json").json()["paths"]["/api/v1/actions"]["post"]
    assert "actions" in described["requestBody"]["content"]["application/json"]["schema"]["properties"]
