"""When a job is due, and how each is doing: what monitors, the admin and the wake-up calls ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from signups.jobs import registry
from signups.jobs.registry import Job
from signups.models import JobRun

_DAY = timedelta(days=1)
_STUCK = timedelta(minutes=10)  # after its claim lapsed, nobody has gone on with a run for so long


@dataclass(frozen=True)
class Standing:
    """How one job is doing: its last run, if any, its next, and what is wrong and what to do ("": nothing is)."""

    job: Job
    last: JobRun | None
    last_done: JobRun | None
    next_at: datetime | None
    trouble: str

    @property
    def is_running(self) -> bool:
        return self.last is not None and self.last.state == JobRun.State.RUNNING

    @property
    def may_run(self) -> bool:
        """Whether staff can have it run: a daily one always, another where it failed and nobody else starts it."""
        return self.job.at is not None or (self.last is not None and self.last.state == JobRun.State.FAILED)


def latest_day(job: Job, now: datetime) -> date | None:
    """The day (UTC) at which the job was last to begin; None for one without a time of day."""
    if job.at is None:
        return None
    today = now.astimezone(UTC).date()
    return today if now >= _begin(job, today) else today - _DAY


def due_day(job: Job, now: datetime) -> date | None:
    """The day whose run is due and was not started yet, None where there is none.

    Runs of days that were missed before it are not made up for: it does their work too. A clock that is set back by up
    to a day finds the later day's run and starts none; one that was wrong by more stops nobody until then.
    """
    day = latest_day(job, now)
    if day is None or _daily(job.name).filter(period__in=(day.isoformat(), (day + _DAY).isoformat())).exists():
        return None
    return day


def standings(now: datetime | None = None) -> list[Standing]:
    """Every job with its last run; two queries for each."""
    now = now or timezone.now()
    return [standing(job, now) for job in registry.JOBS]


def standing(job: Job, now: datetime) -> Standing:
    """One job with its last run."""
    runs = JobRun.objects.filter(job=job.name)
    day, done = latest_day(job, now), runs.filter(state=JobRun.State.DONE)
    if day is not None:  # a run of a day far ahead is a clock's mistake, and says nothing of today's
        done = done.filter(period__lt=(day + 2 * _DAY).isoformat())
    last = runs.first()
    last_done = done.first() if last is not None else None
    next_at = None if day is None else _begin(job, day + _DAY)
    return Standing(job, last, last_done, next_at, _trouble(job, last, last_done, day, now))


def _trouble(job: Job, last: JobRun | None, last_done: JobRun | None, day: date | None, now: datetime) -> str:
    if last is None:
        return ""  # a new installation, or a new job: the worker starts it
    if last.state == JobRun.State.FAILED:
        return f"The run of {last.period} failed. See why in the admin under Jobs, correct it, and run it again there."
    if last.state == JobRun.State.RUNNING and last.claimed_until is not None and now - last.claimed_until > _STUCK:
        return "Its run was left in the middle and nobody goes on with it. Is a worker running (manage.py worker)?"
    if day is None:
        return ""
    expected = day
    if now - _begin(job, day) <= job.grace:
        expected -= _DAY  # today's has time yet; the day before's has none left
        if last_done is None or last.period[:10] >= day.isoformat():
            return ""  # the first of all, or the one that makes up for what was missed, is under way
    if last_done is not None and last_done.period[:10] >= expected.isoformat():
        return ""
    if last.state == JobRun.State.RUNNING:
        return f"The run of {last.period} is not finished. If it fails again and again, the admin says why under Jobs."
    done = f"Its last run was of {last_done.period}." if last_done is not None else "It has never run to its end."
    return f"{done} Is a worker running (manage.py worker)? It starts what is late within a minute."


def _begin(job: Job, day: date) -> datetime:
    assert job.at is not None
    return datetime.combine(day, job.at, tzinfo=UTC)


def _daily(name: str) -> QuerySet[JobRun]:
    """The runs of a job that were not staff's own, which are named after the second."""
    return JobRun.objects.filter(job=name).exclude(period__contains=" ")
