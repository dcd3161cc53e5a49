"""Which jobs there are, when each runs, and after how long it is late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from signups.contracts import Event
from signups.deliveries.schedule import DAILY

if TYPE_CHECKING:
    from signups.jobs.running import Run

Step = Callable[["Run"], bool]


@dataclass(frozen=True)
class Job:
    """A job by its name. `path` leads to its step: one chunk of work, which returns whether there is more.

    `at` is the time of day (UTC) at which it is due, None for one that is started when there is a reason to.
    `event` is what it plans deliveries of, if it does.
    """

    name: str
    title: str
    purpose: str
    path: str
    event: Event | None = None
    grace: timedelta = timedelta(hours=2)

    @property
    def at(self) -> time | None:
        return DAILY.get(self.name)

    def step(self) -> Step:
        step: Step = import_string(self.path)
        return step


JOBS: tuple[Job, ...] = (
    Job(
        "prune",
        "Tidy up",
        "Forgets what is too old to be looked at: attempts, reports the CRM had, answers about nobody, old runs.",
        "signups.jobs.tidying.step",
    ),
    Job(
        "fingerprints",
        "Fingerprints",
        "Learns from what became of recent signups which mail servers serve throw-away domains.",
        "signups.vetting.learning.step",
    ),
    Job(
        "quality",
        "Data quality",
        "Measures what each provider knows, how often others agree, how old and dear it is, and what looks wrong.",
        "signups.enrichment.quality.step",
    ),
    Job(
        "refresh",
        "Refresh profiles",
        "Asks providers again about people and companies whose facts are old, the most valuable first, within budgets.",
        "signups.refreshing.step",
    ),
    Job(
        "sync",
        "Usage to the CRM",
        "Tells the CRM each customer's API calls: yesterday, 7 and 30 days, the share of the limit. Only what changed.",
        "signups.usage.sync.step",
        Event.USAGE_REPORTED,
    ),
    Job(
        "limits",
        "Limits",
        "Holds everybody's usage against their plan's limit, in case a report came in and nobody looked.",
        "signups.usage.limits.step",
        Event.REACHED_LIMIT,
    ),
    Job(
        "quiet",
        "Quiet customers",
        "Finds whoever was accepted days ago and has not called the API: they are sent help with the integration.",
        "signups.usage.quiet.step",
        Event.WENT_QUIET,
    ),
    Job(
        "remerge",
        "Merge profiles anew",
        "After staff changed whom to believe: decides every fact anew, the most valuable people first. Asks nobody.",
        "signups.remerging.step",
    ),
    Job(
        "feed_alert",
        "Alert: usage feed late",
        "Tells staff that the usage reports have stopped, once each time they do.",
        "signups.usage.feed.step",
    ),
)
BY_NAME = {job.name: job for job in JOBS}


def job(name: str) -> Job:
    """The job of that name. Raises LookupError where there is none."""
    try:
        return BY_NAME[name]
    except KeyError:
        raise LookupError(f"No job named {name!r}; there are {', '.join(BY_NAME)}") from None
