"""Two at once want the same visitor, or fill the same signup."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from signups.activity import identity
from signups.activity.identity import Reason
from signups.models import IdentityLink, Signup
from tests.rows import make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def _join(wanted: tuple[Signup, str]) -> bool:
    """In a thread of its own: whether the two were joined."""
    try:
        edge = identity.join(*wanted, Reason.BACKEND)
        return edge is not None and edge.ended_at is None
    finally:
        connection.close()


def test_of_many_at_once_one_gets_the_visitor_and_the_others_read_whose_it_is() -> None:
    signups = [make_signup(f"p{number}@dev.test") for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(_join, [(signup, "visitor") for signup in signups])) == 1
    assert IdentityLink.objects.filter(ended_why__contains="already").count() == 7


def test_nobody_gets_more_than_five_however_many_come_at_once() -> None:
    ada = make_signup()
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(_join, [(ada, f"visitor-{number}") for number in range(16)])) == 5
