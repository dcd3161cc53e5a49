"""Usage as the product would have reported it, for tests that begin where it was stored."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from signups.models import Signup, UsageRecord

TODAY = date(2026, 11, 24)
YESTERDAY = TODAY - timedelta(days=1)


def make_usage(signup: Signup, day: date | int, count: int = 10, **values: Any) -> UsageRecord:
    """One day's record; `day` as a number is so many days ago."""
    at = TODAY - timedelta(days=day) if isinstance(day, int) else day
    values.setdefault("reported_at", timezone.now())
    return UsageRecord.objects.create(signup=signup, date=at, count=count, **values)
