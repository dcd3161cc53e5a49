"""The mails in Close, read for how people sign them: the latest few from a company's domain, or from one address.

https://developer.close.com/api/resources/activities/email — one search for the contacts, one list of their e-mail
activities without bodies, and one of the few bodies that matter: a body may hold a thread of years.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from email.utils import parseaddr
from typing import Any, ClassVar

from django.conf import settings

from integrations import close_api as api
from integrations import close_mails as mails
from integrations import close_records as records
from integrations.rows import missing
from signups.contracts import Deadline, Found, IncomingMail, Provider, Rate

_FIELDS = ("id", "contact_id", "direction", "status", "sender", "activity_at", "date_sent", "date_created")
_LISTED = 50  # the latest mails with these contacts, both ways
_OF_EACH = 2  # mails of one sender: the latest may be a line from a phone
_MOST = 8  # bodies
_MOST_BYTES = 4_000_000  # of them together


class CloseSignatures(Provider):
    slug = "close_mail"
    name = "Mail in Close"
    needs = ("CLOSE_API_KEY",)
    privacy = "The company's domain, or a personal address, goes to Close, which holds the mails with them anyway."
    confidence = 0.75
    is_slow = True
    holds_for: ClassVar[Mapping[Found, timedelta]] = {
        Found.FOUND: timedelta(days=14),
        Found.NOT_FOUND: timedelta(days=3),
    }

    def missing_settings(self) -> list[str]:
        return missing({"CLOSE_API_KEY": settings.CLOSE["api_key"]})

    def rate(self) -> Rate:
        """What the deliveries leave: Close takes two searches a second, of which those make nearly all."""
        return Rate(1, 5)

    def find_mails(self, key: str, deadline: Deadline) -> Sequence[IncomingMail]:
        found = api.call("POST", "data/search/", records.contacts_at(key), deadline=deadline)["data"]
        names = {str(row["id"]): str(row.get("name") or "") for row in found}
        if not names:
            return []
        wanted = {"contact_id": ",".join(names), "_limit": str(_LISTED), "_fields": ",".join(_FIELDS)}
        listed = _listed(wanted, deadline)
        chosen = {str(row["id"]): row for row in _chosen(listed, key)}
        if not chosen:
            return []
        wanted = {"id__in": ",".join(chosen), "_limit": str(_MOST), "_fields": "id,body_text"}
        texts = {str(row["id"]): row.get("body_text") for row in _listed(wanted, deadline)}
        read = (_mail(row, texts.get(mail_id), names) for mail_id, row in chosen.items())
        return [mail for mail in read if mail is not None]


def _listed(wanted: Mapping[str, str], deadline: Deadline) -> list[records.Record]:
    door = replace(api.door(), most_bytes=_MOST_BYTES)
    page = door.call("GET", "activity/email/", params=wanted, is_safe=True, deadline=deadline).json
    rows: list[records.Record] = page["data"]
    return rows


def _chosen(rows: Sequence[records.Record], key: str) -> Iterator[records.Record]:
    """The latest mails that came from there, of each sender a few; `rows` are newest first, as Close lists them."""
    chosen: dict[str, int] = {}
    for row in rows:
        sender = _sender(row)[1]
        if mails.is_incoming(row) and _is_from(sender, key) and chosen.get(sender, 0) < _OF_EACH:
            chosen[sender] = chosen.get(sender, 0) + 1
            yield row
            if sum(chosen.values()) == _MOST:
                return


def _mail(row: records.Record, text: Any, names: Mapping[str, str]) -> IncomingMail | None:
    at = mails.moment(row)
    if at is None or not isinstance(text, str):
        return None
    name, sender = _sender(row)
    return IncomingMail(at, sender, name or names.get(str(row.get("contact_id")), ""), text)


def _sender(row: records.Record) -> tuple[str, str]:
    """Name and address out of "Ada Byrne <ada@dev.test>"; the name is "" where there is the address alone."""
    name, address = parseaddr(str(row.get("sender") or "")[:1000])
    return " ".join(name.split()), address.lower()


def _is_from(sender: str, key: str) -> bool:
    """Whether an address is this one, or is at this domain or below it."""
    return sender == key if "@" in key else records.belongs(sender.rpartition("@")[2], key)
