"""What somebody's usage comes to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signups.models import Signup
from signups.usage import figures
from signups.usage.figures import Figures
from tests.rows import make_company, make_signup
from tests.usage.rows import TODAY, YESTERDAY, make_usage

pytestmark = pytest.mark.django_db


def of(signup: Signup, today: date = TODAY) -> Figures:
    signup.refresh_from_db()
    return figures.of_signups([signup], today)[signup.pk]


def test_somebody_without_usage_has_zeros_and_unknowns() -> None:
    assert of(make_signup()) == Figures(period="2026-11")


def test_yesterday_seven_and_thirty_days_are_complete_days() -> None:
    signup = make_signup()
    for days_ago, count in ((0, 1), (1, 10), (7, 100), (8, 1_000), (30, 10_000), (31, 100_000)):
        make_usage(signup, days_ago, count, errors=count)
    found = of(signup)

    assert (found.yesterday, found.days_7, found.days_30) == (10, 110, 11_110)
    assert found.errors_30 == 11_110
    assert (found.first_on, found.last_on) == (TODAY - timedelta(days=31), TODAY)


def test_a_day_without_a_call_is_neither_the_first_nor_the_last() -> None:
    signup = make_signup()
    for days_ago, count in ((9, 0), (5, 3), (2, 0)):
        make_usage(signup, days_ago, count)

    assert of(signup).first_on == of(signup).last_on == TODAY - timedelta(days=5)


def test_other_metrics_are_no_api_calls() -> None:
    signup = make_signup()
    make_usage(signup, 1, 5, metric="seats", limit=5, endpoints={"/x": 1})

    assert of(signup) == Figures(period="2026-11")


@pytest.mark.parametrize(
    ("period", "name", "count"), [("day", "2026-11-24", 1), ("month", "2026-11", 11), ("total", "total", 1_111)]
)
def test_the_plans_period_decides_what_counts_against_its_limit(period: str, name: str, count: int) -> None:
    signup = make_signup(plan_limit=1_000, plan_period=period)
    for day, number in ((TODAY, 1), (date(2026, 11, 1), 10), (date(2026, 10, 31), 100), (date(2025, 11, 3), 1_000)):
        make_usage(signup, day, number)
    found = of(signup)

    assert (found.period, found.period_count, found.percent) == (name, count, count // 10)


def test_a_days_plan_counts_yesterday_until_something_of_today_is_reported() -> None:
    signup = make_signup(plan_limit=10, plan_period="day")
    make_usage(signup, 1, 9)
    assert (of(signup).period, of(signup).period_count) == (str(YESTERDAY), 9)
    make_usage(signup, 0, 0)
    assert (of(signup).period, of(signup).period_count) == (str(TODAY), 0)


@pytest.mark.parametrize(("today", "count"), [(date(2026, 12, 31), 3), (date(2027, 1, 1), 4), (date(2027, 2, 1), 0)])
def test_a_month_ends_with_its_last_day(today: date, count: int) -> None:
    signup = make_signup(plan_limit=10)
    make_usage(signup, date(2026, 12, 31), 3)
    make_usage(signup, date(2027, 1, 1), 4)

    assert of(signup, today).period_count == count


def test_percent_is_rounded_down_so_that_a_hundred_means_reached() -> None:
    signup = make_signup(plan_limit=1_000)
    make_usage(signup, 1, 999)

    assert of(signup).percent == 99


def test_without_a_plans_limit_the_newest_reported_one_holds_and_none_is_none() -> None:
    signup = make_signup()
    for days_ago, limit in ((3, 500), (2, 1_000)):
        make_usage(signup, days_ago, limit=limit)
    assert of(signup).limit == 1_000
    make_usage(signup, 1, limit=None)
    assert of(signup).limit is None
    Signup.objects.update(plan_limit=70)
    assert of(signup).limit == 70


def test_endpoints_are_added_up_over_the_days_most_called_first() -> None:
    signup = make_signup()
    make_usage(signup, 1, endpoints={"/b": 3, "/a": 1})
    make_usage(signup, 2, endpoints={"/a": 2, "/c": 9})
    make_usage(signup, 31, endpoints={"/old": 99})

    assert list(of(signup).endpoints.items()) == [("/c", 9), ("/a", 3), ("/b", 3)]
    assert of(signup).top_endpoint == "/c"


def test_a_company_has_used_what_its_people_have() -> None:
    company = make_company()
    ada = make_signup("ada@dev.test", company=company, plan_limit=100)
    tom = make_signup("tom@dev.test", company=company, plan_limit=300)
    make_signup("uma@dev.test", company=company)
    for signup, days_ago, count, endpoint in ((ada, 2, 50, "/a"), (tom, 1, 30, "/b"), (tom, 40, 7, "/c")):
        make_usage(signup, days_ago, count, endpoints={endpoint: count})
    found = figures.of_companies([company.pk], TODAY)[company.pk]

    assert (found.yesterday, found.days_7, found.days_30, found.top_endpoint) == (30, 80, 80, "/a")
    assert (found.period, found.period_count, found.limit, found.percent) == ("2026-11", 80, 400, 20)
    assert (found.first_on, found.last_on) == (TODAY - timedelta(days=40), YESTERDAY)


def test_a_company_of_plans_with_different_periods_names_none() -> None:
    company = make_company()
    for email, period in (("ada@dev.test", "day"), ("tom@dev.test", "month")):
        make_usage(make_signup(email, company=company, plan_limit=100, plan_period=period), 1, 20)
    found = figures.of_companies([company.pk], TODAY)[company.pk]

    assert (found.period, found.period_count, found.percent) == ("", 40, 20)


def test_a_company_nobody_signed_up_from_has_zeros() -> None:
    company = make_company()
    assert figures.of_companies([company.pk], TODAY) == {company.pk: Figures()}


def test_a_page_of_signups_takes_four_queries() -> None:
    signups = [make_signup(f"person{number}@dev.test") for number in range(12)]
    for signup in signups:
        make_usage(signup, 1, endpoints={"/a": 1}, limit=5)
    with CaptureQueriesContext(connection) as captured:
        found = figures.of_signups(signups, TODAY)

    assert len(captured) == 4
    assert {one.percent for one in found.values()} == {200}


def test_days_without_a_report_are_days_too() -> None:
    signup = make_signup()
    make_usage(signup, 1, 8, errors=2)
    days = figures.daily([signup.pk], TODAY)

    assert len(days) == 31
    assert [(day.date, day.count, day.errors) for day in days[-2:]] == [(YESTERDAY, 8, 2), (TODAY, 0, 0)]
    assert sum(day.count for day in days) == 8


def test_the_largest_counts_can_be_added_up() -> None:
    signup = make_signup(plan_period="total", plan_limit=1)
    for days_ago in range(40):
        make_usage(signup, days_ago, 10**15)

    assert of(signup).period_count == 40 * 10**15
