"""The door through which a provider tells later what it was asked: open to who holds the key, and to nobody else."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from integrations import clearbit_webhooks
from integrations.clearbit import Clearbit
from signups import intake
from signups.contracts import Found, Subject
from signups.models import Lookup, Signup
from tests.deliveries.acts import queued
from tests.integrations.clearbit_records import COMPANY, PERSON
from tests.integrations.look_up import person
from tests.integrations.test_clearbit import signed
from tests.rows import make_company, make_signup
from tests.sandbox_process import Sandbox

URL = "/hooks/clearbit"


@pytest.fixture(autouse=True)
def _empty_queue(db: None) -> None:
    queued()


def post(body: bytes, headers: dict[str, str] | None = None) -> Any:
    given = signed(body) if headers is None else headers
    return Client(enforce_csrf_checks=True).post(URL, body, content_type="application/json", headers=given)


def said_of(key: str, record: Any, subject: Subject = Subject.PERSON, status: int = 200) -> bytes:
    token = clearbit_webhooks.parameters(subject, key)["webhook_id"]
    return json.dumps({"id": token, "type": subject, "status": status, "body": record}).encode()


def waiting(**values: Any) -> Signup:
    """A signup whose look-up is pending, and is asked again in an hour."""
    signup = make_signup(lookups_due_at=timezone.now() + timedelta(hours=1), **values)
    now = timezone.now()
    Lookup.objects.create(
        provider="clearbit", subject="person", key=signup.email, outcome="pending", fetched_at=now, expires_at=now
    )
    return signup


@pytest.mark.django_db(transaction=True)
def test_what_is_told_is_kept_and_whoever_waits_for_it_is_woken() -> None:
    signup = waiting()
    other = make_signup("tom@acme.test", lookups_due_at=timezone.now() + timedelta(hours=1))
    reply = post(said_of("ada@dev.test", PERSON))
    assert (reply.status_code, reply.json()) == (200, {"woken": 1})
    lookup = Lookup.objects.get()
    assert (lookup.outcome, lookup.facts["employment.title"]) == ("found", "Backend Developer")
    assert list(Signup.objects.filter(lookups_due_at__lte=timezone.now())) == [signup]
    assert other.lookups_due_at is not None
    assert queued() == [("signups.tasks.finish_lookups",)]


@pytest.mark.django_db(transaction=True)
def test_what_is_told_of_a_company_wakes_everybody_from_there() -> None:
    waiting(company=make_company())
    reply = post(said_of("dev.test", COMPANY, Subject.COMPANY))
    assert reply.json() == {"woken": 1}
    assert queued() == [("signups.tasks.finish_lookups",)]


@pytest.mark.django_db(transaction=True)
def test_a_replayed_webhook_changes_nothing() -> None:
    waiting()
    body = said_of("ada@dev.test", PERSON)
    post(body)
    before = Lookup.objects.values().get(), Signup.objects.values().get()
    assert len(queued()) == 1
    reply = post(body)
    assert (reply.status_code, reply.json()) == (200, {"woken": 0})
    assert (Lookup.objects.values().get(), Signup.objects.values().get()) == before
    assert queued() == []


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_comes_after_the_answer_changes_nothing() -> None:
    waiting()
    Lookup.objects.update(outcome="refused", expires_at=timezone.now() + timedelta(days=1))
    assert post(said_of("ada@dev.test", PERSON)).json() == {"woken": 0}
    assert (Lookup.objects.get().outcome, Lookup.objects.get().facts) == ("refused", {})


@pytest.mark.django_db
def test_nobody_found_is_an_answer_too() -> None:
    waiting()
    post(said_of("ada@dev.test", {"error": {"type": "unknown_record"}}, status=404))
    assert Lookup.objects.get().outcome == "not_found"


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"id": "forged"}', b'{"id": {"a": []}, "body": 7}'])
def test_what_is_signed_and_about_no_look_up_of_ours_is_taken_and_forgotten(body: bytes) -> None:
    reply = post(body)
    assert (reply.status_code, reply.json()) == (200, {"woken": 0})
    assert Lookup.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"X-Request-Signature": "sha1=0"}, signed(b"another")])
def test_the_unsigned_is_refused(headers: dict[str, str]) -> None:
    reply = post(said_of("ada@dev.test", PERSON), headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "unauthorised")
    assert Lookup.objects.count() == 0


@pytest.mark.django_db
def test_without_a_key_of_ours_nothing_can_be_told(settings: Any) -> None:
    settings.CLEARBIT = settings.CLEARBIT | {"api_key": ""}
    reply = post(b"{}")
    assert reply.status_code == 503
    assert "CLEARBIT_API_KEY" in reply.json()["error"]["message"]


@pytest.mark.django_db
def test_only_a_post_tells() -> None:
    reply = Client().get(URL)
    assert (reply.status_code, reply["Allow"]) == (405, "POST")


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["gravatar", "nobody", "slack"])
def test_who_has_no_webhooks_is_not_found(slug: str) -> None:
    assert Client().post(f"/hooks/{slug}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_clearbit_looked_up_later_comes_by_its_webhook(
    sandbox: Sandbox, live_server: LiveServer, settings: Any
) -> None:
    settings.BASE_URL = live_server.url
    signup = waiting(email="pia@slowdata.test", name="Pia Keller")
    assert person(Clearbit(), "pia@slowdata.test").outcome is Found.PENDING
    until = time.monotonic() + 30
    while not (tasks := queued()) and time.monotonic() < until:
        time.sleep(0.05)
    assert tasks == [("signups.tasks.finish_lookups",)]
    asked = len(sandbox.received("clearbit", "/people/"))
    intake.complete(signup)
    assert Signup.objects.get().person.fact("employment.title") == "Head of Product"
    assert len(sandbox.received("clearbit", "/people/")) == asked, "and nobody was asked again"
