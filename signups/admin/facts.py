"""A profile as staff read it: the facts in a useful order, each with who said so when, and who says otherwise.

Changing a fact is `signups.admin.fact_editing`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.utils.dateparse import parse_datetime

from signups.admin.badges import provider_name
from signups.admin.base import safe_url
from signups.enrichment.comparing import same
from signups.models import Company, Person
from signups.models.profile import Profile

PERSON: Final[dict[str, str]] = {
    "name.fullName": "Name",
    "employment.title": "Title",
    "employment.name": "Employer",
    "employment.role": "Role",
    "employment.seniority": "Seniority",
    "location": "Location",
    "timeZone": "Time zone",
    "bio": "Bio",
    "linkedin.handle": "LinkedIn",
    "github.handle": "GitHub",
    "twitter.handle": "X",
    "gravatar.handle": "Gravatar",
    "facebook.handle": "Facebook",
    "site": "Web site",
    "phone": "Phone",
}
COMPANY: Final[dict[str, str]] = {
    "name": "Name",
    "description": "What they do",
    "category.industry": "Industry",
    "category.sector": "Sector",
    "metrics.employees": "Employees",
    "metrics.raised": "Raised",
    "metrics.annualRevenue": "Annual revenue",
    "metrics.estimatedAnnualRevenue": "Estimated revenue",
    "type": "Kind",
    "foundedYear": "Founded",
    "location": "Location",
    "tags": "Tags",
    "tech": "Technologies",
    "linkedin.handle": "LinkedIn",
    "twitter.handle": "X",
    "crunchbase.handle": "Crunchbase",
    "url": "Web site",
    "phone": "Phone",
}
_PLACES: Final[dict[str, str]] = {
    "linkedin.handle": "https://www.linkedin.com/",
    "github.handle": "https://github.com/",
    "twitter.handle": "https://x.com/",
    "gravatar.handle": "https://gravatar.com/",
    "facebook.handle": "https://www.facebook.com/",
    "crunchbase.handle": "https://www.crunchbase.com/",
}
_PLAIN_NUMBERS: Final = ("foundedYear", "geo.lat", "geo.lng", "utcOffset")
_MONEY: Final = ("metrics.raised", "metrics.annualRevenue", "metrics.marketCap")
_PICTURES: Final = ("avatar", "gravatar.avatar", "github.avatar", "logo")


@dataclass(frozen=True)
class Said:
    """What somebody said of a fact. `sure`: how sure, in words; `by`: who of the staff; `says_same`: as what holds."""

    text: str
    url: str
    provider: str
    at: datetime | None
    sure: str = ""
    by: str = ""
    says_same: bool = False


@dataclass(frozen=True)
class Fact:
    """A fact that holds, and the answers that lost. `is_ours`: staff said so; `edit_url`: "" where it is only read."""

    path: str
    label: str
    said: Said
    others: list[Said]
    is_ours: bool
    edit_url: str = ""

    @property
    def key(self) -> str:
        """The fact's name as part of an element's id."""
        return self.path.replace(".", "-")


@dataclass(frozen=True)
class Facts:
    """The facts that are read first, and all others. `add_url`: where one that nobody knows is added."""

    main: list[Fact]
    more: list[Fact]
    subject: str = ""
    add_url: str = ""

    def __bool__(self) -> bool:
        return bool(self.main or self.more)


@dataclass(frozen=True)
class Editing:
    """Where the facts of a row are changed, and the page to come back to."""

    url: str = ""
    back: str = ""

    def of(self, path: str = "") -> str:
        query = {"path": path, "back": self.back} if path else {"back": self.back}
        return f"{self.url}?{urlencode(query)}" if self.url else ""


def about(row: Person | Company | None, editing: Editing | None = None) -> Facts | None:
    """The facts of a person or a company, None where there is none."""
    if row is None:
        return None
    is_person = isinstance(row, Person)
    return of(row.profile, PERSON if is_person else COMPANY, "person" if is_person else "company", editing)


def of(profile: Profile, labels: Mapping[str, str], subject: str = "person", editing: Editing | None = None) -> Facts:
    edit = editing or Editing()
    main = [fact(path, profile[path], labels[path], edit) for path in labels if path in profile]
    more = [fact(path, profile[path], label(path), edit) for path in sorted(profile) if path not in labels]
    return Facts(main, more, subject, edit.of())


def fact(path: str, stored: Mapping[str, Any], name: str, editing: Editing) -> Fact:
    others = [said(path, one, stored.get("value")) for one in stored.get("others", [])]
    if "own" in stored:  # a list that several providers made together: what its first one said alone
        others = [said(path, {**stored, "value": stored["own"]}, None), *others]
    is_ours = stored.get("provider") == "staff"
    return Fact(path, name, said(path, stored), others, is_ours, editing.of(path))


def said(path: str, claim: Mapping[str, Any], holds: Any = None) -> Said:
    value, slug, sure = claim.get("value"), str(claim.get("provider", "")), claim.get("confidence")
    return Said(
        text(path, value),
        _url(path, value),
        provider_name(slug),
        parse_datetime(str(claim.get("at", ""))),
        f"{sure:.0%} sure" if isinstance(sure, int | float) and slug not in ("staff", "form") else "",
        str(claim.get("by") or ""),
        holds is not None and same(path, value, holds),
    )


def text(path: str, value: Any) -> str:
    """A fact's value in words: $20M, 2,300, yes, a list with commas."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float() if path in _MONEY:
            return money(value)
        case int() | float() if path not in _PLAIN_NUMBERS:
            return f"{value:,}"
        case list():
            return ", ".join(str(item) for item in value)
        case str() if path in ("employment.role", "employment.seniority", "type"):
            return value.replace("_", " ")
    return str(value)


def money(dollars: float) -> str:
    """$20M, $4.5M, $900K."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(dollars) >= size:
            return f"${dollars / size:.1f}".removesuffix(".0") + letter
    return f"${dollars:,.0f}"


def picture(*profiles: Profile) -> str:
    """The first picture in these profiles, "" for none."""
    return next(_pictures(profiles), "")


def summary(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part not in (None, ""))


def _pictures(profiles: tuple[Profile, ...]) -> Iterator[str]:
    for profile in profiles:
        for path in _PICTURES:
            if url := safe_url(str(profile.get(path, {}).get("value", ""))):
                yield url


def _url(path: str, value: Any) -> str:
    if path in _PLACES:
        return _PLACES[path] + quote(str(value), safe="/")
    if path == "employment.domain" or path == "domain":
        return f"https://{quote(str(value))}"
    return safe_url(value) if isinstance(value, str) else ""


def label(path: str, labels: Mapping[str, str] | None = None) -> str:
    """ "metrics.trafficRank" → "Metrics: traffic rank", where the labels have no better word for it."""
    if labels and path in labels:
        return labels[path]
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in path).split(".")
    return ": ".join(word.strip() for word in words).capitalize()
