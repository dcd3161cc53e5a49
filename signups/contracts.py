"""What a vendor implements: a `Provider` answers who somebody is, an `Examiner` what is known of a domain, and an
`Integration` is told what happened.

`signups` owns these contracts and the engine behind them; `integrations/` implements them, one file a vendor, and the
settings list them (`ENRICHMENT_PROVIDERS`, `EXAMINERS`, `INTEGRATIONS`). A vendor's file says only what is particular
to the vendor: waiting, retrying, timing and recording are the engine's (`signups.enrichment`, `signups.deliveries`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from signups.models import Action, Delivery, Signup


class Deadline:
    """A moment until which an answer is worth waiting for, on the monotonic clock."""

    def __init__(self, budget_ms: float) -> None:
        self.started = time.monotonic()
        self.at = self.started + budget_ms / 1000

    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def elapsed_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


# -- Who is it? --------------------------------------------------------------------------------------------------------

# A person's or company's facts: the Clearbit attributes as dotted paths ("employment.title", "metrics.raised"), only
# those that are known. The paths and enums are those of Clearbit's person and company objects.
Facts = dict[str, Any]


class Subject(StrEnum):
    PERSON = "person"  # asked for by e-mail address
    COMPANY = "company"  # asked for by domain


class Found(StrEnum):
    FOUND = "found"
    NOT_FOUND = "not_found"
    PENDING = "pending"  # the vendor is still looking: ask again
    REFUSED = "refused"  # the person asked not to be looked up: nobody else is asked either
    ERROR = "error"  # no answer, which says nothing about the person


@dataclass(frozen=True)
class Answer:
    """What a provider said. `facts` is empty unless `outcome` is found; `note` is a line for staff."""

    outcome: Found
    facts: Facts = field(default_factory=dict)
    note: str = ""


class Provider:
    """Somebody who may know a person or a company. Subclasses override `find_person`, `find_company` or both.

    A provider never touches the database and may be called from any thread. It returns an `Answer`, and lets a
    `ServiceError` fly where the vendor fails: the engine turns it into `Found.ERROR`.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()  # environment variables without which it is off

    def missing_settings(self) -> list[str]:
        """Names of the environment variables that must be set before this provider can be asked."""
        return []

    def answers(self, subject: Subject) -> bool:
        """Whether this provider can be asked about `subject` at all."""
        method = "find_person" if subject is Subject.PERSON else "find_company"
        return getattr(type(self), method) is not getattr(Provider, method)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        raise NotImplementedError

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        raise NotImplementedError


# -- What do outsiders say of a domain? --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """What an optional check found. `outcome` is "good", "risky" or "unknown"; `code` says what exactly.

    `sentence` is for people, `evidence` (JSON) for staff. The finding is believed for `holds_for` without asking again;
    zero, as for whatever is no answer: asked anew the next time.
    """

    outcome: str
    code: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    holds_for: timedelta = timedelta(0)


class Examiner:
    """Somebody outside who can say something about a company's domain. Off until its setting switches it on.

    An examiner never touches the database and may be called from any thread. What it does not know, and whatever went
    wrong, is an "unknown" finding; a `ServiceError` may fly, and becomes one.
    """

    slug: ClassVar[str]  # also the name of the check
    name: ClassVar[str]

    def missing_settings(self) -> list[str]:
        """Names of the environment variables that must be set before this examiner is asked."""
        return []

    def examine(self, domain: str, deadline: Deadline) -> Finding:
        """What is known of a registered domain (lower case, ASCII)."""
        raise NotImplementedError


# -- Who hears of it? --------------------------------------------------------------------------------------------------


class Event(StrEnum):
    """What an integration may listen to, by defining `on_<event>`."""

    SIGNED_UP = "signed_up"
    CONFIRMATION_ASKED = "confirmation_asked"
    CONFIRMED = "confirmed"  # accepted after having waited: by the link in the mail, or by staff
    REJECTED = "rejected"
    PROFILE_CHANGED = "profile_changed"
    USAGE_REPORTED = "usage_reported"
    WENT_QUIET = "went_quiet"
    REACHED_LIMIT = "reached_limit"
    LIMIT_RESOLVED = "limit_resolved"
    CLAIMED = "claimed"
    ERASED = "erased"


@dataclass(frozen=True)
class Delivered:
    """The vendor said yes. `made` holds the vendor's ids that later calls need; `url` is where staff can see it."""

    external_id: str = ""
    url: str = ""
    note: str = ""
    made: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Skipped:
    """Nothing was sent, on purpose. `why` is a sentence staff read."""

    why: str


