"""The daily jobs: each runs once a day, on one machine, whatever dies meanwhile and whatever the clock does.

What there is stands in `registry`. A run is a row (`JobRun`, one a job and day) that somebody claims for a limited time
and works through in chunks; each chunk and the place it ended at are committed together (`running`). When one is due,
and which are late, is `watching`'s. django-q2's schedules and the sweep are wake-up calls: losing or repeating one does
no harm.
"""

from signups.jobs.running import run, run_now, start, start_soon, wake_due
from signups.jobs.watching import Standing, standing, standings

__all__ = ["Standing", "run", "run_now", "standing", "standings", "start", "start_soon", "wake_due"]
