"""Who is who: Mixpanel's three ways of merging anonymous and known ids.

``simplified`` (the default for organisations made since April 2024): an event that carries both ``$device_id``
and ``$user_id`` ties the device to the user; two users never merge; identity events are taken and ignored.
``original``: ``$identify``, ``$create_alias`` and ``$merge`` join ids into clusters. ``legacy``: aliases only.
Events themselves are kept by ``events.py``.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

MODES = ("simplified", "original", "legacy")
DEVICE_PREFIX = "$device:"
MAX_CLUSTER = 500


class IdentityGraph:
    """Ties from devices to users (simplified) and clusters of ids (original, legacy)."""

    def __init__(self) -> None:
        self.user_of_device: dict[str, str] = {}
        self.log: list[dict[str, Any]] = []
        """Every identity event with its outcome: "merged", or why it was ignored."""
        self._root: dict[str, str] = {}
        self._identified_anons: set[str] = set()

    # ---- simplified

    def ingested_id(self, mode: str, properties: dict[str, Any]) -> str:
        """The distinct_id an event is stored with; in simplified mode it also learns from the event."""
        sent = str(properties.get("distinct_id", ""))
        if mode != "simplified":
            return sent
        user, device = str(properties.get("$user_id") or ""), str(properties.get("$device_id") or "")
        if user and device:
            self.user_of_device.setdefault(device, user)
        return user or (DEVICE_PREFIX + device if device else sent)

    # ---- original and legacy

    def apply(self, mode: str, event: str, properties: dict[str, Any], *, is_import: bool) -> None:
        """Take in an identity event. It is never refused; the log says what came of it."""
        outcome = self._ignored_by(mode, event) or self._join(event, properties, is_import)
        ids = {key: properties[key] for key in sorted(properties) if key != "token"}
        self.log.append({"event": event, "properties": ids, "outcome": outcome})

    @staticmethod
    def _ignored_by(mode: str, event: str) -> str | None:
        if mode == "simplified":
            return "ignored: simplified ID merge knows no identity events"
        if mode == "legacy" and event != "$create_alias":
            return f"ignored: legacy ID management knows no {event}"
        return None

    def _join(self, event: str, properties: dict[str, Any], is_import: bool) -> str:
        if event == "$identify":
            return self._identify(properties.get("$identified_id"), properties.get("$anon_id"))
        if event == "$create_alias":
            return self._merge(properties.get("distinct_id"), properties.get("alias"))
        if not is_import:
            return "ignored: $merge is accepted by /import only"
        pair = properties.get("$distinct_ids")
        if not isinstance(pair, list) or len(pair) != 2:
            return "ignored: $distinct_ids must be a list of two ids"
        return self._merge(*pair)

    def _identify(self, identified: Any, anon: Any) -> str:
        if not _is_uuid4(anon):
            return "ignored: $anon_id must be a UUID version 4"
        if anon in self._identified_anons:
            return "ignored: $anon_id is merged already"
        outcome = self._merge(identified, anon)
        if outcome == "merged":
            self._identified_anons.add(anon)
        return outcome

    def _merge(self, kept: Any, joined: Any) -> str:
        if not (isinstance(kept, str) and kept and isinstance(joined, str) and joined):
            return "ignored: both ids must be strings that are not empty"
        kept_root, joined_root = self._find(kept), self._find(joined)
        if kept_root == joined_root:
            return "ignored: the ids are merged already"
        if len(self.cluster(kept)) + len(self.cluster(joined)) > MAX_CLUSTER:
            return f"ignored: a cluster holds at most {MAX_CLUSTER} ids"
        self._root[joined_root] = kept_root
        self._root.setdefault(kept_root, kept_root)
        return "merged"

    def _find(self, some_id: str) -> str:
        while (parent := self._root.get(some_id, some_id)) != some_id:
            some_id = parent
        return some_id

    # ---- both

    def canonical(self, mode: str, stored_id: str) -> str:
        """The user whom an id means today. Merging works backwards: old events move with their id."""
        if mode != "simplified":
            return self._find(stored_id)
        if not stored_id.startswith(DEVICE_PREFIX):
            return stored_id
        return self.user_of_device.get(stored_id.removeprefix(DEVICE_PREFIX), stored_id)

    def cluster(self, some_id: str) -> list[str]:
        """All ids that mean the same user, sorted."""
        root = self._find(some_id)
        return sorted({root, *(member for member in self._root if self._find(member) == root)})

    def other_ids(self, mode: str) -> dict[str, list[str]]:
        """By user: the devices (simplified) or other ids (original, legacy) that lead there, sorted."""
        found = defaultdict(list)
        if mode == "simplified":
            for device, user in sorted(self.user_of_device.items()):
                found[user].append(device)
        else:
            for member in sorted(self._root):
                if (root := self._find(member)) != member:
                    found[root].append(member)
        return dict(found)


def _is_uuid4(value: Any) -> bool:
    try:
        return isinstance(value, str) and uuid.UUID(value).version == 4
    except ValueError:
        return False
