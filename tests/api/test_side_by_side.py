"""The same request twice at once: one signup, one answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client

from signups.models import IdempotentReply, Signup
from tests.api.conftest import new_key
from tests.api.test_signups import post
from tests.sandbox_process import Sandbox

if TYPE_CHECKING:
    from tests.pages.visit import Reply

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(bodies: list[dict[str, str]], idempotency_key: str) -> list[Reply]:
    """All bodies posted side by side under one key."""
    key, _ = new_key()

    def send(body: dict[str, str]) -> Reply:
        try:
            return post(Client(headers={"Authorization": f"Bearer {key}"}), idempotency_key=idempotency_key, **body)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def test_the_same_body_at_once_is_one_signup_and_one_answer(sandbox: Sandbox) -> None:
    replies = at_once([{"email": "tom@acme.test"}] * 6, "42")
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert (Signup.objects.count(), IdempotentReply.objects.count()) == (1, 1)


def test_other_bodies_at_once_are_a_conflict_and_leave_nothing(sandbox: Sandbox) -> None:
    replies = at_once([{"email": f"member-{n}@crowd-{n}.test"} for n in range(4)], "42")
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert (Signup.objects.count(), IdempotentReply.objects.count()) == (1, 1)


def test_one_address_at_once_without_a_key_is_one_signup(sandbox: Sandbox) -> None:
    replies = at_once([{"email": "uma@acme.test"}] * 4, "")
    assert sorted(reply.status_code for reply in replies) == [200, 200, 200, 201]
    assert Signup.objects.count() == 1
