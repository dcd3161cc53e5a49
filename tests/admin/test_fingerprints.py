"""Fingerprints in the admin: what was learned of servers, and exempting those that everybody uses."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from signups.models import Fingerprint
from signups.vetting import learning
from signups.vetting.learning import Label, Lesson, Source

pytestmark = pytest.mark.django_db

URL = "/admin/signups/fingerprint/"


def teach(number: int = 10, host: str = "mx.dropmail.test", name: str = "drop") -> Fingerprint:
    servers = {"mx_host": [host]}
    learning.learn(Lesson(f"{name}{n}.test", Label.DISPOSABLE, Source.LIST, servers) for n in range(number))
    return Fingerprint.objects.get(value=host)


def act(browser: Client, action: str, row: Fingerprint, **answer: str) -> Any:
    return browser.post(URL, {"action": action, "_selected_action": str(row.pk), **answer}, follow=True)


def test_servers_are_listed_with_their_counts_and_odds(browser: Client) -> None:
    teach()
    page = browser.get(URL).content.decode()

    assert "mx.dropmail.test" in page
    assert "50 : 1" in page
    assert "strong sign" in page


def test_a_server_is_found_by_a_part_of_its_name(browser: Client) -> None:
    teach()
    teach(host="in1.burnerhost.test", name="burn")
    page = browser.get(URL, {"q": "burner"}).content.decode()

    assert "in1.burnerhost.test" in page
    assert "mx.dropmail.test" not in page


def test_the_empty_list_says_how_to_begin(browser: Client) -> None:
    assert "manage.py learn_fingerprints" in browser.get(URL).content.decode()


def test_a_servers_page_names_its_domains_and_who_called_them_disposable(browser: Client) -> None:
    row = teach()
    page = browser.get(f"{URL}{row.pk}/change/").content.decode()

    assert "drop3.test" in page
    assert "by a list" in page


def test_exempting_asks_first_and_keeps_who_said_so(browser: Client) -> None:
    row = teach()
    assert "Exempt 1 fingerprint" in act(browser, "exempt", row).content.decode()
    assert not Fingerprint.objects.filter(is_exempt=True).exists()

    act(browser, "exempt", row, sure="1", chosen=str(row.pk))
    assert Fingerprint.objects.filter(is_exempt=True, exempted_by__username="boss").count() == 1


def test_exempt_servers_may_count_again(browser: Client) -> None:
    row = teach()
    act(browser, "exempt", row, sure="1", chosen=str(row.pk))
    act(browser, "count_again", row, sure="1", chosen=str(row.pk))
    row.refresh_from_db()

    assert row.is_exempt is False


def test_a_list_of_thirty_costs_no_more_queries_than_one_of_one(browser: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(URL).status_code == 200
        return len(captured)

    teach()
    browser.get(URL)
    one = queries()
    for number in range(30):
        teach(host=f"mx{number}.dropmail.test", name=f"other{number}-")

    assert queries() == one
