"""One integration's turn: claim what is due, send it side by side, write down how it went, until nothing is due.

One drain per integration at a time (the lease), so order, rate and breaker need no other coordination. A drain ends
well within the queue's timeout, and has itself called again if more is due.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from signups import contracts
from signups.contracts import Integration
from signups.deliveries import claiming, heartbeats, queueing
from signups.deliveries.claiming import RENEW_EVERY_S, Lease
from signups.deliveries.finishing import finish
from signups.deliveries.sending import Try, send
from signups.models import Delivery

logger = logging.getLogger(__name__)

# No new rows are claimed after this long; those under way are finished, well within the queue's timeout.
CLAIM_FOR_S = 10.0


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
        tries = _drain(lease)
    finally:
        lease.release()
    # Who was woken while the lease was held has left again: what came in since the last claim is found here.
    if claiming.has_work(integration):
        queueing.wake(slug)
    return tries


def _drain(lease: Lease) -> int:
    tries = 0
    until = time.monotonic() + CLAIM_FOR_S
    renew_at = time.monotonic() + RENEW_EVERY_S
    under_way: dict[Future[Try], Delivery] = {}
    with _Threads(lease.integration) as threads:
        while True:
            room = threads.count - len(under_way)
            if room and time.monotonic() < until:
                for delivery in claiming.claim(lease, room, is_busy=bool(under_way)):
                    under_way[threads.send(delivery)] = delivery
                    tries += 1
            if not under_way:
                return tries
            done, _ = wait(under_way, timeout=max(0.0, renew_at - time.monotonic()), return_when=FIRST_COMPLETED)
            if done:
                finish(lease, [future.result() for future in done])
                for future in done:
                    del under_way[future]
            if time.monotonic() >= renew_at:
                lease.renew([delivery.pk for delivery in under_way.values()])
                heartbeats.give()
                renew_at = time.monotonic() + RENEW_EVERY_S


class _Threads:
    """A drain's own threads, made for it and gone with it: nothing of them is shared with a process forked later.

    Each keeps its database connection, if a handler asks for one, until the drain ends.
    """

    def __init__(self, integration: Integration) -> None:
        self.integration = integration
        self.count = integration.concurrency
        self._pool = ThreadPoolExecutor(self.count, integration.slug, initializer=self._begin)
        self._connections: list[BaseDatabaseWrapper] = []

    def __enter__(self) -> _Threads:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def send(self, delivery: Delivery) -> Future[Try]:
        return self._pool.submit(send, self.integration, delivery)

    def _begin(self) -> None:
        connection = connections[DEFAULT_DB_ALIAS]  # this thread's own, not opened yet
        connection.inc_thread_sharing()  # whoever made the threads may close it
        self._connections.append(connection)
