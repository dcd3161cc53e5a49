"""The vendor's rates are kept: by all threads of a drain, and by the next drain."""

from __future__ import annotations

import time

import pytest
from pytest_django import Settings

from integrations import close_api
from signups import deliveries
from signups.contracts import CallRate, paced, wait_for_turn
from signups.deliveries.claiming import Lease
from signups.deliveries.pacing import Pace
from signups.models import Attempt, Delivery
from tests.deliveries.acts import integration, owe, state
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def owed_s(pace: Pace, key: str = "0") -> float:
    """How far the calls made so far reach beyond this moment, in seconds."""
    return pace.spent().get(key, 0.0) - time.time()


def test_after_a_rest_some_calls_come_at_once_and_then_one_by_one() -> None:
    pace = Pace((CallRate(20, at_once=5),))
    started = time.monotonic()
    for _ in range(9):
        pace.wait("GET", "things")
    assert time.monotonic() - started >= 4 / 20


def test_each_channel_has_a_rate_of_its_own() -> None:
    pace = Pace((CallRate(0.01, path="chat.postMessage", each="channel"),))
    for channel in ("C1", "C2", "C3"):
        pace.wait("POST", "chat.postMessage", {"channel": channel})
    assert set(pace.spent()) == {"0 C1", "0 C2", "0 C3"}


def test_other_calls_do_not_count() -> None:
    pace = Pace((CallRate(0.01, method="POST", path="data/search/"),))
    for method, path in (("POST", "/data/search/"), ("GET", "/data/search/"), ("POST", "/lead/")):
        pace.wait(method, path)
    assert 95 < owed_s(pace) <= 100


def test_a_call_counts_as_many_as_it_carries() -> None:
    pace = Pace((CallRate(0.1, at_once=5),))
    pace.wait("POST", "import", None, 5)
    assert 5 < owed_s(pace) <= 10


def test_what_an_earlier_drain_used_up_counts() -> None:
    first = Pace((CallRate(0.1, at_once=2),))
    first.wait("GET", "things")
    first.wait("GET", "things")
    assert owed_s(Pace((CallRate(0.1, at_once=2),), first.spent())) == pytest.approx(owed_s(first), abs=0.5)


def test_calls_outside_a_drain_wait_for_nobody() -> None:
    with paced(Pace((CallRate(0.01),)).wait):
        wait_for_turn("GET", "things")
    wait_for_turn("GET", "things")


def test_the_lease_hands_on_what_was_used_up(settings: Settings) -> None:
    settings.INTEGRATIONS = ["integrations.close.Close"]
    lease = Lease.take(integration("close"))
    assert lease is not None
    lease.pace.wait("POST", "data/search/")
    lease.release()
    assert set(state("close").spent) == {"0", "1"}


def test_slack_is_posted_to_as_often_as_it_takes(sandbox: Sandbox, settings: Settings) -> None:
    settings.INTEGRATIONS = ["integrations.slack.Slack"]
    settings.SLACK = settings.SLACK | {"posts_per_s": 1.0}
    sandbox.setting("slack", rate_limit=True)
    for number in range(7):
        owe(f"p{number}@dev.test", "slack")
    assert deliveries.drain("slack") == 7
    assert set(Attempt.objects.values_list("result", "status")) == {("delivered", 200)}
    assert [call["status"] for call in sandbox.received("slack", "chat.postMessage")] == [200] * 7


def test_close_is_called_as_often_as_it_takes(sandbox: Sandbox, settings: Settings) -> None:
    """Twenty signups make twenty searches, four more than it takes in eight seconds."""
    close_api.forget_fields()
    settings.INTEGRATIONS = ["integrations.close.Close"]
    settings.CLOSE = settings.CLOSE | {"calls_per_s": 25.0, "searches_per_s": 1.8}
    sandbox.setting("close", rate_limit=True)
    for number in range(20):
        owe(f"p{number}@dev.test", "close")
    while Delivery.objects.filter(due_at__isnull=False).exists():
        deliveries.drain("close")
    assert {call["status"] for call in sandbox.received("close")} == {200}
