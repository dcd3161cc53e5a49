"""The confirmation mail: a link that only the mailbox's owner can press.

Goes out through whatever Django backend EMAIL_URL names (https://docs.djangoproject.com/en/5.2/topics/email/); replies
are read by RFC 5321 section 4.2: 4yz is worth another try, 5yz never is. Links, their lifetime and their limits are
`signups.confirmation`'s, the words are in `templates/mails/`.
"""

from __future__ import annotations

import smtplib
from email.utils import parseaddr
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone

from integrations import smtputf8
from signups.contracts import (
    Ambiguous,
    Delivered,
    Integration,
    Later,
    Misconfigured,
    Never,
    Outcome,
    ServiceError,
    Skipped,
    TestEvent,
)
from signups.models import Confirmation, Delivery, Signup, Verdict

SUBJECT = "Please confirm your e-mail address"
SUBJECT_WHEN_ACCEPTED = "Your account is ready"  # by staff, or long ago: the link leads back in
_VENDOR = "Mail"


class ConfirmationMail(Integration):
    """Settings: EMAIL_URL and DEFAULT_FROM_EMAIL. A repeat carries the same Message-ID, so nothing is reconciled."""

    slug = "confirmation_mail"
    name = "Confirmation mail"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm"})

    def on_confirmation_asked(self, signup: Signup, delivery: Delivery) -> Outcome:
        confirmation = signup.confirmations.get(number=int(delivery.period))
        if why := _why_not(signup, confirmation):
            return Skipped(why)
        mail = message(signup, confirmation, delivery)
        _send(mail)
        return Delivered(external_id=mail.extra_headers["Message-ID"], note=f"Mailed to {signup.email}.")

    def send_test(self, test: TestEvent) -> Delivered:
        """A mail to whoever tests, or to our own sender where their address is not known."""
        address = test.by_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        headers = {"Message-ID": f"<test-{test.key}@{_sender_domain()}>", "Auto-Submitted": "auto-generated"}
        _send(EmailMultiAlternatives("Test event from Onboarding", test.words, to=[address], headers=headers))
        return Delivered(external_id=headers["Message-ID"], note=f"Mailed to {address}.")


def message(signup: Signup, confirmation: Confirmation, delivery: Delivery) -> EmailMultiAlternatives:
    """The mail in plain text and HTML. The Message-ID is the delivery's own, the same at every try."""
    words = {} if signup.is_accepted else delivery.frozen.get("words", {})  # those of a running test, by name
    context: dict[str, Any] = {
        "signup": signup,
        "confirmation": confirmation,
        "confirm_url": delivery.frozen["confirm_url"],
        "words": words,
    }
    mail = EmailMultiAlternatives(
        subject=SUBJECT_WHEN_ACCEPTED if signup.is_accepted else words.get("subject", SUBJECT),
        body=render_to_string("mails/confirmation.txt", context),
        to=[signup.email],
        headers={"Message-ID": f"<{delivery.uid}@{_sender_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string("mails/confirmation.html", context), "text/html")
    return mail


def _sender_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _why_not(signup: Signup, confirmation: Confirmation) -> str:
    """Why the mail is not wanted any more, "" if it is."""
    if signup.verdict == Verdict.REJECTED:
        return "The signup has been rejected since."
    if confirmation.used_at or (signup.confirmed_at and confirmation.created_at < signup.confirmed_at):
        return "The address has been confirmed since."
    if confirmation.expires_at <= timezone.now():
        return "The link expired before the mail could be sent."
    return signup.person.why_no_mail(is_asked_for=True)


def _send(mail: EmailMultiAlternatives) -> None:
    """Send over a connection of its own. Raises a ServiceError that tells before the connection from after it."""
    connection = get_connection()
    try:
        connection.open()
    except smtplib.SMTPAuthenticationError as error:
        raise Misconfigured(_VENDOR, f"the server refuses our login; check EMAIL_URL ({_words(error)})") from error
    except smtplib.SMTPNotSupportedError as error:
        raise Misconfigured(_VENDOR, f"the server cannot do what EMAIL_URL asks for ({error})") from error
    except OSError as error:  # SMTPException is one
        raise Later(_VENDOR, f"the server cannot be reached ({_words(error)})") from error
    try:
        if smtputf8.is_needed(mail, connection):
            smtputf8.send(mail, connection)
        else:
            connection.send_messages([mail])
    except smtputf8.CannotTakeIt as error:
        raise Never(_VENDOR, str(error)) from error
    except smtplib.SMTPRecipientsRefused as error:
        raise _refusal(*next(iter(error.recipients.values()))) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except OSError as error:
        reason = f"the connection was lost; the mail may have been sent ({_words(error)})"
        raise Ambiguous(_VENDOR, reason) from error
    finally:
        _close(connection)


def _refusal(code: int, said: bytes | str) -> ServiceError:
    """The server's reply as an error: 4yz for the moment, 5yz for ever."""
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    failure = Never if code >= 500 else Later
    return failure(_VENDOR, f"the server refuses the mail ({code} {words})", status=code)


def _words(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return str(error) or type(error).__name__


def _close(connection: Any) -> None:
    """Hang up; what was sent is sent, whatever the server says to that."""
    try:
        connection.close()
    except OSError:
        return
