"""The lead that was there before: typed by a salesman, and nobody's business to overwrite."""

from __future__ import annotations

from sandbox.vendors.close.contacts import add_contact, new_contact
from sandbox.vendors.close.leads import create_lead
from sandbox.vendors.close.organization import Organization

LEAD = {
    "name": "Handmade Ltd",
    "url": "https://handmade.test",
    "description": "Met at the trade fair. Wants single sign-on before anything else. Do not call on Mondays.",
    "status": "Qualified",
    "addresses": [{"label": "business", "city": "Leeds", "country": "GB"}],
}
CONTACT = {
    "name": "Hanna Holt",
    "title": "Workshop manager",
    "emails": [{"email": "hanna@handmade.test", "type": "office"}],
    "phones": [{"phone": "+441134960123", "type": "mobile"}],
}


def type_in(org: Organization) -> None:
    """Enter the lead as Rob of sales would."""
    org.actor = org.sales_user
    lead = create_lead(org, LEAD)
    add_contact(org, new_contact(org, {**CONTACT, "lead_id": lead["id"]}))
    org.actor = org.api_user
