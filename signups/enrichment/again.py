"""Having somebody asked again: for staff who press a button, and for a provider who has told us of an answer.

Who asks again, and when, is `signups.completing`; here is what those may say who do not know the flow.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet, Value
from django.db.models.functions import Least, Now

from signups.deliveries import queueing
from signups.models import Signup

NAME = "late look-ups"  # of the lease
TASK = "signups.tasks.finish_lookups"
# Late look-ups are asked again after this many seconds; then we let it be.
LATE_AFTER_S = (5, 60, 600, 3600, 6 * 3600)
_AHEAD_OF_ALL = timedelta(days=1)  # the longest due come first


def ask_first(signups: QuerySet[Signup], *, is_anew: bool = False) -> int:
    """Have whoever's answer is missing or too old asked for these, before all others; says how many they are.

    `is_anew`: whoever answers late is asked again as often as at a signup; otherwise once more, as always.
    """
    tried = Value(0) if is_anew else Least("lookups_tried", len(LATE_AFTER_S) - 1)
    number = signups.update(lookups_due_at=Now() - _AHEAD_OF_ALL, lookups_tried=tried)
    if number:
        transaction.on_commit(partial(queueing.wake_task, NAME, TASK, is_urgent=True), robust=True)
    return number
