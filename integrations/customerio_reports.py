"""Customer.io's reporting webhooks: what became of each mail, and who left (read by `customerio.CustomerIO`).

https://docs.customer.io/journeys/webhooks/ (2026-08). A call that is not answered with 2xx holds up all later ones for
as long as seven days, so whatever is signed is taken, however odd it is; only the unsigned is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from signups.contracts import MailReport, NotTheVendor

FRESH_S = 300
SIGNATURE, TIMESTAMP = "X-CIO-Signature", "X-CIO-Timestamp"

# Customer.io's word → ours (`Mail.MOMENTS`).
_MOMENTS = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "converted": "converted",
    "bounced": "bounced",
    "dropped": "dropped",
    "undeliverable": "dropped",  # a message limit or a workspace that sends nothing: says nothing about the address
    "failed": "failed",
    "spammed": "complained",
    "unsubscribed": "unsubscribed",
}
_OLDEST, _AHEAD = datetime(2010, 1, 1, tzinfo=UTC), timedelta(days=1)
_PASSING = frozenset({"drafted", "attempted", "deferred"})  # on the way: kept, and nothing follows
_STOPS = {"bounced": "bounced", "spammed": "complained", "unsubscribed": "unsubscribed"}
_OF_PEOPLE = frozenset({"subscribed", "unsubscribed", "cio_subscription_preferences_changed"})
# The channel's spelling in one of the payloads is a slip of Customer.io's own specification: both are read.
_CHANNEL = ("object_type", "object_type_type")


def check_signature(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raises NotTheVendor unless `body` is what Customer.io signed, within the last five minutes."""
    given, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
    if not given or not stamp:
        raise NotTheVendor(f"{SIGNATURE} and {TIMESTAMP} are missing: only Customer.io's reporting webhooks come here.")
    wanted = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise NotTheVendor(
            f"{SIGNATURE} does not fit: set CUSTOMERIO_WEBHOOK_SECRET to the signing key that Customer.io shows for "
            "this webhook."
        )
    age_s = timezone.now().timestamp() - int(stamp) if stamp.isascii() and stamp.isdigit() and len(stamp) < 12 else None
    if age_s is None or abs(age_s) > FRESH_S:
        raise NotTheVendor(
            f"{TIMESTAMP} is more than {FRESH_S // 60} minutes from our time: this was sent before. If it was not, "
            "correct the server's clock."
        )


def read(body: bytes) -> list[MailReport]:
    """The reports in a signed body: an object, or a list of them. What cannot be read is a report of that."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        text = body[:2_000].decode(errors="replace")
        return [_odd(body, {"unreadable": text}, "The body is not JSON.")]
    items = said if isinstance(said, list) else [said]
    return [_read_one(item) for item in items]


def _read_one(item: Any) -> MailReport:
    raw = json.dumps(item, sort_keys=True, default=str).encode()
    if not isinstance(item, dict):
        return _odd(raw, {"item": item}, "Not an object.")
    data = _object(item.get("data"))
    who, metric, mail_key = _object(data.get("identifiers")), _metric(item), _text(data.get("delivery_id"))
    is_email = _is_email(item)
    uncounted = _why_uncounted(metric, data)
    return MailReport(
        key=_text(item.get("event_id")) or _digest(raw),
        metric=metric or "unknown",
        at=_time(item.get("timestamp")),
        mail_key=mail_key if is_email else "",
        moment=_MOMENTS.get(metric, "") if is_email and mail_key and not uncounted else "",
        person_uid=_text(who.get("id")) or _text(data.get("customer_id")),
        person_email=_text(who.get("email")) or _text(data.get("email_address")) or _text(data.get("recipient")),
        campaign=_text(data.get("campaign_id")),
        step=_text(data.get("action_id")),
        recipient=_text(data.get("recipient")),
        subject=_text(data.get("subject")),
        url=_text(data.get("href")),
        why=_text(data.get("failure_message")),
        stops=_STOPS.get(metric, "") if is_email else "",
        resumes=is_email and metric == "subscribed",
        body=item,
        note=" ".join([*_oddities(item, metric, mail_key), uncounted]).strip(),
    )


def _oddities(item: Mapping[str, Any], metric: str, mail_key: str) -> Iterator[str]:
    """What staff should know before they believe it."""
    if _time(item.get("timestamp")) is None:
        yield "No time: taken as of its receipt."
    if not _text(item.get("event_id")):
        yield "No event_id: told from others by its content."
    if not _is_email(item):
        yield "Not about an e-mail."
    elif metric not in _MOMENTS.keys() | _PASSING | _OF_PEOPLE:
        yield "An unknown metric."
    elif not mail_key and metric not in _OF_PEOPLE:
        yield "No delivery_id: which mail it was is unknown."


def _why_uncounted(metric: str, data: Mapping[str, Any]) -> str:
    """A sentence where no person did this, "" where one did."""
    if metric == "opened" and (data.get("prefetched") is True or data.get("synthetic") is True):
        return "Opened by a machine, or inferred: not counted."
    if metric == "clicked" and data.get("machine") is True:
        return "Clicked by a machine: not counted."
    return ""


def _metric(item: Mapping[str, Any]) -> str:
    return _text(item.get("metric")).lower()


def _is_email(item: Mapping[str, Any]) -> bool:
    """Push, SMS and the like are reported in the same way, and are not mails."""
    channels = (_text(item.get(name)) for name in _CHANNEL)
    return next(filter(None, channels), "email") in ("email", "customer")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _odd(raw: bytes, body: dict[str, Any], note: str) -> MailReport:
    return MailReport(key=_digest(raw), metric="unknown", at=None, body=body, note=note)


def _digest(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def _text(value: Any) -> str:
    """A text or a number as text; "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _time(value: Any) -> datetime | None:
    """Epoch seconds; milliseconds are told from them by their size. None for a time at which nothing was reported."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        at = datetime.fromtimestamp(value / 1000 if value > 100_000_000_000 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if _OLDEST <= at <= timezone.now() + _AHEAD else None
