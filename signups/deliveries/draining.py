"""One integration's turn: claim what is due, send it side by side, write down how it went, until nothing is due.

One drain per integration at a time (the lease), so order, rate and breaker need no other coordination. A drain ends
well within the queue's timeout, and has itself called again if more is due.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

from signups import contracts
from signups.contracts import Integration, paced
from signups.deliveries import claiming, heartbeats, queueing
from signups.deliveries.claiming import LEASE, RENEW_EVERY_S, Lease
from signups.deliveries.finishing import finish
from signups.deliveries.sending import Try, send, send_together
from signups.models import Delivery
from signups.threads import Threads

logger = logging.getLogger(__name__)

# No new rows are claimed after this long; those under way are finished, well within the queue's timeout.
CLAIM_FOR_S = 10.0
# How long a try that has ended waits for others, to be written down together: while it does, its thread goes on.
_TOGETHER_WITHIN_S = 0.1
_BATCHES_AT_ONCE = 2


def drain(slug: str) -> int:
    """Send what is due at the integration `slug`; returns how many tries that took.

    0 at once where another drain is at it, the integration is off or paused, or its breaker is open.
    """
    try:
        integration = contracts.integration(slug)
    except LookupError:
        logger.warning("Deliveries wait for %r, which settings.INTEGRATIONS does not list", slug)
        return 0
    if integration.missing_settings():
        return 0
    lease = Lease.take(integration)
    if lease is None:
        return 0
    try:
        with _Threads(lease) as threads:
            tries = _Drain(lease, threads).run()
    finally:
        lease.release()
    # Who was woken while the lease was held has left again: what came in since the last claim is found here.
    if claiming.has_work(integration):
        queueing.wake(slug)
    return tries


class _Drain:
    """What is under way, and what comes next."""

    def __init__(self, lease: Lease, threads: _Threads) -> None:
        self.lease = lease
        self.threads = threads
        self.tries = 0
        self._until = time.monotonic() + CLAIM_FOR_S
        self._renew_at = time.monotonic() + RENEW_EVERY_S
        self._under_way: dict[Future[list[Try]], list[Delivery]] = {}

    def run(self) -> int:
        """Until nothing is due or the time is over, and all that was begun has ended; returns how many tries it was."""
        while True:
            if time.monotonic() < self._until:
                self._begin_more()
            else:
                self._give_back()
            if not self._under_way:
                return self.tries
            self._end_some()
            if time.monotonic() >= self._renew_at:
                self._renew()

    def _begin_more(self) -> None:
        """Claim as many as there is room for, once there is room for several: some wait, so that no thread has to."""
        integration, threads = self.lease.integration, self.threads
        room = threads.room - len(self._under_way)
        batches = sum(len(rows) > 1 for rows in self._under_way.values())
        if self._under_way and (room < max(1, threads.room // 2) or batches >= _BATCHES_AT_ONCE):
            return
        is_busy = bool(self._under_way)
        rows = claiming.claim(self.lease, room, is_busy=is_busy, most_batched=integration.most_in_batch)
        batched = integration.batched if integration.most_in_batch else frozenset()
        together = [row for row in rows if row.event in batched]
        alone = [[row] for row in rows if row.event not in batched]
        for one in [together, *alone] if together else alone:
            self._under_way[threads.send(one)] = one

    def _end_some(self) -> None:
        """Wait for tries to end, and write them down."""
        timeout = max(0.0, self._renew_at - time.monotonic())
        done, _ = wait(self._under_way, timeout=timeout, return_when=FIRST_COMPLETED)
        if done and len(self._under_way) > len(done):
            done, _ = wait(self._under_way, timeout=_TOGETHER_WITHIN_S)
        if not done:
            return
        tries = [one for future in done for one in future.result()]
        self.tries += len(tries)
        may_go_on = finish(self.lease, tries)
        for future in done:
            del self._under_way[future]
        if not may_go_on:
            self._give_back()

    def _give_back(self) -> None:
        """What no thread has begun is somebody's later."""
        waiting = {future: rows for future, rows in self._under_way.items() if future.cancel()}
        if waiting:
            claiming.give_back(self.lease, [row for rows in waiting.values() for row in rows])
        for future in waiting:
            del self._under_way[future]

    def _renew(self) -> None:
        lives_until = time.monotonic() + LEASE.total_seconds()
        self.lease.renew([row.pk for rows in self._under_way.values() for row in rows])
        self.threads.lives_until = lives_until
        heartbeats.give()
        self._renew_at = time.monotonic() + RENEW_EVERY_S


class _Threads(Threads):
    """A drain's own."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(lease.integration.concurrency, lease.integration.slug)
        self.lease = lease
        self.room = 1 if self.count == 1 else 4 * self.count  # jobs, under way and waiting
        self.lives_until = time.monotonic() + LEASE.total_seconds()

    def send(self, deliveries: Sequence[Delivery]) -> Future[list[Try]]:
        return self.submit(self._send, self.lease.integration, deliveries)

    def _send(self, integration: Integration, deliveries: Sequence[Delivery]) -> list[Try]:
        """Nothing is sent, and the claims are left to lapse, where this process was held up for so long that others
        may be at it: nobody has given a sign of life since."""
        if time.monotonic() > self.lives_until:
            return []
        with paced(self.lease.pace.wait):
            return send_together(integration, deliveries) if len(deliveries) > 1 else [send(integration, deliveries[0])]
