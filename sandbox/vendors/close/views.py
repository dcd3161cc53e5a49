"""Records as clients see them: with names for ids, with what belongs to them, with custom fields flat."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING
from urllib.parse import quote

from sandbox.vendors.close.api import Record

if TYPE_CHECKING:
    from sandbox.vendors.close.organization import Organization

UNNAMED = "Untitled"


def of_lead(org: Organization, lead: Record) -> Record:
    view = copy.deepcopy(lead)
    held = view.pop("custom")
    contacts = org.views("contact", lead["id"])
    name = lead["name"] or (contacts[0]["name"] if contacts else None) or UNNAMED
    return {
        **view,
        "display_name": name,
        "status_label": org.status(org.lead_statuses, lead["status_id"])["label"],
        "html_url": org.html_url(lead["id"]),
        "created_by_name": org.user_name(lead["created_by"]),
        "updated_by_name": org.user_name(lead["updated_by"]),
        "contacts": contacts,
        "contact_ids": [contact["id"] for contact in contacts],
        "opportunities": org.views("opportunity", lead["id"]),
        "tasks": org.views("task", lead["id"]),
        "integration_links": [{"name": "Google Search", "url": f"https://google.com/search?q={quote(name, safe='')}"}],
        "custom": org.fields.by_name(held),
        **org.fields.flat(held),
    }


def of_contact(org: Organization, contact: Record) -> Record:
    view = copy.deepcopy(contact)
    held = view.pop("custom")
    first_email = contact["emails"][0]["email"] if contact["emails"] else ""
    name = contact["name"] or first_email
    link = f"https://www.linkedin.com/search/results/people/?keywords={quote(name, safe='')}"
    return {
        **view,
        "display_name": name,
        "integration_links": [{"name": "LinkedIn Search", "url": link}],
        **org.fields.flat(held),
    }


def of_opportunity(org: Organization, opportunity: Record) -> Record:
    view = copy.deepcopy(opportunity)
    held = view.pop("custom")
    lead, contact = org.leads.get(view["lead_id"]), org.contacts.get(view["contact_id"] or "")
    status = org.status(org.opportunity_statuses, view["status_id"])
    per_year = {"one_time": 1, "monthly": 12, "annual": 1}[view["value_period"]]
    value, confidence = view["value"], view["confidence"]
    expected = None if value is None else value * confidence // 100
    return {
        **view,
        "status_label": status["label"],
        "status_display_name": status["label"],
        "status_type": status["type"],
        "expected_value": expected,
        "annualized_value": None if value is None else value * per_year,
        "annualized_expected_value": None if expected is None else expected * per_year,
        "value_currency": "USD",
        "value_formatted": None if value is None else f"${value / 100:,.2f}",
        "lead_name": lead["name"] if lead else None,
        "contact_name": contact["name"] if contact else None,
        "user_name": org.user_name(view["user_id"]),
        "created_by_name": org.user_name(view["created_by"]),
        "updated_by_name": org.user_name(view["updated_by"]),
        **org.fields.flat(held),
    }
