"""How Mixpanel reads request bodies. Compressed ones are already inflated by the server (Content-Encoding: gzip)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qs


class Unreadable(ValueError):
    """The body as a whole cannot be taken; the message says why."""


def import_records(raw: bytes, content_type: str, limit: int) -> list[Any]:
    """The records of ``/import``: a JSON array, or one JSON object a line (``application/x-ndjson``)."""
    if content_type == "application/x-ndjson":
        return _bounded([_json(line) for line in raw.splitlines() if line.strip()], limit)
    if content_type != "application/json":
        raise Unreadable(f"Content-Type must be application/json or application/x-ndjson, not {content_type}")
    records = _json(raw)
    if not isinstance(records, list):
        raise Unreadable("the request body must be a JSON array of events")
    return _bounded(records, limit)


def client_records(raw: bytes, content_type: str, limit: int) -> list[Any]:
    """The objects of ``/track`` and ``/engage``: JSON, or a form whose ``data`` is JSON, plain or in base64."""
    if content_type == "application/x-www-form-urlencoded":
        fields = parse_qs(raw.decode("utf-8", "replace"))
        if "data" not in fields:
            raise Unreadable("data, missing or empty")
        data = fields["data"][0].encode()
        records = _json(data if data.lstrip()[:1] in (b"[", b"{") else _base64(data))
    else:
        records = _json(raw)
    return _bounded(records if isinstance(records, list) else [records], limit)


def _base64(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise Unreadable("data is neither JSON nor base64") from error


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Unreadable(f"the request body is not valid JSON: {error}") from error


def _bounded(records: list[Any], limit: int) -> list[Any]:
    if not records:
        raise Unreadable("the request holds no records")
    if len(records) > limit:
        raise Unreadable(f"the request holds {len(records)} records, the maximum is {limit}")
    return records
