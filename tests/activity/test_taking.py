"""Batches of actions: each is stored once, refused ones by themselves, and none is owed twice."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from signups.activity import identity, private
from signups.models import Action, Forward
from tests.activity.reports import VISITOR, page, report, statuses, track
from tests.rows import make_signup

pytestmark = pytest.mark.django_db

Source = Action.Source


def test_an_action_is_kept_as_it_was_reported() -> None:
    report(track("Called the API", id="a-1", timestamp="2026-11-01T10:00:00+02:00", properties={"endpoint": "/v1/x"}))
    action = Action.objects.get()
    assert (action.source, action.key, action.kind, action.name) == ("backend", "a-1", "track", "Called the API")
    assert (action.anonymous_id, action.user_id, action.properties) == (VISITOR, "", {"endpoint": "/v1/x"})
    assert action.at == datetime(2026, 11, 1, 8, tzinfo=UTC)


def test_the_same_id_twice_is_one_action_within_a_batch_and_in_two() -> None:
    assert statuses(report(track(id="a-1"), track(id="a-1"), track(id="a-2"))) == ["stored", "duplicate", "stored"]
    assert statuses(report(track("Something else", id="a-1"))) == ["duplicate"]
    assert [action.name for action in Action.objects.all()] == ["Read the docs"] * 2


def test_a_page_cannot_take_the_backend_s_ids() -> None:
    report(track(id="a-1"), source=Source.BROWSER)
    assert statuses(report(track(id="a-1"))) == ["stored"]


def test_what_is_refused_leaves_the_rest_of_the_batch_alone() -> None:
    answers = report(track(), "nonsense", track(name=" "), track())
    assert statuses(answers) == ["stored", "refused", "refused", "stored"]
    assert [(one.index, one.field) for one in answers if one.field] == [(2, "name")]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("type", "click", "must be page or track"),
        ("id", None, "is needed"),
        ("id", "null", "must not be 'null'"),
        ("id", "x" * 101, "may have 100 characters"),
        ("anonymous_id", " Undefined ", "must not be 'Undefined'"),
        ("anonymous_id", "00000000-0000-0000-0000-000000000000", "stands for no id"),
        ("anonymous_id", 0, "stands for no id"),
        ("anonymous_id", "$device:NULL", "stands for no id"),
        ("anonymous_id", "$device:", "stands for no id"),
        ("anonymous_id", True, "must be text"),
        ("anonymous_id", None, "or user_id is needed"),
        ("user_id", "[]", "stands for no id"),
        ("user_id", "a\0b", "control characters"),
        ("name", "x" * 201, "may have 200 characters"),
        ("name", "two\nlines", "control characters"),
        ("name", "half \ud83d", "half a surrogate pair"),
        ("timestamp", None, "ISO 8601"),
        ("timestamp", "yesterday", "ISO 8601"),
        ("timestamp", "2026-11-01T10:00:00", "with a time zone"),
        ("timestamp", True, "ISO 8601"),
        ("timestamp", 10**30, "ISO 8601"),
        ("timestamp", math.nan, "ISO 8601"),
        ("timestamp", 0, "before 1971"),
        ("timestamp", "9999-12-31T23:59:59Z", "in the future"),
        ("properties", [], "must be an object"),
        ("properties", {str(n): n for n in range(249)}, "248 at most"),
        ("properties", {"a": {"b": {"c": {"d": []}}}}, "3 levels deep"),
        ("properties", {"a": "x" * 30_001}, "30,000 bytes"),
        ("properties", {"a": ["x\0"]}, "NUL"),
        ("properties", {"a": {"\udc00": 1}}, "half a surrogate pair"),
        ("properties", {"a": math.inf}, "finite"),
        ("anonymousId", "x", "is not known"),
    ],
)
def test_a_refusal_names_the_field_and_the_remedy(field: str, value: Any, words: str) -> None:
    (answer,) = report(track(**{field: value}))
    assert answer.status == "refused"
    assert (answer.field or "").split(".")[0] == field
    assert words in answer.message
    assert not Action.objects.exists()


def test_everything_at_its_limit_is_taken() -> None:
    properties: dict[str, Any] = {str(n): n for n in range(247)} | {"deep": {"b": {"c": [[]]}}}
    sent = track("x" * 200, id="i" * 100, anonymous_id="a" * 100, user_id="u" * 254, properties=properties)
    assert statuses(report(sent)) == ["refused"]  # four levels
    assert statuses(report({**sent, "properties": {**properties, "deep": {"b": {"c": [1]}}}})) == ["stored"]


@pytest.mark.parametrize("unit", [1, 1000])
def test_seconds_and_milliseconds_are_told_apart(unit: int) -> None:
    report(track(timestamp=1_762_000_000 * unit))
    assert Action.objects.get().at == datetime.fromtimestamp(1_762_000_000, UTC)


def test_late_and_out_of_order_actions_keep_their_own_time() -> None:
    now = timezone.now()
    times = [now - timedelta(days=400), now, now - timedelta(days=2), now + timedelta(minutes=59)]
    report(*[track(timestamp=one.isoformat()) for one in times])
    assert [action.at for action in Action.objects.all()] == sorted(times, reverse=True)


def test_a_number_is_an_id_and_an_address_is_kept_in_lower_case() -> None:
    report(track(id=7, user_id=42), track(user_id=" Ada@Dev.test "))
    assert set(Action.objects.values_list("user_id", flat=True)) == {"42", "ada@dev.test"}


def test_a_page_says_for_nobody_who_the_visitor_is() -> None:
    ada = make_signup()
    (answer,) = report(track(user_id=str(ada.uid)), source=Source.BROWSER)
    assert (answer.field, Action.objects.count()) == ("user_id", 0)


def test_addresses_and_tokens_in_the_page_s_address_are_not_kept() -> None:
    signed = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"
    url = f"https://ada:pw@www.dev.test/welcome/{signed}/?email=ada@dev.test&utm_source=x&api_key=1&to=b@c.test#token=2"
    report(page(properties={"url": url, "path": f"/welcome/{signed}/", "seen": ["/a?password=1"]}))
    assert Action.objects.get().properties == {
        "url": "https://www.dev.test/welcome/…/?utm_source=x",
        "path": "/welcome/…/",
        "seen": ["/a"],
    }


@pytest.mark.parametrize(
    ("fragment", "kept"),
    [
        ("/reset/3f0c8a527c554d7e9a0c0d8a52b1c001", "/reset/…"),
        ("!/people/ada@dev.test/mails", "!/people/…/mails"),
        ("/back?code=1&page=2", "/back?page=2"),
        ("step-3", "step-3"),
    ],
)
def test_what_a_web_app_keeps_behind_the_hash_is_cleaned_as_well(fragment: str, kept: str) -> None:
    report(page(properties={"url": f"https://app.dev.test/#{fragment}"}))
    assert Action.objects.get().properties == {"url": f"https://app.dev.test/#{kept}"}


@pytest.mark.parametrize("text", ["/?x=" + "a" * 29_000, "/?x=" + "@a" * 14_000, "/" + "a@" * 14_000])
def test_no_address_takes_long_to_be_cleaned(text: str) -> None:
    """A public key lets anybody send such ones."""
    began = time.perf_counter()
    private.clean(text)
    assert time.perf_counter() - began < 0.1


def test_a_name_that_grows_by_being_cleaned_is_still_stored() -> None:
    report(track("/search?q=" + "é" * 150 + "&token=1"))
    name = Action.objects.get().name
    assert (name[:16], len(name)) == ("/search?q=%C3%A9", 200)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.dev.test/docs/how-to-integrate-the-api-in-2026?page=2#step-3",
        "What about /me?",
        "a?token=1",
        "http://[",
    ],
)
def test_other_texts_are_kept_as_they_are(text: str) -> None:
    report(track(properties={"text": text}))
    assert Action.objects.get().properties == {"text": text}


def test_a_backend_that_names_both_joins_the_visitor_to_the_customer() -> None:
    ada = make_signup("ada@dev.test", external_id="cus_1")
    report(track(user_id="cus_1"), track(user_id="cus_2", anonymous_id="other"))
    assert (identity.owner_of(VISITOR), identity.owner_of("other")) == (ada, None)
    assert ada.identity_links.get().reason == "backend"


def test_each_action_is_owed_once_to_whoever_wants_actions() -> None:
    report(track(id="a-1"), track(id="a-2"))
    report(track(id="a-1"), track(id="a-3"))
    assert sorted(Forward.objects.values_list("integration", "action__key")) == [
        ("mixpanel", "a-1"),
        ("mixpanel", "a-2"),
        ("mixpanel", "a-3"),
    ]


def test_nothing_is_owed_to_an_integration_that_is_off(settings: Any) -> None:
    settings.MIXPANEL = settings.MIXPANEL | {"project_token": ""}
    report(track())
    assert not Forward.objects.exists()


def test_a_thousand_actions_take_few_more_queries_than_one(django_assert_max_num_queries: Any) -> None:
    ada = make_signup("ada@dev.test")
    items = [track(user_id=str(ada.uid) if n % 2 else None, properties={"n": n}) for n in range(1000)]
    with django_assert_max_num_queries(60):  # SQLite takes an insert's rows in pieces
        assert set(statuses(report(*items))) == {"stored"}
