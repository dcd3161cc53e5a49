"""Who hears of it? What a vendor that is told of events implements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from signups.contracts.failures import ServiceError
from signups.contracts.pacing import CallRate

if TYPE_CHECKING:
    from signups.models import Action, Delivery, Signup


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
class TestEvent:
    """What staff send to see whether a vendor takes anything from us. `key` is the same if it is sent again."""

    __test__ = False  # no test of ours, whatever its name

    key: str
    at: datetime
    by: str
    by_email: str = ""

    @property
    def words(self) -> str:
        """A sentence that tells whoever finds it at the vendor what it is."""
        return f"Test event from Onboarding, sent by {self.by}. Nobody signed up; it can be ignored or deleted."


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


@dataclass(frozen=True)
class BatchItem:
    """How one delivery of a batch fared. `said` (JSON, without secrets) is its part of the call, for staff."""

    result: Outcome | ServiceError
    said: Any = None


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
    # Events of which one call may tell several, and how many (`send_batch`).
    batched: ClassVar[frozenset[Event]] = frozenset()
    most_in_batch: ClassVar[int] = 0
    # Colleagues one after the other: for vendors where the first of a company makes what the second must find.
    is_serial_by_company: ClassVar[bool] = False
    # How long after an ambiguous call the vendor's own search can be believed.
    reconcile_after: ClassVar[timedelta] = timedelta(0)

    def missing_settings(self) -> list[str]:
        """Names of the environment variables that must be set before this integration works; empty: it is on."""
        return []

    def rates(self) -> Sequence[CallRate]:
        """How often the vendor may be called, as its documentation says or as was measured; none: no limit matters.

        The engine keeps to them in all that a drain calls, over `integrations.http`.
        """
        return ()

    def wants(self, signup: Signup) -> bool:
        """Whether this signup concerns the vendor at all, beyond its verdict."""
        return True

    def listens_to(self, event: Event) -> bool:
        return hasattr(self, f"on_{event}")

    def handler(self, event: Event) -> Handler:
        """The method that tells the vendor of `event`. Raises AttributeError where it does not listen to it."""
        handler: Handler = getattr(self, f"on_{event}")
        return handler

    def send_batch(self, deliveries: Sequence[Delivery]) -> list[BatchItem]:
        """Tell the vendor of these, as their handlers would and under the same keys, in as few calls as it allows.

        They are of `batched` events, of different signups, and at most `most_in_batch`. Returns how each fared, in
        their order. Raises a `ServiceError` where all fared alike; where that is a `Never`, the engine tries halves.
        """
        raise NotImplementedError

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

    @property
    def can_test(self) -> bool:
        """Whether it has a test event: by defining `send_test`."""
        return type(self).send_test is not Integration.send_test

    def send_test(self, test: TestEvent) -> Delivered:
        """Send something that proves that settings and vendor work, is recognisable there as a test, and harms nobody:
        it is about no person, starts no campaign, counts as no signup. Raises a `ServiceError`.
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
