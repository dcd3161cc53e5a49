"""A signed link out, a confirmed signup back.

The link expires, works once, and does nothing when it is merely fetched: mail scanners follow links, so the page shows
a button and only its POST confirms. Who pressed it is looked at too (`vetting.clicks`): where that makes the rules say
more than *confirm*, their word holds. The mail itself is a delivery like any other (`integrations.confirmation_mail`),
planned by the signal of a saved `Confirmation`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from signups import verdicts
from signups.models import Confirmation, Signup, Verdict, VerdictChange
from signups.transactions import write_transaction
from signups.vetting import CheckResult, clicks
from signups.vetting.networks import network_of

LIFETIME = timedelta(hours=48)
GAP = timedelta(seconds=60)  # between two mails to one signup
MOST_PER_DAY = 5
_SALT = "signups.confirmation"


class LinkError(Exception):
    """A confirmation link that does not confirm. `sentence` tells the person why and what to do."""

    status = 410
    title = ""
    sentence = ""

    def __init__(self, signup: Signup | None = None) -> None:
        self.signup = signup
        super().__init__(self.sentence)


class InvalidLink(LinkError):
    status = 404
    title = "This link does not work"
    sentence = "It is not complete. Copy it whole from the mail, or sign up again."


class ExpiredLink(LinkError):
    title = "This link has expired"
    sentence = "It worked for 48 hours. Have a new one sent to your mailbox: it takes a minute."


class UsedLink(LinkError):
    title = "This link has been used"
    sentence = "Your address is confirmed, and each link works once. To come back, have a new one sent to your mailbox."


class ResendRefused(Exception):
    """Another confirmation mail is not sent now."""


class TooSoon(ResendRefused):
    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        seconds = "a second" if retry_after_s == 1 else f"{retry_after_s} seconds"
        super().__init__(f"A mail was sent just now. Please wait {seconds} before asking for another.")


class TooMany(ResendRefused):
    def __init__(self) -> None:
        super().__init__(
            f"We have sent {MOST_PER_DAY} mails within a day. Please look in your spam folder, or try again tomorrow."
        )


def ask(signup: Signup) -> Confirmation:
    """Make the next confirmation of this signup, in the caller's transaction; the signal plans its mail."""
    last = signup.confirmations.aggregate(last=Max("number"))["last"] or 0
    return Confirmation.objects.create(signup=signup, number=last + 1, expires_at=timezone.now() + LIFETIME)


def resend(signup: Signup) -> Confirmation:
    """Another mail with a fresh link. Raises TooSoon or TooMany."""
    with write_transaction():
        Signup.objects.select_for_update().get(pk=signup.pk)
        now = timezone.now()
        last_day = signup.confirmations.filter(created_at__gt=now - timedelta(days=1))
        latest = last_day.order_by("-created_at").first()
        if latest is not None and latest.created_at > now - GAP:
            raise TooSoon(int((latest.created_at + GAP - now).total_seconds()) + 1)
        if last_day.count() >= MOST_PER_DAY:
            raise TooMany
        return ask(signup)


def ask_again(signup: Signup) -> Confirmation | None:
    """`resend` for somebody who did not ask for a mail as such: None where the limits forbid one."""
    try:
        return resend(signup)
    except ResendRefused:
        return None


def was_asked_lately(signup: Signup) -> bool:
    """Whether a mail has been asked for whose link may still be awaited."""
    return signup.confirmations.filter(created_at__gt=timezone.now() - LIFETIME).exists()


def link(confirmation: Confirmation) -> str:
    """The absolute URL that goes into the mail."""
    token = signing.dumps([confirmation.signup.uid.hex, confirmation.number], salt=_SALT)
    return settings.BASE_URL + reverse("signups:confirm", args=[token])


def read(token: str) -> Confirmation:
    """The confirmation a link stands for, changing nothing. Raises InvalidLink, ExpiredLink or UsedLink."""
    try:
        uid, number = signing.loads(token, salt=_SALT)
        confirmation = Confirmation.objects.select_related("signup__person").get(
            signup__uid=UUID(hex=uid), number=number
        )
    except (signing.BadSignature, Confirmation.DoesNotExist, ValueError, TypeError):
        raise InvalidLink from None
    signup = confirmation.signup
    if confirmation.used_at or (signup.confirmed_at and confirmation.created_at < signup.confirmed_at):
        raise UsedLink(signup)
    if signup.verdict == Verdict.REJECTED:
        raise InvalidLink
    if confirmation.expires_at <= timezone.now():
        raise ExpiredLink(signup)
    return confirmation


def confirm(token: str, ip: str | None = None, device_id: str = "") -> Signup:
    """Use the link: the address is confirmed, and a signup that waited for this is accepted, held where the rules say
    so for the click.

    `ip` and `device_id` are those of whoever pressed the button. Raises InvalidLink, ExpiredLink or UsedLink; of two
    requests at once one gets UsedLink.
    """
    confirmation = read(token)
    with write_transaction():
        now = timezone.now()
        unused = Confirmation.objects.filter(pk=confirmation.pk, used_at=None)
        where = {"used_ip": ip, "used_network": network_of(ip), "used_device_id": device_id}
        if not unused.update(used_at=now, **where):
            raise UsedLink(confirmation.signup)
        signup = (
            Signup.objects.select_for_update(of=("self",))
            .select_related("person", "company")
            .get(pk=confirmation.signup_id)
        )
        signup.confirmed_at = signup.confirmed_at or now
        if signup.verdict == Verdict.CONFIRM:
            _let_in(signup, now, clicks.check(signup, ip=ip, device_id=device_id))
        signup.save()
    return signup


def _let_in(signup: Signup, now: datetime, click: CheckResult) -> None:
    """Accept who waited for this alone; unless the click makes the rules hold or reject them."""
    decision, is_stopped = _because_of(click, signup)
    verdicts.record.keep_check(signup, click)
    if not is_stopped:
        if decision.verdict == signup.machine_verdict:  # the rules that only note the click are on record, too
            verdicts.record.take(signup, decision)
        signup.verdict, signup.accepted_at = Verdict.ACCEPTED, now
        VerdictChange.objects.create(signup=signup, verdict=signup.verdict, by=VerdictChange.By.CONFIRMATION)
        return
    signup.verdict = signup.machine_verdict = decision.verdict
    verdicts.record.take(signup, decision)
    VerdictChange.objects.create(
        signup=signup, verdict=signup.verdict, by=VerdictChange.By.RULES, note=click.sentence[:500]
    )


def _because_of(click: CheckResult, signup: Signup) -> tuple[verdicts.Decision, bool]:
    """What the rules say now, and whether that is more than *confirm* and not what they said without the click."""
    known = [
        CheckResult(row.name, row.outcome, row.code, row.sentence, row.evidence, row.ms) for row in signup.checks.all()
    ]
    before = verdicts.decide_again(signup, known)
    decision = verdicts.decide_again(signup, [*known, click])
    return decision, decision.verdict != before.verdict and decision.verdict in (Verdict.HELD, Verdict.REJECTED)
