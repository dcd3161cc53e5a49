"""What sales see of a customer's usage at Close: custom fields of the lead, and a task where a limit is reached.

Pure mappings between our deliveries and Close's JSON; the calls are `close`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.close_records import Fields, Record
from integrations.rows import admin_url, at_date, company_name, limit_words, person_name
from signups.models import Delivery, Signup

# Ours by their names. Name → Close's type.
FIELDS: dict[str, dict[str, str]] = {
    "lead": {
        "API calls yesterday": "number",
        "API calls 7 days": "number",
        "API calls 30 days": "number",
        "API limit used (%)": "number",
        "API last call": "date",
        "API first call": "date",
        "API top endpoint": "text",
    }
}
_NAMES = {
    "yesterday": "API calls yesterday",
    "days_7": "API calls 7 days",
    "days_30": "API calls 30 days",
    "percent": "API limit used (%)",
    "last_on": "API last call",
    "first_on": "API first call",
    "top_endpoint": "API top endpoint",
}


def lead_values(values: Mapping[str, Any], fields: Fields) -> Record:
    """A lead's custom fields for what was reported; null clears one."""
    return {f"custom.{fields['lead'][_NAMES[name]]}": value for name, value in values.items() if name in _NAMES}


def holds(lead: Record, values: Record) -> bool:
    return all(lead.get(key) == value for key, value in values.items())


def task(lead: Record, signup: Signup, delivery: Delivery) -> Record:
    """The task of talking about an upgrade, for the lead's owner where it has one, else for the user of our key.

    Close's leads have no owner of their own: teams keep one in a custom field of type user.
    """
    owners = (value for name, value in lead.items() if name.startswith("custom.") and str(value).startswith("user_"))
    owner = next(owners, None)
    return {
        "_type": "lead",
        "lead_id": lead["id"],
        "text": task_text(signup, delivery),
        "date": at_date(delivery).isoformat(),
        "is_complete": False,
        **({"assigned_to": owner} if owner else {}),
    }


def task_text(signup: Signup, delivery: Delivery) -> str:
    who = person_name(signup) + (f" ({company})" if (company := company_name(signup)) else "")
    return f"{who} has used {limit_words(delivery)}. Talk about an upgrade: {_key(signup, delivery)}"


def is_task_of(row: Record, signup: Signup, delivery: Delivery) -> bool:
    """Whether a task is the one of this limit: by the address in its text, whatever else was changed in it."""
    return _key(signup, delivery) in str(row.get("text") or "").split()


def _key(signup: Signup, delivery: Delivery) -> str:
    """The place to look at, the usage on the signup's page; the query tells this limit and period from others."""
    return f"{admin_url(signup)}?limit={delivery.period.replace(':', '-')}#usage"
