"""What an integration missed is sent to it later, as of when it happened, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from signups import deliveries
from signups.deliveries import replaying
from signups.models import Delivery, Signup
from tests.deliveries.acts import owe
from tests.deliveries.desk import Desk
from tests.rows import make_signup

pytestmark = pytest.mark.django_db(transaction=True)
MONTH_AGO = timezone.now() - timedelta(days=30)


def signed_up(email: str, days_ago: int) -> Signup:
    signup = make_signup(email)
    Signup.objects.filter(pk=signup.pk).update(created_at=timezone.now() - timedelta(days=days_ago))
    return signup


def test_signups_from_before_it_was_switched_on_are_sent_with_their_own_time(desk: Desk) -> None:
    signup = signed_up("old@dev.test", 10)
    assert replaying.missing("desk", MONTH_AGO) == replaying.Missing(1, 1, True)
    assert replaying.replay("desk", MONTH_AGO) == 1
    signup.refresh_from_db()
    assert Delivery.objects.get().frozen["at"] == signup.created_at.isoformat()


def test_a_second_replay_finds_nothing(desk: Desk) -> None:
    signed_up("old@dev.test", 10)
    owe("known@dev.test")
    replaying.replay("desk", MONTH_AGO)
    deliveries.drain("desk")
    assert replaying.replay("desk", MONTH_AGO) == 0
    assert sorted(desk.calls) == ["signed_up known@dev.test", "signed_up old@dev.test"]


def test_other_integrations_are_told_nothing(two_desks: tuple[Desk, Desk]) -> None:
    signed_up("old@dev.test", 10)
    replaying.replay("other_desk", MONTH_AGO)
    assert Delivery.objects.get().integration == "other_desk"


def test_elder_and_unwanted_signups_are_left_alone(desk: Desk) -> None:
    signed_up("elder@dev.test", 40)
    signed_up("unwanted@dev.test", 10)
    assert replaying.missing("desk", MONTH_AGO).count == 0


def test_a_count_says_where_it_stopped(desk: Desk) -> None:
    for number in range(3):
        signed_up(f"p{number}@dev.test", 3)
    assert replaying.missing("desk", MONTH_AGO, most=2) == replaying.Missing(2, 2, False)
