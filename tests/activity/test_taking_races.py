"""The same batch from several requests at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from signups.models import Action, Forward
from tests.activity.reports import report, statuses, track
from tests.rows import make_signup

pytestmark = pytest.mark.django_db(transaction=True)


def _report(items: list[dict[str, Any]]) -> list[str]:
    """In a thread of its own."""
    try:
        return statuses(report(*items))
    finally:
        connection.close()


def test_each_action_is_stored_and_owed_once_and_one_request_is_told_so() -> None:
    ada = make_signup()
    items = [track(id=f"a-{number}", user_id=str(ada.uid)) for number in range(200)]
    batches = [items, items[::-1], items[50:] + items[:50], items]
    with ThreadPoolExecutor(4) as threads:
        told = Counter(status for answers in threads.map(_report, batches) for status in answers)
    assert told == {"stored": 200, "duplicate": 600}
    assert (Action.objects.count(), Forward.objects.count(), ada.identity_links.count()) == (200, 200, 1)
