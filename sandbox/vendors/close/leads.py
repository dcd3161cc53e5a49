"""Leads: ``/lead/``, ``/lead/{id}/`` and ``/lead/merge/``."""

from __future__ import annotations

import re
from typing import Any

from sandbox.vendors.close import values
from sandbox.vendors.close.api import Call, Record, Reply, Route, field_errors, not_found, page_bounds
from sandbox.vendors.close.contacts import add_contact, new_contact
from sandbox.vendors.close.organization import Organization
from sandbox.vendors.close.query import has_words, strings
from sandbox.vendors.close.values import BadValue, Check

_TERM = re.compile(r'(?:([\w.]+):)?(?:"([^"]*)"|(\S+))')

RELATED = ("contact", "opportunity", "task", "activity.note", "activity.email")
"""What belongs to a lead, and goes with it."""


def create_lead(org: Organization, body: Record) -> Record:
    """A lead with the contacts that came with it."""
    blank = {**org.blank_lead(), "status_id": _first_status(org, body)}
    lead = org.patched(blank, {key: value for key, value in body.items() if key != "status"}, _checks(org), "lead")
    contacts = _new_contacts(org, body.get("contacts"))
    org.save("lead", lead)
    for contact in contacts:
        add_contact(org, {**contact, "lead_id": lead["id"]})
    return org.lead_view(lead)


def _new_contacts(org: Organization, bodies: Any) -> list[Record]:
    """The contacts that come with a lead, checked before anything is stored."""
    try:
        rows = values.rows(bodies)
    except BadValue as error:
        raise field_errors({"contacts": error.detail}) from error
    return [new_contact(org, {name: value for name, value in row.items() if name != "lead_id"}) for row in rows]


def _first_status(org: Organization, body: Record) -> str:
    """The status given by its label, which ``status_id`` overrules, else the organisation's first."""
    label = body.get("status") or org.lead_statuses[0]["label"]
    for status in org.lead_statuses:
        if status["label"] == label:
            return str(status["id"])
    raise field_errors({"status": "There is no such status."})


def _checks(org: Organization) -> dict[str, Check]:
    return {
        "name": values.text,
        "url": values.text,
        "description": values.text,
        "addresses": values.addresses,
        "status_id": org.status_reference(org.lead_statuses),
    }


def _post(org: Organization, call: Call) -> Reply:
    return Reply(create_lead(org, call.body))


def _get(org: Organization, call: Call) -> Reply:
    """One lead. For a while (``delete_lag_s``) a deleted one is still there."""
    lead_id = call.path["id"]
    if lead_id in org.leads:
        return Reply(org.lead_view(org.leads[lead_id]))
    stale = org.index.read(lead_id, org.now() - float(org.options["delete_lag_s"]))
    if stale is None:
        raise not_found()
    return Reply(stale)


def _put(org: Organization, call: Call) -> Reply:
    """A patch: what is not named stays. Nested contacts are ignored; they have their own endpoint."""
    body = dict(call.body)
    if "status" in body and "status_id" not in body:
        body["status_id"] = _first_status(org, body)
    lead = org.patched(org.get("lead", call.path["id"]), body, _checks(org), "lead")
    return Reply(org.save("lead", lead))


def _delete(org: Organization, call: Call) -> Reply:
    _delete_lead(org, call.path["id"])
    return Reply({})


def _delete_lead(org: Organization, lead_id: str) -> None:
    org.get("lead", lead_id)
    for kind in RELATED:
        for record in org.views(kind, lead_id):
            org.delete(kind, record["id"])
    org.delete("lead", lead_id)


def _list(org: Organization, call: Call) -> Reply:
    """All leads, newest first, or with ``query`` those the index finds for it."""
    skip, limit = page_bounds(call.params)
    leads = [doc for doc in org.indexed() if doc["id"].startswith("lead_")]
    if query := str(call.params.get("query") or "").strip():
        leads = [lead for lead in leads if _agrees(lead, query)]
    leads.sort(key=lambda lead: str(lead["date_created"]), reverse=True)
    return Reply(
        {
            "data": leads[skip : skip + limit],
            "has_more": len(leads) > skip + limit,
            "total_results": len(leads),
        }
    )


def _agrees(lead: Record, query: str) -> bool:
    """The old search box, as far as programs use it: words, and ``field:word`` or ``field:"some words"``."""
    terms = _TERM.findall(query)
    return all(has_words(_searchable(lead, field), quoted or bare) for field, quoted, bare in terms)


def _searchable(lead: Record, field: str) -> str:
    if field in ("email", "email_address"):
        return " ".join(email["email"] for contact in lead["contacts"] for email in contact["emails"])
    if field == "contact":
        return " ".join(contact["name"] or "" for contact in lead["contacts"])
    if field:
        return str(lead.get(field) or "")
    return " ".join(strings(lead))


def _merge(org: Organization, call: Call) -> Reply:
    """What belongs to the source goes to the destination, which keeps its own fields and takes those it lacks."""
    source_id, target_id = str(call.required("source")), str(call.required("destination"))
    if source_id == target_id:
        raise field_errors({"destination": "A lead cannot be merged with itself."})
    source, target = org.get("lead", source_id), org.get("lead", target_id)
    for kind in RELATED:
        for view in org.views(kind, source_id):
            org.save(kind, {**org.get(kind, view["id"]), "lead_id": target_id})
    missing = {name: source[name] for name in ("url", "description", "addresses") if not target[name]}
    custom = {**source["custom"], **target["custom"]}
    org.delete("lead", source_id)
    org.save("lead", {**org.patched(target, missing, _checks(org)), "custom": custom})
    return Reply({"status": "success"})


ROUTES = (
    Route("GET", "lead/", _list),
    Route("POST", "lead/", _post),
    Route("POST", "lead/merge/", _merge),
    Route("GET", "lead/{id}/", _get),
    Route("PUT", "lead/{id}/", _put),
    Route("DELETE", "lead/{id}/", _delete),
)
