"""The welcome page: its key and its first call work as they stand there."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from signups.models import ApiKey, Signup
from tests.pages.visit import signed_up, text
from tests.sandbox_process import Sandbox

if TYPE_CHECKING:
    from tests.pages.visit import Reply


def to_copy(page: Reply, element: str) -> str:
    """What the copy button of an element copies."""
    (code,) = re.findall(rf'<code id="{element}">(.*?)</code>', page.content.decode(), re.DOTALL)
    return html.unescape(code)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("element", "command"), [("curl", ["sh", "-c"]), ("python", [sys.executable, "-c"])])
def test_the_first_call_works_as_copied(
    element: str, command: list[str], sandbox: Sandbox, settings: Settings, live_server: LiveServer
) -> None:
    settings.BASE_URL = live_server.url
    client = Client()
    _, page = signed_up(client, "ada@dev.test", "Ada Byrne")
    run = subprocess.run([*command, to_copy(client.get(page), element)], capture_output=True, text=True, timeout=30)
    assert json.loads(run.stdout.replace("'", '"')) == {"hello": "Ada Byrne", "verdict": "accepted"}, run.stderr


@pytest.mark.django_db
def test_the_key_stays_the_same_however_often_the_page_is_shown(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "ada@dev.test")
    keys = {to_copy(client.get(page), "key") for _ in range(3)}
    assert len(keys) == 1
    assert ApiKey.objects.get().digest == ApiKey.digest_of(keys.pop())


@pytest.mark.django_db
def test_a_key_made_under_an_earlier_secret_is_made_good(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "ada@dev.test")
    client.get(page)
    ApiKey.objects.update(digest="0" * 64)
    key = to_copy(client.get(page), "key")
    assert client.get("/api/v1/hello", headers={"Authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.django_db
def test_a_key_that_was_switched_off_is_not_shown(client: Client, sandbox: Sandbox) -> None:
    _, page = signed_up(client, "ada@dev.test")
    client.get(page)
    ApiKey.objects.update(revoked_at=timezone.now())
    reply = client.get(page)
    assert "Your trial key has been switched off." in text(reply)
    assert "ob_trial_" not in text(reply)


@pytest.mark.django_db
def test_who_is_no_longer_accepted_gets_no_key(client: Client, sandbox: Sandbox) -> None:
    signup, page = signed_up(client, "ada@dev.test")
    Signup.objects.filter(pk=signup.pk).update(verdict="held")
    assert client.get(page)["Location"].startswith("/signup/in-review/")
    assert ApiKey.objects.count() == 0
