"""The tidying up that a day calls for: what is too old to be looked at goes, so that no table grows for ever."""

from __future__ import annotations

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from signups import deliveries
from signups.deliveries import alerting
from signups.jobs.running import Run
from signups.mails import developer, reports
from signups.models import DnsFinding, IdempotentReply, JobRun, KeptAnswer
from signups.transactions import write_transaction

RUNS_KEPT = timedelta(days=365)
REPLIES_KEPT = timedelta(days=30)  # a client that repeats a request does so within hours


def step(run: Run) -> bool:
    """All of it at once: each is one statement or a few."""
    deliveries.prune()
    alerting.prune()
    reports.prune()
    developer.catch_up()
    with write_transaction():
        DnsFinding.objects.prune(timezone.now())
        KeptAnswer.objects.prune(timezone.now())
        IdempotentReply.objects.filter(created_at__lt=Now() - REPLIES_KEPT).delete()
        JobRun.objects.exclude(pk=run.pk).filter(started_at__lt=Now() - RUNS_KEPT).delete()
    return False
