"""Mail to addresses with letters of any script before the @ (RFC 6531, RFC 6532), which Django's backend cannot send:
it writes the local part as an encoded word, which is another address (Django 5.2, `sanitize_address`).

Only for Django's SMTP backend; all others print or keep mails, and may do so in their own way.
"""

from __future__ import annotations

import smtplib
from email.generator import BytesGenerator
from email.message import Message
from email.policy import SMTPUTF8
from email.utils import parseaddr
from io import BytesIO

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend


class CannotTakeIt(Exception):
    """The mail server does not speak RFC 6531. Its text is the remedy."""


def is_needed(mail: EmailMessage, connection: BaseEmailBackend) -> bool:
    """Whether a mail with one recipient has to go this way."""
    return isinstance(connection, EmailBackend) and not mail.to[0].isascii()


def send(mail: EmailMessage, connection: BaseEmailBackend) -> None:
    """Send a mail with one recipient over an open connection. Raises CannotTakeIt, and what smtplib raises."""
    assert isinstance(connection, EmailBackend)
    server = connection.connection
    assert isinstance(server, smtplib.SMTP)
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("smtputf8"):
        raise CannotTakeIt(
            "the mail server of EMAIL_URL takes no addresses with letters such as “é” or “ф” before the @ (no SMTPUTF8,"
            " RFC 6531): use a server that does, or ask the person for another address"
        )
    sender = parseaddr(mail.from_email)[1]
    server.sendmail(sender, mail.to, as_bytes(mail), mail_options=["SMTPUTF8", "BODY=8BITMIME"])


def as_bytes(mail: EmailMessage) -> bytes:
    """The mail with its recipient in UTF-8, as RFC 6532 has it."""
    message = mail.message()
    del message["To"]
    Message.__setitem__(message, "To", mail.to[0])  # Django's own would encode it again
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=SMTPUTF8).flatten(message)
    return out.getvalue()
