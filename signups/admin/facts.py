"""A profile as staff read it: the facts in a useful order, each with a label, and who said so when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from django.utils.dateparse import parse_datetime

from signups.admin.badges import provider_name
from signups.admin.base import safe_url
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
class Fact:
    path: str
    label: str
    text: str
    url: str
    provider: str
    at: datetime | None


@dataclass(frozen=True)
class Facts:
    """The facts that are read first, and all others."""

    main: list[Fact]
    more: list[Fact]

    def __bool__(self) -> bool:
        return bool(self.main or self.more)


def of(profile: Profile, labels: Mapping[str, str]) -> Facts:
    main = [fact(path, profile[path], labels[path]) for path in labels if path in profile]
    more = [fact(path, profile[path], _label(path)) for path in sorted(profile) if path not in labels]
    return Facts(main, more)


def fact(path: str, said: Mapping[str, Any], label: str) -> Fact:
    value = said.get("value")
    at = parse_datetime(str(said.get("at", "")))
    return Fact(path, label, text(path, value), _url(path, value), provider_name(str(said.get("provider", ""))), at)


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


def _label(path: str) -> str:
    """ "metrics.trafficRank" → "Metrics: traffic rank"."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in path).split(".")
    return ": ".join(word.strip() for word in words).capitalize()
