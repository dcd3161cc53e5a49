"""Staff overrule the rules, one by one and many at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from signups.models import Delivery, Signup, Verdict
from tests.admin.rows import make_staff
from tests.rows import make_signup

REJECTED = "/admin/signups/rejectedsignup/"


def decision(signup: Signup, name: str) -> str:
    return reverse(f"admin:signups_signup_{name}", args=[signup.pk])


def said(reply: Any) -> list[str]:
    return [str(message) for message in reply.context["messages"]]


def test_asking_changes_nothing(browser: Client) -> None:
    signup = make_signup(verdict=Verdict.HELD)
    reply = browser.get(decision(signup, "accept"))

    assert "Accept anyway: Ada Byrne" in reply.content.decode()
    signup.refresh_from_db()
    assert signup.verdict == Verdict.HELD


def test_accepting_anyway_sends_the_signup_on(browser: Client, boss: User) -> None:
    signup = make_signup(verdict=Verdict.REJECTED)
    reply = browser.post(decision(signup, "accept"), {"sure": "yes", "note": "A partner"}, follow=True)

    signup.refresh_from_db()
    assert signup.verdict == Verdict.ACCEPTED
    assert {"slack", "close", "mixpanel"} <= set(Delivery.objects.values_list("integration", flat=True))
    change = signup.verdict_changes.get()
    assert (change.user, change.note) == (boss, "A partner")
    assert LogEntry.objects.get().change_message == "Accept anyway: A partner"
    assert said(reply) == ["Ada Byrne <ada@dev.test> was accepted; the deliveries are planned."]


def test_an_own_id_that_somebody_else_has_by_now_is_theirs(browser: Client) -> None:
    signup = make_signup("late@dev.test", verdict=Verdict.REJECTED, external_id="u_42")
    make_signup(external_id="u_42")
    browser.post(decision(signup, "accept"), {"sure": "yes", "note": "A partner"})

    signup.refresh_from_db()
    assert (signup.verdict, signup.external_id) == (Verdict.ACCEPTED, "")
    assert "u_42 is another customer's" in signup.verdict_changes.latest("at").note


def test_rejecting_takes_a_signup_out(browser: Client) -> None:
    signup = make_signup()
    browser.post(decision(signup, "reject"), {"sure": "yes"})

    signup.refresh_from_db()
    assert signup.verdict == Verdict.REJECTED


def test_keeping_a_signup_rejected_takes_it_off_the_queue(browser: Client) -> None:
    signup = make_signup(verdict=Verdict.REJECTED)
    browser.post(decision(signup, "keep_rejected"), {"sure": "yes"})

    assert not Signup.objects.awaiting_review().exists()


def test_a_decision_made_twice_says_so(browser: Client) -> None:
    signup = make_signup(verdict=Verdict.HELD)
    browser.post(decision(signup, "accept"), {"sure": "yes"}, follow=True)
    reply = browser.post(decision(signup, "accept"), {"sure": "yes"}, follow=True)

    assert said(reply) == ["Ada Byrne <ada@dev.test> was accepted already."]
    assert signup.verdict_changes.count() == 1


@pytest.mark.parametrize(
    ("verdict", "offered"),
    [
        (Verdict.ACCEPTED, ["Reject"]),
        (Verdict.CONFIRM, ["Accept anyway", "Reject"]),
        (Verdict.HELD, ["Accept", "Reject"]),
        (Verdict.REJECTED, ["Accept anyway", "Keep rejected"]),
    ],
)
def test_the_page_offers_what_can_be_done_next(browser: Client, verdict: Verdict, offered: list[str]) -> None:
    signup = make_signup(verdict=verdict)
    buttons = browser.get(reverse("admin:signups_signup_change", args=[signup.pk])).context["buttons"]

    assert [button.label for button in buttons] == offered


def choose(browser: Client, action: str, signups: list[Signup], **more: Any) -> Any:
    """Send the list's form, and then whatever the page that asks would send back."""
    pks = [signup.pk for signup in signups]
    asked = browser.post(REJECTED, {"action": action, "_selected_action": pks, "index": "0", **more})
    assert asked.status_code == 200
    hidden = asked.context["question"].hidden
    return asked, browser.post(REJECTED, {**hidden, "sure": "yes", "note": ""}, follow=True)


