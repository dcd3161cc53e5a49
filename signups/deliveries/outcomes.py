"""What becomes of a row after each kind of answer: the table of the engine.

| result | what it was | then |
|---|---|---|
| delivered, skipped | the vendor said yes; nothing had to be said | finished |
| later | surely not applied | again after `BACKOFF`; after the vendor's own wish without counting the try |
| ambiguous, bug, lapsed | perhaps applied | again after `BACKOFF`, reconciled first |
| misconfigured | the vendor refuses us, not the request | waits, uncounted, until the breaker lets a probe through |
| never | the vendor will always say no | a dead letter at once |
"""

from __future__ import annotations

import random
from datetime import timedelta

BACKOFF = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
MOST_TRIES = len(BACKOFF) + 1
JITTER = 0.2
_SHORTEST_WAIT = timedelta(seconds=1)


def wait_before(try_number: int) -> timedelta:
    """How long to wait before try `try_number` (2: the first repeat), ± 20 % so that rows do not come all at once."""
    wait = BACKOFF[min(max(try_number - 2, 0), len(BACKOFF) - 1)]
    return wait * random.uniform(1 - JITTER, 1 + JITTER)


def wait_wished(retry_after_s: float) -> timedelta:
    """The wait a vendor asks for, at least a second and up to 10 % longer, so that rows do not come all at once."""
    return max(_SHORTEST_WAIT, timedelta(seconds=retry_after_s)) * random.uniform(1, 1.1)
