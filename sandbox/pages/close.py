"""Close's leads as sales sees them: contacts, custom fields, tasks, and what happened when."""

from __future__ import annotations

from collections.abc import Iterator

from aiohttp import web

from sandbox.pages.site import Record, held, missing, render, wanted

MOST_COLUMNS = 3
"""Custom fields in the list of leads, ids apart; a lead's own page has them all."""
_PREFIX = "custom."


async def leads(request: web.Request) -> web.Response:
    snapshot = held(request, "close")
    newest_first = sorted(snapshot.get("leads", []), key=lambda lead: str(lead["date_updated"]), reverse=True)
    rows = wanted(request, newest_first)
    names = [str(field["name"]) for field in snapshot.get("custom_fields", {}).get("lead", [])]
    columns = [name for name in names if not name.casefold().endswith("id")][:MOST_COLUMNS]
    return render(request, "close.html", leads=rows, total=len(newest_first), columns=columns)


async def lead(request: web.Request) -> web.Response:
    snapshot, lead_id = held(request, "close"), request.match_info["lead"]
    found = next((each for each in snapshot["leads"] if each["id"] == lead_id), None)
    if found is None:
        return missing(request, "Close has no such lead (any more).")
    fields = snapshot["custom_fields"]
    names = {field["id"]: field["name"] for kind in ("contact", "shared") for field in fields[kind]}
    contacts = [{**each, "fields": _fields(each, names)} for each in found["contacts"]]
    activities = sorted(_activities(snapshot, found), key=lambda each: str(each["at"]), reverse=True)
    return render(request, "close_lead.html", lead=found, contacts=contacts, activities=activities)


def _fields(contact: Record, names: dict[str, str]) -> Record:
    """A contact's custom fields by name."""
    held_by = {key.removeprefix(_PREFIX): value for key, value in contact.items() if key.startswith(_PREFIX)}
    return {names.get(field_id, field_id): value for field_id, value in held_by.items()}


def _activities(snapshot: Record, lead: Record) -> Iterator[Record]:
    """Everything that happened around a lead."""
    people = {contact["id"]: contact["display_name"] for contact in lead["contacts"]}
    yield {"kind": "created", "at": lead["date_created"], "title": "Lead created", "by": lead["created_by_name"]}
    for contact in lead["contacts"]:
        yield {"kind": "created", "at": contact["date_created"], "title": f"Contact {contact['display_name']} added"}
    for note in _of(snapshot["notes"], lead):
        yield {
            "kind": "note",
            "at": note["activity_at"] or note["date_created"],
            "title": note["title"] or "Note",
            "by": note["created_by_name"],
            "about": people.get(note["contact_id"]),
            "text": note["note"],
        }
    for mail in _of(snapshot["emails"], lead):
        way = "from" if mail["direction"] == "incoming" else "to"
        yield {
            "kind": "mail",
            "at": mail["activity_at"],
            "title": mail["subject"],
            "by": f"{way} {mail['sender'] if way == 'from' else ', '.join(mail['to'])}",
            "text": mail["body_text"],
        }
    for task in lead["tasks"]:
        done = "done" if task["is_complete"] else f"due {task['date']}"
        title = f"Task, {done}"
        yield {
            "kind": "task",
            "at": task["date_created"],
            "title": title,
            "by": task["assigned_to_name"],
            "text": task["text"],
        }


def _of(records: list[Record], lead: Record) -> list[Record]:
    return [record for record in records if record["lead_id"] == lead["id"]]


routes = [web.get("/see/close", leads), web.get("/close/leads/{lead}", lead)]
