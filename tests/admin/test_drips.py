"""Drip status: what became of each campaign's mails, and who is where in which drip."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from signups.mails import developer, drips
from signups.models import Campaign, Mail, MailEvent, Person, Signup
from tests.admin.rows import make_staff
from tests.admin.test_queries import queries
from tests.rows import make_signup

pytestmark = pytest.mark.django_db

URL = "/admin/signups/campaign/"


def drip(name: str = "Getting started", schedule: tuple[int, ...] = (1, 3, 7), **values: Any) -> Campaign:
    return Campaign.objects.create(
        key=name, name=name, schedule=list(schedule), **{"is_drip": len(schedule) > 1, **values}
    )


def mailed(campaign: Campaign, signup: Signup, *days_ago: float, **moments: Any) -> None:
    """Mails to somebody, the last of them with these moments."""
    for number, days in enumerate(days_ago):
        at = timezone.now() - timedelta(days=days)
        last = {f"{name}_at": at for name, happened in moments.items() if happened} if days == days_ago[-1] else {}
        known = {"sent_at": at, "delivered_at": at, **last}
        key = f"{campaign.pk}-{signup.pk}-{number}"
        Mail.objects.create(
            key=key, signup=signup, campaign=campaign, first_at=at, subject=f"Mail {number + 1}", **known
        )


def stop(signup: Signup, why: str) -> None:
    Person.objects.filter(pk=signup.person_id).update(mail_stopped=why)


def states(**filters: str) -> dict[str, str]:
    rows = drips.places(Campaign.objects.all(), **filters)
    return {place.signup.email: place.state.value for place in drips.shown(rows)}


def page(browser: Client, query: str = "") -> str:
    reply = browser.get(URL + query)
    assert reply.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", reply.content.decode()).split())


@pytest.fixture
def everybody() -> dict[str, str]:
    """One person in each state."""
    campaign = drip()
    cast = {name: make_signup(f"{name}@dev.test", name.title()) for name in ("ann", "ben", "cem", "dan", "eva", "fay")}
    mailed(campaign, cast["ann"], 3, 1, opened=True)  # the third in two days
    mailed(campaign, cast["ben"], 9, 7)  # the third three days ago
    mailed(campaign, cast["cem"], 9, 7, 3, clicked=True)
    mailed(campaign, cast["dan"], 2, bounced=True)
    mailed(campaign, cast["eva"], 5, 3, unsubscribed=True)
    stop(cast["dan"], "bounced")
    stop(cast["eva"], "unsubscribed")
    mailed(drip("Tips", (), is_drip=True), cast["fay"], 1)
    return {
        "ann@dev.test": "waiting",
        "ben@dev.test": "overdue",
        "cem@dev.test": "finished",
        "dan@dev.test": "bounced",
        "eva@dev.test": "left",
        "fay@dev.test": "unscheduled",
    }


def test_everybody_stands_somewhere(everybody: dict[str, str]) -> None:
    assert states() == everybody


@pytest.mark.parametrize("state", list(drips.State))
def test_the_database_and_the_page_agree_on_who_stands_where(everybody: dict[str, str], state: str) -> None:
    assert states(state=state) == {email: where for email, where in everybody.items() if where == state}


def test_the_next_mail_is_expected_by_the_schedule() -> None:
    signup, campaign = make_signup(), drip()
    mailed(campaign, signup, 3, 1)
    (place,) = drips.shown(drips.places([campaign]))
    began = Mail.objects.order_by("first_at")[0].first_at
    assert (place.received, place.expected, place.next_at) == (2, 3, began + timedelta(days=6))


def test_numbers_are_of_people_mails_and_what_became_of_them() -> None:
    campaign, other = drip(), drip("Other")
    ada, tom = make_signup(), make_signup("tom@acme.test")
    mailed(campaign, ada, 5, 3, opened=True, clicked=True)
    mailed(campaign, tom, 2, bounced=True)
    (numbers,) = [one for one in drips.by_campaign() if one.campaign != other]
    assert (numbers.people, numbers.mails, numbers.sent, numbers.opened, numbers.bounced) == (2, 3, 3, 1, 1)


def test_the_page_shows_rates_and_places(everybody: dict[str, str], browser: Client) -> None:
    words = page(browser)
    assert "Getting started days 1, 3, 7" in words
    assert "Ben ben@dev.test Getting started 2 of 3" in words
    mailed(drip("Welcome", ()), make_signup("gus@dev.test"), 1)
    assert "gus@dev.test" not in words  # one mail is no drip
    assert "Welcome 1 of 1" in page(browser, "?campaign=all&q=gus")


def test_the_filters_narrow_and_say_so(everybody: dict[str, str], browser: Client) -> None:
    assert "1 place " in page(browser, "?state=overdue")
    assert "Cem" in page(browser, "?q=CEM")
    assert "Nobody is there." in page(browser, "?q=nobody")
    assert page(browser, "?campaign=x&state=y&p=z")


def test_nothing_heard_says_how_to_hear_of_it(browser: Client, settings: Any) -> None:
    words = page(browser)
    assert f"{settings.BASE_URL}/hooks/customerio" in words
    assert "Done: its signing key is set" in words
    settings.CUSTOMERIO = settings.CUSTOMERIO | {"webhook_secret": ""}
    assert "Copy its signing key into CUSTOMERIO_WEBHOOK_SECRET" in page(browser)


def test_odd_reports_are_shown_and_machines_are_not_odd(browser: Client) -> None:
    MailEvent.objects.create(key="1", metric="brand_new", at=timezone.now(), note="An unknown metric.")
    MailEvent.objects.create(key="2", metric="opened", at=timezone.now(), note="Opened by a machine: not counted.")
    words = page(browser)
    assert "brand_new An unknown metric." in words
    assert "by a machine" not in words


@pytest.mark.parametrize(
    ("schedule", "kept"), [("1, 3, 7", [1, 3, 7]), ("0 2", [0, 2]), ("", []), ("14", [14]), (" 1,3, ", [1, 3])]
)
def test_staff_say_when_mails_come(browser: Client, schedule: str, kept: list[int]) -> None:
    campaign = drip("Campaign 3", ())
    sent = {"name": "Getting started", "is_drip": "on", "schedule": schedule}
    reply = browser.post(f"{URL}{campaign.pk}/change/", sent)
    campaign.refresh_from_db()
    assert (reply.status_code, campaign.name, campaign.schedule) == (302, "Getting started", kept)


@pytest.mark.parametrize("schedule", ["soon", "3, 1", "1, 1", "-1", "1.5", "400", ", ".join(map(str, range(31)))])
def test_days_that_make_no_sense_are_refused_with_an_example(browser: Client, schedule: str) -> None:
    campaign = drip()
    reply = browser.post(f"{URL}{campaign.pk}/change/", {"name": "X", "schedule": schedule})
    campaign.refresh_from_db()
    assert (reply.status_code, campaign.name, campaign.schedule) == (200, "Getting started", [1, 3, 7])
    assert "1, 3, 7" in reply.content.decode()


def test_a_page_of_thirty_asks_as_often_as_one_of_three(browser: Client) -> None:
    campaign = drip()
    for number in range(30):
        mailed(campaign if number < 20 else drip(f"Drip {number}"), make_signup(f"p{number}@dev.test"), 3, 1)
        if number == 2:
            browser.get(URL)
            few = queries(browser, URL)
    assert queries(browser, URL) == few


def test_a_long_list_is_cut_to_pages(browser: Client) -> None:
    campaign = drip()
    for number in range(60):
        mailed(campaign, make_signup(f"p{number:02}@dev.test"), 2)
    assert "Page 1 of 2" in page(browser)
    assert "Page 2 of 2" in page(browser, "?campaign=&p=2")


def test_who_may_not_see_signups_reads_no_names(everybody: dict[str, str], client: Client) -> None:
    client.force_login(make_staff("signups.view_campaign"))
    words = page(client)
    assert "Getting started" in words
    assert "ben@dev.test" not in words


def test_the_page_needs_its_permission(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert client.get(URL).status_code == 403


def test_the_navigation_leads_there(browser: Client) -> None:
    assert URL in browser.get("/admin/").content.decode()


def test_a_signups_page_says_whether_it_is_a_developer_and_why(browser: Client) -> None:
    signup = make_signup(facts={"github.handle": "adabyrne", "employment.title": "Head of Marketing"})
    address = f"/admin/signups/signup/{signup.pk}/change/"
    assert "the welcome mail asks" in browser.get(address).content.decode()
    developer.update(signup)
    card = browser.get(address).content.decode().partition('id="developer"')[2].partition("</section>")[0]
    sentences = re.findall(r"<td>([^<]+)</td>", card)
    assert sentences == [
        "They have a GitHub account, adabyrne.",
        "Their title is Head of Marketing (“marketing”).",
    ]
    assert "a developer</span>" in card
