"""The schedules django-q2 keeps: made after every migration, from here only (one row that does not parse stops all)."""

from __future__ import annotations

from django.db import connection
from django_q.models import Schedule

PREFIX = "onboarding: "
SCHEDULES = {f"{PREFIX}sweep": "signups.tasks.sweep"}  # name → task, every minute


def ensure_schedules() -> None:
    """Make what is missing, correct what was changed, remove what is no longer ours. Idempotent."""
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return
    for name, task in SCHEDULES.items():
        Schedule.objects.update_or_create(
            name=name,
            defaults={
                "func": task,
                "args": None,
                "kwargs": None,
                "hook": None,
                "schedule_type": Schedule.MINUTES,
                "minutes": 1,
                "repeats": -1,
                "cron": None,
                "cluster": None,
            },
        )
    Schedule.objects.filter(name__startswith=PREFIX).exclude(name__in=SCHEDULES).delete()
