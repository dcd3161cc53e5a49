"""Staff say what a signup really was, one by one and many at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from signups import labels
from signups.models import Signup, Verdict
from tests.admin.rows import make_staff
from tests.rows import make_signup

SIGNUPS = "/admin/signups/signup/"


def page(signup: Signup, name: str) -> str:
    return reverse(f"admin:signups_signup_{name}", args=[signup.pk])


def said(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def choose(browser: Client, action: str, signups: list[Signup]) -> Any:
    """Choose signups in the list, and press the button of the page that asks."""
    chosen = {"action": action, "_selected_action": [signup.pk for signup in signups], "index": "0"}
    asked = browser.post(SIGNUPS, chosen)
    return browser.post(SIGNUPS, {**asked.context["question"].hidden, "sure": "yes", "note": "A farm"}, follow=True)


def test_a_label_has_an_author_and_leaves_the_verdict(browser: Client, boss: User) -> None:
    signup = make_signup()
    reply = browser.post(page(signup, "mark_as_spam"), {"sure": "yes", "note": "Never called"}, follow=True)

    signup.refresh_from_db()
    assert (signup.label, signup.labelled_by, signup.verdict) == ("spam", boss, Verdict.ACCEPTED)
    assert signup.labelled_at is not None
    assert LogEntry.objects.get().change_message == "Mark as spam: Never called"
    assert said(reply) == ["Ada Byrne <ada@dev.test> was marked as spam."]


def test_a_label_is_asked_about_first(browser: Client) -> None:
    signup = make_signup()
    assert "The verdict stays as it is" in browser.get(page(signup, "mark_as_spam")).content.decode()
    signup.refresh_from_db()
    assert signup.label == ""


def test_a_label_can_be_taken_off(browser: Client, boss: User) -> None:
    signup = make_signup()
    labels.label(signup, Signup.Label.SPAM, boss)
    browser.post(page(signup, "no_label"), {"sure": "yes"})

    signup.refresh_from_db()
    assert signup.label == ""
    assert [change.label for change in signup.verdict_changes.all()] == ["spam", "none"]


def test_the_timeline_tells_of_labels(browser: Client, boss: User) -> None:
    signup = make_signup()
    labels.label(signup, Signup.Label.SPAM, boss, "Never called")
    labels.label(signup, Signup.Label.NONE, boss)
    shown = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).context["moments"]

    told = [
        (moment.title, moment.detail, moment.by) for moment in shown if "abel" in moment.title or "ark" in moment.title
    ]
    assert sorted(told) == [("Label taken off", "", "boss"), ("Marked as spam", "Never called", "boss")]


@pytest.mark.parametrize(
    ("name", "verdict", "label"),
    [
        ("accept", Verdict.REJECTED, "genuine"),
        ("accept", Verdict.HELD, "genuine"),
        ("reject", Verdict.ACCEPTED, "spam"),
        ("keep_rejected", Verdict.REJECTED, "spam"),
    ],
)
def test_overruling_and_upholding_say_what_it_was(browser: Client, name: str, verdict: Verdict, label: str) -> None:
    signup = make_signup(verdict=verdict)
    browser.post(page(signup, name), {"sure": "yes"})

    signup.refresh_from_db()
    assert signup.label == label


def test_many_are_labelled_at_once(browser: Client, boss: User) -> None:
    signups = [make_signup(f"p{number}@dev.test") for number in range(3)]
    labels.label(signups[0], Signup.Label.SPAM, boss)
    reply = choose(browser, "mark_as_spam", signups)

    assert Signup.objects.filter(label="spam").count() == 3
    assert said(reply) == ["2 signups were marked as spam.", "1 signup was marked as spam already."]
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Mark as spam: A farm"] * 2


def test_labelling_thirty_takes_as_many_queries_as_one(
    boss: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signups = [make_signup(f"p{number}@dev.test") for number in range(31)]
    for some in (signups[:1], signups[1:]):
        with django_assert_num_queries(5):
            labels.label_many(some, Signup.Label.SPAM, boss)


def test_whoever_learns_from_labels_hears_of_those_that_changed(boss: User) -> None:
    heard: list[tuple[str, str]] = []

    def listen(signups: list[Signup], **kwargs: Any) -> None:
        heard.extend((signup.email, signup.label) for signup in signups)

    labels.labelled.connect(listen)
    signup = make_signup()
    for _ in range(2):
        labels.label(signup, Signup.Label.GENUINE, boss)
    labels.labelled.disconnect(listen)
    assert heard == [("ada@dev.test", "genuine")]


def test_the_list_is_filtered_by_label(browser: Client, boss: User) -> None:
    labels.label(make_signup(), Signup.Label.SPAM, boss)
    make_signup("tom@dev.test")

    def listed(label: str) -> list[str]:
        return [signup.email for signup in browser.get(SIGNUPS, {"label": label}).context["cl"].result_list]

    assert (listed("spam"), listed("genuine"), listed("none")) == (["ada@dev.test"], [], ["tom@dev.test"])


def test_the_page_offers_the_other_labels(browser: Client, boss: User) -> None:
    signup = make_signup()
    labels.label(signup, Signup.Label.SPAM, boss)
    context = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).context

    assert [button.label for button in context["label_buttons"]] == ["Mark as genuine", "No label"]
    assert 'title="Marked by boss">spam<' in context["label"]


def test_readers_label_nothing(client: Client, db: None) -> None:
    signup = make_signup()
    client.force_login(make_staff("signups.view_signup"))

    assert client.post(page(signup, "mark_as_spam"), {"sure": "yes"}).status_code == 403
    assert client.get(reverse("admin:signups_signup_change", args=[signup.pk])).context["label_buttons"] == []
