"""The people of one workspace: who is who, what is written of them, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.vendors.customerio.validation import is_email

ANONYMOUS_KEPT_S = 30 * 86_400
TOPIC_PREFIX = "cio_subscription_preferences.topics."
TOPICS = (
    {
        "id": 1,
        "identifier": "topic_1",
        "name": "Newsletter",
        "description": "Product news, once a month",
        "subscribed_by_default": False,
    },
    {
        "id": 2,
        "identifier": "topic_2",
        "name": "Tips",
        "description": "How others do it",
        "subscribed_by_default": True,
    },
)
_NOT_ATTRIBUTES = frozenset(("id", "email", "cio_id", "anonymous_id", "_timestamp", "_update"))

Identifier = tuple[str, str]
"""Kind ("id", "email" or "cio_id") and value."""


@dataclass(frozen=True)
class Event:
    name: str
    at: float
    """When it happened, epoch seconds."""
    data: dict[str, Any]
    id: str | None = None
    type: str = "event"
    anonymous_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"id": self.id, "type": self.type, "name": self.name, "at": self.at, "data": self.data}


@dataclass
class Customer:
    cio_id: str
    id: str | None = None
    email: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    timestamps: dict[str, int] = field(default_factory=dict)
    """When each attribute was last written, epoch seconds as the writer said."""
    is_unsubscribed: bool = False
    is_suppressed: bool = False
    topics: dict[str, bool] = field(default_factory=dict)
    """Choices made; a topic without one is at its default."""
    anonymous_ids: list[str] = field(default_factory=list)
    relationships: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Failed attribute changes. Whoever caused them was answered 200."""

    def is_subscribed(self, topic: str) -> bool:
        default = next((bool(each["subscribed_by_default"]) for each in TOPICS if each["identifier"] == topic), False)
        return not self.is_unsubscribed and self.topics.get(topic, default)

    def identifiers(self) -> dict[str, str | None]:
        return {"id": self.id, "email": self.email, "cio_id": self.cio_id}

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.identifiers(),
            "attributes": self.attributes,
            "timestamps": self.timestamps,
            "unsubscribed": self.is_unsubscribed,
            "suppressed": self.is_suppressed,
            "topics": {str(topic["identifier"]): self.is_subscribed(str(topic["identifier"])) for topic in TOPICS},
            "topics_chosen": self.topics,
            "anonymous_ids": self.anonymous_ids,
            "relationships": self.relationships,
            "events": [event.as_dict() for event in self.events],
            "failures": self.failures,
        }


