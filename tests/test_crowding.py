"""Signups that wait for answers side by side stop waiting one after another."""

import itertools
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from signups import crowding


@pytest.fixture(autouse=True)
def budget(settings: Any) -> None:
    settings.VETTING_BUDGET_MS = 1_500


def stops(count: int, apart_ms: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When so many stop waiting that come in one after another, in milliseconds since the first."""
    found = []
    with ExitStack() as crowd:
        for number in range(count):
            monkeypatch.setattr("signups.crowding.time.monotonic", lambda at=number * apart_ms / 1000: 5_000 + at)
            found.append(number * apart_ms + crowd.enter_context(crowding.under_way()))
    return found


def test_one_alone_leaves_itself_time_to_be_saved() -> None:
    with crowding.under_way() as waited_ms:
        assert waited_ms == pytest.approx(1_400)


def test_those_who_come_together_stop_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stops(4, 0, monkeypatch) == pytest.approx([1_400, 1_370, 1_340, 1_310])


@pytest.mark.parametrize("apart_ms", [30, 40])
def test_those_who_come_one_after_another_wait_as_if_they_were_alone(
    apart_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stops(14, apart_ms, monkeypatch) == pytest.approx([1_400 + n * apart_ms for n in range(14)])


@pytest.mark.parametrize("apart_ms", [0, 5, 10, 20])
def test_no_two_stop_at_one_moment(apart_ms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = sorted(stops(12, apart_ms, monkeypatch))
    assert min(later - earlier for earlier, later in itertools.pairwise(moments)) >= 29.9


def test_however_many_there_are_some_time_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert min(stops(60, 0, monkeypatch)) == pytest.approx(1_000)


def test_one_that_failed_is_not_counted_any_more() -> None:
    def fail() -> None:
        with pytest.raises(ValueError), crowding.under_way():
            raise ValueError

    threads = [threading.Thread(target=fail) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with crowding.under_way() as waited_ms:
        assert waited_ms == pytest.approx(crowding.waited_ms())
