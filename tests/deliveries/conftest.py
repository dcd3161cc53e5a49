"""Who hears of signups here: the front desks alone, and on an empty queue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django_q.brokers import get_broker
from pytest_django import Settings

from signups import contracts
from tests.deliveries.desk import Desk


@pytest.fixture
def desk(settings: Settings) -> Desk:
    """The only integration there is."""
    settings.INTEGRATIONS = ["tests.deliveries.desk.Desk"]
    return _as_new("desk")


@pytest.fixture
def two_desks(settings: Settings) -> tuple[Desk, Desk]:
    """The only two there are."""
    settings.INTEGRATIONS = ["tests.deliveries.desk.Desk", "tests.deliveries.desk.OtherDesk"]
    return _as_new("desk"), _as_new("other_desk")


@pytest.fixture(autouse=True)
def _empty_queue(db: None) -> Iterator[None]:
    get_broker().purge_queue()
    yield
    get_broker().purge_queue()


def _as_new(slug: str) -> Desk:
    desk = contracts.integration(slug)
    assert isinstance(desk, Desk)
    desk.forget()
    return desk
