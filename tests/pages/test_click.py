"""What becomes of a signup by the click that confirms it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from signups.models import Confirmation, Verdict
from tests.pages.visit import link, signed_up, text
from tests.sandbox_process import Sandbox
from tests.vetting.test_clicks import confirmed

pytestmark = pytest.mark.django_db


def test_a_click_as_people_make_it_is_on_record(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    client.post(link(nora), headers={"X-Forwarded-For": "8.8.8.8"})
    found = nora.checks.get(name="confirmation_click")
    assert (found.outcome, found.code, found.evidence) == ("good", "usual", {"same_device": True})


def test_a_browser_that_confirms_many_is_held_and_reads_so(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    confirmed(4, device_id=client.cookies["device_id"].value)
    reply = client.post(link(nora), follow=True)

    nora.refresh_from_db()
    assert (nora.verdict, nora.machine_verdict, nora.accepted_at) == (Verdict.HELD, Verdict.HELD, None)
    assert nora.confirmed_at is not None
    assert "ob_trial_" not in text(reply)
    assert "/in-review/" in reply.redirect_chain[-1][0]


def test_why_it_is_held_is_on_record(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    confirmed(4, device_id=client.cookies["device_id"].value)
    client.post(link(nora))

    nora.refresh_from_db()
    change = nora.verdict_changes.latest("pk")
    assert (change.verdict, change.by) == ("held", "rules")
    assert change.note == "This browser confirmed 4 other signups in a day."
    assert nora.reasons[0]["sentence"] == "This browser confirmed 4 other signups in a day."


def test_who_comes_back_by_a_link_is_let_in_whatever_others_did(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    client.post(link(nora))
    nora.refresh_from_db()
    confirmed(12, ip="127.0.0.1", device_id=client.cookies["device_id"].value)
    Confirmation.objects.create(signup=nora, number=2, expires_at=timezone.now() + timedelta(hours=1))
    assert client.post(link(nora)).status_code == 303
    nora.refresh_from_db()
    assert nora.verdict == Verdict.ACCEPTED


def test_a_crowd_behind_one_address_is_held_from_the_second_dozen_on(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    confirmed(25)
    client.post(link(nora), headers={"X-Forwarded-For": "8.8.8.8"})
    nora.refresh_from_db()
    assert (nora.verdict, nora.matched_rules[0]["rule"]) == (Verdict.HELD, "crowd_at_one_address")


def test_a_team_behind_one_address_is_let_in(client: Client, sandbox: Sandbox) -> None:
    nora, _ = signed_up(client, "nora@quietcorp.test")
    confirmed(20)
    client.post(link(nora), headers={"X-Forwarded-For": "8.8.8.8"})
    nora.refresh_from_db()
    assert (nora.verdict, nora.checks.get(name="confirmation_click").code) == (Verdict.ACCEPTED, "many_from_ip")
    assert "crowd" in [one["rule"] for one in nora.matched_rules], "a rule that only notes the click is on record"
