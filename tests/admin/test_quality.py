"""The data quality page: the latest report beside the one before, its links, and the button that measures now."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups.enrichment import quality
from signups.models import CompanyAlias, JobRun, Lookup, Person, QualityReport
from tests.admin.rows import make_staff, make_story
from tests.admin.test_queries import queries
from tests.deliveries.acts import queued
from tests.rows import make_company, profile

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:signups_qualityreport_changelist")
MEASURE = reverse("admin:signups_quality_measure")


def text(browser: Client, url: str = PAGE) -> str:
    reply = browser.get(url)
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def make_answers(number: int = 4, hits: int = 3) -> None:
    """So many people of whom Clearbit was asked, and the first so many of whom it knew where they live."""
    now = timezone.now()
    for one in range(number):
        email, is_hit = f"p{one}@dev.test", one < hits
        Person.objects.create(email=email, profile=profile({"location": "Dublin"}) if is_hit else {})
        Lookup.objects.create(
            provider="clearbit",
            subject="person",
            key=email,
            outcome="found" if is_hit else "not_found",
            facts={"location": "Dublin"} if is_hit else {},
            fetched_at=now - timedelta(days=12),
            expires_at=now,
        )


def make_report(days_ago: float = 0, **changes: Any) -> QualityReport:
    body = quality.measure()
    for path, value in changes.items():
        place = body
        *parts, last = path.split("__")
        for part in parts:
            place = place[part]
        place[last] = value
    row = QualityReport.objects.create(body=copy.deepcopy(body))
    QualityReport.objects.filter(pk=row.pk).update(at=timezone.now() - timedelta(days=days_ago))
    return row


def row_of(shown: str, label: str) -> str:
    return shown.partition(f">{label}</th>")[2].partition("</tr>")[0]


def test_before_the_first_report_the_page_says_what_to_do(browser: Client) -> None:
    shown = text(browser)
    assert "Nothing has been measured yet" in shown
    assert "every day at 04:00 UTC" in shown
    assert "Measure now" in shown


def test_a_cell_says_for_how_many_a_provider_gave_the_fact(browser: Client) -> None:
    make_answers()
    make_report()
    row = row_of(text(browser), "Location")
    assert '--level:75%" title="Clearbit gave it for 3 of 4 asked (75 %)' in row
    assert "Clearbit 100 %" in row


def test_the_change_since_the_report_before_is_told_in_points(browser: Client) -> None:
    make_answers()
    make_report(1, subjects__person__known={"location": 1})
    make_report()
    assert '<b>75 %</b> <span class="ob-trend ob-good">+50</span>' in row_of(text(browser), "Location")


@pytest.mark.parametrize(
    ("show", "said"), [("age", ">12 d</td>"), ("agreement", ">–</td>"), ("nonsense", ">75 %</td>")]
)
def test_the_same_table_shows_age_and_agreement(browser: Client, show: str, said: str) -> None:
    make_answers()
    make_report()
    assert said in row_of(text(browser, f"{PAGE}?show={show}"), "Location")


def test_the_table_can_be_read_by_its_headers(browser: Client) -> None:
    make_answers()
    make_report()
    shown = text(browser)
    assert '<th scope="row" title="location">Location</th>' in shown
    assert '<th scope="col" class="ob-number">Clearbit</th>' in shown


def test_what_looks_wrong_leads_to_where_it_is_put_right(browser: Client) -> None:
    company = make_company("acme.test", "Acme")
    CompanyAlias.objects.bulk_create(CompanyAlias(domain=f"a{n}.test", company=company) for n in range(300))
    for number in range(40):
        email = f"p{number}@dev.test"
        Person.objects.create(email=email, profile=profile({"linkedin.handle": "in/ada"}))
    make_report()
    shown = text(browser)
    assert f'<a href="{reverse("admin:signups_company_change", args=[company.pk])}">Acme</a>' in shown
    assert "300 aliases" in shown
    people = reverse("admin:signups_person_changelist") + "?q=linkedin.handle%3Ain%2Fada"
    assert f'<a href="{people}">in/ada</a>' in shown
    assert text(browser, people).count('class="field-name_column') == 40


def test_where_nothing_looks_wrong_the_page_says_so(browser: Client) -> None:
    make_report()
    assert "Nothing looks wrong" in text(browser)


def test_an_earlier_report_has_a_page(browser: Client) -> None:
    make_answers()
    earlier = make_report(1)
    make_report()
    url = reverse("admin:signups_qualityreport_change", args=[earlier.pk])
    assert url in text(browser)
    assert "the first report" in text(browser, url)


def test_measure_now_has_a_worker_measure(browser: Client) -> None:
    queued()
    reply = browser.post(MEASURE, follow=True)
    assert "A worker is measuring now" in reply.content.decode()
    assert queued() == [("signups.tasks.run_job", "quality")]
    assert JobRun.objects.get().job == "quality"
    assert "Measure now" not in text(browser)


def test_measuring_is_a_post_by_somebody_who_may_run_jobs(browser: Client) -> None:
    assert browser.get(MEASURE).status_code == 405
    client = Client()
    client.force_login(make_staff("signups.view_qualityreport"))
    assert client.post(MEASURE).status_code == 403
    assert "Measure now" not in text(client)


def test_who_may_not_look_sees_nothing() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_signup"))
    assert client.get(PAGE).status_code == 403


def test_the_page_needs_as_many_queries_for_thirty_rows_as_for_one(browser: Client) -> None:
    make_story(0)
    make_report(1)
    make_report()
    browser.get(PAGE)
    few = queries(browser, PAGE)
    for number in range(1, 30):
        make_story(number)
    make_report()
    assert queries(browser, PAGE) == few
