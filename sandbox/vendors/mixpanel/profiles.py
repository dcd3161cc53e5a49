"""Mixpanel's user profiles and the operators of ``/engage``."""

from __future__ import annotations

import json
from typing import Any

from sandbox.vendors.mixpanel.validation import Flaw, cut_strings, id_flaw

OPERATORS = ("$set", "$set_once", "$add", "$union", "$append", "$remove", "$unset", "$delete")
MAX_PROFILE_BYTES = 1_000_000
SERVER_PLACE = {"$city": "Ashburn", "$region": "Virginia", "$country_code": "US"}
"""Where the caller stands. A server that lets its own address be located moves all its users here."""

Profile = dict[str, Any]


def update_flaw(update: Any) -> Flaw | None:
    """The first thing wrong with one object of ``/engage``, or None. A wrong token is not: nobody checks it."""
    if not isinstance(update, dict):
        return Flaw("", "the update must be an object")
    if not isinstance(update.get("$token"), str) or not update["$token"]:
        return Flaw("$token", "$token, missing or empty")
    if update.get("$distinct_id") in (None, ""):
        return Flaw("$distinct_id", "$distinct_id, missing or empty")
    if reason := id_flaw(update["$distinct_id"]):
        return Flaw.of("$distinct_id", reason)
    operators = [name for name in OPERATORS if name in update]
    if len(operators) != 1:
        found = ", ".join(operators) or "none"
        return Flaw("", f"exactly one operator per update is needed, found: {found}")
    if len(json.dumps(update, ensure_ascii=False).encode()) > MAX_PROFILE_BYTES:
        return Flaw("", "the update exceeds the limit of 1MB")
    return _operand_flaw(operators[0], update[operators[0]])


def _operand_flaw(operator: str, operand: Any) -> Flaw | None:
    if operator == "$delete":
        return None
    if operator == "$unset":
        is_fine = isinstance(operand, list) and all(isinstance(name, str) for name in operand)
        return None if is_fine else Flaw.of(operator, "must be a list of property names")
    if not isinstance(operand, dict):
        return Flaw.of(operator, "must be an object")
    if operator == "$add" and not all(_is_number(value) for value in operand.values()):
        return Flaw.of(operator, "must have numbers as values")
    if operator == "$union" and not all(isinstance(value, list) for value in operand.values()):
        return Flaw.of(operator, "must have lists as values")
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def apply_update(profiles: dict[str, Profile], profile_id: str, update: dict[str, Any], *, locates: bool) -> None:
    """Change, make or delete a profile by one valid update. ``locates``: the caller's place is written to it."""
    if "$delete" in update:
        profiles.pop(profile_id, None)
        return
    profile = profiles.setdefault(profile_id, {})
    if locates and str(update.get("$ip", "")) != "0":
        profile.update(SERVER_PLACE)
    operator = next(name for name in OPERATORS if name in update)
    _OPERATIONS[operator](profile, cut_strings(update[operator]))


def _set(profile: Profile, values: Profile) -> None:
    profile.update(values)


def _set_once(profile: Profile, values: Profile) -> None:
    profile.update({name: value for name, value in values.items() if name not in profile})


def _add(profile: Profile, values: Profile) -> None:
    for name, value in values.items():
        old = profile.get(name, 0)
        profile[name] = (old if _is_number(old) else 0) + value


def _union(profile: Profile, values: Profile) -> None:
    for name, items in values.items():
        held = _list_at(profile, name)
        held.extend(item for index, item in enumerate(items) if item not in held and item not in items[:index])


def _append(profile: Profile, values: Profile) -> None:
    for name, value in values.items():
        _list_at(profile, name).append(value)


def _list_at(profile: Profile, name: str) -> list[Any]:
    if not isinstance(profile.get(name), list):
        profile[name] = []
    held: list[Any] = profile[name]
    return held


def _remove(profile: Profile, values: Profile) -> None:
    for name, value in values.items():
        held = profile.get(name)
        if isinstance(held, list):
            profile[name] = [item for item in held if item != value]


def _unset(profile: Profile, names: list[str]) -> None:
    for name in names:
        profile.pop(name, None)


_OPERATIONS: dict[str, Any] = {
    "$set": _set,
    "$set_once": _set_once,
    "$add": _add,
    "$union": _union,
    "$append": _append,
    "$remove": _remove,
    "$unset": _unset,
}
