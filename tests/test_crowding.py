"""Signups that wait for answers side by side stop waiting one after another."""

import threading
from contextlib import ExitStack
from typing import Any

import pytest

from signups import crowding


def test_one_alone_leaves_itself_time_to_be_saved(settings: Any) -> None:
    settings.VETTING_BUDGET_MS = 1_500
    with crowding.under_way() as waited_ms:
        assert waited_ms == pytest.approx(1_400)


def test_each_beside_others_waits_less_and_some_is_always_left(settings: Any) -> None:
    settings.VETTING_BUDGET_MS = 1_500
    with ExitStack() as crowd:
        waits = [crowd.enter_context(crowding.under_way()) for _ in range(30)]
    assert waits[:3] == pytest.approx([1_400, 1_370, 1_340])
    assert waits == sorted(waits, reverse=True)
    assert waits[-1] == pytest.approx(1_000)


def test_one_that_failed_is_not_counted_any_more(settings: Any) -> None:
    def fail() -> None:
        with pytest.raises(ValueError), crowding.under_way():
            raise ValueError

    threads = [threading.Thread(target=fail) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with crowding.under_way() as waited_ms:
        assert waited_ms == crowding.waited_ms()
