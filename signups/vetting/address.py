"""The syntax of an address: what may stand before and after the @ (RFC 5321, RFC 5322, IDNA).

Whether anybody reads mail there is for the other checks. The rules are email-validator's; the sentences are ours, so
that whoever mistyped an address reads what to do.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from signups.vetting.result import CheckResult

MAX_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets

# What comes along when an address is copied from a page or a mail program: spaces, byte order mark, zero-width marks.
_COPIED_ALONG = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"


@dataclass(frozen=True)
class Address:
    """An address somebody typed, taken apart. `local` is as typed; `domain` is lower case and ASCII ("xn--…").

    `email` is where mail goes; `key` is `email` in lower case, the same for every way of typing the address.
    """

    email: str
    key: str
    local: str
    domain: str


class InvalidAddress(ValueError):
    """Not an address. Its text is a sentence for whoever typed it, which names the remedy."""


def parse(email: str) -> Address:
    """Take an address apart. Raises InvalidAddress."""
    typed = email.strip(_COPIED_ALONG)
    _refuse_what_people_type(typed)
    try:
        valid = validate_email(
            typed, check_deliverability=False, allow_smtputf8=False, test_environment=bool(settings.SANDBOX)
        )
    except EmailNotValidError as error:
        raise InvalidAddress(f"{_reason(typed, str(error))} Please check the address for typing errors.") from error
    if valid.ascii_domain == "test":
        raise InvalidAddress("The part after the @ must be a full domain, such as example.com.")
    domain = valid.ascii_domain.lower()
    local = valid.local_part
    return Address(email=f"{local}@{domain}", key=f"{local}@{domain}".lower(), local=local, domain=domain)


def check(address: Address) -> CheckResult:
    """An `Address` exists only where the syntax is right."""
    return CheckResult("syntax", "good", "ok", "The address is well formed.")


def _refuse_what_people_type(typed: str) -> None:
    """The usual slips, each with its own remedy."""
    if not typed:
        raise InvalidAddress("Please enter an e-mail address.")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in typed):
        raise InvalidAddress(
            "The address contains a line break or another invisible character: please type it by hand."
        )
    if len(typed) > MAX_LENGTH:
        raise InvalidAddress(f"The address is longer than {MAX_LENGTH} characters: please use a shorter one.")
    if "<" in typed or typed.lower().startswith("mailto:"):
        raise InvalidAddress("Please enter the address alone, as in ada@example.com.")
    if "@" not in typed:
        raise InvalidAddress("An address has an @ in the middle, as in ada@example.com.")
    if typed.count("@") > 1:
        raise InvalidAddress("Please enter one address, with one @ in it.")
    if any(character.isspace() for character in typed):
        raise InvalidAddress("An address has no spaces: please remove them.")


def _reason(typed: str, reason: str) -> str:
    local, _, domain = typed.partition("@")
    if not local.isascii():
        return "We cannot send mail to addresses with letters such as “é” or “ф” before the @."
    if "special-use" in reason:
        return f"Mail cannot reach {domain}, which is a name reserved for private use."
    if "should have a period" in reason:
        return "The part after the @ must be a full domain, such as example.com."
    return reason.replace("@-sign", "@").replace("email address", "address")
