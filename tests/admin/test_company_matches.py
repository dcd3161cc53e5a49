"""Where do they work? The queue, the answers, and the same question on people's pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from signups.models import CompanyMatch, Signup
from tests.admin.rows import make_staff
from tests.admin.test_queries import queries
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db

QUEUE = "/admin/signups/companymatch/"
SAYS: list[dict[str, Any]] = [{"code": "employment", "sentence": "Clearbit has them at acme.com.", "confidence": 0.5}]


def make_match(email: str = "ada@bigmail.test", domain: str = "acme.com", **values: Any) -> CompanyMatch:
    signup = make_signup(email)
    values = {"name": "Acme", "confidence": 0.5, "state": "open", "reasons": SAYS, **values}
    return CompanyMatch.objects.create(person=signup.person, domain=domain, **values)


def answer(browser: Client, match: CompanyMatch, slug: str, back: str = QUEUE) -> Any:
    url = reverse(f"admin:signups_companymatch_{slug}", args=[match.pk])
    return browser.post(url, {"back": back}, follow=True)


def said(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def test_the_queue_shows_who_where_how_sure_and_why(browser: Client) -> None:
    make_match()
    shown = browser.get(QUEUE).content.decode()
    for words in ("Ada Byrne", "ada@bigmail.test", "50 %", SAYS[0]["sentence"], "at no company yet"):
        assert words in shown


@pytest.mark.parametrize("name", ["renamed.test", "Renamed.test", ""])
def test_a_company_that_is_known_by_its_domain_alone_shows_it_once(browser: Client, name: str) -> None:
    make_match(domain="renamed.test", name=name)
    _, _, shown = browser.get(QUEUE).content.decode().partition('<p class="ob-match-name">')
    assert shown.partition("</p>")[0].lower().count(">renamed.test<") == 1


def test_only_what_is_open_waits(browser: Client) -> None:
    make_match("a@x.test", state="attached")
    make_match("b@x.test", state="weak")
    assert "Nobody waits for an answer" in browser.get(QUEUE).content.decode()


def test_a_yes_moves_them_and_says_so(browser: Client, boss: User) -> None:
    acme = make_company("acme.com", "Acme")
    match = make_match()
    reply = answer(browser, match, "yes")
    assert "they work there, and their signups moved" in said(reply)[0]
    assert Signup.objects.get().company == acme
    match.refresh_from_db()
    assert (match.state, match.decided_by) == ("confirmed", boss)
    assert "they work there" in LogEntry.objects.get().change_message


def test_the_last_answer_can_be_taken_back_from_the_queue(browser: Client) -> None:
    match = make_match()
    page = answer(browser, match, "no").content.decode()
    assert f'action="{reverse("admin:signups_companymatch_undo", args=[match.pk])}"' in page
    assert "taken back" in said(answer(browser, match, "undo"))[0]
    match.refresh_from_db()
    assert match.state == "open"


def test_answering_twice_says_so(browser: Client) -> None:
    match = make_match()
    answer(browser, match, "no")
    assert "you said so already" in said(answer(browser, match, "no"))[0]


def test_what_was_decided_is_listed_with_who_said_it(browser: Client) -> None:
    answer(browser, make_match(), "yes")
    shown = browser.get(f"{QUEUE}?show=decided").content.decode()
    assert "Confirmed by staff (boss)" in shown
    assert "Undo" in shown


def test_the_page_says_how_good_the_guesses_are(browser: Client) -> None:
    for number, state in enumerate(("confirmed", "denied")):
        make_match(f"p{number}@x.test", state=state)
    assert "1 of 2" in browser.get(QUEUE).content.decode()


@pytest.mark.parametrize("page", ["person", "signup"])
def test_the_person_s_and_the_signup_s_page_ask_too(browser: Client, page: str) -> None:
    match = make_match()
    pk = match.person_id if page == "person" else Signup.objects.get().pk
    url = reverse(f"admin:signups_{page}_change", args=[pk])
    shown = browser.get(url).content.decode()
    assert "Where they work" in shown
    assert reverse("admin:signups_companymatch_yes", args=[match.pk]) in shown
    assert answer(browser, match, "yes", url).redirect_chain[-1][0] == url


def test_acting_takes_a_post(browser: Client) -> None:
    url = reverse("admin:signups_companymatch_yes", args=[make_match().pk])
    assert browser.get(url).status_code == 405


def test_it_never_leads_to_another_site(browser: Client) -> None:
    match = make_match()
    reply = answer(browser, match, "no", "//evil.test/")
    assert reply.redirect_chain[-1][0] == reverse("admin:signups_person_change", args=[match.person_id]) + "#work"


def test_who_may_only_look_sees_no_buttons_and_cannot_act() -> None:
    match = make_match()
    client = Client()
    client.force_login(make_staff("signups.view_companymatch"))
    assert "data-key" not in client.get(QUEUE).content.decode()
    assert client.post(reverse("admin:signups_companymatch_yes", args=[match.pk])).status_code == 403


def test_who_may_not_look_does_not() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_signup"))
    assert client.get(QUEUE).status_code == 403


def test_what_was_sent_is_shown_as_text(browser: Client) -> None:
    make_match(name="<script>alert(1)</script>", reasons=[{**SAYS[0], "sentence": "<b>x</b>"}])
    shown = browser.get(QUEUE).content.decode()
    assert "<script>alert(1)" not in shown
    assert "<b>x</b>" not in shown


def test_the_queue_needs_as_many_queries_for_thirty_rows_as_for_one(browser: Client) -> None:
    make_match("p0@x.test")
    browser.get(QUEUE)
    few = queries(browser, QUEUE)
    for number in range(1, 30):
        make_match(f"p{number}@x.test", f"acme{number}.com")
    assert queries(browser, QUEUE) == few


def test_a_person_s_page_needs_as_many_queries_for_thirty_candidates_as_for_one(browser: Client) -> None:
    first = make_match()
    url = reverse("admin:signups_person_change", args=[first.person_id])
    browser.get(url)
    few = queries(browser, url)
    for number in range(1, 30):
        CompanyMatch.objects.create(person=first.person, domain=f"a{number}.com", confidence=0.5, state="denied")
    assert queries(browser, url) == few
