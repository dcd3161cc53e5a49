"""The pages' tests press the button as fast as they like, apart from those about just that."""

from __future__ import annotations

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def hurried(settings: Settings) -> None:
    settings.FORM_MIN_SECONDS = 0
