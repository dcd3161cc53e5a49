"""Running a job: claim its run, work through it chunk by chunk, and leave it so that anybody can go on.

A claim ends by itself (`claimed_until`, by the database's clock), and a run whose claim has lapsed is open again:
whoever takes it goes on after `cursor`. While nobody holds it, `claimed_until` is the moment of the next try. A chunk's
writes, its counts and the new cursor are one transaction, which fails where the claim was lost. What a job does is its
own business (`registry`).
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from signups.deliveries import heartbeats, queueing
from signups.jobs import registry, watching
from signups.jobs.registry import Job
from signups.models import Heartbeat, JobRun
from signups.storable import storable
from signups.transactions import write_transaction

logger = logging.getLogger(__name__)

CLAIM = timedelta(seconds=90)
WORK_FOR_S = 30.0  # then the rest is queued anew: well within the queue's timeout
MOST_TRIES = 5  # in a row without a chunk done
WAIT = timedelta(minutes=2)  # after the first failure, doubling
_IS_CLAIMED = Q(claim__isnull=False, claimed_until__gt=Now())
_OPEN: dict[str, Any] = {
    "state": JobRun.State.RUNNING,
    "claim": None,
    "claimed_until": None,
    "finished_at": None,
}
_COUNTS = ("read", "changed", "planned", "skipped", "failed")


class ClaimLost(Exception):
    """Somebody else has taken the run over: whatever the chunk wrote is undone."""


@dataclass
class Counts:
    """What one chunk came to."""

    read: int = 0
    changed: int = 0
    planned: int = 0
    skipped: int = 0
    failed: int = 0


class Run:
    """A run under way, in the hands of its job's step. `period` tells its effects from those of other runs."""

    def __init__(self, row: JobRun, token: uuid.UUID) -> None:
        self.pk = row.pk
        self.period = row.period
        self.day = date.fromisoformat(row.period[:10])
        self.cursor = row.cursor
        self._token = token

    @contextmanager
    def chunk(self, cursor: int) -> Iterator[Counts]:
        """A transaction for the rows up to `cursor`; its counts are added to the run's. Raises ClaimLost."""
        with write_transaction():
            held = self.held().select_for_update().values_list("pk", flat=True).first()
            if held is None:
                raise ClaimLost
            counts = Counts()
            yield counts
            added = {name: F(name) + number for name in _COUNTS if (number := getattr(counts, name))}
            self.held().update(cursor=cursor, tries=0, claimed_until=Now() + CLAIM, **added)
        self.cursor = cursor

    def note(self, text: str) -> None:
        """A line for staff about how it went."""
        with write_transaction():
            self.held().update(note=storable(text)[:1000])

    def held(self) -> QuerySet[JobRun]:
        """The row, while nobody else has taken it."""
        return JobRun.objects.filter(pk=self.pk, claim=self._token, state=JobRun.State.RUNNING)


def run(name: str, now: datetime | None = None) -> int:
    """Do what is due of a job: start today's run, or go on with one that was left. Returns how many runs it worked on.

    0 at once where another process is at it or nothing is due. `now` is the present unless a test says otherwise.
    """
    job = registry.job(name)
    if (day := watching.due_day(job, now or timezone.now())) is not None:
        start(name, day.isoformat())
    runs = 0
    is_done = True
    while is_done and (taken := _take(job)) is not None:
        runs += 1
        is_done = _work(job, taken)
    return runs


def start(name: str, period: str) -> bool:
    """Open the run of a period, unless there was one; says whether it is new. Who works on it is left to `run`.

    An elder run that nobody is at will not go on: it would bring older figures after newer ones. One that failed of a
    job without a time of day is tried anew, for no other will come.
    """
    job = registry.job(name)
    with write_transaction():
        others = JobRun.objects.filter(job=job.name, state=JobRun.State.RUNNING).exclude(period=period)
        if others.filter(_IS_CLAIMED).exists():
            return False
        is_new = JobRun.objects.get_or_create(job=job.name, period=period, defaults={"started_at": Now()})[1]
        if is_new:
            note = f"It was not finished when the run of {period} began, which does its work too."
            others.update(note=note, **_ended(JobRun.State.FAILED))
        elif job.at is None:
            JobRun.objects.filter(job=job.name, period=period, state=JobRun.State.FAILED).update(tries=0, **_OPEN)
    return is_new


def start_soon(name: str, wait: timedelta, note: str) -> None:
    """Open a run that begins after `wait`, in the caller's transaction. One that nobody is at waits so long instead.

    Where one is under way the new one comes after it: whatever that had read before is read again.
    """
    job, at = registry.job(name), timezone.now()
    columns = {"note": storable(note)[:1000], "claim": None, "claimed_until": Now() + wait, "tries": 0}
    with write_transaction():
        is_idle = Q(claim=None) | Q(claimed_until__lte=Now())
        idle = JobRun.objects.select_for_update().filter(is_idle, job=job.name, state=JobRun.State.RUNNING).first()
        if idle is not None:
            JobRun.objects.filter(pk=idle.pk).update(**columns)
            return
        Heartbeat.beat("job started soon")  # locks its row: of two in one second the later takes the next
        while JobRun.objects.filter(job=job.name, period=f"{at:%Y-%m-%d %H:%M:%S}").exists():
            at += timedelta(seconds=1)
        JobRun.objects.create(job=job.name, period=f"{at:%Y-%m-%d %H:%M:%S}", started_at=Now(), **columns)


