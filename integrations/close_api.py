"""The calls to Close: sorted by what their failure means, and our custom fields found or made on first use.

Which calls there are to make, and with what, is `close`'s and `close_records`' business.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.conf import settings

from integrations.close_records import Fields, Record
from integrations.http import Door
from signups.contracts import Deadline, Misconfigured, Never

_PAGE = 100


class FieldsAreGone(Never):
    """A custom field whose id we had remembered was deleted at Close."""


def search(body: Record) -> list[str]:
    """Ids of what the index holds for a query, in its order."""
    return [row["id"] for row in call("POST", "data/search/", body)["data"]]


def rows(path: str, **filters: str) -> Iterator[Record]:
    """All rows of a list, page by page."""
    skip = 0
    while True:
        params = {**filters, "_skip": str(skip), "_limit": str(_PAGE)}
        page = door().call("GET", path, params=params, is_safe=True).json
        yield from page["data"]
        skip += _PAGE
        if not page.get("has_more"):
            return


def get(kind: str, record_id: str) -> Record | None:
    """A lead or contact as it is now; None where it was deleted or merged away."""
    reply = door().call("GET", f"{kind}/{record_id}/", is_safe=True, accept=(404,))
    found: Record = reply.json
    return None if reply.status == 404 else found


def change(path: str, changes: Record) -> None:
    """Patch a record: what is not named stays as it is."""
    if changes:
        call("PUT", path, changes)


def call(method: str, path: str, body: Record, *, is_safe: bool = True, deadline: Deadline | None = None) -> Any:
    try:
        return door().call(method, path, json=body, is_safe=is_safe, deadline=deadline).json
    except Never as refusal:
        status, excerpt = refusal.status, refusal.excerpt
        if status == 402:
            reason = "the plan's limit is reached: make room there, or upgrade"
            raise Misconfigured("Close", reason, status=status, excerpt=excerpt) from refusal
        if status == 400 and "cf_" in excerpt:
            reason = f"{refusal.reason}: it refuses a custom field"
            raise FieldsAreGone("Close", reason, status=status, excerpt=excerpt) from refusal
        raise


@cache
def _door_to(url: str, key: str) -> Door:
    return Door(
        "Close",
        url,
        auth=(key, ""),
        variables={"CLOSE_API_KEY": key},
        key_setting="CLOSE_API_KEY",
        url_setting="CLOSE_API_URL",
    )


def door() -> Door:
    return _door_to(settings.CLOSE["api_url"], settings.CLOSE["api_key"])


# -- Custom fields -----------------------------------------------------------------------------------------------------

_known_fields: dict[tuple[str, str, frozenset[str]], Fields] = {}
_fields_lock = threading.Lock()


def fields(wanted: Mapping[str, Mapping[str, str]]) -> Fields:
    """Ids of the custom fields `wanted` (object type → name → Close's type), by object type and name.

    They are found or made once a process.
    """
    names = frozenset(name for those in wanted.values() for name in those)
    account = (settings.CLOSE["api_url"], settings.CLOSE["api_key"], names)
    with _fields_lock:
        if account not in _known_fields:
            _known_fields[account] = {kind: _provide(kind, those) for kind, those in wanted.items()}
        return _known_fields[account]


def forget_fields() -> None:
    with _fields_lock:
        _known_fields.clear()


def _provide(kind: str, wanted: Mapping[str, str]) -> dict[str, str]:
    """Ids of the fields `wanted` (name → type) of leads or contacts, after making those that are missing.

    Making one is called safe: a repeat lists them first. Raises Misconfigured where somebody gave one another type.
    """
    path = f"custom_field/{kind}/"
    there = {field["name"].casefold(): field for field in rows(path)}
    ids = {}
    for name, field_type in wanted.items():
        field = there.get(name.casefold())
        if field is None:
            field = call("POST", path, {"name": name, "type": field_type})
        if field["type"] != field_type:
            advice = f"the custom field {name!r} of {kind}s is of type {field['type']}; rename it, and ours is made"
            raise Misconfigured("Close", advice)
        ids[name] = str(field["id"])
    return ids
