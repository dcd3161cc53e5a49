"""Leads and contacts of Close as we write and recognise them: pure mappings between our rows and Close's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from django.db.models import Max

from integrations.rows import admin_url, company_fact, company_name, host, known, origin, person_name, public_profiles
from signups.models import Signup, Verdict

Record = dict[str, Any]
Fields = Mapping[str, Mapping[str, str]]  # "lead" or "contact" → name → id of our custom fields

# Ours by their names, so that none of sales' own fields is written to. Name → Close's type.
CUSTOM_FIELDS: dict[str, dict[str, str]] = {
    "lead": {
        "Signup domain": "text",
        "Signup id": "text",
        "Signup score": "number",
        "Signup source": "text",
        "Signup employees": "number",
        "Signup raised": "number",
        "Signup industry": "text",
    },
    "contact": {"Signup id": "text", "Signup score": "number", "Signup date": "date", "Signup page": "text"},
}
_ONCE = frozenset({"Signup domain", "Signup id", "Signup source", "Signup date"})  # the first to write them wins
_MOST_CANDIDATES = 10
_MOST_CONTACTS = 20


class Fit(IntEnum):
    """Why a lead is the person's, the surest reason first."""

    PERSON = 1  # the person is a contact on it
    EARLIER = 2  # colleagues, or the person before, were put on it by us
    DOMAIN = 3  # it has our custom field with the company's domain
    URL = 4  # sales typed the company's web site
    COLLEAGUE = 5  # sales typed somebody with an address at the company's domain, and no other web site


# -- Writing -----------------------------------------------------------------------------------------------------------


def new_lead(signup: Signup, fields: Fields) -> Record:
    """A lead with its first contact, in one call: named after the company, else after the person."""
    body = {
        "name": company_name(signup) if signup.company is not None else person_name(signup),
        **_lead_facts(signup),
        "contacts": [new_contact(signup, fields)],
    }
    return body | _custom(_lead_values(signup), fields["lead"])


def new_contact(signup: Signup, fields: Fields) -> Record:
    """A contact; `lead_id` is the caller's to add, for a contact without one would make a lead without a name."""
    is_work = signup.company is not None and belongs(_domain(signup.person.email), signup.company.domain)
    emails = [{"email": signup.email, "type": "office" if is_work else "home"}]
    return _contact_facts(signup) | {"emails": emails} | _custom(_contact_values(signup), fields["contact"])


def lead_changes(lead: Record, signup: Signup, fields: Fields) -> Record:
    """What a lead lacks that we know. The company's facts only where the lead is not somebody else's."""
    domain = signup.company.domain if signup.company is not None else ""
    if not domain or not belongs(host(lead.get("url") or "") or domain, domain):
        return {}
    if is_personal(lead, signup, fields):  # until now named after the person
        lead = {**lead, "name": ""}
    facts = {"name": company_name(signup), **_lead_facts(signup)}
    return _missing(lead, facts) | _news(lead, _lead_values(signup), fields["lead"])


def contact_changes(contact: Record, signup: Signup, fields: Fields) -> Record:
    return _missing(contact, _contact_facts(signup)) | _news(contact, _contact_values(signup), fields["contact"])


def _lead_facts(signup: Signup) -> Record:
    """Close's own fields of a lead."""
    if signup.company is None:
        return {}
    address = {
        "label": "business",
        "city": company_fact(signup, "geo.city"),
        "state": company_fact(signup, "geo.state"),
        "country": company_fact(signup, "geo.countryCode"),
    }
    values = {
        "url": f"https://{signup.company.domain}",
        "description": company_fact(signup, "description"),
        "addresses": [known(address)] if address["city"] else None,
    }
    return known(values)


def _contact_facts(signup: Signup) -> Record:
    """Close's own fields of a contact, but for the address."""
    urls = [{"url": url, "type": "url"} for url in public_profiles(signup).values()]
    values = {
        "name": person_name(signup),
        "title": signup.person.fact("employment.title"),
        "urls": urls or None,
    }
    return known(values)


def _lead_values(signup: Signup) -> Record:
    """Our custom fields of a lead by name. Its score is the best of those who signed up from the company."""
    score = signup.score
    if signup.company is not None:
        accepted = Signup.objects.filter(company=signup.company, verdict=Verdict.ACCEPTED)
        score = max(score, accepted.aggregate(best=Max("score"))["best"] or score)
    values = {
        "Signup domain": signup.company.domain if signup.company is not None else "",
        "Signup id": str(signup.uid),
        "Signup score": score,
        "Signup source": origin(signup),
        "Signup employees": company_fact(signup, "metrics.employees"),
        "Signup raised": company_fact(signup, "metrics.raised"),
        "Signup industry": company_fact(signup, "category.industry"),
    }
    return known(values)


def _contact_values(signup: Signup) -> Record:
    return {
        "Signup id": str(signup.uid),
        "Signup score": signup.score,
        "Signup date": signup.created_at.date().isoformat(),
        "Signup page": admin_url(signup),
    }


def _custom(values: Record, ids: Mapping[str, str]) -> Record:
    return {f"custom.{ids[name]}": value for name, value in values.items()}


def _missing(record: Record, facts: Record) -> Record:
    """Those facts that the record has no value for: what somebody typed stays."""
    return {name: value for name, value in facts.items() if not record.get(name)}


