"""The actions nobody took: why, and sending them again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from signups.models import Forward
from tests.activity.reports import events, forward_all, report, track
from tests.admin.rows import make_staff
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db

URL = "/admin/signups/forward/"


def refused(name: str = "Read the docs", why: str = "Mixpanel refused it: too old") -> Forward:
    report(track(name, user_id="cus_1"))
    row = Forward.objects.latest("pk")
    row.refused_at, row.due_at, row.why = timezone.now(), None, why
    row.save()
    return row


def test_refused_actions_are_listed_with_their_reason_and_counted_in_the_navigation(browser: Client) -> None:
    refused()
    report(track("On its way"))
    page = browser.get(URL).content.decode()
    assert "Read the docs" in page
    assert "Mixpanel refused it: too old" in page
    assert "cus_1" in page
    assert "On its way" not in page


def test_the_empty_list_says_what_it_is_for(browser: Client) -> None:
    assert "could not be sent on" in browser.get(URL).content.decode()


def test_a_reason_picks_its_own(browser: Client) -> None:
    refused("One", "too old")
    refused("Other", "too large")
    page = browser.get(URL, {"why": "too old"})
    assert [row.action.name for row in page.context["cl"].result_list] == ["One"]


def test_after_a_question_they_are_sent_again(browser: Client, sandbox: Sandbox) -> None:
    row = refused()
    row.action.user_id = ""
    row.action.save()
    asked = browser.post(URL, {"action": "send_again", "_selected_action": [row.pk], "index": "0"})
    assert "Send 1 action again" in asked.content.decode()
    assert events(sandbox) == []
    browser.post(URL, {**asked.context["question"].hidden, "sure": "yes"})
    forward_all()
    assert (len(events(sandbox)), Forward.objects.count()) == (1, 0)


def test_who_may_only_look_does_not_send() -> None:
    row = refused()
    client = Client()
    client.force_login(make_staff("signups.view_forward"))
    assert client.get(URL).status_code == 200
    client.post(URL, {"action": "send_again", "_selected_action": [row.pk], "sure": "yes"})
    row.refresh_from_db()
    assert row.refused_at is not None
