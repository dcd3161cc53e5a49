"""Plan and usage on the pages of signups and companies, the list of reports, and the form of the plan."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from signups.admin import usage_card
from signups.models import Company, Note, Signup, UsageRecord
from signups.usage.figures import utc_today
from tests.admin.rows import make_staff
from tests.admin.test_signups import text
from tests.rows import make_company, make_signup
from tests.usage.rows import make_usage

LIST = "/admin/signups/usagerecord/"


def page(browser: Client, row: Signup | Company) -> str:
    shown = text(browser, reverse(f"admin:signups_{row._meta.model_name}_change", args=[row.pk]))
    return shown.split('id="usage"')[1].split("</section>")[0]


def plan_url(signup: Signup) -> str:
    return reverse("admin:signups_signup_plan", args=[signup.pk])


def report(signup: Signup, days_ago: int, count: int, **values: object) -> UsageRecord:
    return make_usage(signup, utc_today() - timedelta(days=days_ago), count, **values)


# -- The card ----------------------------------------------------------------------------------------------------------


def test_a_signups_page_shows_what_they_used_and_of_what(browser: Client) -> None:
    signup = make_signup(plan="trial", plan_limit=2_000, plan_period="total")
    report(signup, 1, 1_700, errors=17, endpoints={"/v1/people": 1_500, "/v1/companies": 200})
    shown = page(browser, signup)

    for words in (
        "<strong>trial</strong>",
        "1,700 in all, of 2,000 in all",
        'ob-look">85 %',
        "<code>/v1/people</code>",
    ):
        assert words in shown
    assert "17 (1.0 %) of the 30 days’ calls failed." in shown


@pytest.mark.parametrize(("used", "tone"), [(79, "good"), (80, "look"), (99, "look"), (100, "bad"), (10_000, "bad")])
def test_the_share_of_the_limit_is_amber_from_eighty_and_red_from_a_hundred(db: None, used: int, tone: str) -> None:
    signup = make_signup(plan_limit=100, plan_period="total")
    report(signup, 1, used)
    card = usage_card.of_signup(signup, may_change=False)

    assert (card.tone, card.bar_percent) == (tone, min(used, 100))


def test_without_usage_the_page_says_how_to_report_it(browser: Client) -> None:
    shown = page(browser, make_signup())
    assert "POST /api/v1/usage" in shown
    assert "import_usage" in shown


def test_the_chart_has_the_thirty_days_and_today(db: None) -> None:
    signup = make_signup()
    report(signup, 2, 40, errors=10)
    card = usage_card.of_signup(signup, may_change=False)

    assert len(card.bars) == 31
    assert card.bars[-3].parts == [("bad", 25.0), ("good", 75.0)]
    assert card.bars[-1].parts == []


def test_a_companys_page_adds_its_people_up_and_names_them(browser: Client) -> None:
    company = make_company()
    for number, name in enumerate(("Ada", "Tom"), 1):
        signup = make_signup(f"{name}@dev.test", name, company=company, plan_limit=100, plan_period="total")
        report(signup, 1, 70 * number)
    make_signup("uma@dev.test", "Uma", company=company)
    shown = page(browser, company)

    assert "210 in all, of 200 in all their plans" in shown
    assert shown.index(">Tom</a>") < shown.index(">Ada</a>")
    assert "at the limit" in shown
    assert ">Uma</a>" not in shown


def test_what_a_product_reports_is_escaped(browser: Client) -> None:
    signup = make_signup(plan="<b>trial</b>", plan_limit=5)
    report(signup, 1, 3, endpoints={"/<script>": 3})

    assert "<script>" not in page(browser, signup)
    assert "<b>trial</b>" not in page(browser, signup)
    assert "/<script>" not in text(browser, LIST)


@pytest.mark.parametrize("row", ["signup", "company"])
def test_a_page_needs_as_many_queries_for_thirty_days_of_many_as_for_one(browser: Client, row: str) -> None:
    numbers = []
    for domain, people, days in (("few.test", 1, 1), ("many.test", 5, 30)):
        company = make_company(domain)
        for number in range(people):
            signup = make_signup(f"p{number}@{domain}", company=company)
            for day in range(days):
                report(signup, day, 5, endpoints={f"/v1/{day}": 5}, limit=9)
        url = reverse(f"admin:signups_{row}_change", args=[signup.pk if row == "signup" else company.pk])
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            browser.get(url)
        numbers.append(sum('"signups_usagerecord"' in query["sql"] for query in captured))

    assert numbers[0] == numbers[1]


# -- The list ----------------------------------------------------------------------------------------------------------


def test_the_list_shows_reports_and_is_found_by_address_and_company(browser: Client) -> None:
    company = make_company("rocket.test", "Rocket")
    report(make_signup("grace@rocket.test", "Grace", company=company), 1, 12_345, endpoints={"/v1/people": 1})
    report(make_signup("ada@dev.test"), 1, 777)

    assert "12,345" in text(browser, LIST)
    for words in ("grace@", "Rocket"):
        shown = text(browser, f"{LIST}?q={words}")
        assert "12,345" in shown
        assert "777" not in shown


def test_the_list_is_narrowed_by_metric_and_day(browser: Client) -> None:
    signup = make_signup()
    report(signup, 1, 111)
    report(signup, 1, 222, metric="seats")
    report(signup, 9, 333)
    since = utc_today() - timedelta(days=2)

    shown = text(browser, f"{LIST}?metric=api_calls&date_from={since}")
    assert [number for number in ("111", "222", "333") if f">{number}<" in shown] == ["111"]


def test_an_empty_list_says_how_to_report(browser: Client) -> None:
    assert "No usage has been reported yet" in text(browser, LIST)
    report(make_signup(), 1, 5)
    assert "No usage has been reported yet" not in text(browser, LIST)


def test_nobody_changes_a_report_by_hand(browser: Client) -> None:
    record = report(make_signup(), 1, 5)
    url = reverse("admin:signups_usagerecord_change", args=[record.pk])
    assert browser.post(url, {"count": 9}).status_code == 403
    assert browser.get(f"{LIST}add/").status_code == 403


# -- The plan ----------------------------------------------------------------------------------------------------------


def test_staff_set_plan_limit_and_period(browser: Client) -> None:
    signup = make_signup(plan="trial", plan_limit=1_000)
    assert "Change plan" in page(browser, signup)
    assert 'value="1000"' in text(browser, plan_url(signup))
    reply = browser.post(plan_url(signup), {"plan": "pro", "plan_limit": "50000", "plan_period": "day"}, follow=True)

    assert "is now pro, 50,000 API calls a day" in reply.content.decode()
    signup.refresh_from_db()
    assert (signup.plan, signup.plan_limit, signup.plan_period) == ("pro", 50_000, "day")


def test_who_changed_a_plan_is_written_down(browser: Client) -> None:
    signup = make_signup(plan="trial", plan_limit=1_000)
    browser.post(plan_url(signup), {"plan": "pro", "plan_limit": "", "plan_period": "month"})
    text = "Plan set to pro, no limit set. It was trial, 1,000 API calls a month."

    assert Note.objects.values_list("text", "author__username").get() == (text, "boss")
    assert text in LogEntry.objects.get().change_message


def test_a_plan_that_stays_as_it_was_is_not_written_down(browser: Client) -> None:
    signup = make_signup(plan="trial", plan_limit=1_000)
    browser.post(plan_url(signup), {"plan": "trial", "plan_limit": "1000", "plan_period": "month"})
    assert not Note.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plan_limit", "0"),
        ("plan_limit", "many"),
        ("plan_limit", "9" * 30),
        ("plan", "p" * 51),
        ("plan_period", "week"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(browser: Client, name: str, value: str) -> None:
    signup = make_signup(plan="trial")
    reply = browser.post(plan_url(signup), {"plan": "pro", "plan_limit": "5", "plan_period": "month", name: value})

    assert reply.status_code == 422
    assert "ob-error" in reply.content.decode()
    assert Signup.objects.get().plan == "trial"


def test_who_may_only_look_cannot_change_a_plan(db: None) -> None:
    signup, client = make_signup(), Client()
    client.force_login(make_staff("signups.view_signup"))

    assert "Change plan" not in page(client, signup)
    assert client.post(plan_url(signup), {"plan": "pro", "plan_period": "month"}).status_code == 403
    assert client.get(LIST).status_code == 403
