"""The schedules django-q2 keeps: made after every migration, from here only (one row that does not parse stops all)."""

from __future__ import annotations

from django.db import connection
from django_q.models import Schedule

from signups.transactions import write_transaction

PREFIX = "onboarding: "
SCHEDULES = {  # name → task and minutes between two runs
    f"{PREFIX}sweep": ("signups.tasks.sweep", 1),
    f"{PREFIX}prune": ("signups.tasks.prune", 24 * 60),
}


def ensure_schedules() -> None:
    """Make what is missing, correct what was changed, remove what is no longer ours. Idempotent."""
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return
    with write_transaction():
        for name, (task, minutes) in SCHEDULES.items():
            columns = {
                "func": task,
                "args": None,
                "kwargs": None,
                "hook": None,
                "schedule_type": Schedule.MINUTES,
                "minutes": minutes,
                "repeats": -1,
                "cron": None,
                "cluster": None,
            }
            Schedule.objects.update_or_create(name=name, defaults=columns)
        Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=SCHEDULES).delete()
