"""Whom to believe about a fact, and which are wanted: shown before it is saved, undone at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from signups import enrichment
from signups.admin.precedence import WANTED
from signups.contracts import Answer, Deadline, Found, Provider, Subject
from signups.enrichment import precedence
from signups.models import FieldPrecedence, Person
from tests.admin.rows import make_staff
from tests.admin.test_queries import queries

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:signups_fieldprecedence_changelist")
RULE = reverse("admin:signups_fact_rule", args=["person", "location"])
SET = reverse("admin:signups_fact_set", args=["person", "location"])


class Clearbit(Provider):
    """One of three who all know where somebody lives."""

    slug, name, privacy = "clearbit", "Clearbit", "Nothing leaves the test."
    person_fields = frozenset({"location"})

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        return Answer(Found.NOT_FOUND)


class Gravatar(Clearbit):
    slug, name = "gravatar", "Gravatar"


class GitHub(Clearbit):
    slug, name = "github", "GitHub"


@pytest.fixture(autouse=True)
def _three(settings: Any) -> Iterator[None]:
    settings.ENRICHMENT_PROVIDERS = [f"{__name__}.{one.__name__}" for one in (Clearbit, Gravatar, GitHub)]
    enrichment.forget()
    yield
    enrichment.forget()


def make_person(number: int, *claims: tuple[str, str]) -> Person:
    """A person whose location was said by these: (provider, value), what holds first."""
    said = [{"value": value, "provider": slug, "at": "2026-11-20T09:00:00+00:00"} for slug, value in claims]
    profile = {"location": {**said[0], "others": said[1:]}}
    return Person.objects.create(email=f"p{number}@dev.test", name=f"Person {number}", profile=profile)


def text(reply: Any) -> str:
    return " ".join(reply.content.decode().split())


def rule() -> tuple[list[str], bool]:
    row = FieldPrecedence.objects.filter(subject="person", path="location").first()
    return (row.providers, row.is_wanted) if row else ([], False)


# -- The list ----------------------------------------------------------------------------------------------------------


def test_every_fact_is_listed_with_whoever_can_answer_it(browser: Client) -> None:
    shown = text(browser.get(PAGE))
    row = shown.partition('id="person-location"')[2].partition("</tr>")[0]
    assert "as they stand" in row
    assert "Clearbit, Gravatar, GitHub" in row
    assert "nobody" in shown.partition('id="person-bio"')[2].partition("</tr>")[0]


def test_what_is_wanted_at_first_is_what_the_migrations_say() -> None:
    rows = FieldPrecedence.objects.filter(is_wanted=True)
    assert {subject: {row.path for row in rows if row.subject == subject} for subject in WANTED} == WANTED


def test_a_fact_is_wanted_or_not_at_once(browser: Client) -> None:
    url = reverse("admin:signups_fact_wanted", args=["person", "location"])
    reply = browser.post(url, {"to": "yes"}, follow=True)
    assert rule() == ([], True)
    assert "location" in precedence.current().wanted["person"]
    assert f'class="ob-undo" method="post" action="{SET}"' in text(reply)


def test_the_list_needs_as_many_queries_with_thirty_rules_as_with_one(browser: Client) -> None:
    browser.get(PAGE)
    few = queries(browser, PAGE)
    FieldPrecedence.objects.bulk_create(FieldPrecedence(subject="person", path=f"x{n}") for n in range(30))
    assert queries(browser, PAGE) == few


# -- One fact ----------------------------------------------------------------------------------------------------------


def test_another_order_is_shown_before_it_is_saved(browser: Client) -> None:
    make_person(1, ("clearbit", "Dublin"), ("github", "Cork"))
    make_person(2, ("clearbit", "Dublin"))
    shown = text(browser.post(RULE, {"first": ["github"], "save": "yes", "seen": ""}))
    assert "For the last 2 profiles this would change 1 value." in shown
    assert "<td>Person 1</td><td><del>Dublin</del></td><td><strong>Cork</strong></td>" in shown
    assert rule() == ([], False)


def test_what_was_seen_is_saved(browser: Client) -> None:
    browser.post(RULE, {"first": ["github", ""], "save": "yes", "seen": "github", "wanted": "yes"})
    assert rule() == (["github"], True)
    rank = precedence.current().rank
    assert rank(Subject.PERSON, "location", "github") < rank(Subject.PERSON, "location", "clearbit")


def test_another_choice_than_the_one_seen_is_shown_first(browser: Client) -> None:
    reply = browser.post(RULE, {"first": ["gravatar"], "save": "yes", "seen": "github"})
    assert "For the last 0 profiles this would change 0 values." in text(reply)
    assert rule() == ([], False)


def test_staff_s_word_and_the_form_beat_whoever_is_put_first(browser: Client) -> None:
    make_person(1, ("staff", "Dublin"), ("github", "Cork"))
    make_person(2, ("form", "Dublin"), ("github", "Cork"))
    assert "would change 0 values" in text(browser.post(RULE, {"first": ["github"], "seen": ""}))


def test_who_cannot_answer_or_is_chosen_twice_is_left_out(browser: Client) -> None:
    browser.post(RULE, {"first": ["github", "nobody", "github"], "save": "yes", "seen": "github"})
    assert rule()[0] == ["github"]


def test_back_to_the_default_and_undone(browser: Client) -> None:
    FieldPrecedence.objects.create(subject="person", path="location", providers=["github"], is_wanted=True)
    assert "Reset to default" in text(browser.get(RULE))
    reply = text(browser.post(SET, {"default": "yes"}, follow=True))
    assert rule() == ([], False)
    assert '<input type="hidden" name="first" value="github">' in reply
    browser.post(SET, {"first": "github", "wanted": "yes"})
    assert rule() == (["github"], True)


def test_the_preview_needs_as_many_queries_for_thirty_profiles_as_for_one(browser: Client) -> None:
    url, choice = RULE, {"first": ["github"], "seen": ""}
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_person(0, ("clearbit", "Dublin"), ("github", "Cork"))
    browser.post(url, choice)
    numbers = []
    for more in (0, 30):
        for number in range(more):
            make_person(number + 1, ("clearbit", "Dublin"), ("github", "Cork"))
        with CaptureQueriesContext(connection) as captured:
            browser.post(url, choice)
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(("subject", "fact"), [("person", "shoe.size"), ("robot", "location")])
def test_what_is_no_fact_is_not_found(browser: Client, subject: str, fact: str) -> None:
    assert browser.get(reverse("admin:signups_fact_rule", args=[subject, fact])).status_code == 404


def test_who_may_only_look_changes_nothing() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_fieldprecedence"))
    assert "ob-toggle" not in text(client.get(PAGE))
    assert client.post(RULE, {"first": ["github"], "seen": "github", "save": "yes"}).status_code == 403
    assert client.post(SET, {"default": "yes"}).status_code == 403


def test_who_may_see_no_people_sees_no_names_in_the_preview() -> None:
    client = Client()
    client.force_login(make_staff("signups.view_fieldprecedence", "signups.change_fieldprecedence"))
    make_person(1, ("clearbit", "Dublin"), ("github", "Cork"))
    shown = text(client.post(RULE, {"first": ["github"], "seen": ""}))
    assert "would change 1 value." in shown
    assert "Person 1" not in shown
