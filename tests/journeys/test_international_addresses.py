"""An address with letters of another script, from the form to every vendor."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from signups.models import Signup
from tests.journeys.story import close_contacts, deliver, mails, mixpanel_events, sign_up, slack_messages, states
from tests.pages import visit
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

TYPED, EMAIL = "Пётр@Bücher.test", "Пётр@xn--bcher-kva.test"


def test_somebody_whose_address_is_cyrillic_confirms_it_and_stands_at_every_vendor(sandbox: Sandbox) -> None:
    signup = sign_up(TYPED, "Пётр Книжный")
    assert (signup.email, signup.person.email, signup.verdict) == (EMAIL, EMAIL.lower(), "confirm")
    deliver()
    (mail,) = mails(sandbox, EMAIL)
    link = next(link for link in mail["links"] if "/confirm/" in link)
    Client().post(link.partition("://")[2].partition("/")[2].join(("/", "")))
    signup.refresh_from_db()
    assert signup.verdict == "accepted"

    deliver()
    assert set(states(signup).values()) <= {"delivered", "skipped"}
    assert len(close_contacts(sandbox, EMAIL)) == 1
    assert len(mixpanel_events(sandbox, signup)) == 1
    assert EMAIL in str(slack_messages(sandbox))
    (customer,) = [one for one in sandbox.state("customerio")["customers"] if one["id"] == str(signup.uid)]
    assert customer["email"] == EMAIL


def test_the_form_takes_it_and_knows_it_again(sandbox: Sandbox, settings: Any) -> None:
    settings.FORM_MIN_SECONDS = 0
    for typed in (TYPED, "пётр@xn--bcher-kva.test", "пе\u0308тр@BÜCHER.test"):
        reply = visit.sign_up(Client(), typed, "Пётр Книжный")
        assert reply.status_code == 303, reply.context["form"].errors
    assert Signup.objects.count() == 1
