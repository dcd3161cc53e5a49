"""The usage feed as a whole: whether anybody's usage is reported at all, and what is done when the reports stop.

Silence of the feed is not silence of the customers: while it is late nobody is called quiet, and staff are told once
each time it stops. How they are told beyond the admin and `/readyz` is the integrations' business (`alert`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from signups import contracts, jobs
from signups.jobs.running import Run
from signups.models import UsageRecord

ALERT = "feed_alert"


@dataclass(frozen=True)
class Feed:
    """When a usage report last came in from anybody; None: never."""

    last_at: datetime | None
    now: datetime

    @property
    def is_connected(self) -> bool:
        return self.last_at is not None

    @property
    def is_late(self) -> bool:
        """Whether there was a feed and nothing came from it for `FEED_LATE_AFTER_HOURS`."""
        return self.last_at is not None and self.now - self.last_at > timedelta(hours=settings.FEED_LATE_AFTER_HOURS)

    @property
    def words(self) -> str:
        """How it stands, as a sentence for staff with what to do about it."""
        if self.last_at is None:
            return "No usage was ever reported. Report it with POST /api/v1/usage or manage.py import_usage."
        last = f"{self.last_at.astimezone(UTC):%-d %B %Y, %H:%M} UTC"
        if not self.is_late:
            return f"The last usage report came on {last}."
        return (
            f"No usage was reported since {last}. Look whether the product still sends it (POST /api/v1/usage or "
            "manage.py import_usage). Nobody is called quiet meanwhile."
        )


def feed() -> Feed:
    """How the feed stands now; one query, by index."""
    return Feed(UsageRecord.objects.aggregate(last=Max("reported_at"))["last"], timezone.now())


def tell_staff(late: Feed) -> None:
    """Have staff told that the feed is late: once for each time it stops, whoever asks however often.

    Where telling them failed, asking again tries again.
    """
    assert late.last_at is not None
    if any(one.takes_alerts and not one.missing_settings() for one in contracts.integrations()):
        jobs.start(ALERT, f"{late.last_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}")


def step(run: Run) -> bool:
    """Tell everybody who takes alerts; one that fails is asked again later, and those who know repeat nothing."""
    late = feed()
    if not late.is_late:
        run.note("The feed was back before anybody was told.")
        return False
    takers = [one for one in contracts.integrations() if one.takes_alerts and not one.missing_settings()]
    for integration in takers:
        integration.alert(late.words, key=f"feed late since {run.period}", since=late.last_at or late.now)
    with run.chunk(1) as counts:
        counts.planned = len(takers)
    run.note(f"Told by {', '.join(one.name for one in takers)}." if takers else "Nobody takes alerts.")
    return False
