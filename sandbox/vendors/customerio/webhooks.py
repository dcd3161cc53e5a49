"""Reporting webhooks: what became of each message, signed and one after the other.

A call that fails is repeated, and everything later waits behind it: that queue is what a receiver must live with.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import aiohttp

from sandbox.credentials import CUSTOMERIO_WEBHOOK_SECRET

TIMEOUT_S = 4
LOOK_EVERY_S = 0.05
HOLDING_STATUSES = frozenset((400, 401, 402, 403, 404, 405, 410, 429, 500, 502, 521))
"""After these the next try is an hour away; after anything else soon, then later and later."""


class ReportingWebhooks:
    """``options`` has webhook_url (empty: nobody listens), webhook_retry_s and webhook_hold_s; ``now`` is the
    receiver's clock."""

    def __init__(self, options: dict[str, Any], now: Callable[[], float]) -> None:
        self._options = options
        self._now = now
        self.backlog: deque[dict[str, Any]] = deque()
        self._held_at: int | None = None
        """The clock's offset when the receiver said something after which the next try is far away."""
        self._sending: asyncio.Task[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether the next try is far away."""
        return self._held_at == self._offset_s()

    def tell(self, event: dict[str, Any]) -> None:
        """Queue the event. Returns at once."""
        if not self._options["webhook_url"]:
            return
        self.backlog.append(event)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    def stop(self) -> None:
        if self._sending is not None:
            self._sending.cancel()

    async def _send_all(self) -> None:
        wait_s = float(self._options["webhook_retry_s"])
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
            while self.backlog:
                offset_s = self._offset_s()
                status = await self._send(session, self.backlog[0])
                if status is not None and 200 <= status < 300:
                    self.backlog.popleft()
                    wait_s = float(self._options["webhook_retry_s"])
                    continue
                self._held_at = offset_s if status in HOLDING_STATUSES else None
                await self._pause(wait_s if self._held_at is None else self._options["webhook_hold_s"], offset_s)
                self._held_at = None
                wait_s *= 2
            self._sending = None  # closing takes a moment, in which a new event must start anew

    async def _pause(self, wait_s: float, offset_s: int) -> None:
        """So long; not where the receiver's clock was set since the call was signed, which may be all that was wrong
        with it."""
        until = time.monotonic() + wait_s
        while (left_s := until - time.monotonic()) > 0 and self._offset_s() == offset_s:
            await asyncio.sleep(min(left_s, LOOK_EVERY_S))

    def _offset_s(self) -> int:
        """How far the receiver's clock is from the real one, in whole seconds."""
        return round(self._now() - time.time())

    async def _send(self, session: aiohttp.ClientSession, event: dict[str, Any]) -> int | None:
        """The receiver's status; None where there was no answer."""
        body = json.dumps(event).encode()
        timestamp = str(int(self._now()))
        headers = {
            "Content-Type": "application/json",
            "X-CIO-Timestamp": timestamp,
            "X-CIO-Signature": signature(CUSTOMERIO_WEBHOOK_SECRET, timestamp, body),
        }
        try:
            async with session.post(
                self._options["webhook_url"], data=body, headers=headers, allow_redirects=False
            ) as reply:
                return reply.status
        except (TimeoutError, aiohttp.ClientError, ValueError):
            return None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Hexadecimal, without a ``v0=`` before it."""
    return hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
