"""Quiet customers: accepted days ago and never an API call. Each is told of once, so that help can be sent.

What the help is, and that it no longer concerns whoever has called meanwhile, is the integrations' business. It reaches
people at nine in the morning where they are. Whoever was accepted long ago is left alone: switching the feed on must
not write to last year's customers.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from signups import deliveries
from signups.contracts import Event
from signups.jobs.running import Run
from signups.models import Delivery, Signup, UsageRecord, Verdict
from signups.models.usage import API_CALLS
from signups.usage.feed import feed, tell_staff

NUDGED_AT = time(9, 0)
LOOKED_AT_FOR = timedelta(days=30)  # after the day on which they become quiet
_CHUNK = 100


def step(run: Run) -> bool:
    """Plan the next chunk; nobody while the usage feed is late, or where there is none."""
    standing = feed()
    if not standing.is_connected or standing.is_late:
        run.note(f"Nobody was called quiet. {standing.words}")
        if standing.is_late:
            tell_staff(standing)
        return False
    signups = list(_quiet().filter(pk__gt=run.cursor).order_by("pk")[:_CHUNK])
    if not signups:
        return False
    with run.chunk(signups[-1].pk) as counts:
        for signup in signups:
            counts.read += 1
            planned = deliveries.plan(
                signup,
                Event.WENT_QUIET,
                frozen={"days": settings.QUIET_AFTER_DAYS},
                due_at=next_morning(time_zone(signup), timezone.now()),
            )
            counts.planned += bool(planned)
            counts.changed += bool(planned)
            counts.skipped += not planned
    return True


def time_zone(signup: Signup) -> ZoneInfo:
    """Where the person is, or else their company; UTC where neither is known."""
    company = signup.company.fact("timeZone") if signup.company is not None else None
    for name in (signup.person.fact("timeZone"), company):
        with suppress(KeyError, ValueError, OSError):  # what providers know is not always a zone
            if name:
                return ZoneInfo(str(name))
    return ZoneInfo("UTC")


def next_morning(zone: ZoneInfo, now: datetime) -> datetime:
    """When it is nine o'clock there again."""
    local = now.astimezone(zone)
    morning = datetime.combine(local.date(), NUDGED_AT, tzinfo=zone)
    return morning if morning > now else datetime.combine(local.date() + timedelta(days=1), NUDGED_AT, tzinfo=zone)


def _quiet() -> QuerySet[Signup]:
    until = timezone.now() - timedelta(days=settings.QUIET_AFTER_DAYS)
    called = UsageRecord.objects.filter(signup=OuterRef("pk"), metric=API_CALLS, count__gt=0)
    told = Delivery.objects.filter(signup=OuterRef("pk"), event=Event.WENT_QUIET)
    accepted = Signup.objects.filter(
        verdict=Verdict.ACCEPTED, accepted_at__lte=until, accepted_at__gt=until - LOOKED_AT_FOR
    )
    return accepted.filter(~Exists(called), ~Exists(told)).select_related("person", "company")
