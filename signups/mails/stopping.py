"""When no more mail may go to somebody, and when it may again.

Bounces, complaints and unsubscribing stop every later mail of ours; `Person.why_no_mail()` is what senders ask. Reports
come late and out of order: a report older than what is known changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from signups.models import MailStop, Person
from signups.transactions import write_transaction

# A later, weaker reason never hides a stronger one.
_SUBSCRIBED = "They subscribed."
_STRENGTH = {"": 0, MailStop.UNSUBSCRIBED: 1, MailStop.BOUNCED: 2, MailStop.COMPLAINED: 3}


def stop(person: Person, why: MailStop, at: datetime, note: str = "") -> bool:
    """No more mail to this person, because of something at `at`; says whether that is news."""
    with write_transaction():
        kept = Person.objects.select_for_update().get(pk=person.pk)
        if _was_lifted_since(kept, why, at) or _STRENGTH[why] <= _STRENGTH[kept.mail_stopped]:
            return False
        _write(kept, why, at, note)
    return True


def subscribed(person: Person, at: datetime) -> bool:
    """They subscribed again: that lifts their own unsubscribing, and nothing else. Says whether it did."""
    with write_transaction():
        kept = Person.objects.select_for_update().get(pk=person.pk)
        is_older = kept.mail_stopped_at is not None and kept.mail_stopped_at > at
        if is_older or kept.mail_stopped not in ("", MailStop.UNSUBSCRIBED):
            return False
        was_stopped = bool(kept.mail_stopped)
        _write(kept, "", at, _SUBSCRIBED)
    return was_stopped


def lift(person: Person, note: str) -> bool:
    """Staff let mail go there again; says whether it was stopped."""
    with write_transaction():
        kept = Person.objects.select_for_update().get(pk=person.pk)
        if not kept.mail_stopped:
            return False
        _write(kept, "", timezone.now(), note)
    return True


def _was_lifted_since(person: Person, why: MailStop, at: datetime) -> bool:
    """Whether what happened at `at` is over: who subscribed has not healed an address, nor taken back a complaint."""
    if person.mail_stopped or person.mail_stopped_at is None or person.mail_stopped_at < at:
        return False
    return why == MailStop.UNSUBSCRIBED or person.mail_stopped_note != _SUBSCRIBED


def _write(person: Person, why: MailStop | str, at: datetime, note: str) -> None:
    person.mail_stopped, person.mail_stopped_at, person.mail_stopped_note = str(why), at, note[:500]
    person.save(update_fields=["mail_stopped", "mail_stopped_at", "mail_stopped_note", "updated_at"])
