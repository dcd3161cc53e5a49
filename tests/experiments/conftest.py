"""No test knows what an earlier one left running."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signups import experiments


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    experiments.forget()
    yield
    experiments.forget()
