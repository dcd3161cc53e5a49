"""One workspace: its people, objects, campaigns and messages, and when what was accepted takes effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.core import World
from sandbox.vendors.customerio.automations import Automations
from sandbox.vendors.customerio.messages import Message, Outbox
from sandbox.vendors.customerio.people import Event, Identifier, People
from sandbox.vendors.customerio.webhooks import ReportingWebhooks
from sandbox.windows import Window

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Workspace:
    """Calls are answered when accepted; ``apply`` carries them out, after ``apply_delay_s`` where that is set."""

    def __init__(self, world: World, options: dict[str, Any]) -> None:
        self.world = world
        self.options = options
        self.webhooks = ReportingWebhooks(options, world.callers_now)
        self.outbox = Outbox(world, options, self.new_ulid, self._tell, self._wake)
        self.automations = Automations(self.outbox, options, world.now)
        self.people = People(self._new_cio_id, self.automations.on_event)
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        """By object type and id: ``{"attributes", "relationships"}``."""
        self.windows: dict[str, Window] = {}
        self.broadcasts_sent = 0
        self._seen_events: set[str] = set()
        self._accepted: list[tuple[float, Callable[[], object]]] = []
        self._timers: list[asyncio.TimerHandle] = []

    def apply(self, change: Callable[[], object]) -> None:
        delay_s = float(self.options["apply_delay_s"])
        self._accepted.append((self.world.now() + delay_s, change))
        if delay_s:
            self._wake(delay_s)
        else:
            self.tick()

    def tick(self) -> None:
        """Carry out what has become due."""
        now = self.world.now()
        due = [change for at, change in self._accepted if at <= now]
        self._accepted = [(at, change) for at, change in self._accepted if at > now]
        for change in due:
            change()
        self.outbox.run_due()  # what people did before the next mail
        self.automations.run_due()

    def stop(self) -> None:
        self.webhooks.stop()
        for timer in self._timers:
            timer.cancel()

    def add_event(self, identifier: Identifier | None, body: Mapping[str, Any], data_key: str = "data") -> None:
        """Somebody's event, or with ``identifier`` None an anonymous one. A ULID counts once."""
        event_id = body.get("id")
        if event_id is not None:
            if event_id.upper() in self._seen_events:
                return
            self._seen_events.add(event_id.upper())
        event = Event(
            name=body["name"].strip(),
            at=float(body.get("timestamp") or self.world.now()),
            data=body.get(data_key) or {},
            id=event_id,
            type=body.get("type", "event"),
            anonymous_id=body.get("anonymous_id"),
        )
        if identifier is None:
            self.people.anonymous_events.append(event)
        else:
            self.people.add_event(identifier, event)

    def delete(self, identifier: Identifier) -> None:
        if customer := self.people.find(identifier):
            customer.is_suppressed = True  # whatever campaign they are in ends for them
            self.people.forget(customer)

    def suppress(self, identifier: Identifier, *, is_suppressed: bool) -> None:
        if customer := self.people.find(identifier):
            customer.is_suppressed = is_suppressed

    def merge(self, primary: Identifier, secondary: Identifier) -> None:
        first, second = self.people.find(primary), self.people.find(secondary)
        if first and second and first is not second:
            self.people.merge(first, second)

    def new_ulid(self) -> str:
        number = int(self.world.now() * 1000) << 80 | self.world.rng.getrandbits(80)
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    def _wake(self, after_s: float) -> None:
        """Look again after so many seconds of real time; a clock that is moved looks by itself."""
        self._timers = [timer for timer in self._timers if timer.when() > asyncio.get_running_loop().time()]
        self._timers.append(asyncio.get_running_loop().call_later(after_s + 0.001, self.tick))

    def _new_cio_id(self) -> str:
        return f"{self.world.rng.getrandbits(48):012x}"

    def _tell(self, message: Message, metric: str, details: dict[str, Any]) -> None:
        origin = message.origin
        data = {
            "delivery_id": message.delivery_id,
            "action_id": origin.action_id,
            "campaign_id": origin.campaign_id,
            "transactional_message_id": origin.transactional_message_id,
            "broadcast_id": origin.broadcast_id,
            "newsletter_id": None,
            "customer_id": message.customer.id,
            "identifiers": message.customer.identifiers(),
            "recipient": message.recipient,
            "subject": message.subject,
            **details,
        }
        timestamp = int(self.world.now())
        event = {"metric": metric, "event_id": self.new_ulid(), "object_type": "email", "timestamp": timestamp}
        self.webhooks.tell({**event, "data": data})
