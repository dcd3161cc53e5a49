"""API keys, lists and scorecards."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from signups.models import ApiKey, ListEntry, Scorecard

KEYS, ENTRIES, CARDS = (f"/admin/signups/{model}/" for model in ("apikey", "listentry", "scorecard"))


def errors(reply: Any) -> list[str]:
    assert reply.status_code == 200
    return [str(error) for errors in reply.context["errors"] for error in errors]


def test_a_key_is_shown_once_and_kept_as_a_digest(browser: Client, boss: User) -> None:
    reply = browser.post(f"{KEYS}add/", {"name": "Backend"}, follow=True)
    key = ApiKey.objects.get()
    found = re.search(r"ob_[\w-]{40}", reply.content.decode())

    assert found is not None
    assert key.digest == ApiKey.digest_of(found[0])
    assert key.created_by == boss
    for url in (KEYS, f"{KEYS}{key.pk}/change/"):
        shown = browser.get(url).content.decode()
        assert found[0] not in shown
        assert key.digest not in shown


def test_a_key_is_revoked_after_a_question_and_never_deleted(browser: Client) -> None:
    browser.post(f"{KEYS}add/", {"name": "Backend"})
    key = ApiKey.objects.get()
    asked = browser.post(KEYS, {"action": "revoke", "_selected_action": [key.pk], "index": "0"})
    assert "Revoke 1 key" in asked.content.decode()
    key.refresh_from_db()
    assert key.revoked_at is None
    browser.post(KEYS, {**asked.context["question"].hidden, "sure": "yes"})

    key.refresh_from_db()
    assert key.revoked_at is not None
    assert browser.post(f"{KEYS}{key.pk}/delete/", {"post": "yes"}).status_code == 403


def entry(**values: str) -> dict[str, str]:
    return {"kind": "deny", "value": "spam.test", "reason": "Bots", **values}


def test_an_entry_knows_its_author(browser: Client, boss: User) -> None:
    browser.post(f"{ENTRIES}add/", entry())
    assert ListEntry.objects.get().author == boss


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  @Spam.TEST ", "spam.test"), ("Ada@Dev.test", "ada@dev.test"), ("bücher.test", "xn--bcher-kva.test")],
)
def test_an_entry_is_kept_as_signups_are_compared_with_it(browser: Client, typed: str, kept: str) -> None:
    browser.post(f"{ENTRIES}add/", entry(value=typed))
    assert ListEntry.objects.get().value == kept


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"value": "not a domain"}, "Not an address or a domain"),
        ({"value": "com"}, "Not an address or a domain"),
        ({"reason": "  "}, "required"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "over already"),
    ],
)
def test_a_senseless_entry_is_refused_with_the_reason(browser: Client, values: dict[str, str], words: str) -> None:
    found = errors(browser.post(f"{ENTRIES}add/", entry(**values)))

    assert any(words in error for error in found), found
    assert not ListEntry.objects.exists()


def test_the_same_entry_twice_is_refused(browser: Client) -> None:
    browser.post(f"{ENTRIES}add/", entry())
    assert errors(browser.post(f"{ENTRIES}add/", entry(value="SPAM.test")))
    assert ListEntry.objects.count() == 1


def test_an_entry_on_two_lists_is_pointed_out(browser: Client) -> None:
    browser.post(f"{ENTRIES}add/", entry())
    reply = browser.post(f"{ENTRIES}add/", entry(kind="allow"), follow=True)
    assert "Allow beats deny" in reply.content.decode()


def test_an_expired_entry_can_still_be_reworded(browser: Client) -> None:
    past = timezone.now().replace(microsecond=0) - timedelta(days=1)
    old = ListEntry.objects.create(kind="deny", value="spam.test", reason="Bots", expires_at=past)
    day, hour = past.strftime("%Y-%m-%d %H:%M:%S").split()
    browser.post(f"{ENTRIES}{old.pk}/change/", entry(reason="Bots, long ago", expires_at_0=day, expires_at_1=hour))

    old.refresh_from_db()
    assert old.reason == "Bots, long ago"


def card(**values: str) -> dict[str, str]:
    rules = {"rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0"}
    return {"name": "Second", "version": "1", "high_value_from": "60", **rules, **values}


def rule(**values: str) -> dict[str, str]:
    row = {"order": "1", "fact": "company.name", "test": "known", "value": "", "points": "5", "sentence": "Known"}
    return {"rules-TOTAL_FORMS": "1", **{f"rules-0-{name}": value for name, value in (row | values).items()}}


def test_a_second_active_scorecard_is_refused(browser: Client) -> None:
    found = errors(browser.post(f"{CARDS}add/", card(is_active="on")))
    assert found == ["“First impression v1” is active, and only one scorecard can be. Switch that one off first."]


def test_a_draft_with_a_rule_is_kept(browser: Client) -> None:
    browser.post(f"{CARDS}add/", card(**rule(test="at_least", value="1000", sentence="${value:,} raised")))
    assert Scorecard.objects.get(name="Second").rules.get().value == 1000


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"test": "at_least", "value": '"many"'}, "compares numbers"),
        ({"test": "one_of", "value": "5"}, "needs a list"),
        ({"test": "equals"}, "needs something to compare with"),
        ({"fact": "raised"}, "A fact starts with"),
        ({"sentence": "Raised {amount}"}, "Only {value}"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(browser: Client, values: dict[str, str], words: str) -> None:
    reply = browser.post(f"{CARDS}add/", card(**rule(**values)))

    assert words in reply.content.decode().replace("&#x27;", "'")
    assert not Scorecard.objects.filter(name="Second").exists()


# -- Keys for web pages ------------------------------------------------------------------------------------------------


def test_a_key_for_web_pages_comes_as_the_line_to_put_into_them(browser: Client) -> None:
    sent = {"name": "Web site", "use": "public", "origins": "HTTPS://Www.Dev.test:443/\n\nhttp://127.0.0.1:3000"}
    reply = browser.post(f"{KEYS}add/", sent, follow=True)
    key = ApiKey.objects.get()
    assert (key.kind, key.origins) == ("public", "https://www.dev.test\nhttp://127.0.0.1:3000")
    shown = html.unescape(reply.content.decode())
    found = re.search(
        r'<script src="\S+/static/onboarding\.js" data-key="(ob_[\w-]{40})" data-consent="required"', shown
    )
    assert found is not None
    assert key.digest == ApiKey.digest_of(found[1])


@pytest.mark.parametrize(
    ("kind", "origins", "words"),
    [
        ("public", "", "needs to know whose they are"),
        ("public", "www.dev.test", "is not an origin: write scheme and host, such as https://www.example.com."),
        ("public", "https://www.dev.test/docs", "its origin is https://www.dev.test."),
        ("public", "https://*.dev.test", "list each origin"),
        ("public", "ftp://dev.test", "is not an origin"),
        ("public", "https://dev.test:99999", "is not an origin"),
        ("backend", "https://www.dev.test", "Only a key for web pages has origins"),
        ("trial", "", "trial is not one of the available choices"),
    ],
)
def test_a_key_s_origins_are_checked_in_words(browser: Client, kind: str, origins: str, words: str) -> None:
    reply = browser.post(f"{KEYS}add/", {"name": "Web site", "use": kind, "origins": origins})
    assert any(words in error for error in errors(reply))
    assert not ApiKey.objects.exists()


def test_the_origins_of_a_public_key_can_be_changed_and_its_kind_cannot(browser: Client) -> None:
    key = ApiKey.objects.create(name="Web site", kind="public", origins="https://a.test", digest="d", prefix="ob_")
    sent = {"name": "Web", "use": "backend", "origins": "https://b.test"}
    browser.post(f"{KEYS}{key.pk}/change/", sent)
    key.refresh_from_db()
    assert (key.name, key.kind, key.origins) == ("Web", "public", "https://b.test")