@dataclass(frozen=True)
class SentAction:
    """An action on its way to a vendor. `signup_uid`: whose it is, "" while the visitor is anonymous.

    `anonymous_id`: the visitor's, "" where that visitor is not known to be the same person.
    """

    action: Action
    signup_uid: str = ""
    anonymous_id: str = ""


@dataclass(frozen=True)
class Refusal:
    """One action of a batch that the vendor will never take: its index in the batch, and a sentence for staff."""

    index: int
    why: str


@dataclass(frozen=True)
class CrmMail:
    """A mail that the CRM holds. `is_incoming`: from the person to us. `excerpt`: the start of its text."""

    at: datetime
    is_incoming: bool
    subject: str
    sender: str
    recipients: tuple[str, ...]
    excerpt: str
    status: str = ""
    url: str = ""


@dataclass(frozen=True)
class MailReport:
    """What a mail tool says became of a mail, or what a person chose there. "" and None: the tool did not say.

    `key` tells this report from every other, a replay excepted; `metric` is the tool's own word. `moment` is the one of
    `Mail.MOMENTS` that it was, "" for none that counts. `stops` (a `MailStop`) and `resumes`: whether mail may still go
    to the person. `note` says what was odd.
    """

    key: str
    metric: str
    at: datetime | None
    mail_key: str = ""
    moment: str = ""
    person_uid: str = ""
    person_email: str = ""
    campaign: str = ""
    step: str = ""
    recipient: str = ""
    subject: str = ""
    url: str = ""
    why: str = ""
    stops: str = ""
    resumes: bool = False
    body: Any = None
    note: str = ""


Outcome = Delivered | Skipped
Handler = Callable[["Signup", "Delivery"], Outcome]


class Integration:
    """A vendor that hears of events. Subclasses define `on_<event>(signup, delivery)` for each event they listen to.

    A handler makes its calls and returns `Delivered` or `Skipped`; it raises a `ServiceError` (from `integrations.http`
    or its own) otherwise. It must be safe to call again after `Later`: keys come from `delivery.uid`, times from
    `delivery.frozen`. After `Ambiguous` (and after a worker's death) the engine first calls `reconcile`.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    # Verdicts in which a signup is told to this vendor; it is planned when the signup first has one of them.
    takes: ClassVar[frozenset[str]] = frozenset({"accepted"})
    # Whether it wants what people do (`send_actions`), and how many actions one call may carry.
    takes_actions: ClassVar[bool] = False
    most_actions: ClassVar[int] = 1_000
    # Whether it tells staff what concerns nobody in particular (`alert`).
    takes_alerts: ClassVar[bool] = False
    # Whether it holds the mails exchanged with people (`mails_with`).
    keeps_mails: ClassVar[bool] = False
    # How many deliveries one drain may have under way at once.
    concurrency: ClassVar[int] = 8
    # Colleagues one after the other: for vendors where the first of a company makes what the second must find.
    is_serial_by_company: ClassVar[bool] = False
    # How long after an ambiguous call the vendor's own search can be believed.
    reconcile_after: ClassVar[timedelta] = timedelta(0)

    def missing_settings(self) -> list[str]:
        """Names of the environment variables that must be set before this integration works; empty: it is on."""
        return []

    def wants(self, signup: Signup) -> bool:
        """Whether this signup concerns the vendor at all, beyond its verdict."""
        return True

    def listens_to(self, event: Event) -> bool:
        return hasattr(self, f"on_{event}")

    def handler(self, event: Event) -> Handler:
        """The method that tells the vendor of `event`. Raises AttributeError where it does not listen to it."""
        handler: Handler = getattr(self, f"on_{event}")
        return handler

    def send_actions(self, actions: Sequence[SentAction]) -> list[Refusal]:
        """Report at most `most_actions` actions, oldest first, in one call that is safe to repeat as it is.

        Returns those the vendor will never take; all others were taken. Raises a `ServiceError` where none was.
        """
        raise NotImplementedError

    def alert(self, text: str, *, key: str, since: datetime) -> None:
        """Tell staff something in a sentence or two, once: what was told under this `key` since then is not repeated.

        Raises a `ServiceError` where they may not know.
        """
        raise NotImplementedError

    def mails_with(self, signup: Signup) -> list[CrmMail]:
        """The latest mails with this person's company that the vendor holds, newest first. Raises a `ServiceError`."""
        raise NotImplementedError

    def read_reports(self, headers: Mapping[str, str], body: bytes) -> list[MailReport]:
        """What the vendor's webhook tells of mails. Raises NotTheVendor where it is not the vendor who calls, and
        Misconfigured where that cannot be told. Whatever is signed is read: what makes no sense is a report of that.
        """
        raise NotImplementedError

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        """Look up at the vendor whether an earlier, ambiguous try of `delivery` was applied after all.

        Returns what it made, or None where it surely was not applied or where a repeat changes nothing: then the
        handler is called again.
        """
        return None


