"""The list of signups and a signup's page."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups import confirmation
from signups.models import Lookup, Scorecard, Signup, Verdict, VerdictChange
from tests.admin.rows import make_delivery, make_staff, make_story
from tests.rows import make_company, make_signup

LIST = "/admin/signups/signup/"


def text(browser: Client, url: str) -> str:
    reply = browser.get(url)
    assert reply.status_code == 200
    return reply.content.decode()


def page(browser: Client, signup: Signup) -> str:
    return text(browser, reverse("admin:signups_signup_change", args=[signup.pk]))


def test_the_list_shows_verdict_score_company_and_deliveries(browser: Client) -> None:
    signup = make_signup(company=make_company(), facts={"employment.title": "Engineer"}, score=63, is_high_value=True)
    make_delivery(signup, "slack", state="delivered")
    make_delivery(signup, "close", state="failed")
    shown = text(browser, LIST)

    for words in (
        'class="ob-badge ob-good" title="">accepted',
        '63<span class="ob-star"',
        "Devhouse",
        "Engineer",
        'ob-dot ob-good" title="Slack · signed up: delivered"',
        'ob-dot ob-bad" title="Close · signed up: failed"',
    ):
        assert words in shown


@pytest.mark.parametrize("words", ["grace@", "Okafor", "Rocket", "rocket.test"])
def test_a_signup_is_found_by_address_name_and_company(browser: Client, words: str) -> None:
    make_signup("grace@rocket.test", "Grace Okafor", company=make_company("rocket.test", "Rocket"))
    make_signup("ada@dev.test", "Ada Byrne")
    shown = text(browser, f"{LIST}?q={words}")

    assert "grace@rocket.test" in shown
    assert "ada@dev.test" not in shown


@pytest.mark.parametrize(
    "query", ["verdict__exact=held", "is_high_value__exact=1", "score_from=50", "score_from=50&score_to=99"]
)
def test_the_list_is_narrowed_by_verdict_value_and_score(browser: Client, query: str) -> None:
    make_signup("held@dev.test", verdict=Verdict.HELD, is_high_value=True, score=60)
    make_signup("plain@dev.test", score=10)
    shown = text(browser, f"{LIST}?{query}")

    assert "held@dev.test" in shown
    assert "plain@dev.test" not in shown


def test_a_range_of_days_includes_its_last_day(browser: Client) -> None:
    old, new = make_signup("old@dev.test"), make_signup("new@dev.test")
    today = timezone.localdate()
    Signup.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=3))
    shown = text(browser, f"{LIST}?created_at_from={today - timedelta(days=1)}&created_at_to={today}")

    assert new.email in shown
    assert old.email not in shown


def test_senseless_filters_are_no_errors(browser: Client) -> None:
    assert browser.get(f"{LIST}?created_at_from=soon&score_from=high", follow=True).status_code == 200


def test_a_signups_page_says_why_and_how_much(browser: Client) -> None:
    signup = make_story(1)
    shown = page(browser, signup)

    for words in (
        "Known to Clearbit.",
        "Takes mail.",
        "Signed up with a work address",
        "+10",
        "Engineer",
        "Clearbit · ",
        "24 Nov 2026",
        "https://www.linkedin.com/in/person-1",
        "Busy",
        "POST https://vendor.test/x",
    ):
        assert words in shown


def test_the_ledger_adds_up_to_the_score(browser: Client) -> None:
    signup = make_signup(ledger={"Known": 15, "Free mail": -5})
    score = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).context["score"]

    assert sum(line.points for line in score.lines.all()) == score.total == signup.score


def test_the_timeline_tells_the_story_in_order(browser: Client) -> None:
    signup = make_signup(
        verdict=Verdict.CONFIRM, referrer="https://news.ycombinator.com/", decided_ms=300, landing_page="/docs"
    )
    asked = signup.created_at - timedelta(milliseconds=50)
    Lookup.objects.create(
        provider="github", subject="person", key=signup.person.email, outcome="not_found", fetched_at=asked,
        expires_at=asked,
    )  # fmt: skip
    VerdictChange.objects.create(signup=signup, verdict=Verdict.CONFIRM, by=VerdictChange.By.RULES)
    link = confirmation.link(confirmation.ask(signup))
    confirmation.confirm(link.rstrip("/").rsplit("/", 1)[1])
    make_delivery(signup, "mixpanel", attempts=1, period="again")
    page_url = reverse("admin:signups_signup_change", args=[signup.pk])
    moments = browser.get(f"{page_url}?order=oldest").context["moments"]

    titles = [moment.title for moment in moments]
    assert titles[:4] == [
        "Came from https://news.ycombinator.com/",
        "Signed up through the signup form",
        "GitHub about ada@dev.test: not found",
        "Verdict: awaiting confirmation",
    ]
    assert {"Asked to confirm the address", "Confirmed the address by the link", "Verdict: accepted"} < set(titles)
    assert titles[-1] == "Mixpanel, signed up: not now"
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)


def test_markup_in_whatever_people_send_is_shown_as_text(browser: Client) -> None:
    nasty = '<script>alert("x")</script>'
    signup = make_signup(
        "eve@evil.test",
        nasty,
        company=make_company("evil.test", nasty, description=nasty),
        facts={"employment.title": nasty, "bio": nasty, "site": "javascript:alert(1)", "avatar": "javascript:alert(1)"},
        ledger={nasty: 1},
        company_name=nasty,
        referrer="javascript:alert(1)",
        landing_page=nasty,
        utm={"utm_source": nasty},
        user_agent=nasty,
        reasons=[{"code": nasty, "sentence": nasty}],
        verdict=Verdict.REJECTED,
    )
    make_delivery(signup, attempts=1, outcome=nasty, external_url="javascript:alert(1)", state="failed")
    urls = (
        reverse("admin:index"),
        LIST,
        reverse("admin:signups_rejectedsignup_changelist"),
        reverse("admin:signups_delivery_changelist"),
        reverse("admin:signups_company_changelist"),
        reverse("admin:signups_person_changelist"),
        reverse("admin:signups_signup_change", args=[signup.pk]),
        reverse("admin:signups_signup_accept", args=[signup.pk]),
        reverse("admin:signups_company_change", args=[signup.company_id]),
        reverse("admin:signups_person_change", args=[signup.person_id]),
        reverse("admin:signups_delivery_change", args=[signup.deliveries.get().pk]),
    )
    for url in urls:
        shown = text(browser, url)
        assert nasty not in shown, url
        assert 'href="javascript:' not in shown, url
        assert 'src="javascript:' not in shown, url


def test_an_unknown_signup_is_a_404(browser: Client) -> None:
    assert browser.get(f"{LIST}999/change/").status_code == 404
    assert browser.get(f"{LIST}nobody/change/").status_code == 404


def test_a_signup_cannot_be_edited_added_or_deleted(browser: Client) -> None:
    signup = make_signup()
    url = reverse("admin:signups_signup_change", args=[signup.pk])

    assert browser.post(url, {"verdict": "rejected"}).status_code == 405
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.get(f"{LIST}{signup.pk}/delete/").status_code == 403


def test_whoever_may_only_look_sees_no_buttons(db: None) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_signup"))
    signup = make_signup(verdict=Verdict.HELD)
    accept = reverse("admin:signups_signup_accept", args=[signup.pk])

    assert accept not in page(browser, signup)
    assert browser.get(accept).status_code == 403


def test_strangers_are_sent_to_the_login(client: Client, db: None) -> None:
    reply = client.get(reverse("admin:signups_signup_change", args=[make_signup().pk]))
    assert reply.status_code == 302
    assert "/admin/login/" in reply["Location"]


def test_a_page_without_a_scorecard_or_company_still_shows(browser: Client) -> None:
    Scorecard.objects.all().delete()
    assert "Not scored." in page(browser, make_signup())


def test_the_same_mailbox_in_other_clothes_stands_with_the_signup(browser: Client) -> None:
    first = make_signup("jdoe@gmail.com", canonical_key="jdoe@gmail.com")
    again = make_signup("j.doe+2@gmail.com", canonical_key="jdoe@gmail.com")
    others = browser.get(reverse("admin:signups_signup_change", args=[again.pk])).context["others"]

    assert others == [first]


@pytest.mark.parametrize("values", [{"ip": "2a00:1450:1:1::7"}, {"device_id": "d+7 &x"}])
def test_the_page_leads_to_all_signups_from_there(browser: Client, values: dict[str, Any]) -> None:
    signup = make_signup(**values)
    make_signup("tom@dev.test", ip="8.8.8.8", device_id="other")
    shown = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).content.decode()
    (query,) = re.findall(r'href="/admin/signups/signup/[?]((?:ip|device_id)__exact=[^"]+)"', shown)

    listed = browser.get(f"/admin/signups/signup/?{query}").context["cl"].result_list
    assert [one.email for one in listed] == ["ada@dev.test"]
