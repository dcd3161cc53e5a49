"""Having somebody asked again: for staff who press a button, and for a provider who has told us of an answer.

Who asks again, and when, is `signups.completing`; here is what those may say who do not know the flow.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from signups.deliveries import queueing
from signups.models import Signup

NAME = "late look-ups"  # of the lease
TASK = "signups.tasks.finish_lookups"
_AHEAD_OF_ALL = timedelta(days=1)  # the longest due come first


def ask_first(signups: QuerySet[Signup]) -> int:
    """Have whoever's answer is missing or too old asked for these, before all others; says how many they are.

    Whoever answers late is asked again as often as at a signup.
    """
    number = signups.update(lookups_due_at=Now() - _AHEAD_OF_ALL, lookups_tried=0)
    if number:
        transaction.on_commit(partial(queueing.wake_task, NAME, TASK, is_urgent=True), robust=True)
    return number
