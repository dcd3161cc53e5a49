"""What happens around a lead: notes, e-mails (to read, and to log those received), tasks and opportunities."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.vendors.close import values
from sandbox.vendors.close.api import Call, Record, Reply, Route, field_errors, matching, page
from sandbox.vendors.close.contacts import ghost_lead
from sandbox.vendors.close.correspondence import blank_email
from sandbox.vendors.close.organization import Organization
from sandbox.vendors.close.values import BadValue, Check

_BODY = re.compile(r"<body\b.*</body>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
LARGEST_AMOUNT = 10**12
"""Cents. More than anybody sells; a check against dollars and cents mixed up with something else."""


# ---- notes


def _create_note(org: Organization, body: Record) -> Record:
    blank = org.new_record(
        "acti",
        _type="Note",
        lead_id=None,
        contact_id=None,
        user_id=org.actor["id"],
        user_name=org.actor["display_name"],
        users=[],
        created_by_name=org.actor["display_name"],
        updated_by_name=org.actor["display_name"],
        activity_at=org.stamp(),
        note="",
        note_html="<body></body>",
        title=None,
        pinned=False,
        attachments=[],
    )
    return org.patched(blank, _with_both_notes(body), _note_checks(org))


def _note_checks(org: Organization) -> dict[str, Check]:
    return {
        "lead_id": org.reference("lead"),
        "contact_id": org.reference("contact"),
        "user_id": org.user_reference,
        "note": values.text,
        "note_html": _rooted,
        "title": values.text,
        "pinned": values.boolean,
        "activity_at": values.moment,
    }


def _rooted(value: Any) -> str:
    if not isinstance(value, str) or not _BODY.fullmatch(value.strip()):
        raise BadValue("Expected HTML with <body> as its root element.")
    return value


def _with_both_notes(body: Record) -> Record:
    """``note`` and ``note_html`` are two views of one text; where both are given the HTML wins."""
    if body.get("note_html") is not None:
        return {**body, "note": _TAG.sub("", str(body["note_html"])).strip()}
    if isinstance(body.get("note"), str):
        escaped = body["note"].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {**body, "note_html": f"<body><p>{escaped}</p></body>"}
    return body


# ---- e-mails


def _log_email(org: Organization, call: Call) -> Reply:
    """Log a mail that was received already (status "inbox"); none is ever sent from here."""
    call.required("lead_id")
    if call.body.get("status") != "inbox":
        raise field_errors({"status": "The sandbox takes only inbox, for a mail that was received already."})
    call.required("sender")
    record = org.patched(blank_email(org), call.body, _email_checks(org))
    record["body_preview"] = str(record["body_text"] or "")[:100]
    record["activity_at"] = record["date_sent"] = record["date_sent"] or org.stamp()
    return Reply(org.save("activity.email", record))


def _email_checks(org: Organization) -> dict[str, Check]:
    return {
        "lead_id": org.reference("lead"),
        "contact_id": org.reference("contact"),
        "status": values.one_of("inbox"),
        "subject": values.text,
        "sender": values.text,
        "to": lambda value: value,
        "body_text": values.text,
        "date_sent": values.moment,
    }


# ---- tasks


def _create_task(org: Organization, body: Record) -> Record:
    kind = body.get("_type", "lead")
    if kind not in ("lead", "outgoing_call"):
        raise field_errors({"_type": "Expected one of: lead, outgoing_call."})
    blank = org.new_record(
        "task",
        _type=kind,
        lead_id=None,
        contact_id=None,
        assigned_to=org.actor["id"],
        assigned_to_name=org.actor["display_name"],
        text="",
        date=org.stamp()[:10],
        is_complete=False,
        view="inbox",
        object_type=None,
        object_id=None,
    )
    task = org.patched(blank, body, _task_checks(org))
    return {**task, "assigned_to_name": org.user_name(task["assigned_to"])}


def _task_checks(org: Organization) -> dict[str, Check]:
    return {
        "lead_id": org.reference("lead"),
        "contact_id": org.reference("contact"),
        "assigned_to": org.user_reference,
        "text": values.text,
        "date": values.date_or_moment,
        "is_complete": values.boolean,
    }


# ---- opportunities


def _create_opportunity(org: Organization, body: Record) -> Record:
    blank = org.new_record(
        "oppo",
        lead_id=None,
        contact_id=None,
        user_id=org.actor["id"],
        status_id=org.opportunity_statuses[0]["id"],
        value=None,
        value_period="one_time",
        confidence=50,
        note="",
        date_won=None,
        date_lost=None,
        custom={},
    )
    opportunity = org.patched(blank, body, _opportunity_checks(org), "opportunity")
    opportunity["lead_id"] = opportunity["lead_id"] or ghost_lead(org)
    return opportunity


def _opportunity_checks(org: Organization) -> dict[str, Check]:
    return {
        "lead_id": org.reference("lead"),
        "contact_id": org.reference("contact"),
        "user_id": org.user_reference,
        "status_id": org.status_reference(org.opportunity_statuses),
        "value": values.whole_number(0, LARGEST_AMOUNT),
        "value_period": values.one_of("one_time", "monthly", "annual"),
        "confidence": values.not_null(values.whole_number(0, 100)),
        "note": values.text,
        "date_won": values.calendar_date,
    }


# ---- the endpoints of all of them


def _endpoints(
    path: str,
    kind: str,
    create: Callable[[Organization, Record], Record],
    checks: Callable[[Organization], dict[str, Check]],
    *filters: str,
    needs_lead: bool = True,
    prepare: Callable[[Record], Record] = dict,
) -> tuple[Route, ...]:
    custom = kind if kind == "opportunity" else ""

    def post(org: Organization, call: Call) -> Reply:
        if needs_lead:
            call.required("lead_id")
        return Reply(org.save(kind, create(org, call.body)))

    def put(org: Organization, call: Call) -> Reply:
        record = org.patched(org.get(kind, call.path["id"]), prepare(call.body), checks(org), custom)
        return Reply(org.save(kind, record))

    def delete(org: Organization, call: Call) -> Reply:
        org.delete(kind, call.path["id"])
        return Reply({})

    return (
        *_readers(path, kind, *filters),
        Route("POST", f"{path}/", post),
        Route("PUT", f"{path}/{{id}}/", put),
        Route("DELETE", f"{path}/{{id}}/", delete),
    )


def _readers(path: str, kind: str, *filters: str) -> tuple[Route, ...]:
    """The list, newest first, and the single record."""

    def listed(org: Organization, call: Call) -> Reply:
        rows = matching(call, org.views(kind), "lead_id", *filters)
        if "id__in" in call.params:
            wanted = str(call.params["id__in"]).split(",")
            rows = [row for row in rows if row["id"] in wanted]
        rows.sort(key=lambda row: str(row.get("activity_at") or row["date_created"]), reverse=True)
        return page(call, rows)

    def get(org: Organization, call: Call) -> Reply:
        record_id = org.get(kind, call.path["id"])["id"]
        return Reply(next(view for view in org.views(kind) if view["id"] == record_id))

    return (Route("GET", f"{path}/", listed), Route("GET", f"{path}/{{id}}/", get))


ROUTES = (
    *_endpoints(
        "activity/note", "activity.note", _create_note, _note_checks, "contact_id", "user_id", prepare=_with_both_notes
    ),
    *_readers("activity/email", "activity.email", "contact_id", "user_id"),
    Route("POST", "activity/email/", _log_email),
    *_endpoints("task", "task", _create_task, _task_checks, "_type", "assigned_to", "is_complete", "view"),
    *_endpoints(
        "opportunity",
        "opportunity",
        _create_opportunity,
        _opportunity_checks,
        "status_id",
        "user_id",
        "status_type",
        needs_lead=False,
    ),
)
