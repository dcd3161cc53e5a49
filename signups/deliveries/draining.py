"""One integration's turn: claim what is due, send it side by side, write down how it went, until nothing is due.

One drain per integration at a time (the lease), so order, rate and breaker need no other coordination. A drain ends
well within the queue's timeout, and has itself called again if more is due.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connection

from signups import contracts
from signups.contracts import Integration
from signups.deliveries import claiming, queueing
from signups.deliveries.claiming import RENEW_EVERY_S, Lease
from signups.deliveries.finishing import finish
from signups.deliveries.sending import Try, send
from signups.models import Delivery

logger = logging.getLogger(__name__)

LONGEST_S = 20.0


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
    lease = Lease.take(slug)
    if lease is None:
        return 0
    try:
        tries = _drain(integration, lease)
    finally:
        lease.release()
    if claiming.claimable(integration).exists() and claiming.is_free(slug):
        queueing.wake(slug)
    return tries


def _drain(integration: Integration, lease: Lease) -> int:
    tries = 0
    until = time.monotonic() + LONGEST_S
    renew_at = time.monotonic() + RENEW_EVERY_S
    under_way: dict[Future[Try], Delivery] = {}
    with ThreadPoolExecutor(integration.concurrency, thread_name_prefix=integration.slug) as pool:
        while True:
            room = integration.concurrency - len(under_way)
            if room and time.monotonic() < until:
                for delivery in claiming.claim(integration, lease, room, is_busy=bool(under_way)):
                    under_way[pool.submit(_send, integration, delivery)] = delivery
                    tries += 1
            if not under_way:
                return tries
            done, _ = wait(under_way, timeout=max(0.0, renew_at - time.monotonic()), return_when=FIRST_COMPLETED)
            if done:
                finish(integration, lease, [future.result() for future in done])
                for future in done:
                    del under_way[future]
            if time.monotonic() >= renew_at:
                lease.renew([delivery.pk for delivery in under_way.values()])
                renew_at = time.monotonic() + RENEW_EVERY_S


def _send(integration: Integration, delivery: Delivery) -> Try:
    try:
        return send(integration, delivery)
    finally:
        connection.close()  # this thread's own, if the handler asked the database
