"""Version 2 of the Track API: one operation on a person or an object, checked and carried out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sandbox.vendors.customerio.people import relate
from sandbox.vendors.customerio.replies import from_object
from sandbox.vendors.customerio.validation import (
    Flaw,
    are_relationships,
    attribute_flaws,
    event_flaws,
    identifier_flaws,
)
from sandbox.vendors.customerio.workspace import Workspace

MAX_ENTITY_BYTES = 32 * 1024
EVENTS = ("event", "page", "screen")
PERSON_ACTIONS = (*EVENTS, "identify", "delete", "merge", "suppress", "unsuppress")
RELATING = ("add_relationships", "delete_relationships")
OBJECT_ACTIONS = ("identify", "delete", *RELATING)

Operation = dict[str, Any]


def flaws(operation: Any) -> Iterator[Flaw]:
    if not isinstance(operation, dict):
        yield Flaw("", "must be an object")
        return
    if len(json.dumps(operation, ensure_ascii=False).encode()) > MAX_ENTITY_BYTES:
        yield Flaw("", f"cannot be larger than {MAX_ENTITY_BYTES} bytes")
    kind, action = operation.get("type"), operation.get("action")
    known = {"person": (*PERSON_ACTIONS, *RELATING), "object": OBJECT_ACTIONS}.get(str(kind))
    if known is None:
        yield Flaw("type", "must be person or object", "required")
    elif action not in known:
        yield Flaw("action", f"must be one of {', '.join(known)}", "required")
    else:
        yield from _object_flaws(operation) if kind == "object" else _person_flaws(operation)


def _person_flaws(operation: Operation) -> Iterator[Flaw]:
    action = operation["action"]
    if action == "merge":
        yield from identifier_flaws(operation.get("primary"), "primary")
        yield from identifier_flaws(operation.get("secondary"), "secondary")
        return
    if not (action in EVENTS and operation.get("anonymous_id") and "identifiers" not in operation):
        yield from identifier_flaws(operation.get("identifiers"))
    if action in EVENTS:
        yield from event_flaws({**operation, "type": action}, "attributes")
    elif action == "identify":
        yield from attribute_flaws(operation.get("attributes", {}))
    yield from _relationship_flaws(operation)


def _object_flaws(operation: Operation) -> Iterator[Flaw]:
    identifiers = operation.get("identifiers")
    if not isinstance(identifiers, dict) or set(identifiers) != {"object_type_id", "object_id"}:
        yield Flaw("identifiers", "must have object_type_id and object_id", "required")
    if operation["action"] == "identify":
        yield from attribute_flaws(operation.get("attributes", {}))
    yield from _relationship_flaws(operation)


def _relationship_flaws(operation: Operation) -> Iterator[Flaw]:
    is_needed = operation["action"] in RELATING
    if (is_needed or "cio_relationships" in operation) and not are_relationships(operation.get("cio_relationships")):
        yield Flaw("cio_relationships", "must be a list of objects with identifiers", "required")


def carry_out(operation: Operation, workspace: Workspace) -> None:
    """Do what the operation, which has no flaws, asks."""
    if operation["type"] == "object":
        _carry_out_on_object(operation, workspace)
        return
    action, identifiers = operation["action"], operation.get("identifiers")
    if action == "merge":
        workspace.merge(from_object(operation["primary"]), from_object(operation["secondary"]))
    elif action in EVENTS:
        body = {**operation, "type": action}
        workspace.add_event(from_object(identifiers) if identifiers else None, body, "attributes")
    elif action == "identify":
        body = dict(operation.get("attributes", {}))
        if "timestamp" in operation:
            body["_timestamp"] = operation["timestamp"]
        workspace.people.identify(from_object(operation["identifiers"]), body, workspace.world.now())
        _relate(operation, workspace, "add_relationships")
    elif action == "delete":
        workspace.delete(from_object(operation["identifiers"]))
    elif action in RELATING:
        _relate(operation, workspace, action)
    else:
        workspace.suppress(from_object(operation["identifiers"]), is_suppressed=action == "suppress")


def _relate(operation: Operation, workspace: Workspace, action: str) -> None:
    if customer := workspace.people.find(from_object(operation["identifiers"])):
        relate(customer, {"action": action, "relationships": operation.get("cio_relationships", [])})


def _carry_out_on_object(operation: Operation, workspace: Workspace) -> None:
    identifiers = {name: str(value) for name, value in operation["identifiers"].items()}
    key = (identifiers["object_type_id"], identifiers["object_id"])
    if operation["action"] == "delete":
        workspace.objects.pop(key, None)
        return
    known = workspace.objects.setdefault(key, {"attributes": {}})
    known["attributes"] |= operation.get("attributes", {})
    action = "delete_relationships" if operation["action"] == "delete_relationships" else "add_relationships"
    for related in operation.get("cio_relationships", []):
        if customer := workspace.people.find(from_object(related["identifiers"])):
            relate(customer, {"action": action, "relationships": [{**related, "identifiers": identifiers}]})
