"""What became of mails, as the mail tool reports it: every report kept once, and what follows from it.

Reports come in any order and again and again. One that is odd is kept with a note of what was odd and never stands in
the way of the others: the tool would hold back all that comes after it. What a vendor's words mean is its
integration's business (`contracts.MailReport`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from signups.contracts import MailReport
from signups.mails import stopping
from signups.models import Campaign, Mail, MailEvent, MailStop, Signup, Verdict
from signups.storable import storable
from signups.transactions import write_transaction

KEPT = timedelta(days=90)  # a vendor repeats a report for seven days
_MOST_KEY, _MOST_BODY = 150, 20_000  # characters


@dataclass
class Taken:
    """How many reports were new, known already, and odd (which are new ones, too)."""

    new: int = 0
    known: int = 0
    odd: int = 0


def take(source: str, reports: Sequence[MailReport]) -> Taken:
    """Keep what is new and act on it, in one transaction."""
    taken = Taken()
    # In one order everywhere, so that two calls about the same mails never block each other.
    with write_transaction():
        for report in sorted((_storable(one) for one in reports), key=lambda one: (one.mail_key, one.key)):
            event = _keep(source, report)
            if event is None:
                taken.known += 1
                continue
            taken.new += 1
            _act(source, report, event)
            taken.odd += bool(event.note)
    return taken


def prune() -> None:
    """Forget the reports themselves after 90 days; the mails with their moments stay."""
    with write_transaction():
        MailEvent.objects.filter(received_at__lt=Now() - KEPT).delete()


def _keep(source: str, report: MailReport) -> MailEvent | None:
    """The report's row, None where it was there already."""
    values = {
        "metric": report.metric[:50],
        "at": report.at or timezone.now(),
        "body": report.body,
        "note": report.note[:500],
    }
    try:
        with transaction.atomic():
            event, is_new = MailEvent.objects.get_or_create(source=source, key=report.key, defaults=values)
    except (DatabaseError, RecursionError):  # a body that this database takes for no JSON, such as a very deep one
        odd = values | {"body": {"unreadable": repr(report.body)[:2_000]}, "note": "The database refuses the body."}
        event, is_new = MailEvent.objects.get_or_create(source=source, key=report.key, defaults=odd)
    return event if is_new else None


def _act(source: str, report: MailReport, event: MailEvent) -> None:
    at = report.at or event.at
    mail = _mail(source, report, at) if report.mail_key else None
    if mail is not None and report.moment:
        _write_moment(mail, report, at)
    is_known = mail is not None and mail.signup_id is not None
    if report.stops or report.resumes:
        signup = mail.signup if mail is not None and is_known else _signup(report)
        is_known = signup is not None
        if signup is not None and report.stops:
            stopping.stop(signup.person, MailStop(report.stops), at, _said(report))
        elif signup is not None:
            stopping.subscribed(signup.person, at)
    is_about_somebody = mail is not None or report.stops or report.resumes
    strange = "" if is_known or not is_about_somebody else "Nobody is known by this id or address."
    event.mail, event.note = mail, " ".join(filter(None, (event.note, strange)))[:500]
    event.save(update_fields=["mail", "note"])


def _mail(source: str, report: MailReport, at: datetime) -> Mail:
    """The mail a report is about, locked; made at its first report, completed by later ones that know more."""
    mail = Mail.objects.select_for_update().filter(source=source, key=report.mail_key).first()
    if mail is None:
        signup = _signup(report)
        mail, is_new = Mail.objects.get_or_create(
            source=source,
            key=report.mail_key,
            defaults={
                "signup": signup,
                "campaign": _campaign(source, report, signup),
                "action_key": report.step[:100],
                "recipient": report.recipient[:254],
                "subject": report.subject[:500],
                "first_at": at,
            },
        )
        if is_new:
            return mail
        mail = Mail.objects.select_for_update().get(pk=mail.pk)  # another request was faster
    _complete(mail, source, report, at)
    return mail


