"""The events Mixpanel holds, raw as they came and deduplicated as its reports count them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.mixpanel.identity import IdentityGraph
from sandbox.vendors.mixpanel.validation import as_ms, cut_strings

# "ip" becomes a place and is dropped; the pretend world has no map of addresses, so nothing takes its stead.
_NOT_KEPT = frozenset(["time", "distinct_id", "$insert_id", "token", "ip"])


@dataclass(frozen=True)
class Event:
    name: str
    time_ms: int
    distinct_id: str
    """As stored: in simplified mode the $user_id, else $device:<$device_id>, else what was sent."""
    insert_id: str
    properties: dict[str, Any]

    @property
    def key(self) -> tuple[str, int, str, str]:
        """Two events with the same key are one in every report, the latest sent."""
        return self.name, self.time_ms, self.distinct_id, self.insert_id

    @property
    def compaction_key(self) -> tuple[str, str, str, int]:
        """The coarser key by which stored duplicates are thrown away later: same UTC day instead of same time."""
        return self.name, self.distinct_id, self.insert_id, self.time_ms // 86_400_000


class EventStore:
    def __init__(self, graph: IdentityGraph) -> None:
        self.raw: list[Event] = []
        self._graph = graph

    def add(self, mode: str, record: dict[str, Any], now_ms: int) -> None:
        """Keep a valid record. A time in the near future becomes the present, as at ingestion outside."""
        properties = record["properties"]
        self.raw.append(
            Event(
                name=record["event"],
                time_ms=min(as_ms(properties["time"]), now_ms),
                distinct_id=self._graph.ingested_id(mode, properties),
                insert_id=properties["$insert_id"],
                properties={key: cut_strings(value) for key, value in properties.items() if key not in _NOT_KEPT},
            )
        )

    def deduplicated(self) -> list[Event]:
        """One event per key, the latest sent, ordered by time."""
        return sorted({event.key: event for event in self.raw}.values(), key=lambda event: event.time_ms)

    def compacted_count(self) -> int:
        return len({event.compaction_key for event in self.raw})

    def as_dict(self, mode: str, event: Event) -> dict[str, Any]:
        """The event as shown, with the user it belongs to today (None: nobody)."""
        at = datetime.datetime.fromtimestamp(event.time_ms / 1000, datetime.UTC)
        return {
            "event": event.name,
            "time": event.time_ms,
            "at": at.isoformat(timespec="milliseconds"),
            "distinct_id": event.distinct_id,
            "insert_id": event.insert_id,
            "user": self._graph.canonical(mode, event.distinct_id) or None,
            "properties": event.properties,
        }