def run_now(name: str, user: AbstractBaseUser, now: datetime | None = None) -> JobRun | None:
    """Have a job run at once because staff want it; returns the run, None where one is under way.

    One that waits or failed goes on where it stopped; else it is a further run, named after the second, and the daily
    one comes as ever.
    """
    job = registry.job(name)
    with write_transaction():
        runs = JobRun.objects.filter(job=job.name)
        if runs.filter(_IS_CLAIMED, state=JobRun.State.RUNNING).exists():
            return None
        last = runs.first()
        if last is None or last.state == JobRun.State.DONE:
            period = f"{now or timezone.now():%Y-%m-%d %H:%M:%S}"
            start(name, period)
            last = runs.get(period=period)
        else:
            runs.filter(pk=last.pk).update(tries=0, note=f"Started by {user}."[:1000], **_OPEN)
    queueing.enqueue("signups.tasks.run_job", job.name, is_urgent=True)
    return last


def wake_due(now: datetime | None = None) -> int:
    """Queue each job that has something to do now; returns how many that were. A few cheap queries, and no write."""
    now = now or timezone.now()
    is_open = set(JobRun.objects.filter(_is_open()).order_by().values_list("job", flat=True))
    is_open -= set(_claimed().filter(job__in=is_open).values_list("job", flat=True)) if is_open else set()
    due = [job for job in registry.JOBS if job.name in is_open or watching.due_day(job, now) is not None]
    return sum(queueing.enqueue("signups.tasks.run_job", job.name) for job in due)


# -- One run -----------------------------------------------------------------------------------------------------------


def _is_open() -> Q:
    """Runs that are to be worked on now and that nobody is working on."""
    return Q(state=JobRun.State.RUNNING) & (Q(claimed_until=None) | Q(claimed_until__lte=Now()))


def _claimed() -> QuerySet[JobRun]:
    """The runs that somebody is at."""
    return JobRun.objects.filter(_IS_CLAIMED, state=JobRun.State.RUNNING).order_by()


def _take(job: Job) -> Run | None:
    """Claim the eldest open run of a job, None where there is none, one is under way, or another process was faster."""
    if _claimed().filter(job=job.name).exists():
        return None
    key = JobRun.objects.filter(_is_open(), job=job.name).order_by("pk").values_list("pk", flat=True).first()
    if key is None:
        return None
    token = uuid.uuid4()
    with write_transaction():
        row = JobRun.objects.filter(_is_open(), pk=key).select_for_update().first()
        if row is None:
            return None
        mine = JobRun.objects.filter(pk=key)
        if row.tries >= MOST_TRIES:
            killed = f"Given up: {MOST_TRIES} tries in a row ended with the death of their worker."
            mine.update(note=row.note or killed, **_ended(JobRun.State.FAILED))
            return None
        mine.update(claim=token, claimed_until=Now() + CLAIM, tries=F("tries") + 1)
    return Run(row, token)


def _work(job: Job, run: Run) -> bool:
    """Chunks until all is done or the time is up; says whether all is done."""
    until = time.monotonic() + WORK_FOR_S
    step = job.step()
    try:
        while step(run):
            heartbeats.give()  # a worker busy with a long run is not a dead one
            if time.monotonic() > until:
                with write_transaction():
                    run.held().update(claim=None, claimed_until=None)
                queueing.enqueue("signups.tasks.run_job", job.name)
                return False
    except ClaimLost:
        logger.warning("%s of %s was taken over by another worker", job.name, run.period)
        return False
    except Exception as error:  # whatever it is: the run is tried again, and staff are told
        logger.exception("%s of %s failed", job.name, run.period)
        _fail(run, error)
        return False
    with write_transaction():
        return bool(run.held().update(**_ended(JobRun.State.DONE)))


def _fail(run: Run, error: Exception) -> None:
    """Again after a while, which doubles; after the last try it has failed."""
    with write_transaction():
        row = run.held().select_for_update().first()
        if row is None:
            return
        note = storable(f"{type(error).__name__}: {error}")[:1000]
        if row.tries >= MOST_TRIES:
            run.held().update(note=note, **_ended(JobRun.State.FAILED))
        else:
            run.held().update(note=note, claim=None, claimed_until=Now() + WAIT * 2 ** (row.tries - 1))


def _ended(state: JobRun.State) -> dict[str, Any]:
    return {"state": state, "claim": None, "claimed_until": None, "finished_at": Now()}
