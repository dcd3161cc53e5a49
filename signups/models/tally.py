"""What happened how often, and how long it took: counted once, so that nobody counts millions of rows to be told.

Who counts, and how nothing is counted twice, is `signups.tallies`' business.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

# The hour under which a thing's count since the beginning stands, beside those of the last days' hours.
EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Tally(models.Model):
    """How often something of a kind (`signups.tallies`) came to a result within an hour, and since the beginning."""

    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=60, blank=True)  # an integration, a check, whoever decided
    result = models.CharField(max_length=20, blank=True)
    hour = models.DateTimeField(default=EVER)
    number = models.PositiveBigIntegerField(default=0)
    ms = models.PositiveBigIntegerField("milliseconds in all", default=0)
    at_most = models.JSONField(default=list)  # how many took at most so long, for each of the bounds

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["kind", "name", "result", "hour"], name="one_tally_of_a_result_and_hour")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.result}: {self.number}"


class TallyMark(models.Model):
    """How far the rows of a kind are counted. `seen` is the last row that was there at `seen_at`.

    A row's key is given out before its transaction ends, so only what was long seen is sure to have no gap.
    """

    kind = models.CharField(max_length=20, primary_key=True)
    counted = models.PositiveBigIntegerField(default=0)
    seen = models.PositiveBigIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind}: counted to {self.counted}"
