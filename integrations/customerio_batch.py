"""Several deliveries in one call of Customer.io's Track API, version 2: the mapping, and reading what it refuses.

Calls nobody.

API: https://docs.customer.io/api/track (`/api/v2/batch`). Of a batch with bad operations the good ones are carried out
and the others named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# Of a call: 500 kB are taken.
MOST_BYTES = 480_000

Operations = list[dict[str, Any]]


def operations(customer: str, attributes: Mapping[str, Any], event: Mapping[str, Any] | None) -> Operations:
    """What version 1 is told by a `PUT` of the customer and a `POST` of an event, as operations of version 2."""
    person = {"type": "person", "identifiers": {"id": customer}}
    own = {name: value for name, value in attributes.items() if name != "_timestamp"}
    told: Operations = [{**person, "action": "identify", "timestamp": attributes["_timestamp"], "attributes": own}]
    if event is not None:
        happened = {name: value for name, value in event.items() if name != "data"}
        told.append({**person, "action": "event", **happened, "attributes": event["data"]})
    return told


def calls(told: Sequence[Operations]) -> Iterator[tuple[int, int]]:
    """Which deliveries go together so that no call is too large: the first, and the one after the last."""
    start = size = 0
    for index, one in enumerate(told):
        own = len(json.dumps(one, ensure_ascii=False).encode())
        if index > start and size + own > MOST_BYTES:
            yield start, index
            start, size = index, 0
        size += own
    if told:
        yield start, len(told)


def refusals(told: Sequence[Operations], said: Any) -> dict[int, str]:
    """The deliveries of which the reply refuses an operation, and why, by their place in the call."""
    whose = [index for index, operations in enumerate(told) for _ in operations]
    errors = said.get("errors") if isinstance(said, dict) else None
    refused: dict[int, str] = {}
    for error in errors if isinstance(errors, list) else ():
        index = error.get("batch_index") if isinstance(error, dict) else None
        if isinstance(index, int) and 0 <= index < len(whose):
            words = [str(error[name]) for name in ("field", "message") if error.get(name)]
            refused.setdefault(whose[index], ": ".join(words) or "it does not say why")
    return refused