def test_many_are_accepted_at_once_after_a_page_that_says_how_many(browser: Client) -> None:
    signups = [make_signup(f"x{number}@mail.test", verdict=Verdict.REJECTED) for number in range(3)]
    asked, done = choose(browser, "accept_anyway", signups[:2])

    assert "Accept 2 signups" in asked.content.decode()
    assert said(done) == ["2 signups were accepted; the deliveries are planned."]
    assert [Signup.objects.get(pk=one.pk).verdict for one in signups] == ["accepted", "accepted", "rejected"]


def test_those_who_came_while_the_question_was_open_are_left_alone(browser: Client) -> None:
    first = make_signup("first@mail.test", verdict=Verdict.REJECTED)
    sent = {"action": "keep_rejected", "_selected_action": [first.pk], "index": "0", "select_across": "1"}
    hidden = browser.post(REJECTED, sent).context["question"].hidden
    late = make_signup("late@mail.test", verdict=Verdict.REJECTED)
    browser.post(REJECTED, {**hidden, "sure": "yes"})

    assert list(Signup.objects.awaiting_review()) == [late]


def test_many_are_kept_rejected_at_once(browser: Client) -> None:
    signups = [make_signup(f"x{number}@mail.test", verdict=Verdict.REJECTED) for number in range(2)]
    _, done = choose(browser, "keep_rejected", signups)

    assert said(done) == ["2 signups were kept rejected."]
    assert not Signup.objects.awaiting_review().exists()


def test_the_list_shows_why_and_what_was_made_of_it(browser: Client) -> None:
    why = [{"code": "no_such_domain", "sentence": "There is no gmial.com."}]
    make_signup("ted@gmial.com", verdict=Verdict.REJECTED, reasons=why, suggestion="ted@gmail.com")
    make_signup("fine@dev.test")
    shown = browser.get(REJECTED).content.decode()

    for words in ("There is no gmial.com.", "ted@gmail.com", ">waiting<"):
        assert words in shown
    assert "fine@dev.test" not in shown


@pytest.mark.parametrize(("review", "email"), [("waiting", "new@x.test"), ("accepted", "in@x.test")])
def test_the_list_is_narrowed_by_review(browser: Client, review: str, email: str) -> None:
    make_signup("new@x.test", verdict=Verdict.REJECTED)
    make_signup("in@x.test", verdict=Verdict.ACCEPTED, machine_verdict=Verdict.REJECTED)
    shown = browser.get(f"{REJECTED}?review={review}").content.decode()

    assert [one for one in ("new@x.test", "in@x.test") if one in shown] == [email]


def test_a_rows_own_menu_asks_too(browser: Client) -> None:
    signup = make_signup(verdict=Verdict.REJECTED)
    url = reverse("admin:signups_rejectedsignup_accept_this", args=[signup.pk])

    assert "Accept anyway: Ada Byrne" in browser.get(url).content.decode()
    browser.post(url, {"sure": "yes"})
    signup.refresh_from_db()
    assert signup.verdict == Verdict.ACCEPTED


def test_a_rejected_email_leads_to_its_signup(browser: Client) -> None:
    signup = make_signup(verdict=Verdict.REJECTED)
    reply = browser.get(f"{REJECTED}{signup.pk}/change/")

    assert reply["Location"] == reverse("admin:signups_signup_change", args=[signup.pk])


def test_whoever_may_only_look_decides_nothing(db: None) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_signup"))
    signup = make_signup(verdict=Verdict.REJECTED)
    row = reverse("admin:signups_rejectedsignup_keep_this", args=[signup.pk])

    assert browser.get(REJECTED).status_code == 200
    assert browser.post(row, {"sure": "yes"}).status_code == 403
    assert browser.post(decision(signup, "accept"), {"sure": "yes"}).status_code == 403
    browser.post(
        REJECTED, {"action": "accept_anyway", "_selected_action": [signup.pk], "chosen": signup.pk, "sure": "1"}
    )
    signup.refresh_from_db()
    assert (signup.verdict, signup.reviewed_at) == (Verdict.REJECTED, None)
