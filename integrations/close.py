"""Close, the CRM: one lead a company, a contact a person. Colleagues join the lead that is there; nothing is doubled.

API: https://api.close.com/api/v1/ (https://developer.close.com). Close has no idempotency keys and no unique fields, so
whatever may be there is looked for before it is made: in our own deliveries, then by one search. The search's index
lags behind by up to a minute, hence `reconcile_after`. What sales typed is theirs: empty fields are filled, and only
custom fields of our own are overwritten. What a record looks like, and which one fits, is `close_records`' business.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Q

from integrations import close_records as records
from integrations.close_records import Fields, Record
from integrations.http import Door
from integrations.rows import missing
from signups.contracts import Delivered, Event, Integration, Misconfigured, Never, Outcome, Skipped
from signups.models import Delivery, Signup

SEARCH_EVERY_S = 0.5  # Close lets us search twice a second; other calls may come thirty times a second
_MOST_EARLIER = 50  # deliveries to read earlier leads from
_PAGE = 100


class FieldsAreGone(Never):
    """A custom field whose id we had remembered was deleted at Close."""


class Close(Integration):
    """Settings: an API key of a user who may add custom fields; those we need are made on first use."""

    slug = "close"
    name = "Close"
    concurrency: ClassVar[int] = 4
    is_serial_by_company: ClassVar[bool] = True
    reconcile_after: ClassVar[timedelta] = timedelta(seconds=60)

    def missing_settings(self) -> list[str]:
        return missing({"CLOSE_API_KEY": settings.CLOSE["api_key"]})

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        """A second try looks for what a first one made, so there is nothing else to reconcile."""
        try:
            return self._tell(signup, _fields())
        except FieldsAreGone:
            _forget_fields()
            return self._tell(signup, _fields())

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The same again fills in what is new; a contact that sales deleted stays away."""
        first = signup.deliveries.filter(integration=self.slug, event=Event.SIGNED_UP).first()
        if first is not None and first.made and _get("contact", first.made["contact_id"]) is None:
            return Skipped("The contact was deleted in Close.")
        return self.on_signed_up(signup, delivery)

    def _tell(self, signup: Signup, fields: Fields) -> Delivered:
        lead, is_company_s = self._find_lead(signup, fields)
        if lead is None:
            lead = _call("POST", "lead/", records.new_lead(signup, fields), is_safe=False)
            return _delivered(lead, lead["contacts"][0]["id"], f"Made the lead {lead['display_name']}.")
        contact = records.contact_of(lead, signup, fields)
        if contact is None:
            body = {"lead_id": lead["id"], **records.new_contact(signup, fields)}
            contact = _call("POST", "contact/", body, is_safe=False)
            note = f"Joined the lead {lead['display_name']}."
        else:
            _change(f"contact/{contact['id']}/", records.contact_changes(contact, signup, fields))
            note = f"Stood already on the lead {lead['display_name']}."
        if is_company_s:
            _change(f"lead/{lead['id']}/", records.lead_changes(lead, signup, fields))
        return _delivered(lead, contact["id"], note)

    def _find_lead(self, signup: Signup, fields: Fields) -> tuple[Record | None, bool]:
        """The lead where this person belongs, None where there is none yet; and whether it may stand for the company.

        Every candidate is read afresh, because the index may be behind. The one that fits best wins, then the oldest.
        Whoever had a lead of their own until their employer became known is taken over to the employer's.
        """
        earlier = self._earlier_leads(signup)
        found: list[tuple[records.Fit, str, Record]] = []
        for lead_id in dict.fromkeys((*earlier, *_search(records.candidates(signup, fields)))):
            lead = _get("lead", lead_id)
            fit = records.fit(lead, signup, fields, is_ours=lead_id in earlier) if lead is not None else None
            if lead is not None and fit is not None:
                found.append((fit, lead["date_created"], lead))
        if not found:
            return None, True
        found.sort(key=lambda each: each[:2])
        best = found[0][2]
        employers = [lead for fit, _, lead in found[1:] if fit != records.Fit.PERSON]
        if employers and records.is_personal(best, signup, fields):
            _call("POST", "lead/merge/", {"source": best["id"], "destination": employers[0]["id"]})
            return _get("lead", employers[0]["id"]), True
        return best, len(found) == 1 or records.is_of_company(best, signup, fields)

    def _earlier_leads(self, signup: Signup) -> list[str]:
        """Ids of the leads where colleagues, or this person before, were put; newest first, for leads get merged."""
        same = Q(signup__person=signup.person_id)
        if signup.company_id is not None:
            same |= Q(signup__company=signup.company_id)
        told = Delivery.objects.filter(same, integration=self.slug).exclude(made={}).order_by("-pk")
        return list(dict.fromkeys(made["lead_id"] for made in told.values_list("made", flat=True)[:_MOST_EARLIER]))


