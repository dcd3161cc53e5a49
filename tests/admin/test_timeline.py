"""The timeline on the signup's and the company's page: what happened, of every kind, a page at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from signups.models import (
    Action,
    Arm,
    Attempt,
    Campaign,
    Experiment,
    Exposure,
    IdentityLink,
    LimitReached,
    Mail,
    Note,
    Phase,
    Score,
    Signup,
    UsageRecord,
)
from tests.admin.rows import make_delivery, make_story
from tests.rows import make_company, make_signup

VISITOR = "7d6d1e0a-4b6d-4c5e-9a51-1b1d3c1f0a01"
_keys = iter(range(10**9))


def url(signup: Signup, query: str = "") -> str:
    return reverse("admin:signups_signup_change", args=[signup.pk]) + query


def moments(browser: Client, address: str) -> list[Any]:
    reply = browser.get(address)
    assert reply.status_code == 200
    return list(reply.context["moments"])


def titles(browser: Client, address: str) -> list[str]:
    return [moment.title for moment in moments(browser, address)]


def visitor(signup: Signup, anonymous_id: str = VISITOR, **values: Any) -> IdentityLink:
    return IdentityLink.objects.create(signup=signup, anonymous_id=anonymous_id, reason="signed_up", **values)


def act(name: str, at: datetime, kind: str = "track", **values: Any) -> Action:
    values.setdefault("anonymous_id", VISITOR)
    return Action.objects.create(source="browser", key=f"k{next(_keys)}", kind=kind, name=name, at=at, **values)


def view(path: str, at: datetime, **values: Any) -> Action:
    return act("Page viewed", at, "page", properties={"url": f"https://www.site.test{path}", "path": path}, **values)


def noon(days: int = 0) -> datetime:
    return datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(days=days)


@pytest.fixture
def ada(db: None) -> Signup:
    signup = make_signup(anonymous_id=VISITOR)
    Signup.objects.filter(pk=signup.pk).update(created_at=noon(), decided_ms=400)
    signup.refresh_from_db()
    return signup


def test_visits_before_the_signup_are_marked_so(browser: Client, ada: Signup) -> None:
    visitor(ada)
    view("/pricing", noon(-1))
    view("/app", noon(1))
    seen = {moment.items[0].text: moment.is_before for moment in moments(browser, url(ada, "?kind=page"))}

    assert seen == {"/pricing": True, "/app": False}


def test_docs_are_grouped_by_day_with_the_pages_and_how_often(browser: Client, ada: Signup) -> None:
    visitor(ada)
    for minute, path in enumerate(["/docs/start", "/docs/api", "/docs/start", "/documents"]):
        view(path, noon(1) + timedelta(minutes=minute))
    view("/docs", noon(2))
    latest, earlier = moments(browser, url(ada, "?kind=docs"))

    assert (latest.title, earlier.title) == ("Read 1 page of the docs", "Read 3 pages of the docs")
    assert [(item.text, item.times) for item in earlier.items] == [("/docs/start", 2), ("/docs/api", 1)]
    assert (earlier.at, earlier.until) == (noon(1) + timedelta(minutes=2), noon(1))


@pytest.mark.parametrize(
    ("properties", "kind"),
    [
        ({"path": "/docs/x"}, "docs"),
        ({"url": "https://site.test/docs?x=1"}, "docs"),
        ({"url": "https://DOCS.site.test/start", "path": "/start"}, "docs"),
        ({"url": "https://site.test/?next=/docs/", "path": "/"}, "page"),
        ({"url": "https://site.test/docs-old"}, "page"),
        ({"title": "Home"}, "page"),
        ({"path": ""}, "page"),
    ],
)
def test_docs_are_told_from_other_pages_by_path_or_host(
    browser: Client, ada: Signup, properties: dict[str, str], kind: str
) -> None:
    visitor(ada)
    act("Page viewed", noon(1), "page", properties=properties)

    assert [moment.kind for moment in moments(browser, url(ada)) if moment.icon in ("web", "menu_book")] == [kind]
    assert len(moments(browser, url(ada, f"?kind={kind}"))) == 1
    assert moments(browser, url(ada, f"?kind={'page' if kind == 'docs' else 'docs'}")) == []


def test_where_the_docs_are_is_a_setting(browser: Client, ada: Signup, settings: Any) -> None:
    settings.DOCS_PATHS = ["/help/", "/reference"]
    visitor(ada)
    for path in ("/help", "/reference/v1", "/docs"):
        view(path, noon(1))
    (read,) = moments(browser, url(ada, "?kind=docs"))

    assert sorted(item.text for item in read.items) == ["/help", "/reference/v1"]


def test_events_are_counted_by_name_and_day(browser: Client, ada: Signup) -> None:
    visitor(ada)
    act("Invited a colleague", noon(1), properties={"role": "admin"})
    for _ in range(3):
        act("Created a project", noon(1), user_id=str(ada.uid), anonymous_id="")

    assert sorted(titles(browser, url(ada, "?kind=event"))) == ["Created a project × 3", "Invited a colleague"]


def test_an_action_that_names_another_customer_is_not_shown(browser: Client, ada: Signup) -> None:
    visitor(ada)
    act("Somebody else's", noon(1), user_id="grace@rocket.test")

    assert moments(browser, url(ada, "?kind=event")) == []


def test_api_calls_are_shown_by_endpoint_and_day(browser: Client, ada: Signup) -> None:
    calls = {"/v1/people": 1200, "/v1/companies": 34}
    day = {"count": 1234, "errors": 2, "limit": 5000, "endpoints": calls, "reported_at": noon(3)}
    UsageRecord.objects.create(signup=ada, date=date(2026, 11, 22), **day)
    (one,) = moments(browser, url(ada, "?kind=api"))

    assert (one.title, one.detail) == ("1,234 API calls", "2 errors · limit 5,000")
    assert [(item.text, item.times) for item in one.items] == [("/v1/people", 1200), ("/v1/companies", 34)]


def test_a_mail_is_one_moment_with_what_became_of_it(browser: Client, ada: Signup) -> None:
    campaign = Campaign.objects.create(key="7", name="Getting started")
    times = {f"{name}_at": noon(1) + timedelta(hours=n) for n, name in enumerate(("sent", "delivered", "opened"))}
    Mail.objects.create(key="m1", signup=ada, campaign=campaign, subject="Your first call", first_at=noon(1), **times)
    (mail,) = moments(browser, url(ada, "?kind=mail"))

    assert (mail.title, mail.detail) == ("Your first call", "Getting started")
    assert [step.word for step in mail.steps] == ["sent", "delivered", "opened"]


def test_a_slack_message_links_to_slack(browser: Client, ada: Signup) -> None:
    delivery = make_delivery(ada, "slack", state="delivered", external_url="https://onboarding.slack.test/p1")
    Attempt.objects.create(delivery=delivery, at=noon(), result="delivered", status=200, ms=9)
    make_delivery(ada, "close", attempts=1)
    (sent,) = moments(browser, url(ada, "?kind=slack"))

    assert (sent.title, sent.url) == ("Slack, signed up: delivered", "https://onboarding.slack.test/p1")


def test_limits_scores_and_experiments_are_told(browser: Client, ada: Signup) -> None:
    reached = LimitReached.objects.create(signup=ada, period="2026-11", threshold=80, count=8000, limit=10000)
    LimitReached.objects.filter(pk=reached.pk).update(reached_at=noon(3), resolved_at=noon(4))
    for total in (10, 25, 20):
        Score.objects.create(signup=ada, total=total)
    experiment = Experiment.objects.create(key="welcome", name="Welcome mail", hypothesis="h", metric="m")
    Arm.objects.create(experiment=experiment, key="b", name="Shorter")
    phase = Phase.objects.create(experiment=experiment, number=1)
    Exposure.objects.create(experiment=experiment, phase=phase, unit=str(ada.uid), arm="b")

    assert titles(browser, url(ada, "?kind=limit")) == [
        "No longer at 80 % of what the plan allows",
        "Reached 80 % of what the plan allows",
    ]
    assert titles(browser, url(ada, "?kind=score")) == ["Scored 20 (was 25)", "Scored 25 (was 10)", "Scored 10"]
    assert titles(browser, url(ada, "?kind=experiment")) == ["Saw “Shorter” of the A/B test “Welcome mail”"]


def test_joins_that_held_were_undone_or_refused_are_told_apart(browser: Client, ada: Signup) -> None:
    visitor(ada)
    undone, refused = visitor(ada, "v2"), visitor(ada, "v3")
    later = timezone.now() + timedelta(hours=1)
    IdentityLink.objects.filter(pk=undone.pk).update(ended_at=later, ended_why="A shared machine")
    IdentityLink.objects.filter(pk=refused.pk).update(ended_at=refused.at, ended_why="Taken")

    assert [(moment.title, moment.detail) for moment in moments(browser, url(ada, "?kind=identity"))] == [
        ("Detached a visitor", "v2 · A shared machine"),
        ("A visitor was not joined", "v3 · Taken"),
        ("Joined a visitor", "v2 · signed up in this browser"),
        ("Joined a visitor", f"{VISITOR} · signed up in this browser"),
    ]


def test_the_newest_stands_first_and_the_order_can_be_turned(browser: Client, ada: Signup) -> None:
    visitor(ada)
    for day in range(3):
        act(f"event {day}", noon(day))

    assert titles(browser, url(ada, "?kind=event")) == ["event 2", "event 1", "event 0"]
    assert titles(browser, url(ada, "?kind=event&order=oldest")) == ["event 0", "event 1", "event 2"]


def test_chips_count_each_kind_and_say_where_there_is_more(browser: Client, ada: Signup) -> None:
    visitor(ada)
    view("/docs/a", noon(1))
    Note.objects.bulk_create(Note(signup=ada, text=str(number)) for number in range(40))
    chips = {chip.name: chip.number for chip in browser.get(url(ada)).context["chips"]}

    assert (chips["Docs"], chips["Notes"], chips["Decisions"]) == ("1", "30+", "1")
    assert "Mails" not in chips


def test_a_kind_that_may_have_more_can_be_picked_although_none_was_read(browser: Client, ada: Signup) -> None:
    visitor(ada)
    view("/docs/a", noon(-3))
    Action.objects.bulk_create(
        Action(source="browser", key=f"b{n}", kind="page", name="p", anonymous_id=VISITOR, at=noon(1))
        for n in range(301)
    )
    chips = {chip.name: chip.number for chip in browser.get(url(ada)).context["chips"]}

    assert (chips["Visits"], chips["Docs"]) == ("300+", "")
    assert titles(browser, url(ada, "?kind=docs")) == ["Read 1 page of the docs"]


def whole_story(browser: Client, address: str) -> Iterable[tuple[datetime, str, str]]:
    """Every moment, page by page, as "Show older" leads on."""
    for _ in range(1000):
        context = browser.get(address).context
        yield from ((moment.at, moment.title, moment.text) for moment in context["moments"])
        if not context["older_piece_url"]:
            return
        address = context["older_piece_url"]
    raise AssertionError("the story never ends")


@pytest.mark.parametrize("order", ["", "?order=oldest"])
def test_page_by_page_every_moment_is_shown_once(browser: Client, ada: Signup, order: str) -> None:
    visitor(ada)
    same = noon(2)
    for number in range(70):  # several sources at the same instant
        act(f"event {number}", same)
    Note.objects.bulk_create(Note(signup=ada, text=f"note {number}") for number in range(70))
    Note.objects.update(at=same)
    for day in range(40):
        UsageRecord.objects.create(signup=ada, date=noon(day).date(), count=day, reported_at=noon())
    told = list(whole_story(browser, url(ada, order)))

    assert len(told) == len(set(told)) == 70 + 70 + 40 + 1 + 1  # the signup, the visitor
    assert [at for at, *_ in told] == sorted((at for at, *_ in told), reverse=not order)


@pytest.mark.parametrize("order", ["", "?order=oldest"])
def test_no_action_is_lost_between_pages(browser: Client, ada: Signup, order: str) -> None:
    visitor(ada)
    Action.objects.bulk_create(
        Action(source="browser", key=f"b{n}", kind="page", name="Page viewed", anonymous_id=VISITOR,
               at=noon(1) + timedelta(minutes=7 * (n % 500)), properties={"path": f"/{n}"})
        for n in range(1000)
    )  # fmt: skip
    Mail.objects.bulk_create(
        Mail(key=str(n), signup=ada, subject=f"mail {n}", first_at=noon(1) + timedelta(hours=n)) for n in range(60)
    )
    told = [title for _, title, _ in whole_story(browser, url(ada, order))]
    viewed = [int(found[1]) for title in told if (found := re.match(r"Viewed (\d+) page", title))]

    assert sum(viewed) == 1000
    assert len([title for title in told if title.startswith("mail")]) == 60


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(address).status_code == 200
    return len(captured)


def test_five_thousand_actions_cost_as_many_queries_as_five(browser: Client, ada: Signup) -> None:
    visitor(ada)
    addresses = [url(ada), url(ada, "?kind=docs"), url(ada, "?order=oldest&kind=mail")]
    for number in range(5):
        view(f"/docs/{number}", noon(1))
    Mail.objects.create(key="one", signup=ada, first_at=noon(1))
    browser.get(addresses[0])
    few = [queries(browser, address) for address in addresses]
    Action.objects.bulk_create(
        Action(source="browser", key=f"b{n}", kind="page", name="p", anonymous_id=VISITOR, at=noon(n % 90),
               properties={"path": f"/docs/{n}"})
        for n in range(5000)
    )  # fmt: skip
    Mail.objects.bulk_create(Mail(key=str(n), signup=ada, first_at=noon(1)) for n in range(200))

    assert [queries(browser, address) for address in addresses] == few


def test_the_next_page_comes_as_a_piece_that_does_not_repeat_the_day(browser: Client, ada: Signup) -> None:
    Note.objects.bulk_create(Note(signup=ada, text=f"note {number}") for number in range(31))
    page = browser.get(url(ada, "?kind=note"))
    piece = browser.get(page.context["older_piece_url"]).content.decode()

    assert piece.count('class="ob-moment ') == 1
    assert "ob-day" not in piece
    assert "<html" not in piece


@pytest.mark.parametrize(
    "query",
    [
        "?kind=nonsense",
        "?after=x",
        "?after=2026-11-20T12:00:00Z~1~\u0661",
        "?after=9~9~9",
        "?after=0001-01-01T00:00:00%2B14:00~1~1",
    ],
)
def test_senseless_addresses_show_the_first_page(browser: Client, ada: Signup, query: str) -> None:
    assert titles(browser, url(ada, query)) == titles(browser, url(ada))


def test_a_kind_without_moments_says_so(browser: Client, ada: Signup) -> None:
    assert "No mails yet." in browser.get(url(ada, "?kind=mail")).content.decode()


def test_daily_reports_that_went_well_stand_among_the_deliveries_alone(browser: Client, ada: Signup) -> None:
    make_delivery(ada, "close", 1, event="usage_reported", period="2026-11-23", state="delivered")
    make_delivery(ada, "close", 1, event="usage_reported", period="2026-11-24", state="failed")
    daily = [title for title in titles(browser, url(ada)) if "usage reported" in title]
    assert len(daily) == 2  # the failed one: planned, and tried
    assert len(titles(browser, url(ada, "?kind=delivery"))) == 3  # planned together, tried each by itself
    assert "and 1 daily report" in browser.get(url(ada)).content.decode()


def test_a_company_s_timeline_says_whose_each_moment_is(browser: Client) -> None:
    company = make_company()
    for name in ("Ada", "Bob"):
        signup = make_signup(f"{name}@dev.test", name, company=company)
        visitor(signup, f"visitor of {name}")
        act(f"{name} did it", timezone.now(), anonymous_id=f"visitor of {name}")
    address = reverse("admin:signups_company_change", args=[company.pk])
    whose = {moment.title: moment.who.name for moment in moments(browser, f"{address}?kind=event")}

    assert whose == {"Ada did it": "Ada", "Bob did it": "Bob"}


def test_a_company_s_timeline_needs_as_many_queries_for_thirty_signups_as_for_three(browser: Client) -> None:
    few, *_ = [make_story(number, domain="few.test") for number in range(3)]
    many, *_ = [make_story(number, domain="many.test") for number in range(30)]
    for number, signup in enumerate(Signup.objects.all()):
        visitor(signup, f"visitor {number}")
        act("did it", timezone.now(), anonymous_id=f"visitor {number}")
    addresses = [reverse("admin:signups_company_timeline", args=[one.company_id]) for one in (few, many)]
    browser.get(addresses[0])

    assert queries(browser, addresses[0]) == queries(browser, addresses[1])


def test_a_company_without_signups_has_an_empty_timeline(browser: Client) -> None:
    address = reverse("admin:signups_company_change", args=[make_company().pk])
    assert "there is nothing to tell" in browser.get(address).content.decode()


def test_what_people_sent_is_escaped(browser: Client, ada: Signup) -> None:
    visitor(ada)
    nasty = "<script>alert(1)</script>"
    act(nasty, noon(1), properties={nasty: nasty})
    act("p", noon(1), "page", properties={"url": "javascript:alert(1)", "path": nasty})
    act("p", noon(1), "page", properties={"url": "http://[", "path": "/half-an-address"})
    Mail.objects.create(key="m", signup=ada, subject=nasty, first_at=noon(), clicked_url="javascript:alert(1)")
    Note.objects.create(signup=ada, text=nasty)
    shown = browser.get(url(ada)).content.decode()

    assert nasty not in shown
    assert 'href="javascript:' not in shown


def test_whoever_may_not_see_signups_sees_no_piece_either(client: Client, ada: Signup) -> None:
    reply = client.get(reverse("admin:signups_signup_timeline", args=[ada.pk]))
    assert reply.status_code == 302
