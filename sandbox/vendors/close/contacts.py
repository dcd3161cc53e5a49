"""Contacts: ``/contact/`` and ``/contact/{id}/``."""

from __future__ import annotations

from sandbox.vendors.close import values
from sandbox.vendors.close.api import Call, Record, Reply, Route, matching, page
from sandbox.vendors.close.correspondence import bring_in_mails
from sandbox.vendors.close.organization import Organization
from sandbox.vendors.close.values import Check


def new_contact(org: Organization, body: Record) -> Record:
    """A contact, checked but not stored yet."""
    blank = org.new_record("cont", lead_id=None, name=None, title="", emails=[], phones=[], urls=[], custom={})
    return org.patched(blank, body, _checks(org), "contact")


def add_contact(org: Organization, contact: Record) -> Record:
    """Store a contact; one without ``lead_id`` gets a lead without a name, as happens in Close to the careless."""
    contact["lead_id"] = contact["lead_id"] or ghost_lead(org)
    view = org.save("contact", contact)
    bring_in_mails(org, contact)
    return view


def ghost_lead(org: Organization) -> str:
    """The id of a new lead that nobody asked for."""
    return str(org.save("lead", org.blank_lead())["id"])


def _checks(org: Organization) -> dict[str, Check]:
    return {
        "lead_id": org.reference("lead"),
        "name": values.text,
        "title": values.text,
        "emails": values.emails,
        "phones": values.phones,
        "urls": values.urls,
    }


def _post(org: Organization, call: Call) -> Reply:
    return Reply(add_contact(org, new_contact(org, call.body)))


def _get(org: Organization, call: Call) -> Reply:
    return Reply(org.contact_view(org.get("contact", call.path["id"])))


def _put(org: Organization, call: Call) -> Reply:
    """A patch; a list such as ``emails`` is replaced as a whole."""
    before = org.get("contact", call.path["id"])
    contact = org.patched(before, call.body, _checks(org), "contact")
    contact["lead_id"] = contact["lead_id"] or before["lead_id"]
    view = org.save("contact", contact)
    bring_in_mails(org, contact)
    return Reply(view)


def _delete(org: Organization, call: Call) -> Reply:
    org.delete("contact", call.path["id"])
    return Reply({})


def _list(org: Organization, call: Call) -> Reply:
    return page(call, matching(call, org.views("contact"), "lead_id"))


ROUTES = (
    Route("GET", "contact/", _list),
    Route("POST", "contact/", _post),
    Route("GET", "contact/{id}/", _get),
    Route("PUT", "contact/{id}/", _put),
    Route("DELETE", "contact/{id}/", _delete),
)
