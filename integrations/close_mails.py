"""The mails that Close holds, as staff read them: from its e-mail activities to ours. Fetching them is `close`'s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from signups.contracts import CrmMail

# What is asked for: without the bodies, of which ten may be longer than a reply may be.
FIELDS = (
    "id",
    "lead_id",
    "direction",
    "status",
    "subject",
    "sender",
    "to",
    "body_preview",
    "activity_at",
    "date_sent",
    "date_created",
)
_COMMON = ("inbox", "sent")  # states that go without saying
_MOST_EXCERPT = 300


def mail(row: Mapping[str, Any], urls: Mapping[str, str]) -> CrmMail | None:
    """An e-mail activity, None where it does not say when it was. `urls`: lead → its page."""
    at = moment(row)
    if at is None:
        return None
    status = _text(row.get("status"))
    return CrmMail(
        at=at,
        is_incoming=is_incoming(row),
        subject=_text(row.get("subject")),
        sender=_text(row.get("sender")),
        recipients=tuple(_text(one) for one in row.get("to") or () if one),
        excerpt=_text(row.get("body_preview"))[:_MOST_EXCERPT],
        status="" if status in _COMMON else status,
        url=urls.get(_text(row.get("lead_id")), ""),
    )


def moment(row: Mapping[str, Any]) -> datetime | None:
    """When the mail came or went."""
    return _moment(row.get("activity_at")) or _moment(row.get("date_sent")) or _moment(row.get("date_created"))


def is_incoming(row: Mapping[str, Any]) -> bool:
    return (row.get("direction") or ("incoming" if row.get("status") == "inbox" else "")) == "incoming"


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
