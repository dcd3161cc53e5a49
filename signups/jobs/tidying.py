"""The tidying up that a day calls for: what is too old to be looked at goes, so that no table grows for ever."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from signups import deliveries
from signups.deliveries import alerting
from signups.enrichment import forgetting
from signups.jobs.running import Run
from signups.mails import developer, reports
from signups.models import DnsFinding, IdempotentReply, JobRun, KeptAnswer
from signups.transactions import write_transaction

RUNS_KEPT = timedelta(days=365)
REPLIES_KEPT = timedelta(days=30)  # a client that repeats a request does so within hours


def step(run: Run) -> bool:
    """First all that takes a statement or a few, then kept answers, a batch a step; returns whether there is more.

    The run's cursor is the last answer that was looked at.
    """
    if run.cursor == 0:
        _tidy(run)
    keys = forgetting.old(run.cursor)
    if keys:
        with run.chunk(keys[-1]) as counts:
            counts.read, counts.changed = len(keys), forgetting.forget(keys)
    return len(keys) == forgetting.AT_ONCE


def _tidy(run: Run) -> None:
    deliveries.prune()
    alerting.prune()
    reports.prune()
    developer.catch_up()
    with write_transaction():
        DnsFinding.objects.prune(timezone.now())
        KeptAnswer.objects.prune(timezone.now())
        IdempotentReply.objects.filter(created_at__lt=Now() - REPLIES_KEPT).delete()
        JobRun.objects.exclude(pk=run.pk).filter(started_at__lt=Now() - RUNS_KEPT).delete()
