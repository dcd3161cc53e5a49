"""What a colleague may see of a person in what vendors were told: all of it with `signups.view_personal_data`, else
marks in its place. Secrets are masked for everybody, where a call is recorded (`integrations.http`) and here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from django.http import HttpRequest

from signups.models import Signup

MARK = "••••"
PERMISSION = "signups.view_personal_data"
_EMAIL = re.compile(r"([\w.+'-])[\w.+'-]*(@|%40)([\w.-]+\.\w+)", re.I)
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])"  # a time of day has two colons
    r"|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}(?![\w:])",
    re.I,
)
_TOKEN = re.compile(r"[\w=-]{2,}(?::|%3A)[\w]{6}(?::|%3A)[\w-]{27,}")  # as Django signs: whoever has it may use it
# Members of requests and replies that are a person's, whatever the vendor calls them.
_PERSONAL = re.compile(
    r'("(?:\$?(?:name|first_name|last_name|firstName|lastName|givenName|familyName|fullName|full_name|display_name|phone|'
    r'phones|avatar|image|ip|ip_address|handle|bio|title|linkedin|twitter|github))"\s*:\s*)"(?:[^"\\]|\\.)*"'
)
_SHORTEST = 3


def may_see(request: HttpRequest) -> bool:
    return request.user.has_perm(PERMISSION)


class Veil:
    """Masks text about one signup's person, unless whoever looks may see it."""

    def __init__(self, request: HttpRequest, signup: Signup) -> None:
        self.is_lifted = may_see(request)
        self._words = None if self.is_lifted else _pattern(_spellings(_values(signup)))

    def text(self, text: str) -> str:
        """`text` with secrets masked, and personal data where it must not be seen."""
        text = _TOKEN.sub(MARK, text)
        if self.is_lifted:
            return text
        text = _EMAIL.sub(rf"\1{MARK}\2{MARK}", _PERSONAL.sub(rf'\1"{MARK}"', text))
        text = self._words.sub(MARK, text) if self._words is not None else text
        return _IP.sub(MARK, text)

    def value(self, value: Any) -> str:
        """A value of any kind as text."""
        return self.text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def named(signup: Signup, *, is_seen: bool) -> tuple[str, str]:
    """A signup's name and address; initials and "a••••@••••" where they must not be seen."""
    if is_seen:
        return signup.name, signup.email
    return " ".join(f"{word[0]}." for word in signup.name.split()) or MARK, f"{signup.email[:1]}{MARK}@{MARK}"


def without_addresses(text: str, *, is_seen: bool) -> str:
    """A line about a delivery, its addresses masked where they must not be seen."""
    return text if is_seen else _EMAIL.sub(rf"\1{MARK}\2{MARK}", text)


def _values(signup: Signup) -> set[str]:
    """Whatever we know of the person that could be found in a text."""
    person = signup.person
    known = {signup.email, person.email, signup.name, person.name, signup.ip or "", signup.email.partition("@")[0]}
    known |= {word for whole in (signup.name, person.name) for word in whole.split()}
    known |= {said["value"] for said in person.profile.values() if isinstance(said.get("value"), str)}
    return {value for value in known if len(value) >= _SHORTEST}


def _spellings(values: Iterable[str]) -> set[str]:
    """Each as it stands in JSON, in an address and in a form."""
    found = set()
    for value in values:
        found |= {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        found |= {quote(value, safe=""), quote_plus(value)}
    return found


def _pattern(words: set[str]) -> re.Pattern[str] | None:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.I) if words else None
