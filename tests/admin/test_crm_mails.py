"""The panel with the mails the CRM holds: fetched after the page, kept for a while, and clear where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import close_api
from integrations.close import Close
from signups.contracts import CrmMail, Delivered
from signups.models import Signup
from tests.admin.rows import make_staff
from tests.rows import finish, make_company, make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

ROUTE = "activity/email/"


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    close_api.forget_fields()
    cache.clear()
    yield
    cache.clear()


def tom_in_close() -> Signup:
    """A signup Close was told of; two mails with him came along."""
    signup = make_signup("tom@acme.test", "Tom Reyes", company=make_company("acme.test", "Acme"))
    delivery = make_delivery(signup, "close")
    outcome = Close().on_signed_up(signup, delivery)
    assert isinstance(outcome, Delivered)
    finish(delivery, outcome)
    return signup


def panel(browser: Client, signup: Signup, query: str = "") -> str:
    reply = browser.get(reverse("admin:signups_signup_crm_mails", args=[signup.pk]) + query)
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def make_older(signup: Signup, **age: float) -> None:
    """As if the mails had been fetched some time ago."""
    key = f"crm-mails:close:{signup.pk}"
    at, mails = cache.get(key)
    cache.set(key, (at - timedelta(**age), mails), 86_400)


def test_the_latest_mails_are_shown_newest_first(browser: Client, sandbox: Sandbox) -> None:
    shown = panel(browser, tom_in_close())

    assert shown.index("Re: Rate limits") < shown.index("We would send about 40,000 calls an hour.")
    assert "from tom@acme.test" in shown
    assert "to tom@acme.test" in shown


def test_the_page_itself_asks_close_nothing(browser: Client, sandbox: Sandbox) -> None:
    signup = tom_in_close()
    shown = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).content.decode()

    assert f'data-panel="{reverse("admin:signups_signup_crm_mails", args=[signup.pk])}"' in shown
    assert sandbox.received("close", ROUTE) == []


def test_within_five_minutes_close_is_asked_once(browser: Client, sandbox: Sandbox) -> None:
    signup = tom_in_close()
    panel(browser, signup)
    panel(browser, signup)
    assert len(sandbox.received("close", ROUTE)) == 1

    make_older(signup, minutes=6)
    panel(browser, signup)
    assert len(sandbox.received("close", ROUTE)) == 2


def test_when_close_is_away_the_last_mails_are_shown_and_it_is_said_so(browser: Client, sandbox: Sandbox) -> None:
    signup = tom_in_close()
    panel(browser, signup)
    make_older(signup, hours=3)
    sandbox.fault("close", status=503)
    shown = panel(browser, signup)

    assert "Re: Rate limits" in shown
    assert "Close is away</strong>: it answered 503 Service Unavailable" in shown
    assert ">3 h ago</time>" in shown


def test_when_close_is_away_and_nothing_is_kept_it_says_why_and_can_be_asked_again(
    browser: Client, sandbox: Sandbox
) -> None:
    signup = tom_in_close()
    sandbox.fault("close", status=503)
    shown = panel(browser, signup)

    assert "<strong>Close is away.</strong> It answered 503 Service Unavailable" in shown
    assert f"{reverse('admin:signups_signup_crm_mails', args=[signup.pk])}?again=1" in shown
    sandbox.clear_faults()
    assert "Close is away" in panel(browser, signup)  # left alone for half a minute
    assert "Re: Rate limits" in panel(browser, signup, "?again=1")
    assert "Close is away" not in panel(browser, signup)


def test_staff_never_wait_longer_than_five_seconds(browser: Client, sandbox: Sandbox) -> None:
    signup = tom_in_close()
    sandbox.fault("close", latency_ms=8000, route=ROUTE)
    started = timezone.now()

    assert "Close is away" in panel(browser, signup)
    assert timezone.now() - started < timedelta(seconds=5.5)


def test_a_wrong_key_is_named(browser: Client, sandbox: Sandbox, settings: Any) -> None:
    signup = tom_in_close()
    settings.CLOSE = {**settings.CLOSE, "api_key": "api_wrong"}

    assert "check CLOSE_API_KEY" in panel(browser, signup)
    assert "api_wrong" not in panel(browser, signup)


def test_close_off_names_the_setting(browser: Client, settings: Any) -> None:
    settings.CLOSE = {**settings.CLOSE, "api_key": ""}
    shown = panel(browser, make_signup())

    assert "Close is off." in shown
    assert "<code>CLOSE_API_KEY</code>" in shown


def test_somebody_close_was_not_told_of_has_no_lead(browser: Client, sandbox: Sandbox) -> None:
    assert "Close has no lead for them yet" in panel(browser, make_signup())
    assert sandbox.received("close") == []


def test_a_colleague_s_lead_is_the_company_s(browser: Client, sandbox: Sandbox) -> None:
    colleague = make_signup("ida@acme.test", "Ida", company=tom_in_close().company)
    assert "Re: Rate limits" in panel(browser, colleague)


def test_a_lead_without_mails_says_so(browser: Client, sandbox: Sandbox) -> None:
    signup = make_signup("uma@lone.test", "Uma", company=make_company("lone.test", "Lone"))
    delivery = make_delivery(signup, "close")
    outcome = Close().on_signed_up(signup, delivery)
    finish(delivery, outcome)

    assert "Close holds no mails with them." in panel(browser, signup)


def test_whatever_stands_in_a_mail_is_escaped(browser: Client, sandbox: Sandbox) -> None:
    signup = tom_in_close()
    nasty = "<script>alert(1)</script>"
    mail = CrmMail(timezone.now(), True, nasty, nasty, (nasty,), nasty, nasty, "javascript:alert(1)")
    cache.set(f"crm-mails:close:{signup.pk}", (timezone.now(), (mail,)), 60)
    shown = panel(browser, signup)

    assert nasty not in shown
    assert "javascript:" not in shown


def test_whoever_may_not_see_signups_sees_no_mails(db: None) -> None:
    url = reverse("admin:signups_signup_crm_mails", args=[make_signup().pk])
    browser = Client()
    assert browser.get(url).status_code == 302
    browser.force_login(make_staff("signups.view_company"))
    assert browser.get(url).status_code == 403
