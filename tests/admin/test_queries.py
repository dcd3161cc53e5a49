"""No page asks the database more often for thirty rows than for three."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Failure, Schedule

from signups.models import (
    Action,
    ApiKey,
    Campaign,
    DomainListVersion,
    Forward,
    JobRun,
    ListEntry,
    Mail,
    Scorecard,
    ScoreRule,
    Verdict,
)
from tests.admin.rows import make_delivery, make_story
from tests.experiments.rows import make_running, make_seen
from tests.rows import make_signup
from tests.usage.rows import make_usage


def make_key(number: int) -> None:
    user = User.objects.create_user(f"maker{number}")
    ApiKey.objects.create(name=f"key {number}", digest=str(number), prefix="ob_", created_by=user)


def make_entry(number: int) -> None:
    author = User.objects.create_user(f"author{number}")
    ListEntry.objects.create(kind="deny", value=f"spam{number}.test", reason="Bots", author=author)


def make_card(number: int) -> None:
    card = Scorecard.objects.create(name="Draft", version=number + 2)
    ScoreRule.objects.create(scorecard=card, fact="company.name", points=1, sentence="Known")


def make_failure(number: int) -> None:
    now = timezone.now()
    Failure.objects.create(id=f"{number:032}", name=str(number), func="f", success=False, started=now, stopped=now)


def make_run(number: int) -> None:
    at = timezone.now() - timedelta(days=number)
    JobRun.objects.create(job="sync", period=f"{at:%Y-%m-%d}", state="done", started_at=at, planned=3)


def make_domain_list(number: int) -> None:
    user = User.objects.create_user(f"curator{number}")
    values = {"count": 3, "names": b"", "used_by": user, "is_in_use": number == 0}
    DomainListVersion.objects.create(list="disposable", source="…", version=f"v{number}", **values)


def make_report(number: int) -> None:
    make_usage(make_story(number), 1, endpoints={"/v1/people": 3})


def make_experiment(number: int) -> None:
    make_seen(make_running(f"experiment{number}"), {"a": (3, 1), "b": (3, 1)})


def make_mail(number: int) -> None:
    campaign = Campaign.objects.create(key=str(number), name=f"Drip {number}", schedule=[1, 3])
    signup = make_signup(f"mailed{number}@dev.test")
    Mail.objects.create(key=str(number), signup=signup, campaign=campaign, first_at=timezone.now())


def make_refused(number: int) -> None:
    at = timezone.now()
    action = Action.objects.create(source="backend", key=str(number), kind="track", name="Called", user_id="x", at=at)
    Forward.objects.create(action=action, integration="mixpanel", refused_at=at, why="Too old")


LISTS: dict[str, Callable[[int], object]] = {
    "signups_signup": make_story,
    "signups_rejectedsignup": lambda number: make_story(number, Verdict.REJECTED),
    "signups_delivery": make_story,
    "signups_company": make_story,
    "signups_person": make_story,
    "signups_apikey": make_key,
    "signups_forward": make_refused,
    "signups_usagerecord": make_report,
    "signups_listentry": make_entry,
    "signups_scorecard": make_card,
    "signups_domainlistversion": make_domain_list,
    "signups_jobrun": make_run,
    "signups_experiment": make_experiment,
    "signups_campaign": make_mail,
    "auth_user": lambda number: User.objects.create_user(f"user{number}"),
    "auth_group": lambda number: Group.objects.create(name=f"group {number}"),
    "django_q_schedule": lambda number: Schedule.objects.create(name=f"schedule {number}", func="signups.tasks.sweep"),
    "django_q_failure": make_failure,
}


def queries(browser: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert browser.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_needs_as_many_queries_for_thirty_rows_as_for_three(browser: Client, name: str) -> None:
    url = reverse(f"admin:{name}_changelist")
    for number in range(3):
        LISTS[name](number)
    browser.get(url)
    few = queries(browser, url)
    for number in range(3, 30):
        LISTS[name](number)

    assert queries(browser, url) == few


def test_the_overview_needs_as_many_queries_for_thirty_signups_as_for_three(browser: Client) -> None:
    url = reverse("admin:index")
    for number in range(3):
        make_story(number)
    browser.get(url)
    few = queries(browser, url)
    for number in range(3, 30):
        make_story(number)

    assert queries(browser, url) == few


def test_a_signups_page_needs_as_many_queries_for_thirty_attempts_as_for_three(browser: Client) -> None:
    few, many = make_story(1, attempts=3), make_story(2, attempts=30)
    urls = [reverse("admin:signups_signup_change", args=[signup.pk]) for signup in (few, many)]
    browser.get(urls[0])

    assert queries(browser, urls[0]) == queries(browser, urls[1])


def test_a_signups_page_needs_as_many_queries_for_thirty_deliveries_as_for_three(browser: Client) -> None:
    few, many = make_signup("few@dev.test"), make_signup("many@dev.test")
    for signup, number in ((few, 3), (many, 30)):
        for period in range(number):
            make_delivery(signup, "slack", attempts=2, period=str(period))
    urls = [reverse("admin:signups_signup_change", args=[signup.pk]) for signup in (few, many)]
    browser.get(urls[0])

    assert queries(browser, urls[0]) == queries(browser, urls[1])


def test_a_delivery_page_needs_as_many_queries_for_thirty_attempts_as_for_three(browser: Client) -> None:
    few, many = make_delivery(make_signup(), "slack", 3), make_delivery(make_signup(), "close", 30)
    urls = [reverse("admin:signups_delivery_change", args=[delivery.pk]) for delivery in (few, many)]
    browser.get(urls[0])

    assert queries(browser, urls[0]) == queries(browser, urls[1])


@pytest.mark.parametrize("model", ["company", "person"])
def test_a_company_or_a_person_needs_as_many_queries_for_thirty_signups_as_for_three(
    browser: Client, model: str
) -> None:
    few, *_ = [make_story(number, domain="few.test") for number in range(3)]
    many, *_ = [make_story(number, domain="many.test") for number in range(30)]
    if model == "person":
        for signup, number in ((few, 3), (many, 30)):
            for again in range(number):
                make_delivery(make_signup(signup.person.email, company=signup.company), period=str(again))
    urls = [reverse(f"admin:signups_{model}_change", args=[getattr(one, f"{model}_id")]) for one in (few, many)]
    browser.get(urls[0])

    assert queries(browser, urls[0]) == queries(browser, urls[1])
