"""What people do as events of Mixpanel's `/import`: the mapping, and the reading of what it refuses. Calls nobody.

API: https://developer.mixpanel.com/reference/import-events. An event's time and `$insert_id` never change, so that the
same action sent twice counts once.
"""

from __future__ import annotations

from typing import Any

from integrations.rows import known
from signups.contracts import SentAction
from signups.models import Action, is_forbidden_id

MOST_CHARACTERS = 255  # what is longer is cut there anyway
MOST_ITEMS = 254  # of a list; a longer one has the whole event refused
# What an event's properties mean to Mixpanel itself: nothing that a page or a program says may take their place.
_RESERVED = frozenset({"time", "distinct_id", "token", "ip", "event"})


def event(sent: SentAction, id_merge: str) -> dict[str, Any]:
    """One event of `/import` for what somebody did, under the ids that the project's way of merging asks for."""
    action = sent.action
    is_page = action.kind == Action.Kind.PAGE
    # "$identify" and its like are orders to Mixpanel, which nobody gives by the name of an action.
    name = "Page viewed" if is_page else action.name.lstrip("$ ") or "Unnamed"
    page = {"page": action.name} if is_page else {}
    own = {
        name: value
        for name, value in action.properties.items()
        if name.lower() not in _RESERVED and not name.startswith(("$", "mp_"))
    }
    properties = {
        **{name: _fitting(value) for name, value in own.items() if value is not None},
        **page,
        "time": round(action.at.timestamp() * 1000),
        "$insert_id": str(action.uid),
        **_ids(sent, id_merge),
    }
    return {"event": name, "properties": properties}


def _ids(sent: SentAction, id_merge: str) -> dict[str, str]:
    """Whose an event is. With simplified ID merge an event that carries both ids ties the device to the person."""
    device, user = usable_id(sent.anonymous_id), sent.signup_uid
    if id_merge == "simplified":
        distinct = user or (f"$device:{device}" if device else "")
        return {"distinct_id": distinct, **known({"$user_id": user, "$device_id": device})}
    return {"distinct_id": user or device}


def usable_id(anonymous_id: str) -> str:
    """A device's id as Mixpanel takes it, "" for one that stands for no id."""
    anonymous = anonymous_id.removeprefix("$device:").strip()
    return "" if is_forbidden_id(anonymous) else anonymous


def refusals(said: Any, count: int) -> dict[int, str]:
    """The events that the reply of a strict import singles out, and why, by their place in the batch of `count`."""
    records = said.get("failed_records") if isinstance(said, dict) else None
    refused: dict[int, str] = {}
    for record in records if isinstance(records, list) else ():
        index = record.get("index") if isinstance(record, dict) else None
        if isinstance(index, int) and 0 <= index < count:
            why = record.get("message") or record.get("field") or "without a reason"
            refused[index] = str(why)
    return dict(sorted(refused.items()))


def _fitting(value: Any) -> Any:
    """A property's value with its texts cut as Mixpanel does, and its lists no longer than it takes."""
    match value:
        case str():
            return value[:MOST_CHARACTERS]
        case list():
            return [_fitting(one) for one in value[:MOST_ITEMS]]
        case dict():
            return {name: _fitting(one) for name, one in value.items()}
    return value
