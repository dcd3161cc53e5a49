"""How the supervisor tells a hung monitor from tasks that merely wait."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from signups.supervisor import Supervisor

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    """One whose cluster on the database's queue has been at work for an hour."""
    monkeypatch.setattr(Conf, "ORM", "default")
    one = Supervisor()
    one._started_at = timezone.now() - timedelta(hours=1)
    return one


def queued(count: int, lock_in_s: float) -> None:
    """So many tasks; django-q2 locks one that is taken for `retry` seconds."""
    lock = timezone.now() + timedelta(seconds=lock_in_s)
    OrmQ.objects.bulk_create(OrmQ(key="onboarding", payload="…", lock=lock) for _ in range(count))


def test_tasks_that_wait_say_nothing(supervisor: Supervisor) -> None:
    queued(50, lock_in_s=0)
    assert not supervisor._holds_done_tasks()


def test_tasks_just_taken_say_nothing(supervisor: Supervisor) -> None:
    queued(50, lock_in_s=Conf.RETRY - 5)
    assert not supervisor._holds_done_tasks()


def test_several_tasks_taken_long_ago_were_never_acknowledged(supervisor: Supervisor) -> None:
    queued(5, lock_in_s=Conf.RETRY - 150)
    assert supervisor._holds_done_tasks()


def test_tasks_taken_by_an_earlier_cluster_say_nothing_of_this_one(supervisor: Supervisor) -> None:
    queued(50, lock_in_s=Conf.RETRY - 150)
    supervisor._started_at = timezone.now() - timedelta(seconds=60)
    assert not supervisor._holds_done_tasks()
