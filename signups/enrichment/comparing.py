"""Whether two answers say the same: written differently, rounded or abbreviated, they often do."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_LEGAL = re.compile(
    r"\b(inc|incorporated|corp|corporation|co|company|llc|ltd|limited|plc|gmbh|ag|se|sa|sas|sarl|bv|nv|oy|ab|as|aps|"
    r"srl|spa|pty|kk|holdings?|group)\b"
)
_NEAR = 0.1  # two counts this close (a tenth of the larger) are one count at two times
_NAMES = ("name", "legalName", "employment.name", "github.company")
_PLACES = ("location", "twitter.location")
_LINKS = ("url", "site", "github.blog", "twitter.site")
_PICTURES = ("avatar", "logo", "gravatar.avatar", "github.avatar", "twitter.avatar")
_PHONE_DIGITS = 7  # the last ones: country's and area's codes are written or not, with a nought or without


def compares(path: str) -> bool:
    """Whether it says anything that two providers differ: each has its own copy of a picture."""
    return path not in _PICTURES


def same(path: str, one: Any, other: Any) -> bool:
    """Whether two values of a fact say the same. Lists do where they share an item."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= _NEAR * max(abs(one), abs(other)) if path != "foundedYear" else one == other
    if isinstance(one, list) and isinstance(other, list):
        return bool({normal(path, item) for item in one} & {normal(path, item) for item in other})
    return normal(path, one) == normal(path, other)


def normal(path: str, value: Any) -> str:
    """A value in the form in which it is compared."""
    text = unicodedata.normalize("NFKD", str(value)).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c)).strip()
    if path == "phone" or path == "site.phoneNumbers":
        return re.sub(r"\D", "", text)[-_PHONE_DIGITS:]
    if path in _LINKS:
        return re.sub(r"^(https?://)?(www\.)?", "", text).rstrip("/")
    if path in _PLACES:
        text = text.split(",")[0]  # the city: how a state or country is written differs
    if path in _NAMES:
        text = _LEGAL.sub(" ", re.sub(r"[.,]", "", text)) if _LEGAL.sub("", re.sub(r"[.,]", "", text)).strip() else text
    return " ".join(re.sub(r"[^\w+#]+", " ", text).split())
