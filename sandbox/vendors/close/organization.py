"""The memory of one Close organisation: its people, statuses and records, and what follows from every change.

A change is stamped, shown to the search index and told to the webhooks. Records are kept as plain dicts under
their id; ``views.py`` words them for clients. Which call changes what is in ``leads.py``, ``contacts.py`` and
``activities.py``.
"""

from __future__ import annotations

import copy
import string
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox.core import World
from sandbox.vendors.close import values, views
from sandbox.vendors.close.api import Record, field_errors, not_found
from sandbox.vendors.close.custom_fields import PREFIX, CustomFields
from sandbox.vendors.close.index import Index
from sandbox.vendors.close.values import BadValue, Check

BASE62 = string.digits + string.ascii_letters
ID_CHARS = 43

LEAD_STATUSES = ("Potential", "Bad Fit", "Qualified", "Customer", "Interested", "Canceled")
OPPORTUNITY_STATUSES = (("Active", "active"), ("Won", "won"), ("Lost", "lost"))

Listener = Callable[[str, str, Record, Record], None]
"""Called with an object type, an action, the object before and the object after."""


class Organization:
    def __init__(self, world: World, options: Record, tell: Listener) -> None:
        self._world = world
        self.options = options
        self._tell = tell
        self.id = self.new_id("orga")
        self.api_user = self._user("Onboarding", "API", "api@onboarding.test")
        self.sales_user = self._user("Rob", "Hale", "rob@onboarding.test")
        self.users: dict[str, Record] = {user["id"]: user for user in (self.api_user, self.sales_user)}
        self.actor = self.api_user
        """Who is acting: the owner of the API key, but for what sales typed by hand."""
        self.lead_statuses = [self._status(label) for label in LEAD_STATUSES]
        self.opportunity_statuses = [{**self._status(label), "type": kind} for label, kind in OPPORTUNITY_STATUSES]
        self.fields = CustomFields()
        self.index = Index()
        self.leads: dict[str, Record] = {}
        self.contacts: dict[str, Record] = {}
        self.notes: dict[str, Record] = {}
        self.emails: dict[str, Record] = {}
        self.tasks: dict[str, Record] = {}
        self.opportunities: dict[str, Record] = {}
        self._of_lead: dict[tuple[str, str], dict[str, Record]] = {}
        self.cursors: dict[str, Any] = {}
        """Searches under way; ``search.py`` says what is kept of one."""

    # ---- ids, clocks, people

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(self._world.rng.choices(BASE62, k=ID_CHARS))}"

    def now(self) -> float:
        return self._world.now()

    def stamp(self) -> str:
        """Now, as Close writes it: 2022-02-01T18:23:34.666000+00:00."""
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="microseconds")

    def indexed(self, ids: Collection[str] | None = None) -> Iterator[Record]:
        """Leads and contacts, all or those with these ids, as search sees them, which is a while ago."""
        for document in self.index.documents(self.now() - float(self.options["index_lag_s"]), ids):
            is_lead = document["id"] in self.leads
            yield {**document, "html_url": self.html_url(document["id"])} if is_lead else document

    def token(self) -> str:
        return f"{self._world.rng.getrandbits(256):064x}"

    def _user(self, first: str, last: str, email: str) -> Record:
        return {
            "id": self.new_id("user"),
            "first_name": first,
            "last_name": last,
            "display_name": f"{first} {last}",
            "email": email,
            "image": "",
            "last_used_timezone": "Europe/London",
        }

    def user_name(self, user_id: str | None) -> str | None:
        user = self.users.get(user_id or "")
        return str(user["display_name"]) if user else None

    def _status(self, label: str) -> Record:
        return {"id": self.new_id("stat"), "label": label, "organization_id": self.id}

    def status(self, statuses: list[Record], status_id: str) -> Record:
        return next(status for status in statuses if status["id"] == status_id)

    # ---- changing records

    def new_record(self, prefix: str, **content: Any) -> Record:
        now = self.stamp()
        return {
            "id": self.new_id(prefix),
            "organization_id": self.id,
            "created_by": self.actor["id"],
            "updated_by": self.actor["id"],
            "date_created": now,
            "date_updated": now,
            **content,
        }

    def blank_lead(self) -> Record:
        """A lead without a name, in the organisation's first status."""
        status_id = self.lead_statuses[0]["id"]
        return self.new_record(
            "lead", name=None, url=None, description="", status_id=status_id, addresses=[], custom={}
        )

    def patched(self, record: Record, body: Record, checks: dict[str, Check], object_type: str = "") -> Record:
        """A copy of the record with the given fields replaced; unknown ones are ignored, as Close does on create.

        ``object_type`` is given where the record has custom fields. Raises CloseError with every wrong field.
        """
        changed, errors = copy.deepcopy(record), {}
        for name, value in body.items():
            try:
                if name in checks:
                    changed[name] = checks[name](value)
                elif object_type and name.startswith(PREFIX):
                    self.fields.put(object_type, changed["custom"], name, value)
            except BadValue as error:
                errors[name] = error.detail
        if errors:
            raise field_errors(errors)
        return changed

    def save(self, kind: str, record: Record) -> Record:
        """Store a new or changed record and let index and webhooks know. Returns it as clients see it."""
        shelf, view = self._shelf(kind)
        old = shelf.get(record["id"])
        before = view(old) if old else {}
        if old:
            record = {**record, "updated_by": self.actor["id"], "date_updated": self.stamp()}
        shelf[record["id"]] = record
        self._belongings(kind, record)[record["id"]] = record
        if old and old.get("lead_id") != record.get("lead_id"):
            del self._belongings(kind, old)[old["id"]]
            self._reindex(kind, old)
        self._reindex(kind, record)
        after = view(record)
        self._tell(kind, "updated" if before else "created", before, after)
        return after

    def delete(self, kind: str, record_id: str) -> None:
        shelf, view = self._shelf(kind)
        record = self.get(kind, record_id)
        before = view(record)
        del shelf[record_id]
        self._belongings(kind, record).pop(record_id, None)
        self._reindex(kind, record)
        self._tell(kind, "deleted", before, {})

    def _belongings(self, kind: str, record: Record) -> dict[str, Record]:
        """The records of this kind that belong to the same lead, by id."""
        return self._of_lead.setdefault((kind, record.get("lead_id", "")), {})

    def get(self, kind: str, record_id: str) -> Record:
        """The record. Raises CloseError 404."""
        shelf, _ = self._shelf(kind)
        if record_id not in shelf:
            raise not_found()
        return shelf[record_id]

    def views(self, kind: str, lead_id: str | None = None) -> list[Record]:
        """Records as clients see them, oldest first; those of one lead if given."""
        shelf, view = self._shelf(kind)
        records = shelf if lead_id is None else self._of_lead.get((kind, lead_id), {})
        return [view(record) for record in records.values()]

    def _shelf(self, kind: str) -> tuple[dict[str, Record], Callable[[Record], Record]]:
        return {
            "lead": (self.leads, self.lead_view),
            "contact": (self.contacts, self.contact_view),
            "opportunity": (self.opportunities, self.opportunity_view),
            "task": (self.tasks, copy.deepcopy),
            "activity.note": (self.notes, copy.deepcopy),
            "activity.email": (self.emails, copy.deepcopy),
        }[kind]

    def _reindex(self, kind: str, record: Record) -> None:
        """A lead's document holds its contacts, tasks and opportunities, so their changes are its changes."""
        if kind == "contact":
            contact = self.contacts.get(record["id"])
            self.index.write(record["id"], self.contact_view(contact) if contact else None, self.now())
        lead_id = record["id"] if kind == "lead" else record["lead_id"]
        lead = self.leads.get(lead_id)
        self.index.write(lead_id, self.lead_view(lead) if lead else None, self.now())

    # ---- as clients see it

    def html_url(self, lead_id: str) -> str:
        """The page of a lead, in this sandbox rather than at app.close.com."""
        return f"{self._world.base_url}/close/leads/{lead_id}"

    def lead_view(self, lead: Record) -> Record:
        return views.of_lead(self, lead)

    def contact_view(self, contact: Record) -> Record:
        return views.of_contact(self, contact)

    def opportunity_view(self, opportunity: Record) -> Record:
        return views.of_opportunity(self, opportunity)

    # ---- references between records

    def reference(self, kind: str) -> Check:
        """A check that a value is the id of an existing record, or null."""

        def check(value: Any) -> str | None:
            record_id = values.text(value)
            if record_id is not None and record_id not in self._shelf(kind)[0]:
                raise BadValue(f"There is no such {kind}.")
            return record_id

        return check

    def user_reference(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.users:
            raise BadValue("There is no such user.")
        return str(value)

    def status_reference(self, statuses: list[Record]) -> Check:
        def check(value: Any) -> str:
            if not any(status["id"] == value for status in statuses):
                raise BadValue("There is no such status.")
            return str(value)

        return check
