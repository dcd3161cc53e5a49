"""Failures by cause, with what to do about each."""

from __future__ import annotations

import pytest
from django.utils import timezone

from signups.deliveries import causes
from signups.models import Attempt
from tests.deliveries.desk import Desk
from tests.rows import make_delivery, make_signup

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Close: answered 404 to PUT lead/lead_a1B2c3D4e5F6/", "Close: answered 404 to PUT lead/lead_z9Y8x7W6v5U4/"),
        ("Mail: refuses <ada@dev.test>", "Mail: refuses <ben@other.test>"),
        ("X: no 6b1c0a52-7b3f-4d69-9ad6-1d9a4de20c11", "X: no 0a52c16b-7b3f-4d69-9ad6-1d9a4de20c99"),
        ("X: 'ada' is taken", "X: 'ben' is taken"),
    ],
)
def test_what_differs_from_one_delivery_to_the_next_is_no_cause(one: str, other: str) -> None:
    assert causes.key_of("close", one) == causes.key_of("close", other)


def test_another_status_or_integration_is_another_cause() -> None:
    keys = {causes.key_of("close", "answered 404"), causes.key_of("close", "answered 422")}
    assert len(keys | {causes.key_of("slack", "answered 404")}) == 3


@pytest.mark.parametrize(
    ("outcome", "advice"),
    [
        ("Close: answered 401 Unauthorized to GET me/: check CLOSE_API_KEY", "correct CLOSE_API_KEY and press recover"),
        ("Slack: refuses SLACK_CHANNEL C0: not_in_channel; invite the app to it", "correct SLACK_CHANNEL"),
        ("Given up after 10 tries. Close: did not answer", "When it is back, press recover"),
        ("An error of ours, see the log: KeyError: 'x'", "It is our error"),
        ("Close: answered 404 Not Found to PUT lead/x/", "is gone at Close"),
        ("Close: the plan's limit is reached: make room there, or upgrade", "make room there or upgrade"),
        ("Close: answered 422 Unprocessable to POST lead/", "Look at the reply of one"),
    ],
)
def test_a_cause_says_what_to_do(outcome: str, advice: str) -> None:
    assert advice in causes.remedy("Close", outcome)


def test_dead_letters_and_what_waits_are_grouped_with_count_and_times(desk: Desk) -> None:
    signup = make_signup()
    failed = [
        make_delivery(signup, "desk", period=str(n), state="failed", outcome=f"Front desk: refused '{n}'")
        for n in range(3)
    ]
    make_delivery(signup, "desk", period="w", outcome="Front desk: answered 503")
    make_delivery(signup, "desk", period="new")
    dead, waits = causes.causes()
    assert (dead.count, dead.words, dead.example) == (3, "refused …", failed[-1].pk)
    assert (waits.count, waits.is_dead, waits.words) == (1, False, "answered 503")
    assert (dead.heals, waits.heals) == (False, True)


def test_what_somebody_must_mend_comes_before_what_heals_however_much_there_is(desk: Desk) -> None:
    for n in range(3):
        make_delivery(make_signup(), "desk", outcome=f"Front desk: answered 503 to call {n}00000")
    make_delivery(make_signup(), "desk", outcome="Front desk: refused our key, check DESK_KEY")
    key, trouble = causes.causes()
    assert (key.count, key.is_dead, key.heals, trouble.count, trouble.heals) == (1, False, False, 3, True)
    assert key.remedy.startswith("It is tried again by itself.")


def test_dead_letters_of_one_cause_are_found_again(desk: Desk) -> None:
    signup = make_signup()
    mine = make_delivery(signup, "desk", period="1", state="failed", outcome="Front desk: refused 'a'")
    make_delivery(signup, "desk", period="2", state="failed", outcome="Front desk: answered 422")
    assert list(causes.dead_of("desk", causes.key_of("desk", "Front desk: refused 'b'"))) == [mine]


@pytest.mark.parametrize(
    ("result", "outcome", "advice"),
    [
        ("misconfigured", "Front desk: answered 402: the plan's limit is reached", "make room there or upgrade"),
        ("bug", "An error of ours, see the log: KeyError: 'id'", "It is our error"),
    ],
)
def test_what_waits_for_staff_does_not_heal(desk: Desk, result: str, outcome: str, advice: str) -> None:
    row = make_delivery(make_signup(), "desk", outcome=outcome)
    for each in ("later", result):
        Attempt.objects.create(delivery=row, at=timezone.now(), result=each)
    (cause,) = causes.causes()
    assert not cause.heals
    assert advice in cause.remedy
    Attempt.objects.create(delivery=row, at=timezone.now(), result="later")
    assert causes.causes()[0].heals