def _delivered(lead: Record, contact_id: str, note: str) -> Delivered:
    made = {"lead_id": lead["id"], "contact_id": contact_id}
    return Delivered(external_id=lead["id"], url=lead["html_url"], note=note, made=made)


# -- Custom fields -----------------------------------------------------------------------------------------------------

_known_fields: dict[tuple[str, str], Fields] = {}
_fields_lock = threading.Lock()


def _fields() -> Fields:
    """Ids of our custom fields, by object type and name; found or made once a process."""
    account = (settings.CLOSE["api_url"], settings.CLOSE["api_key"])
    with _fields_lock:
        if account not in _known_fields:
            _known_fields[account] = {kind: _provide(kind, wanted) for kind, wanted in records.CUSTOM_FIELDS.items()}
        return _known_fields[account]


def _forget_fields() -> None:
    with _fields_lock:
        _known_fields.clear()


def _provide(kind: str, wanted: dict[str, str]) -> dict[str, str]:
    """Ids of the fields `wanted` (name → type) of leads or contacts, after making those that are missing.

    Making one is called safe: a repeat lists them first. Raises Misconfigured where somebody gave one another type.
    """
    path = f"custom_field/{kind}/"
    there = {field["name"].casefold(): field for field in _list(path)}
    ids = {}
    for name, field_type in wanted.items():
        field = there.get(name.casefold())
        if field is None:
            field = _call("POST", path, {"name": name, "type": field_type})
        if field["type"] != field_type:
            advice = f"the custom field {name!r} of {kind}s is of type {field['type']}; rename it, and ours is made"
            raise Misconfigured("Close", advice)
        ids[name] = str(field["id"])
    return ids


# -- Calls -------------------------------------------------------------------------------------------------------------


class _Pace:
    """Lets callers through one by one, so many seconds apart."""

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        with self._lock:
            turn = max(self._next, time.monotonic())
            self._next = turn + self.every_s
        time.sleep(max(0.0, turn - time.monotonic()))


_searching = _Pace(SEARCH_EVERY_S)


def _search(body: Record) -> list[str]:
    """Ids of what the index holds for a query, in its order."""
    _searching.wait()
    return [row["id"] for row in _call("POST", "data/search/", body)["data"]]


def _list(path: str) -> Iterator[Record]:
    """All rows of a list, page by page."""
    skip = 0
    while True:
        page = _door().call("GET", path, params={"_skip": str(skip), "_limit": str(_PAGE)}, is_safe=True).json
        yield from page["data"]
        skip += _PAGE
        if not page.get("has_more"):
            return


def _get(kind: str, record_id: str) -> Record | None:
    """A lead or contact as it is now; None where it was deleted or merged away."""
    reply = _door().call("GET", f"{kind}/{record_id}/", is_safe=True, accept=(404,))
    found: Record = reply.json
    return None if reply.status == 404 else found


def _change(path: str, changes: Record) -> None:
    """Patch a record: what is not named stays as it is."""
    if changes:
        _call("PUT", path, changes)


def _call(method: str, path: str, body: Record, *, is_safe: bool = True) -> Any:
    try:
        return _door().call(method, path, json=body, is_safe=is_safe).json
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
    return Door("Close", url, auth=(key, ""), secrets=(key,), key_setting="CLOSE_API_KEY", url_setting="CLOSE_API_URL")


def _door() -> Door:
    return _door_to(settings.CLOSE["api_url"], settings.CLOSE["api_key"])
