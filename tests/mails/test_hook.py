"""The door through which Customer.io reports: open to who holds the key, now, and to nobody else."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

import pytest
import requests
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from signups.models import Mail, MailEvent
from tests.mails.tell import URL, moments, post, report, signed
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

BODY = json.dumps(report("opened")).encode()


@pytest.mark.django_db
def test_what_is_signed_is_taken_without_cookie_or_token() -> None:
    reply = post(BODY)
    assert (reply.status_code, reply.json()) == (200, {"new": 1, "known": 0, "odd": 1})
    assert not reply.cookies


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "remedy"),
    [
        ({}, "X-CIO-Signature and X-CIO-Timestamp are missing"),
        ({"X-CIO-Timestamp": "1", "X-CIO-Signature": "x"}, "set CUSTOMERIO_WEBHOOK_SECRET"),
        (signed(BODY, secret="another"), "set CUSTOMERIO_WEBHOOK_SECRET"),
        (signed(BODY + b" "), "set CUSTOMERIO_WEBHOOK_SECRET"),
        (signed(BODY, age_s=301), "correct the server's clock"),
        (signed(BODY, age_s=-3_600), "correct the server's clock"),
        ({**signed(BODY), "X-CIO-Timestamp": "١٢٣"}, "set CUSTOMERIO_WEBHOOK_SECRET"),
    ],
)
def test_the_unsigned_and_the_old_are_refused_with_the_remedy(headers: dict[str, str], remedy: str) -> None:
    reply = post(BODY, headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "unauthorised")
    assert remedy in reply.json()["error"]["message"]
    assert MailEvent.objects.count() == 0


@pytest.mark.django_db
def test_without_a_key_of_ours_nothing_can_be_told(settings: Any) -> None:
    settings.CUSTOMERIO = settings.CUSTOMERIO | {"webhook_secret": ""}
    reply = post(BODY, signed(BODY, secret="guess"))
    assert reply.status_code == 503
    assert "CUSTOMERIO_WEBHOOK_SECRET" in reply.json()["error"]["message"]


@pytest.mark.django_db
def test_only_a_post_reports() -> None:
    reply = Client().get(URL)
    assert (reply.status_code, reply["Allow"]) == (405, "POST")


@pytest.mark.django_db
def test_a_body_of_megabytes_is_refused_unread() -> None:
    body = b" " * 9_000_000
    reply = post(body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "body_too_large")


@pytest.mark.django_db
def test_nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    post(BODY)
    post(BODY, {})
    assert "ada@dev.test" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_the_same_report_from_ten_sides_at_once_is_one(live_server: LiveServer) -> None:
    make_signup()
    replies: list[int] = []

    def send() -> None:
        reply = requests.post(live_server.url + URL, data=BODY, headers=signed(BODY), timeout=20)
        replies.append(reply.status_code if reply.status_code != 200 else reply.json()["new"])

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies) == [0] * 9 + [1]


@pytest.mark.django_db(transaction=True)
def test_customer_io_reports_what_became_of_the_mails_it_sent(sandbox: Sandbox, live_server: LiveServer) -> None:
    signup = make_signup(facts={"github.handle": "adabyrne"}, developer="developer")
    sandbox.setting("customerio", webhook_url=live_server.url + URL, people_react=True)
    site, customer = ("sandbox-site", "sandbox-cio-track-key"), f"{sandbox.url}/customerio/track/api/v1/customers"
    attributes = {"email": signup.email, "developer": "developer"}
    requests.put(f"{customer}/{signup.uid}", json=attributes, auth=site, timeout=10).raise_for_status()
    requests.post(f"{customer}/{signup.uid}/events", json={"name": "signed_up"}, auth=site, timeout=10)
    sandbox.advance(60)
    until = time.monotonic() + 10
    while not Mail.objects.exclude(converted_at=None).exists() and time.monotonic() < until:
        time.sleep(0.02)
    mail = Mail.objects.select_related("campaign").get()
    assert (mail.signup, str(mail.campaign)) == (signup, "Campaign 1")
    assert list(moments(mail.key)) == ["sent", "delivered", "opened", "clicked", "converted"]
    assert MailEvent.objects.exclude(note="").count() == 0
