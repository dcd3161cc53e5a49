"""What tests of the weeks after do: report usage, run a job, let time pass for its run."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from signups import jobs
from signups.models import JobRun, Signup, UsageRecord
from tests.rows import make_delivery, make_signup

TODAY = date(2026, 11, 24)


def at(hour: float, day: date = TODAY) -> datetime:
    """That hour (UTC) of a day."""
    return datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=hour)


def use(signup: Signup, count: int = 10, days_ago: int = 1, reported_h_ago: float = 0, **values: Any) -> UsageRecord:
    """So many calls so many days ago, reported so many hours ago."""
    day = timezone.now().astimezone(UTC).date() - timedelta(days=days_ago)
    reported_at = timezone.now() - timedelta(hours=reported_h_ago)
    columns = {"count": count, "reported_at": reported_at, **values}
    return UsageRecord.objects.update_or_create(signup=signup, date=values.pop("date", day), defaults=columns)[0]


def make_customer(email: str = "ada@dev.test", slug: str = "desk", **values: Any) -> Signup:
    """An accepted signup of whom an integration was told."""
    signup = make_signup(email, **values)
    make_delivery(signup, slug, state="delivered")
    return signup


def run(name: str, period: str = "") -> JobRun:
    """A whole run of a job, as of today unless a period says otherwise; returns its row."""
    jobs.start(name, period or timezone.now().astimezone(UTC).date().isoformat())
    while jobs.run(name):
        pass
    row = JobRun.objects.filter(job=name).first()
    assert row is not None
    return row


def lapse() -> None:
    """Let the claims and waits of all runs end."""
    JobRun.objects.update(claimed_until=F("claimed_until") - timedelta(days=1))


def counts(row: JobRun) -> dict[str, int]:
    """What a run came to, without the zeros."""
    row.refresh_from_db()
    names = ("read", "changed", "planned", "skipped", "failed")
    return {name: number for name in names if (number := getattr(row, name))}