def _complete(mail: Mail, source: str, report: MailReport, at: datetime) -> None:
    """What earlier reports of this mail did not say."""
    signup = _signup(report) if mail.signup_id is None else None
    news: dict[str, Any] = {"signup": signup} if signup is not None else {}
    if mail.campaign_id is None and report.campaign:
        news["campaign"] = _campaign(source, report, signup or mail.signup)
    for name, value, most in (
        ("action_key", report.step, 100),
        ("recipient", report.recipient, 254),
        ("subject", report.subject, 500),
    ):
        if value and not getattr(mail, name):
            news[name] = value[:most]
    if at < mail.first_at:
        news["first_at"] = at
    for name, value in news.items():
        setattr(mail, name, value)
    if news:
        mail.save(update_fields=list(news))


def _write_moment(mail: Mail, report: MailReport, at: datetime) -> None:
    """The first moment of its kind counts, whatever the order of reports. Who clicked has opened."""
    fields = []
    moments = ("clicked", "opened") if report.moment == "clicked" else (report.moment,)
    for moment in moments:
        known = mail.moment(moment)
        if known is None or at < known:
            setattr(mail, f"{moment}_at", at)
            fields.append(f"{moment}_at")
            if moment == "clicked":
                mail.clicked_url = report.url[:2000]
                fields.append("clicked_url")
    if report.why and not mail.why:
        mail.why = report.why[:1000]
        fields.append("why")
    if fields:
        mail.save(update_fields=fields)


def _campaign(source: str, report: MailReport, signup: Signup | None) -> Campaign | None:
    """The campaign, made at first sight under a name that staff change; a second step to one person makes it a drip."""
    if not report.campaign:
        return None
    key = report.campaign[:100]
    defaults = {"name": f"Campaign {key}"}
    campaign, _ = Campaign.objects.get_or_create(source=source, key=key, defaults=defaults)
    if not campaign.is_drip and signup is not None and report.step:
        others = Mail.objects.filter(campaign=campaign, signup=signup).exclude(action_key__in=("", report.step[:100]))
        if others.exists():
            campaign.is_drip = True
            campaign.save(update_fields=["is_drip"])
    return campaign


def _signup(report: MailReport) -> Signup | None:
    """Whose mail it was: by our id, else by address. Of several signups the accepted one, and of those the newest."""
    signups = Signup.objects.select_related("person")
    try:
        found = signups.filter(uid=UUID(report.person_uid)).first()
    except ValueError:
        found = None
    if found is None and report.person_email:
        theirs = list(signups.filter(person__email=report.person_email.lower()).order_by("-created_at"))
        found = next((one for one in theirs if one.verdict == Verdict.ACCEPTED), theirs[0] if theirs else None)
    return found


def _said(report: MailReport) -> str:
    about = f"“{report.subject}”" if report.subject else ""
    return ": ".join(filter(None, (about, report.why)))


def _storable(report: MailReport) -> MailReport:
    """The report with nothing in it that a database refuses, its keys short enough to be kept."""
    texts = {name: storable(value) for name, value in vars(report).items() if isinstance(value, str)}
    for name in ("key", "mail_key"):
        if len(texts[name]) > _MOST_KEY:
            texts[name] = "sha256:" + hashlib.sha256(texts[name].encode()).hexdigest()
    return replace(report, **texts, body=_storable_body(report.body))


def _storable_body(body: Any) -> Any:
    try:
        clean = _finite(storable(body))
        text = json.dumps(clean)
    except (RecursionError, TypeError, ValueError):
        return {"unreadable": storable(repr(body)[:2_000])}
    return clean if len(text) <= _MOST_BODY else {"cut": text[:_MOST_BODY]}


def _finite(value: Any) -> Any:
    """JSON has no infinity and no NaN, Python's reader takes them all the same."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case dict():
            return {name: _finite(one) for name, one in value.items()}
        case list():
            return [_finite(one) for one in value]
    return value
