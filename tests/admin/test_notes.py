"""Staff's notes on a signup, and what writes itself when somebody comes from Slack."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from signups.models import MailStop, Note, Person, Signup
from tests.admin.rows import make_staff
from tests.rows import make_signup


def page(signup: Signup, query: str = "") -> str:
    return reverse("admin:signups_signup_change", args=[signup.pk]) + query


def write(browser: Client, signup: Signup, text: str) -> str:
    """Send a note as the form does; where it leads."""
    reply = browser.post(reverse("admin:signups_signup_add_note", args=[signup.pk]), {"text": text})
    assert reply.status_code == 302
    return reply["Location"]


def test_a_note_stands_on_the_timeline_with_its_author(browser: Client) -> None:
    signup = make_signup()
    shown = browser.get(write(browser, signup, "Wants SSO.\r\nCall on Friday."))
    (note,) = [moment for moment in shown.context["moments"] if moment.kind == "note"]

    assert (note.text, note.by) == ("Wants SSO.\nCall on Friday.", "boss")
    assert "Your note is on the timeline." in shown.content.decode()


def test_a_note_can_be_taken_back_at_once(browser: Client) -> None:
    signup = make_signup()
    write(browser, signup, "Wrong window")
    undo = reverse("admin:signups_signup_delete_note", args=[signup.pk, Note.objects.get().pk])

    assert undo in browser.get(page(signup, f"?noted={Note.objects.get().pk}")).content.decode()
    browser.post(undo, {"sure": "yes"})
    assert not Note.objects.exists()


def test_deleting_a_note_asks_first(browser: Client) -> None:
    signup = make_signup()
    write(browser, signup, "Wants SSO.")
    url = reverse("admin:signups_signup_delete_note", args=[signup.pk, Note.objects.get().pk])

    assert "Wants SSO." in browser.get(url).content.decode()
    assert Note.objects.exists()


def test_nobody_deletes_a_colleague_s_note(browser: Client) -> None:
    signup = make_signup()
    note = Note.objects.create(signup=signup, text="Theirs", author=make_staff())
    url = reverse("admin:signups_signup_delete_note", args=[signup.pk, note.pk])

    assert url not in browser.get(page(signup)).content.decode()
    assert browser.post(url, {"sure": "yes"}).status_code == 403
    assert Note.objects.filter(pk=note.pk).exists()


def test_a_note_belongs_to_its_signup_alone(browser: Client) -> None:
    signup, other = make_signup(), make_signup("bob@dev.test")
    write(browser, signup, "About Ada")
    url = reverse("admin:signups_signup_delete_note", args=[other.pk, Note.objects.get().pk])

    assert browser.post(url, {"sure": "yes"}).status_code == 404


@pytest.mark.parametrize("text", ["", "  \r\n ", "\x00\x07", "\u200b \u2028"])
def test_an_empty_note_is_refused_in_words(browser: Client, text: str) -> None:
    signup = make_signup()
    shown = browser.get(write(browser, signup, text)).content.decode()

    assert "The note is empty: write something first." in shown
    assert not Note.objects.exists()


def test_a_note_is_kept_without_what_no_page_can_show(browser: Client) -> None:
    write(browser, make_signup(), "a\x00b\x07c\td\x1b[31m \u202eé 😀")
    assert Note.objects.get().text == "abc\td[31m é 😀"


def test_a_note_of_five_thousand_characters_is_taken(browser: Client) -> None:
    write(browser, make_signup(), "é" * 4998 + "\r\nx")
    assert len(Note.objects.get().text) == 5000


def test_a_note_that_is_too_long_comes_back_with_the_remedy(browser: Client) -> None:
    signup = make_signup()
    reply = browser.post(reverse("admin:signups_signup_add_note", args=[signup.pk]), {"text": "word " * 1001})

    assert reply.status_code == 422
    assert "A note takes 5,000 characters: shorten this one by 4." in reply.content.decode()
    assert "word word" in reply.content.decode()
    assert not Note.objects.exists()


def test_whoever_may_only_look_writes_no_note(db: None) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_signup"))
    signup = make_signup()
    url = reverse("admin:signups_signup_add_note", args=[signup.pk])

    assert url not in browser.get(page(signup)).content.decode()
    assert browser.post(url, {"text": "hello"}).status_code == 403


def test_a_note_needs_the_form_of_our_own_page(boss: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(boss)
    url = reverse("admin:signups_signup_add_note", args=[make_signup().pk])

    assert strict.post(url, {"text": "hello"}).status_code == 403
    assert strict.get(url).status_code == 405


def test_coming_from_slack_is_noted_and_leads_to_the_plain_address(browser: Client) -> None:
    signup = make_signup()
    reply = browser.get(page(signup, "?via=slack&kind=mail"))

    assert (reply.status_code, reply["Location"]) == (302, page(signup, "?kind=mail"))
    titles = [(moment.title, moment.by) for moment in browser.get(page(signup, "?kind=slack")).context["moments"]]
    assert titles == [("Opened from Slack", "boss")]


def test_coming_from_slack_is_noted_once_an_hour_for_each_of_the_staff(browser: Client, boss: User) -> None:
    signup = make_signup()
    for _ in range(3):
        browser.get(page(signup, "?via=slack"))
    assert Note.objects.filter(kind="opened", author=boss).count() == 1

    Note.objects.update(at=timezone.now() - timedelta(minutes=61))
    browser.get(page(signup, "?via=slack"))
    assert Note.objects.count() == 2


def test_a_stranger_from_slack_logs_in_first(client: Client, db: None) -> None:
    reply = client.get(page(make_signup(), "?via=slack"))

    assert reply["Location"].endswith("%3Fvia%3Dslack")
    assert not Note.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_are_one_note(boss: User) -> None:
    signup = make_signup()
    browsers = [Client() for _ in range(4)]
    for one in browsers:
        one.force_login(boss)

    def click(one: Client) -> None:
        try:
            one.get(page(signup, "?via=slack"))
        finally:
            connection.close()

    threads = [threading.Thread(target=click, args=(one,)) for one in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Note.objects.count() == 1


# -- Mails that are stopped --------------------------------------------------------------------------------------------


@pytest.fixture
def bounced(db: None) -> Signup:
    signup = make_signup()
    stop = {"mail_stopped": MailStop.BOUNCED, "mail_stopped_at": timezone.now(), "mail_stopped_note": "550 no mailbox"}
    Person.objects.filter(pk=signup.person_id).update(**stop)
    return signup


def lift(signup: Signup) -> str:
    return reverse("admin:signups_person_mails_again", args=[signup.person_id])


@pytest.mark.parametrize("model", ["signup", "person"])
def test_both_pages_say_why_no_mails_go_out(browser: Client, bounced: Signup, model: str) -> None:
    number = bounced.pk if model == "signup" else bounced.person_id
    shown = browser.get(reverse(f"admin:signups_{model}_change", args=[number])).content.decode()

    for words in ("No mails go to ada@dev.test", "the address does not take mail", "550 no mailbox", lift(bounced)):
        assert words in shown


def test_mails_may_go_out_again_once_staff_say_so(browser: Client, bounced: Signup) -> None:
    back = page(bounced)
    assert "the address does not take mail" in browser.get(f"{lift(bounced)}?back={back}").content.decode()
    reply = browser.post(lift(bounced), {"sure": "yes", "note": "They changed provider.", "back": back})

    assert reply["Location"] == back
    bounced.person.refresh_from_db()
    assert (bounced.person.mail_stopped, bounced.person.why_no_mail()) == ("", "")
    text = "Mails may go out again. They were stopped because the address does not take mail. They changed provider."
    assert Note.objects.get().text == text


def test_asking_changes_nothing(browser: Client, bounced: Signup) -> None:
    browser.get(lift(bounced))
    browser.post(lift(bounced))
    assert Person.objects.get().mail_stopped == "bounced"


def test_mails_that_go_out_already_are_let_be(browser: Client) -> None:
    signup = make_signup()
    assert browser.post(lift(signup), {"sure": "yes"}).status_code == 302
    assert not Note.objects.exists()


def test_the_way_back_never_leads_away_from_the_admin(browser: Client, bounced: Signup) -> None:
    for elsewhere in ("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"):
        shown = browser.get(lift(bounced), {"back": elsewhere}).content.decode()
        assert "evil.test" not in shown
        assert "javascript:alert" not in shown


def test_only_whoever_may_change_people_lifts_the_stop(db: None, bounced: Signup) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_signup", "signups.view_person"))

    assert lift(bounced) not in browser.get(page(bounced)).content.decode()
    assert browser.post(lift(bounced), {"sure": "yes"}).status_code == 403
