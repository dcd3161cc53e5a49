"""What pages tell browsers, caches, search engines and monitors."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from signups.models import Heartbeat
from tests.pages.visit import link, signed_up
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def test_pages_with_a_token_are_kept_by_nobody(client: Client, sandbox: Sandbox) -> None:
    nora, check_mail = signed_up(client, "nora@quietcorp.test")
    _, welcome = signed_up(client, "ada@dev.test")
    _, sorry = signed_up(client, "x@mailinator.com")
    for page in (check_mail, welcome, sorry, link(nora), "/confirm/forged/"):
        reply = client.get(page)
        assert reply["Cache-Control"] == "no-store, private"
        assert reply["X-Robots-Tag"] == "noindex, nofollow"
        assert reply["Referrer-Policy"] == "strict-origin"


def test_pages_may_load_nothing_but_our_own_files(client: Client, settings: Settings) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert f"form-action 'self' {settings.BASE_URL}" in policy


def test_a_welcome_page_elsewhere_may_be_gone_to(client: Client, settings: Settings) -> None:
    settings.WELCOME_URL = "https://app.example/start"
    assert "form-action" not in client.get("/")["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/confirm/forged/"])
def test_no_page_has_scripts_or_styles_of_its_own(path: str, client: Client) -> None:
    html = client.get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    assert not re.search(r"""(src|href)=["'](https?:)?//(?!127\.0\.0\.1)""", html)


def test_the_files_of_the_pages_are_there(client: Client) -> None:
    html = client.get("/").content.decode()
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', html):
        assert client.get(path).status_code == 200, path


def test_the_admin_and_the_api_docs_have_rules_of_their_own(client: Client) -> None:
    assert "Content-Security-Policy" not in client.get("/admin/login/")
    assert "Content-Security-Policy" not in client.get("/api/docs")


# -- Google's tag ------------------------------------------------------------------------------------------------------


def test_googles_tag_waits_for_consent(client: Client, settings: Settings) -> None:
    settings.SANDBOX = False
    before = client.get("/")
    assert "googletagmanager" not in before.content.decode() + before["Content-Security-Policy"]
    client.post("/consent/", {"analytics": "yes"})
    after = client.get("/")
    assert "https://www.googletagmanager.com/gtag/js?id=G-SANDBOX01" in after.content.decode()
    assert "https://*.googletagmanager.com" in after["Content-Security-Policy"]


def test_consent_can_be_taken_back(client: Client, settings: Settings) -> None:
    settings.SANDBOX = False
    client.post("/consent/", {"analytics": "yes"})
    client.post("/consent/", {"analytics": "no"})
    assert "googletagmanager" not in client.get("/").content.decode()


def test_pages_with_a_token_never_load_googles_tag(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    _, page = signed_up(client, "ada@dev.test")
    settings.SANDBOX = False
    client.post("/consent/", {"analytics": "yes"})
    assert "googletagmanager" not in client.get(page).content.decode()


def test_the_sandbox_never_loads_googles_tag(client: Client) -> None:
    client.cookies["consent"] = "analytics"
    reply = client.get("/")
    assert "google" not in reply.content.decode() + reply["Content-Security-Policy"]


# -- healthz -----------------------------------------------------------------------------------------------------------


def test_healthz_is_well_before_any_worker_ran(client: Client) -> None:
    reply = client.get("/healthz")
    assert (reply.status_code, reply["Cache-Control"]) == (200, "no-store")
    assert reply.json() == {"status": "ok", "database": "ok", "worker": {"heartbeat_age_s": None}}


def test_healthz_tells_how_long_ago_a_worker_worked(client: Client) -> None:
    Heartbeat.objects.create(name="canary", at=timezone.now() - timedelta(seconds=90))
    reply = client.get("/healthz")
    assert reply.status_code == 200
    assert 90 <= reply.json()["worker"]["heartbeat_age_s"] < 100


@pytest.mark.django_db(databases=[])
def test_healthz_says_when_the_database_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def refuse(*args: object, **options: object) -> None:
        raise OperationalError("could not connect")

    monkeypatch.setattr("django.db.models.query.QuerySet.first", refuse)
    reply = client.get("/healthz")
    assert (reply.status_code, reply.json()["status"]) == (503, "down")
