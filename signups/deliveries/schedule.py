"""The schedules django-q2 keeps: made after every migration, from here only (one row that does not parse stops all)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from signups.transactions import write_transaction

PREFIX = "onboarding: "
SWEEP = f"{PREFIX}sweep"
DAILY = {  # the daily jobs by the time of day (UTC) at which they begin; what they do is `signups.jobs`' business
    "prune": time(3, 0),
    "fingerprints": time(3, 30),
    "quality": time(4, 0),
    "refresh": time(4, 20),
    "sync": time(5, 0),
    "limits": time(5, 20),
    "quiet": time(5, 40),
}
NAMES = (SWEEP, *(f"{PREFIX}{name}" for name in DAILY))


def ensure_schedules() -> None:
    """Make what is missing, correct what was changed, remove what is no longer ours. Idempotent.

    When a schedule runs next is set when it is made, and is django-q2's from then on.
    """
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return
    with write_transaction():
        _ensure(SWEEP, {"func": "signups.tasks.sweep", "schedule_type": Schedule.MINUTES, "minutes": 1})
        for name, at in DAILY.items():
            daily = {"func": "signups.tasks.run_job", "args": repr((name,)), "schedule_type": Schedule.DAILY}
            _ensure(f"{PREFIX}{name}", daily, next_run=_next(at))
        Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=NAMES).delete()


def _ensure(name: str, columns: dict[str, Any], **first: Any) -> None:
    blank = {"args": None, "kwargs": None, "hook": None, "minutes": None, "cron": None, "cluster": None, "repeats": -1}
    columns = blank | columns
    Schedule.objects.update_or_create(name=name, defaults=columns, create_defaults=columns | first)


def _next(at: time) -> datetime:
    """When it is that time of day (UTC) again."""
    now = timezone.now().astimezone(UTC)
    today = datetime.combine(now.date(), at, tzinfo=UTC)
    return today if today > now else today + timedelta(days=1)
