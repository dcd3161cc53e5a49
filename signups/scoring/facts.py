"""What the rules of scorecards and verdicts may ask for, by dotted path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from signups.models.profile import Profile

SENT = ("source", "wants_newsletter", "referrer", "landing_page", "company_name")


class Answered(Protocol):
    """A check's answer, fresh or stored."""

    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str: ...


class Sent(Protocol):
    """What somebody sent: a submission, or the signup that it became."""

    @property
    def utm(self) -> Mapping[str, Any]: ...


def gather(checks: Iterable[Answered], person: Profile, company: Profile, sent: Sent | None) -> dict[str, Any]:
    """Path → value: `person.employment.role`, `company.metrics.raised`, `checks.mx` (its code), `signup.utm.source`."""
    facts = {f"person.{path}": said["value"] for path, said in person.items()}
    facts |= {f"company.{path}": said["value"] for path, said in company.items()}
    facts |= {f"checks.{check.name}": check.code for check in checks}
    return facts | (of_sent(sent) if sent is not None else {})


def of_sent(sent: Sent) -> dict[str, Any]:
    facts = {f"signup.utm.{name}": value for name, value in sent.utm.items()}
    return facts | {f"signup.{name}": getattr(sent, name) for name in SENT}