def _news(record: Record, values: Record, ids: Mapping[str, str]) -> Record:
    """Our own fields where they differ, those written once only where they are empty."""
    return {
        key: value
        for name, value in values.items()
        if (held := record.get(key := f"custom.{ids[name]}")) != value and not (held and name in _ONCE)
    }


# -- Recognising -------------------------------------------------------------------------------------------------------


def candidates(signup: Signup, fields: Fields) -> Record:
    """A search for every lead that may be the one, oldest first, in a single call: searching is scarce.

    Words are found at any place, so what is found is still to be judged by `fit`.
    """
    signup_id = {"type": "custom_field", "custom_field_id": fields["contact"]["Signup id"]}
    queries = [
        _with_contact(_with_email("exact_value", signup.person.email)),
        _with_contact(_text(signup_id, "exact_value", str(signup.uid))),
    ]
    if signup.company is not None:
        domain = signup.company.domain
        own = {"type": "custom_field", "custom_field_id": fields["lead"]["Signup domain"]}
        queries += [
            _text(own, "exact_value", domain),
            _text(_regular("lead", "url"), "phrase", domain),
            _with_contact(_with_email("phrase", domain)),
        ]
    leads = {"type": "object_type", "object_type": "lead"}
    return {
        "query": {"type": "and", "queries": [leads, {"type": "or", "queries": queries}]},
        "_fields": {"lead": ["id"]},
        "_limit": _MOST_CANDIDATES,
        "results_limit": _MOST_CANDIDATES,
        "sort": [{"direction": "asc", "field": _regular("lead", "date_created")}],
    }


def lead_named(name: str) -> Record:
    """A search for the one lead of that name."""
    leads = {"type": "object_type", "object_type": "lead"}
    named = _text(_regular("lead", "name"), "exact_value", name)
    return {"query": {"type": "and", "queries": [leads, named]}, "_limit": 1, "results_limit": 1}


def contacts_at(key: str) -> Record:
    """A search for the contacts with this address, or with one at this domain or below it, the newest first."""
    mode = "exact_value" if "@" in key else "phrase"
    contacts = {"type": "object_type", "object_type": "contact"}
    own = _related("contact", "contact_email", _text(_regular("contact_email", "email"), mode, key))
    return {
        "query": {"type": "and", "queries": [contacts, own]},
        "_fields": {"contact": ["id", "name"]},
        "_limit": _MOST_CONTACTS,
        "results_limit": _MOST_CONTACTS,
        "sort": [{"direction": "desc", "field": _regular("contact", "date_created")}],
    }


def fit(lead: Record, signup: Signup, fields: Fields, *, is_ours: bool) -> Fit | None:
    """Why this lead is the person's, None where it is not. `is_ours`: one of our deliveries names it."""
    if contact_of(lead, signup, fields) is not None:
        return Fit.PERSON
    if is_ours:
        return Fit.EARLIER
    if signup.company is None:
        return None
    domain = signup.company.domain
    if _has_domain(lead, domain, fields):
        return Fit.DOMAIN
    if site := host(lead.get("url") or ""):
        return Fit.URL if belongs(site, domain) else None
    addresses = [one["email"] for contact in lead["contacts"] for one in contact["emails"]]
    return Fit.COLLEAGUE if any(belongs(_domain(address), domain) for address in addresses) else None


def is_of_company(lead: Record, signup: Signup, fields: Fields) -> bool:
    """Whether a lead says itself that it is the company's."""
    domain = signup.company.domain if signup.company is not None else ""
    return bool(domain) and (_has_domain(lead, domain, fields) or belongs(host(lead.get("url") or ""), domain))


def is_personal(lead: Record, signup: Signup, fields: Fields) -> bool:
    """Whether we made this lead for the person alone, and nobody has made anything of it since."""
    ids = fields["lead"]
    return (
        lead.get(f"custom.{ids['Signup id']}") == str(signup.uid)
        and not lead.get(f"custom.{ids['Signup domain']}")
        and lead["name"] == person_name(signup)
        and len(lead["contacts"]) == 1
        and not lead.get("opportunities")
        and not lead.get("tasks")
    )


def contact_of(lead: Record, signup: Signup, fields: Fields) -> Record | None:
    """The person among a lead's contacts: by the signup's id, else by the address."""
    key = f"custom.{fields['contact']['Signup id']}"
    contacts: list[Record] = lead["contacts"]
    for contact in contacts:
        if contact.get(key) == str(signup.uid):
            return contact
    for contact in contacts:
        if signup.person.email in [one["email"].lower() for one in contact["emails"]]:
            return contact
    return None


def _has_domain(lead: Record, domain: str, fields: Fields) -> bool:
    return str(lead.get(f"custom.{fields['lead']['Signup domain']}") or "").lower() == domain


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()


def belongs(name: str, domain: str) -> bool:
    """Whether a host or mail domain is the company's, or below it."""
    return name == domain or name.endswith(f".{domain}")


def _regular(kind: str, name: str) -> Record:
    return {"type": "regular_field", "object_type": kind, "field_name": name}


def _text(field: Record, mode: str, value: str) -> Record:
    return {"type": "field_condition", "field": field, "condition": {"type": "text", "mode": mode, "value": value}}


def _with_contact(query: Record) -> Record:
    return _related("lead", "contact", query)


def _with_email(mode: str, value: str) -> Record:
    return _related("contact", "contact_email", _text(_regular("contact_email", "email"), mode, value))


def _related(kind: str, related: str, query: Record) -> Record:
    return {
        "type": "has_related",
        "this_object_type": kind,
        "related_object_type": related,
        "related_query": query,
    }