class ServiceError(Exception):
    """A vendor's failure in plain English: vendor, what happened, HTTP status (0: none) and the start of the reply."""

    def __init__(self, vendor: str, reason: str, *, status: int = 0, excerpt: str = "") -> None:
        self.vendor = vendor
        self.reason = reason
        self.status = status
        self.excerpt = excerpt
        super().__init__(f"{vendor}: {reason}")


class Later(ServiceError):
    """Surely not applied; worth another try. `retry_after_s` is the vendor's own wish; then no attempt is counted."""

    def __init__(
        self, vendor: str, reason: str, *, status: int = 0, excerpt: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(vendor, reason, status=status, excerpt=excerpt)
        self.retry_after_s = retry_after_s


class Never(ServiceError):
    """The vendor will always say no to this."""


class Ambiguous(ServiceError):
    """The request may have been applied: no reply, or an error after a request that makes something."""


class Misconfigured(ServiceError):
    """The vendor refuses us, not this request: a wrong key or channel. The reason names the setting to correct."""


class NotTheVendor(Exception):
    """A webhook whose signature is missing, wrong or old. The message names the remedy."""


# -- What was said over the wire: recorded by the one door out, kept with the attempt ----------------------------------


@dataclass(frozen=True)
class Exchange:
    """One HTTP call as it may be shown to staff: secrets already masked, bodies cut to a few kilobytes."""

    method: str
    url: str
    request: str
    status: int  # 0: no reply
    reply: str
    ms: int


_exchanges: ContextVar[list[Exchange] | None] = ContextVar("exchanges", default=None)


@contextmanager
def recording() -> Iterator[list[Exchange]]:
    """Collect every exchange made in this context (thread) into the list it yields."""
    exchanges: list[Exchange] = []
    token = _exchanges.set(exchanges)
    try:
        yield exchanges
    finally:
        _exchanges.reset(token)


def record(exchange: Exchange) -> None:
    """Add an exchange to the recording under way, if there is one."""
    exchanges = _exchanges.get()
    if exchanges is not None:
        exchanges.append(exchange)


# -- Who there is ------------------------------------------------------------------------------------------------------


@cache
def _load(paths: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(import_string(path)() for path in paths)


def providers() -> tuple[Provider, ...]:
    """Every provider the settings list, in the order in which they are believed."""
    return _load(tuple(settings.ENRICHMENT_PROVIDERS))


def examiners() -> tuple[Examiner, ...]:
    """Every examiner the settings list, on or off."""
    return _load(tuple(settings.EXAMINERS))


def integrations() -> tuple[Integration, ...]:
    """Every integration the settings list, in story order, on or off."""
    return _load(tuple(settings.INTEGRATIONS))


def integration(slug: str) -> Integration:
    """The integration of that slug. Raises LookupError where the settings list none."""
    for candidate in integrations():
        if candidate.slug == slug:
            return candidate
    raise LookupError(f"No integration named {slug!r} in settings.INTEGRATIONS")
