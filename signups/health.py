"""Whether the product does its work, part by part: for monitors (`/readyz`) and for staff's overview.

Says how it is in words, names no person, and repairs nothing: each sentence says who would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error as DatabaseFailure
from django.db.models import Count
from django.utils import timezone

from signups import jobs
from signups.deliveries import heartbeats
from signups.models import Delivery, Heartbeat
from signups.usage.feed import feed

WORKER_LATE = timedelta(minutes=3)  # a worker that has not been heard of for so long is taken to be down
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Part:
    """One part's state. `words` say what is wrong and what to do, or that all is well."""

    name: str
    is_well: bool
    words: str


def parts() -> list[Part]:
    """Every part. Where the database does not answer, that is all there is to say."""
    looks: tuple[Callable[[], Part], ...] = (_worker, _jobs, _dead_letters, _usage_feed)
    try:
        found = [look() for look in looks]
    except DatabaseFailure:
        return [Part("database", False, "It does not answer. Look at the database server and at DATABASE_URL.")]
    return [Part("database", True, "It answers."), *found]


def _worker() -> Part:
    """The canary comes through the real queue and a real worker: it proves both."""
    at = Heartbeat.objects.filter(name=heartbeats.CANARY).values_list("at", flat=True).first()
    if at is None:
        return Part("queue", False, "No worker was ever heard of. Start one with manage.py worker.")
    age = timezone.now() - at
    heard = f"A worker was last heard of {max(0, round(age.total_seconds()))} s ago."
    if age > WORKER_LATE:
        return Part("queue", False, f"{heard} Nothing is sent. Start one with manage.py worker, or look at its log.")
    return Part("queue", True, heard)


def _jobs() -> Part:
    troubles = [f"{one.job.title}: {one.trouble}" for one in jobs.standings() if one.trouble]
    return Part("jobs", not troubles, " ".join(troubles) or "All daily jobs ran when they should.")


def _dead_letters() -> Part:
    since = timezone.now() - _DAY
    failed = Delivery.objects.filter(state=Delivery.State.FAILED, finished_at__gt=since).order_by("integration")
    by_slug = [f"{slug} {number}" for slug, number in failed.values_list("integration").annotate(Count("pk"))]
    if not by_slug:
        return Part("dead_letters", True, "No delivery failed for good in the last day.")
    words = (
        f"Deliveries that failed for good in the last day: {', '.join(by_slug)}. Staff see why, and can repeat them."
    )
    return Part("dead_letters", False, words)


def _usage_feed() -> Part:
    standing = feed()
    return Part("usage_feed", not standing.is_late, standing.words)
