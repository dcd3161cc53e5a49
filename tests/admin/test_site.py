"""The first page, the navigation, and what the admin has of other apps."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django_q.models import Schedule

from signups.models import Verdict
from tests.admin.rows import make_delivery, make_staff, make_story
from tests.rows import make_signup


def first_page(browser: Client) -> str:
    return browser.get(reverse("admin:index")).content.decode()


def test_an_empty_site_says_what_to_do_first(browser: Client) -> None:
    shown = first_page(browser)

    assert "Nobody has signed up yet" in shown
    assert reverse("signups:signup") in shown
    assert reverse("admin:signups_apikey_add") in shown


def test_the_overview_counts_by_verdict_and_value(browser: Client) -> None:
    make_signup("a@dev.test", is_high_value=True)
    make_signup("b@dev.test", verdict=Verdict.HELD)
    numbers = {n.label: n.week for n in browser.get(reverse("admin:index")).context["numbers"]}

    assert numbers == {
        "Signups": 2,
        "Accepted": 1,
        "Awaiting confirmation": 0,
        "Held for review": 1,
        "Rejected": 0,
        "High value": 1,
    }


def test_every_number_leads_to_as_many_rows(browser: Client) -> None:
    for number, verdict in enumerate(Verdict):
        make_story(number, verdict)
    for number in browser.get(reverse("admin:index")).context["numbers"]:
        for count, url in ((number.week, number.week_url), (number.month, number.month_url)):
            assert browser.get(url).context["cl"].result_count == count


def test_what_waits_for_staff_is_counted_in_the_navigation(browser: Client) -> None:
    make_signup("held@dev.test", verdict=Verdict.HELD)
    make_delivery(make_signup("out@dev.test", verdict=Verdict.REJECTED), state="failed")
    groups = browser.get(reverse("admin:index")).context["sidebar_navigation"]
    badges = {item["title"]: item.get("badge") for group in groups for item in group["items"]}

    assert [badges[title] for title in ("Held for review", "Rejected e-mails", "Deliveries")] == [1, 1, 1]


def test_the_navigation_shows_what_one_may_see(db: None) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_company"))
    groups = browser.get(reverse("admin:index")).context["sidebar_navigation"]

    assert [item["title"] for group in groups for item in group["items"]] == ["Overview", "Companies"]
    assert "You may not see signups" in first_page(browser)


def test_every_link_of_the_navigation_leads_somewhere(browser: Client) -> None:
    make_story(1)
    for group in browser.get(reverse("admin:index")).context["sidebar_navigation"]:
        for item in group["items"]:
            assert browser.get(item["link"]).status_code == 200, item["link"]


def test_the_login_page_names_the_demo_login_in_the_sandbox(client: Client, db: None) -> None:
    assert "<code>demo</code>" in client.get(reverse("admin:login")).content.decode()


def test_logging_in_leads_to_the_overview(client: Client, boss: User) -> None:
    reply = client.post(reverse("admin:login"), {"username": "boss", "password": "x"})
    assert reply["Location"] == reverse("admin:index")


def test_schedules_can_be_read_and_not_changed(browser: Client) -> None:
    schedule = Schedule.objects.create(name="mine", func="signups.tasks.sweep")
    url = reverse("admin:django_q_schedule_change", args=[schedule.pk])

    assert browser.get(url).status_code == 200
    assert browser.post(url, {"name": "theirs"}).status_code == 403


@pytest.mark.parametrize("model", ["django_q_success", "django_q_ormq", "signups_integrationstate"])
def test_what_nobody_needs_is_not_there(browser: Client, model: str) -> None:
    assert browser.get(f"/admin/{model.rpartition('_')[0]}/{model.rpartition('_')[2]}/").status_code == 404


def test_users_can_be_added_and_changed(browser: Client, boss: User) -> None:
    assert browser.get(reverse("admin:auth_user_add")).status_code == 200
    assert browser.get(reverse("admin:auth_user_change", args=[boss.pk])).status_code == 200
    assert browser.get(reverse("admin:auth_user_password_change", args=[boss.pk])).status_code == 200


def test_a_companys_page_lists_its_people_and_signups(browser: Client) -> None:
    signup = make_story(1)
    make_delivery(signup, "mixpanel", state="delivered", external_url="https://mixpanel.test/p/1")
    shown = browser.get(reverse("admin:signups_company_change", args=[signup.company_id])).content.decode()

    for words in ("Company 1", "person1@company1.test", "Open in Mixpanel", "found"):
        assert words in shown


def test_a_persons_page_lists_their_signups(browser: Client) -> None:
    signup = make_story(1)
    shown = browser.get(reverse("admin:signups_person_change", args=[signup.person_id])).content.decode()

    assert reverse("admin:signups_signup_change", args=[signup.pk]) in shown
    assert "Engineer" in shown


def test_an_empty_list_is_not_taken_for_a_search_that_found_nothing(browser: Client) -> None:
    empty = browser.get(reverse("admin:signups_forward_changelist")).content.decode()
    searched = browser.get(reverse("admin:signups_forward_changelist"), {"q": "ada"}).content.decode()

    assert ("Nothing here yet" in empty, "Show all" in empty) == (True, False)
    assert ("Nothing found" in searched, "Show all" in searched) == (True, True)


def test_what_nobody_may_do_is_refused_on_a_page_with_a_way_on(browser: Client) -> None:
    reply = browser.get("/admin/signups/campaign/add/")
    assert reply.status_code == 403
    assert "This is not yours to see" in reply.content.decode()
