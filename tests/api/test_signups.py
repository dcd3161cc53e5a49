"""POST /api/v1/signups: the verdict, repeats, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from signups.models import ApiKey, IdempotentReply, Lookup, Signup
from tests.api.conftest import new_key
from tests.pages.visit import row_counts
from tests.sandbox_process import Sandbox

if TYPE_CHECKING:
    from tests.pages.visit import Reply

pytestmark = pytest.mark.django_db
ADA = {"email": "ada@dev.test", "name": "Ada Byrne"}


def post(client: Client, body: Any = None, idempotency_key: str = "", **changes: Any) -> Reply:
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    sent = json.dumps({**ADA, **changes}) if body is None else body
    return client.post("/api/v1/signups", sent, content_type="application/json", headers=headers)


def error(reply: Reply) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(reply.content)["error"]
    assert set(body) == {"code", "field", "message"}
    assert body["message"]
    return body


def test_the_verdict_comes_with_its_reasons(backend: Client, sandbox: Sandbox) -> None:
    reply = post(backend)
    signup = Signup.objects.get()
    assert reply.status_code == 201
    body = reply.json()
    assert body.pop("next_url").startswith(f"{settings.BASE_URL}/welcome/")
    assert body == {
        "id": str(signup.uid),
        "verdict": "accepted",
        "reasons": signup.reasons,
        "score": signup.score,
        "suggestion": "",
    }
    assert body["reasons"]


def test_a_probable_typo_comes_back_to_be_asked_about(backend: Client, sandbox: Sandbox) -> None:
    body = post(backend, email="ted@gmial.com", name="Ted Typo").json()
    assert (body["verdict"], body["suggestion"]) == ("rejected", "ted@gmail.com")


def test_all_that_was_sent_is_kept(backend: Client, sandbox: Sandbox) -> None:
    sent: dict[str, Any] = {
        "company": "Devhouse",
        "newsletter": True,
        "referrer": "https://news.example/",
        "landing_page": "https://www.example/",
        "utm": {"utm_source": "hn"},
        "anonymous_id": "7f9c2f0e",
        "ga_client_id": "1.2",
        "ga_session_id": "3",
        "ip": "203.0.113.9",
        "user_agent": "Lynx",
        "external_id": "u_42",
        "device_id": "d_7",
    }
    assert post(backend, **sent).status_code == 201
    signup = Signup.objects.get()
    kept = {name: getattr(signup, name) for name in sent if name not in ("company", "newsletter")}
    kept |= {"company": signup.company_name, "newsletter": signup.wants_newsletter}
    assert kept == sent
    assert signup.source == "api"


@pytest.mark.parametrize("value", ["undefined", " null ", "00000000-0000-0000-0000-000000000000"])
def test_what_stands_for_no_browser_is_refused(value: str, backend: Client, sandbox: Sandbox) -> None:
    reply = post(backend, device_id=value)
    assert (reply.status_code, error(reply)["field"]) == (422, "device_id")
    assert Signup.objects.count() == 0


def test_an_address_that_signed_up_before_gets_its_present_verdict(backend: Client, sandbox: Sandbox) -> None:
    first, second = post(backend), post(backend, name="Somebody Else")
    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    assert Signup.objects.count() == 1


def test_whoever_repeats_an_address_is_led_through_its_mailbox(backend: Client, sandbox: Sandbox) -> None:
    post(backend)
    assert "/signup/check-mail/" in post(backend).json()["next_url"]


def test_a_rejected_address_is_an_answer_not_an_error(backend: Client, sandbox: Sandbox) -> None:
    reply = post(backend, email="x@mailinator.com")
    assert reply.status_code == 201
    assert reply.json()["verdict"] == "rejected"
    assert [reason["code"] for reason in reply.json()["reasons"]] == ["disposable"]


# -- Idempotency-Key ---------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_same_answer(backend: Client, sandbox: Sandbox) -> None:
    first = post(backend, idempotency_key="42")
    before = row_counts()
    again = post(backend, idempotency_key="42")
    assert (again.status_code, again.json()) == (201, first.json())
    assert row_counts() == before


def test_the_order_of_fields_makes_no_other_body(backend: Client, sandbox: Sandbox) -> None:
    post(backend, idempotency_key="42")
    assert post(backend, json.dumps(dict(reversed(ADA.items()))), idempotency_key="42").status_code == 201


def test_the_same_key_with_another_body_is_a_conflict(backend: Client, sandbox: Sandbox) -> None:
    post(backend, idempotency_key="42")
    before = row_counts()
    reply = post(backend, idempotency_key="42", email="tom@acme.test")
    assert reply.status_code == 409
    assert error(reply)["code"] == "idempotency_key_reused"
    assert row_counts() == before


def test_two_backends_may_use_the_same_key(backend: Client, sandbox: Sandbox) -> None:
    key, _ = new_key("another")
    post(backend, idempotency_key="42")
    other = Client(headers={"Authorization": f"Bearer {key}"})
    assert post(other, idempotency_key="42", email="tom@acme.test").status_code == 201


def test_a_refused_body_leaves_the_key_free(backend: Client, sandbox: Sandbox) -> None:
    assert post(backend, idempotency_key="42", email="nonsense").status_code == 422
    assert post(backend, idempotency_key="42").status_code == 201


def test_a_key_too_long_is_refused(backend: Client) -> None:
    reply = post(backend, idempotency_key="k" * 256)
    assert (reply.status_code, error(reply)["field"]) == (422, "Idempotency-Key")


# -- Keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic abc", "Bearer ob_é", "Bearer " + "a" * 5000])
def test_a_wrong_key_is_refused(header: str) -> None:
    reply = post(Client(headers={"Authorization": header} if header else {}))
    assert (reply.status_code, error(reply)["code"]) == (401, "unauthorised")
    assert reply["WWW-Authenticate"] == "Bearer"
    assert set(row_counts().values()) == {0}


def test_a_revoked_key_is_refused(backend: Client) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    assert post(backend).status_code == 401
    assert backend.get("/api/v1/hello").status_code == 401
    assert set(row_counts().values()) == {0}


def test_a_trial_key_says_hello_and_no_more(sandbox: Sandbox, backend: Client) -> None:
    ApiKey.objects.update(kind=ApiKey.Kind.TRIAL)
    assert backend.get("/api/v1/hello").json() == {"hello": "backend", "verdict": "accepted"}
    assert post(backend).status_code == 401
    assert Signup.objects.count() == 0


def test_when_a_key_was_last_used_is_known(backend: Client) -> None:
    backend.get("/api/v1/hello")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    backend.get("/api/v1/hello")
    assert ApiKey.objects.get().last_used_at == first  # to the minute: not every call writes


# -- What it refuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["{", "", "nonsense", b"\xff\xfe", "[" * 50_000, '{"email": }'])
def test_invalid_json_is_refused(body: Any, backend: Client) -> None:
    reply = post(backend, body)
    assert reply.status_code == (422 if body == "" else 400)
    assert error(reply)["message"]
    assert set(row_counts().values()) == {0}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "nonsense"}, "email"),
        ({"email": "ada@dev.test\r\nBcc: all@dev.test"}, "email"),
        ({"email": "ada@dev.test\x00"}, "email"),
        ({"email": "a" * 255}, "email"),
        ({"email": None}, "email"),
        ({"email": ["ada@dev.test"]}, "email"),
        ({"email": "ada\ud800@dev.test"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "Ada\nByrne"}, "name"),
        ({"utm": {"utm_source": "\udfff"}}, "utm"),
        ({"name": "Ada\ud800"}, "name"),
        ({"name": "A" * 256}, "name"),
        ({"utm": {"utm_source": "a\nb"}}, "utm"),
        ({"utm": {"utm_source": "a" * 301}}, "utm"),
        ({"utm": {f"utm_{n}": "a" for n in range(11)}}, "utm"),
        ({"utm": "nonsense"}, "utm"),
        ({"ip": "localhost"}, "ip"),
        ({"newsletter": "perhaps"}, "newsletter"),
        ({"unheard_of": 1}, "unheard_of"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, Any], field: str, backend: Client, sandbox: Sandbox) -> None:
    reply = post(backend, **changes)
    assert reply.status_code == 422
    assert error(reply)["field"] == field
    assert set(row_counts().values()) == {0}


def test_ten_megabytes_are_refused(backend: Client) -> None:
    reply = post(backend, name="A" * 10_000_000)
    assert (reply.status_code, error(reply)["code"]) == (413, "body_too_large")
    assert set(row_counts().values()) == {0}


def test_a_failure_half_way_leaves_nothing(backend: Client, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("signups.intake.scoring.save", fail)
    with pytest.raises(RuntimeError):
        post(backend, idempotency_key="42")
    assert {name for name, number in row_counts().items() if number} == {"signups.Lookup"}  # it may have been paid for
    assert IdempotentReply.objects.count() == 0


# -- Docs --------------------------------------------------------------------------------------------------------------


def test_the_docs_describe_the_call_without_the_internet(client: Client) -> None:
    assert "http" not in client.get("/api/docs").content.decode().replace("http-equiv", "")
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/v1/signups", "/api/v1/hello"} <= set(paths)
    assert set(paths["/api/v1/signups"]["post"]["responses"]) == {"200", "201", "400", "401", "409", "413", "422"}


def test_anothers_own_id_is_refused_and_nothing_kept(backend: Client, sandbox: Sandbox) -> None:
    post(backend, external_id="u_42")
    before = row_counts()
    reply = post(backend, email="tom@acme.test", name="Tom Reyes", external_id="u_42")
    before["signups.Lookup"] = Lookup.objects.count()  # it may have been paid for
    assert (reply.status_code, error(reply)["code"], error(reply)["field"]) == (422, "taken", "external_id")
    assert row_counts() == before


def test_a_customer_without_an_own_id_is_given_one_when_it_comes_again(backend: Client, sandbox: Sandbox) -> None:
    post(backend)
    assert [post(backend, external_id=own).status_code for own in ("u_42", "u_43")] == [200, 200]
    assert Signup.objects.get().external_id == "u_42"


def test_a_wrong_method_is_refused_in_the_same_shape(backend: Client) -> None:
    reply = backend.get("/api/v1/signups")
    assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")
    assert error(reply)["message"].startswith("This address takes POST, not GET.")


def test_what_stands_for_no_id_is_no_own_id(backend: Client) -> None:
    reply = post(backend, external_id="null")
    assert (reply.status_code, error(reply)["field"]) == (422, "external_id")
    assert not Signup.objects.exists()
