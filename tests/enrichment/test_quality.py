"""What is measured of the data: coverage, agreement, age, latency, cost; and the clusters that look wrong."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signups.enrichment import clusters, quality
from signups.enrichment.comparing import same
from signups.jobs import registry
from signups.models import Company, CompanyAlias, JobRun, Lookup, Person, ProviderDay, ProviderState, QualityReport
from signups.usage.figures import utc_today
from tests.rows import make_company, make_signup, profile
from tests.usage.acts import run

pytestmark = pytest.mark.django_db


def make_person(email: str = "ada@dev.test", **facts: Any) -> Person:
    return Person.objects.create(email=email, name="Ada", profile=profile(facts))


def answer(provider: str, facts: dict[str, Any] | None = None, email: str = "ada@dev.test", **values: Any) -> None:
    """What a provider said of a person; a miss without facts."""
    at = timezone.now() - timedelta(days=values.pop("days", 0))
    outcome = values.pop("outcome", "found" if facts else "not_found")
    Lookup.objects.create(
        provider=provider,
        subject="person",
        key=email,
        outcome=outcome,
        facts=facts or {},
        fetched_at=at,
        expires_at=at,
        **values,
    )


def measured(provider: str = "clearbit") -> dict[str, Any]:
    found: dict[str, Any] = quality.measure()["subjects"]["person"]["providers"][provider]
    return found


# -- Coverage, agreement, age, latency ---------------------------------------------------------------------------------


def test_coverage_is_of_those_asked_and_no_answer_is_none() -> None:
    for number, outcome in enumerate(("found", "not_found", "error", "skipped", "pending")):
        make_person(f"p{number}@dev.test")
        answer("clearbit", {"bio": "x"} if outcome == "found" else None, f"p{number}@dev.test", outcome=outcome)
    found = measured()
    assert (found["asked"], found["fields"]["bio"]["gave"]) == (2, 1)
    assert found["outcomes"] == {"found": 1, "not_found": 1, "error": 1, "skipped": 1, "pending": 1}


def test_agreement_counts_each_pair_that_gave_the_same_fact() -> None:
    make_person()
    answer("clearbit", {"location": "Dublin, Ireland", "bio": "x"})
    answer("gravatar", {"location": "dublin, IE"})
    answer("github", {"location": "Cork"})
    said = quality.measure()["subjects"]["person"]["providers"]
    fields = {slug: one["fields"] for slug, one in said.items()}
    counted = {slug: (one["location"]["agreed"], one["location"]["compared"]) for slug, one in fields.items()}
    assert counted == {"clearbit": (1, 2), "gravatar": (1, 2), "github": (0, 2)}
    assert fields["clearbit"]["bio"]["compared"] == 0


def test_age_is_the_median_in_days() -> None:
    for number, days in enumerate((1, 10, 300)):
        make_person(f"p{number}@dev.test")
        answer("clearbit", {"bio": "x"}, f"p{number}@dev.test", days=days)
    assert measured()["fields"]["bio"]["median_days"] == 10


def test_latency_is_told_by_its_median_and_its_p95() -> None:
    for number in range(20):
        make_person(f"p{number}@dev.test")
        answer("clearbit", None, f"p{number}@dev.test", ms=1_234 if number == 19 else 40)
    assert (measured()["median_ms"], measured()["p95_ms"]) == (40, 40)
    Lookup.objects.filter(key="p18@dev.test").update(ms=1_234)
    assert measured()["p95_ms"] == 1_200  # two digits


def test_a_quantile_of_nothing_is_unknown() -> None:
    assert quality.quantile(Counter(), 0.5) is None


def test_who_is_believed_is_counted_by_fact() -> None:
    Person.objects.create(email="a@dev.test", profile=profile({"bio": "x"}, "github"))
    Person.objects.create(email="b@dev.test", profile=profile({"bio": "x"}, "staff"))
    people = quality.measure()["subjects"]["person"]
    assert (people["known"], people["sources"]) == ({"bio": 2}, {"bio": {"github": 1, "staff": 1}})


def test_staff_s_own_word_is_no_provider_s_answer() -> None:
    make_person()
    answer("staff", {"bio": {"value": "x"}})
    assert quality.measure()["subjects"]["person"]["providers"] == {}


def test_cost_errors_and_breaker_come_from_what_was_counted() -> None:
    ProviderDay.objects.create(provider="clearbit", day=utc_today(), calls=9, hits=4, errors=2, credits=6)
    ProviderDay.objects.create(provider="clearbit", day=utc_today() - timedelta(days=31), calls=1_000)
    until = timezone.now() + timedelta(minutes=1)
    ProviderState.objects.create(slug="clearbit", order=0, open_until=until, trouble="answered 503")
    found = quality.measure()["providers"]["clearbit"]
    assert (found["calls"], found["errors"], found["credits_a_hit"]) == (9, 2, 1.5)
    assert (found["is_open"], found["trouble"]) == (True, "answered 503")


@pytest.mark.parametrize(
    ("path", "one", "other", "is_same"),
    [
        ("name", "Acme, Inc.", "ACME", True),
        ("name", "Group", "Acme Group", False),
        ("employment.name", "Müller GmbH", "Muller", True),
        ("employment.title", "Head of R&D", "head of r & d", True),
        ("metrics.employees", 100, 109, True),
        ("metrics.employees", 100, 150, False),
        ("foundedYear", 2014, 2015, False),
        ("phone", "+353 1 234 5678", "01 234 5678", True),
        ("site", "https://www.ada.dev/", "http://ada.dev", True),
        ("tags", ["Software", "AI"], ["software"], True),
        ("tags", ["Software"], ["Bakery"], False),
        ("emailProvider", False, 0, False),
    ],
)
def test_two_answers_are_compared_by_what_they_say(path: str, one: Any, other: Any, is_same: bool) -> None:
    assert same(path, one, other) is is_same
    assert same(path, other, one) is is_same


# -- Clusters ----------------------------------------------------------------------------------------------------------


def test_a_company_with_very_many_aliases_looks_wrong() -> None:
    company = make_company()
    CompanyAlias.objects.bulk_create(CompanyAlias(domain=f"a{n}.test", company=company) for n in range(300))
    found = clusters.find()["domains"]["shown"]
    assert found == [{"pk": company.pk, "label": "Devhouse", "count": 300, "of": {"aliases": 300}}]


def test_so_does_one_whose_people_write_from_many_domains() -> None:
    company = make_company()
    for number in range(10):
        make_signup(f"ada@d{number}.test", company=company)
        make_signup(f"tom@d{number}.test", company=company)
    assert clusters.find()["domains"]["shown"][0]["of"] == {"addresses": 10}


def test_one_handle_at_many_addresses_looks_wrong_in_any_case() -> None:
    for number in range(40):
        make_person(f"p{number}@dev.test", **{"linkedin.handle": "in/ada" if number % 2 else "in/Ada"})
    (found,) = clusters.find()["addresses"]["shown"]
    assert (found["path"], found["label"], found["count"]) == ("linkedin.handle", "in/ada", 40)


def test_a_work_and_a_private_address_look_well() -> None:
    for number in range(clusters.MANY_ADDRESSES - 1):
        make_person(f"p{number}@dev.test", **{"linkedin.handle": "in/ada"})
    assert clusters.find()["addresses"] == {"number": 0, "shown": []}


def test_many_companies_of_one_name_look_wrong_unless_they_were_merged() -> None:
    first, *others = [make_company(f"acme{n}.test", "Acme" if n else "ACME") for n in range(3)]
    assert [(one["label"], one["count"]) for one in clusters.find()["names"]["shown"]] == [("ACME", 3)]
    Company.objects.filter(pk=others[0].pk).update(merged_into=first)
    assert clusters.find()["names"]["number"] == 0


def test_a_company_that_bears_a_mail_provider_s_name_looks_wrong() -> None:
    make_company("acme.test", "Acme")
    named = make_company("g.test", "Gmail")
    said = make_company("post.test", "Post", emailProvider=True)
    found = {one["pk"] for one in clusters.find()["mail_providers"]["shown"]}
    assert found == {named.pk, said.pk}


# -- The job -----------------------------------------------------------------------------------------------------------


def test_the_job_keeps_a_report_and_forgets_the_oldest() -> None:
    old = QualityReport.objects.create()
    QualityReport.objects.filter(pk=old.pk).update(at=timezone.now() - quality.KEPT - timedelta(days=1))
    make_person()
    row = run("quality")
    assert (row.state, row.read) == (JobRun.State.DONE, 1)
    assert QualityReport.objects.get().body["subjects"]["person"]["read"] == 1


def test_it_is_due_at_four() -> None:
    assert str(registry.job("quality").at) == "04:00:00"


def test_nothing_at_all_can_be_measured() -> None:
    assert quality.measure()["subjects"]["company"]["read"] == 0


def test_of_very_many_rows_some_are_read_evenly_spread() -> None:
    for number in range(40):
        make_person(f"p{number:02}@dev.test")
    people = quality.measure(most=10)["subjects"]["person"]
    assert (people["total"], people["read"]) == (40, 10)


def test_thirty_people_cost_as_many_queries_as_one() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            quality.measure()
        return len(captured)

    make_person()
    answer("clearbit", {"bio": "x"})
    few = queries()
    for number in range(30):
        make_person(f"p{number}@dev.test")
        answer("clearbit", {"bio": "x"}, f"p{number}@dev.test")
    assert queries() == few
