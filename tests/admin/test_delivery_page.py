"""A delivery's page: what we had, what was said, how to say it again, and who may see whose data."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from signups.admin import curl
from signups.models import Attempt, Delivery
from tests.admin.rows import make_delivery, make_staff
from tests.rows import make_signup

pytestmark = pytest.mark.django_db
PRIVATE = ("zelda", "quill", "secretive.test", "198.51.100.7", "zq-codes", "Zürich")


def exchange(**values: Any) -> dict[str, Any]:
    return {
        "method": "POST", "url": "https://api.vendor.test/x?key=$CLOSE_API_KEY", "request": "{}", "status": 200,
        "reply": "{}", "ms": 7, "headers": {"Accept": "application/json"}, "auth": "$CLOSE_API_KEY:",
        "variables": ["CLOSE_API_KEY"], **values,
    }  # fmt: skip


def told(**values: Any) -> Delivery:
    """Somebody the vendor was told of in every way there is."""
    facts = {"github.handle": "zq-codes", "location": "Zürich"}
    signup = make_signup("zelda@secretive.test", "Zelda Quill", ip="198.51.100.7", facts=facts)
    outcome = "Mailed to zelda@secretive.test."
    delivery = make_delivery(signup, "close", state="delivered", outcome=outcome, external_id="lead_1", **values)
    request = '{"name": "Zelda Quill", "email": "zelda@secretive.test", "city": "Z\\u00fcrich", "ip": "198.51.100.7"}'
    reply = '{"display_name": "ZELDA QUILL", "github": "zq-codes", "q": "zelda%40secretive.test", "ok": "yes"}'
    said = [exchange(request=request, reply=reply)]
    Attempt.objects.create(
        delivery=delivery, at=delivery.created_at, result="delivered", reason=outcome, exchanges=said
    )
    return delivery


def page(client: Client, delivery: Delivery) -> str:
    return client.get(reverse("admin:signups_delivery_change", args=[delivery.pk])).content.decode()


def colleague(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_staff("signups.view_delivery", *permissions))
    return client


def test_whoever_may_see_personal_data_sees_it() -> None:
    shown = page(colleague("signups.view_personal_data"), told())
    assert "zelda@secretive.test" in shown
    assert "198.51.100.7" in shown


def test_nobody_else_does_neither_on_the_page_nor_in_the_list() -> None:
    client, delivery = colleague(), told()
    for shown in (page(client, delivery), client.get("/admin/signups/delivery/").content.decode()):
        assert "Z. Q." in shown
        assert not [word for word in PRIVATE if word.lower() in shown.lower()]
    assert "&quot;ok&quot;: &quot;yes&quot;" in page(client, delivery)


def test_whoever_may_not_see_an_address_cannot_search_for_it() -> None:
    client = colleague()
    told()
    assert "Z. Q." not in client.get("/admin/signups/delivery/?q=zelda").content.decode()


def test_a_link_that_lets_somebody_in_is_masked_for_everybody(browser: Client) -> None:
    token = signing.dumps("1")
    shown = page(browser, told(frozen={"confirm_url": f"https://signups.test/confirm/{token}/"}))
    assert "confirm/••••/" in shown
    assert token not in shown


def test_what_we_had_and_what_staff_did_stand_there(browser: Client) -> None:
    delivery = told()
    resend = reverse("admin:signups_delivery_resend", args=[delivery.pk]) + "?from=delivery"
    assert resend in page(browser, delivery)
    shown = browser.post(resend, {"sure": "yes"}, follow=True).content.decode()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.is_ambiguous) == ("pending", True)
    assert "signed up → close: Resend" in shown


def test_a_call_can_be_repeated_by_hand_with_secrets_as_variables() -> None:
    command = curl.command(exchange(request='{"name": "O\'Hara"}'))
    assert command.splitlines() == [
        "curl -X POST 'https://api.vendor.test/x?key='\"$CLOSE_API_KEY\" \\",
        "  -u \"$CLOSE_API_KEY\"':' \\",
        "  -H 'Accept: application/json' \\",
        "  --data-binary '{\"name\": \"O'\\''Hara\"}'",
    ]


@pytest.mark.parametrize("name", ["$(reboot)", "`reboot`", "'; reboot; '", "$SECRET_KEY", "a\nreboot"])
def test_what_somebody_typed_means_nothing_to_a_shell(name: str) -> None:
    words = shlex.split(curl.command(exchange(request=name)).replace("\\\n", " "))
    assert words[-1] == name


def test_a_body_that_was_cut_is_left_out_and_said_to_be() -> None:
    command = curl.command(exchange(request="x" * curl.CUT_AT))
    assert "--data-binary" not in command
    assert command.splitlines()[-1].startswith("# The body is left out")
