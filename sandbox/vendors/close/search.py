"""``POST /data/search/``: advanced filtering over the index, page by page with cursors.

What a query node or a condition means is in ``query.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.vendors.close.api import LARGEST_PAGE, Call, Record, Reply, Route, field_errors, page_bounds, pick
from sandbox.vendors.close.organization import Organization
from sandbox.vendors.close.query import Matcher, candidates, check, object_type_of, values_of

CURSOR_LIFE_S = 30
MOST_RESULTS = 10_000
NAMED = ("lead", "contact", "opportunity")


@dataclass
class Rest:
    """What a cursor stands for: the rows still to come, as they were when the search began."""

    rows: list[Record]
    expires_at: float


def _search(org: Organization, call: Call) -> Reply:
    _, limit = page_bounds({"_limit": call.body.get("_limit", LARGEST_PAGE)})
    if cursor := call.body.get("cursor"):
        return Reply(_page(org, _resumed(org, str(cursor)), limit))
    query = call.body.get("query")
    if not isinstance(query, dict):
        raise field_errors({"query": "This field is required."})
    check(query, org.fields)
    matcher = Matcher(lambda lead_id: next(org.indexed([lead_id]), None), org.actor["id"])
    documents = org.indexed(candidates(query, org.index.with_words))
    found = [document for document in documents if matcher.matches(query, document)]
    _sort(found, call.body.get("sort") or [])
    capped = found[: min(_results_limit(call.body), MOST_RESULTS)]
    fields = call.body.get("_fields") or {}
    body = _page(org, [_row(document, fields) for document in capped], limit)
    if call.body.get("include_counts"):
        body["count"] = {"limited": len(capped), "total": len(found)}
    return Reply(body)


def _page(org: Organization, rows: list[Record], limit: int) -> Record:
    cursor = None
    if len(rows) > limit:
        cursor = org.token()
        org.cursors[cursor] = Rest(rows[limit:], org.now() + CURSOR_LIFE_S)
    return {"data": rows[:limit], "cursor": cursor}


def _resumed(org: Organization, cursor: str) -> list[Record]:
    rest = org.cursors.get(cursor)
    if rest is None or rest.expires_at < org.now():
        raise field_errors({"cursor": "Expired cursor"})
    return list(rest.rows)


def _results_limit(body: Record) -> int:
    limit = body.get("results_limit")
    if limit is None:
        return MOST_RESULTS
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise field_errors({"results_limit": "Input should be a valid integer"})
    return limit


def _row(document: Record, fields: Any) -> Record:
    """Without ``_fields`` a row has its id alone; a contact always says whose it is."""
    object_type = object_type_of(document)
    row = {"__object_type": object_type, "id": document["id"]}
    if object_type == "contact":
        row["lead_id"] = document["lead_id"]
    names = fields.get(object_type) if isinstance(fields, dict) else None
    return {**row, **pick(document, names if isinstance(names, list) else ())}


def _sort(documents: list[Record], wishes: Any) -> None:
    """By several keys, the first one weighing most; without a wish the newest come first."""
    if not wishes:
        documents.sort(key=lambda document: str(document["date_created"]), reverse=True)
        return
    if not isinstance(wishes, list):
        raise field_errors({"sort": "Expected a list of objects."})
    for wish in reversed(wishes):
        if not isinstance(wish, dict) or wish.get("direction") not in ("asc", "desc"):
            raise field_errors({"sort": "direction must be asc or desc."})
        field = wish.get("field")
        documents.sort(key=lambda document: _sort_key(field, document), reverse=wish["direction"] == "desc")


def _sort_key(field: Any, document: Record) -> tuple[bool, float, str]:
    """Numbers by size, all else by its text, nothing first."""
    value = next(iter(values_of(field, document)), None)
    if isinstance(value, int | float):
        return True, float(value), ""
    return value is not None, 0.0, str(value).lower()


ROUTES = (Route("POST", "data/search/", _search),)
