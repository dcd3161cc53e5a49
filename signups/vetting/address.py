"""The syntax of an address: what may stand before and after the @ (RFC 5321, RFC 5322, RFC 6531, IDNA).

Whether anybody reads mail there is for the other checks. The rules are email-validator's, and two more: at most 64
octets before the @, and an ending as registries have them. The sentences are ours, so that whoever mistyped an address
reads what to do.

Not taken, though RFC 5321 has them: quoted local parts, comments and addresses of machines ("[192.0.2.1]"). Nobody
signs up with one, and whoever pastes one made a mistake.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from signups.vetting.result import CheckResult

MAX_LENGTH = 254  # octets: RFC 5321 section 4.5.3.1.3, less the angle brackets
MAX_LOCAL_LENGTH = 64  # octets: RFC 5321 section 4.5.3.1.1

# What comes along when an address is copied from a page or a mail program: spaces, byte order mark, zero-width marks.
_COPIED_ALONG = " \t\r\n\v\f\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

# Nearly all addresses: for these, email-validator would say the same thirty times slower.
_ATOM = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+([A-Za-z]{{2,63}}))").fullmatch
# Registries have letters only, two and more (RFC 3696 section 2), or an international name.
_ENDING = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]+").fullmatch
# Special names (RFC 6761), and mailboxes whose case never matters (RFC 2142), both of which email-validator sees to.
_SPECIAL = frozenset(("arpa", "invalid", "local", "localhost", "onion", "test"))
_ANY_CASE = frozenset("info marketing sales support abuse noc security postmaster hostmaster".split()) | frozenset(
    "usenet news webmaster www uucp ftp".split()
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address somebody typed, taken apart. `local` is as typed, in NFC; `domain` is lower case and ASCII ("xn--…").

    `email` is where mail goes; `key` is `email` in lower case, the same for every way of typing the address.
    """

    email: str
    key: str
    local: str
    domain: str

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only mail servers that speak RFC 6531 can take mail for it."""
        return not self.local.isascii()


class InvalidAddress(ValueError):
    """Not an address. Its text is a sentence for whoever typed it, which names the remedy."""


def parse(email: str) -> Address:
    """Take an address apart, less what came along when it was copied. Raises InvalidAddress."""
    return _taken_apart(email.strip(_COPIED_ALONG), allows_test=bool(settings.SANDBOX))


def is_valid(text: str) -> bool:
    """Whether this, character for character, could be a mailbox on the public internet. For measurements and tools."""
    try:
        _taken_apart(text, allows_test=False)
    except InvalidAddress:
        return False
    return True


def check(address: Address) -> CheckResult:
    """An `Address` exists only where the syntax is right."""
    return _WELL_FORMED


_WELL_FORMED = CheckResult("syntax", "good", "ok", "The address is well formed.")


def _taken_apart(typed: str, *, allows_test: bool) -> Address:
    plain = _PLAIN(typed) if len(typed) <= MAX_LENGTH else None
    if plain is None:
        return _taken_apart_with_care(typed, allows_test=allows_test)
    local, domain, ending = plain.groups()
    ending = ending.lower()
    if len(local) > MAX_LOCAL_LENGTH or (ending in _SPECIAL and not (allows_test and ending == "test")):
        return _taken_apart_with_care(typed, allows_test=allows_test)
    if (lowered := local.lower()) in _ANY_CASE:
        local = lowered
    domain = domain.lower()
    return Address(f"{local}@{domain}", f"{lowered}@{domain}", local, domain)


def _taken_apart_with_care(typed: str, *, allows_test: bool) -> Address:
    _refuse_what_people_type(typed)
    try:
        valid = validate_email(typed, check_deliverability=False, allow_smtputf8=True, test_environment=allows_test)
    except EmailNotValidError as error:
        raise InvalidAddress(f"{_reason(typed, str(error))} Please check the address for typing errors.") from error
    domain = valid.ascii_domain.lower()
    local = valid.local_part
    if domain == "test":
        raise InvalidAddress("The part after the @ must be a full domain, such as example.com.")
    if len(local.encode()) > MAX_LOCAL_LENGTH:
        raise InvalidAddress(
            f"The part before the @ is longer than {MAX_LOCAL_LENGTH} bytes: please check the address."
        )
    if not _ENDING(domain.rpartition(".")[2]):
        raise InvalidAddress(f"There is no .{domain.rpartition('.')[2]}: please check the end of the address.")
    key = f"{local}@{domain}".lower()
    return Address(f"{local}@{domain}", unicodedata.normalize("NFC", key), local, domain)


def _refuse_what_people_type(typed: str) -> None:
    """The usual slips, each with its own remedy."""
    if not typed:
        raise InvalidAddress("Please enter an e-mail address.")
    if len(typed) > MAX_LENGTH:
        raise InvalidAddress(f"The address is longer than {MAX_LENGTH} characters: please use a shorter one.")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") for character in typed):
        raise InvalidAddress(
            "The address contains a line break or another invisible character: please type it by hand."
        )
    if "<" in typed or typed.lower().startswith("mailto:"):
        raise InvalidAddress("Please enter the address alone, as in ada@example.com.")
    if "@" not in typed:
        raise InvalidAddress("An address has an @ in the middle, as in ada@example.com.")
    if typed.count("@") > 1:
        raise InvalidAddress("Please enter one address, with one @ in it.")
    if any(character.isspace() for character in typed):
        raise InvalidAddress("An address has no spaces: please remove them.")


def _reason(typed: str, reason: str) -> str:
    domain = typed.partition("@")[2]
    if "special-use" in reason:
        return f"Mail cannot reach {domain}, which is a name reserved for private use."
    if "should have a period" in reason:
        return "The part after the @ must be a full domain, such as example.com."
    return reason.replace("@-sign", "@").replace("email address", "address")