class People:
    def __init__(self, new_cio_id: Callable[[], str], on_event: Callable[[Customer, Event], None]) -> None:
        self._new_cio_id = new_cio_id
        self._on_event = on_event
        self._by: dict[str, dict[str, Customer]] = {"id": {}, "email": {}, "cio_id": {}}
        self.anonymous_events: list[Event] = []
        self.dropped: list[str] = []
        """What was answered 200 and came to nothing."""

    def all(self) -> list[Customer]:
        return list(self._by["cio_id"].values())

    def find(self, identifier: Identifier) -> Customer | None:
        kind, value = identifier
        return self._by[kind].get(value.lower() if kind == "email" else value)

    # ---- identify

    def identify(self, identifier: Identifier, body: Mapping[str, Any], now: float) -> Customer | None:
        """Create or update somebody. None where that came to nothing, which only ``dropped`` tells."""
        customer = self.find(identifier) or self._named_in(body)
        if customer is None:
            if identifier[0] == "cio_id" or body.get("_update") is True:
                self.dropped.append(f"attributes for {identifier[1]}, whom nobody knows")
                return None
            customer = self._create()
        if customer.is_suppressed:
            self.dropped.append(f"attributes for {identifier[1]}, who is suppressed")
            return None
        stamp = int(body.get("_timestamp", now))
        if identifier[0] != "cio_id":
            self._rename(customer, identifier, stamp)
        for kind in ("id", "email"):
            if body.get(kind) not in (None, ""):
                self._rename_by_body(customer, (kind, str(body[kind])), identifier, stamp)
        self._write(customer, body, stamp)
        if body.get("anonymous_id"):
            self._adopt(customer, str(body["anonymous_id"]), now)
        return customer

    def _named_in(self, body: Mapping[str, Any]) -> Customer | None:
        named = (self.find((kind, str(body[kind]))) for kind in ("id", "email") if body.get(kind))
        return next((customer for customer in named if customer), None)

    def _create(self) -> Customer:
        customer = Customer(self._new_cio_id())
        self._by["cio_id"][customer.cio_id] = customer
        return customer

    def _rename_by_body(self, customer: Customer, wanted: Identifier, given: Identifier, stamp: int) -> None:
        kind, value = wanted
        owner, present = self.find(wanted), getattr(customer, kind)
        if owner is not None and owner is not customer:
            customer.failures.append(f"{kind} {value!r} belongs to somebody else")
        elif kind == "email" and not is_email(value):
            customer.failures.append(f"{value!r} is no e-mail address")
        elif kind == "id" and present not in (None, value) and given[0] != "cio_id":
            customer.failures.append(f"the id can be changed by cio_id alone, not to {value!r}")
        else:
            self._rename(customer, wanted, stamp)

    def _rename(self, customer: Customer, identifier: Identifier, stamp: int) -> None:
        kind, value = identifier
        present = getattr(customer, kind)
        if present == value or stamp < customer.timestamps.get(kind, 0):
            return
        index = self._by[kind]
        if present is not None:
            index.pop(present.lower() if kind == "email" else present, None)
        setattr(customer, kind, value)
        index[value.lower() if kind == "email" else value] = customer
        customer.timestamps[kind] = stamp

    def _write(self, customer: Customer, body: Mapping[str, Any], stamp: int) -> None:
        """Merge the attributes, each of which keeps the newest write."""
        for name, value in body.items():
            if name in _NOT_ATTRIBUTES or stamp < customer.timestamps.get(name, 0):
                continue
            customer.timestamps[name] = stamp
            if name == "unsubscribed":
                customer.is_unsubscribed = str(value).lower() in ("true", "1")
            elif name == "cio_relationships":
                relate(customer, value)
            elif name == "cio_subscription_preferences":
                customer.topics = _choices((value or {}).get("topics") or {})
            elif name.startswith(TOPIC_PREFIX):
                customer.topics.pop(name.removeprefix(TOPIC_PREFIX), None)
                customer.topics |= _choices({name.removeprefix(TOPIC_PREFIX): value})
            elif value is None:
                customer.attributes.pop(name, None)
            else:
                customer.attributes[name] = value

    # ---- events

    def add_event(self, identifier: Identifier, event: Event) -> Customer | None:
        """Write down what somebody did; one who is unknown begins to exist."""
        customer = self.find(identifier)
        if customer is None:
            if identifier[0] == "cio_id":
                self.dropped.append(f"event {event.name} of {identifier[1]}, whom nobody knows")
                return None
            customer = self._create()
            self._rename(customer, identifier, int(event.at))
        if customer.is_suppressed:
            self.dropped.append(f"event {event.name} of {identifier[1]}, who is suppressed")
            return None
        customer.events.append(event)
        self._on_event(customer, event)
        return customer

    def _adopt(self, customer: Customer, anonymous_id: str, now: float) -> None:
        """What was done under this anonymous id in the last 30 days was done by this person."""
        if anonymous_id not in customer.anonymous_ids:
            customer.anonymous_ids.append(anonymous_id)
        theirs = [event for event in self.anonymous_events if event.anonymous_id == anonymous_id]
        self.anonymous_events = [event for event in self.anonymous_events if event.anonymous_id != anonymous_id]
        kept = [event for event in theirs if event.at >= now - ANONYMOUS_KEPT_S]
        customer.events = sorted([*customer.events, *kept], key=lambda event: event.at)
        for event in kept:
            self._on_event(customer, event)

    # ---- the end of a person

    def forget(self, customer: Customer) -> None:
        self._by["cio_id"].pop(customer.cio_id, None)
        if customer.id is not None:
            self._by["id"].pop(customer.id, None)
        if customer.email is not None:
            self._by["email"].pop(customer.email.lower(), None)

    def merge(self, primary: Customer, secondary: Customer) -> None:
        """The second person becomes part of the first, whose own values stay. There is no way back."""
        self.forget(secondary)
        primary.attributes = {**secondary.attributes, **primary.attributes}
        primary.topics = {**secondary.topics, **primary.topics}
        primary.events = sorted([*primary.events, *secondary.events], key=lambda event: event.at)
        primary.anonymous_ids += [each for each in secondary.anonymous_ids if each not in primary.anonymous_ids]
        for kind in ("id", "email"):
            if getattr(primary, kind) is None and (value := getattr(secondary, kind)) is not None:
                self._rename(primary, (kind, value), 0)


def relate(customer: Customer, wish: Any) -> None:
    """Add relationships to objects, or take them away, as ``cio_relationships`` of version 1 says."""
    wish = wish if isinstance(wish, dict) else {}
    for relationship in wish.get("relationships") or ():
        same = [each for each in customer.relationships if each["identifiers"] == relationship["identifiers"]]
        for each in same:
            customer.relationships.remove(each)
        if wish.get("action") == "add_relationships":
            customer.relationships.append(relationship)


def _choices(topics: Mapping[str, Any]) -> dict[str, bool]:
    """A value that is no yes or no takes the topic back to its default."""
    return {name: value for name, value in topics.items() if isinstance(value, bool)}
