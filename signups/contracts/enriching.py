"""Who is it? What implements a source of facts about people and companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from signups.contracts.deadline import Deadline

# A person's or company's facts: the Clearbit attributes as dotted paths ("employment.title", "metrics.raised"), only
# those that are known. The paths and enums are those of Clearbit's person and company objects.
Facts = dict[str, Any]


class Subject(StrEnum):
    PERSON = "person"  # asked for by e-mail address
    COMPANY = "company"  # asked for by domain
    # How people sign their mails, of which no profile is made: asked for by work domain, else by personal address.
    SIGNATURES = "signatures"


_METHODS = {Subject.PERSON: "find_person", Subject.COMPANY: "find_company", Subject.SIGNATURES: "find_mails"}


class Found(StrEnum):
    FOUND = "found"
    NOT_FOUND = "not_found"
    PENDING = "pending"  # the vendor is still looking: ask again, or wait until it tells us
    REFUSED = "refused"  # the person asked not to be looked up: nobody else is asked either
    ERROR = "error"  # no answer, which says nothing about the person
    SKIPPED = "skipped"  # not asked, for the reason that the note gives


class Cost(StrEnum):
    FREE = "free"  # asked first
    PAID = "paid"  # asked only where wanted facts are still missing


@dataclass(frozen=True)
class Rate:
    """How often a vendor may be asked: so many calls in so many seconds."""

    calls: int
    per_s: float


@dataclass(frozen=True)
class Answer:
    """What a provider said. `facts` is empty unless `outcome` is found; `note` is a line for staff.

    `confidence`: how sure the provider says it is of this record, from 0 to 1; None: it does not say, and its class'
    own counts. `credits`: what the vendor says this call has cost; None: it does not say, and the provider's price
    counts. `may_change`: asking again soon may bring more, though nothing is wrong with the vendor.
    """

    outcome: Found
    facts: Facts = field(default_factory=dict)
    note: str = ""
    confidence: float | None = None
    credits: float | None = None
    may_change: bool = False


@dataclass(frozen=True)
class IncomingMail:
    """A mail that somebody sent to us. `sender`: the address alone, in lower case; `name`: theirs, "" unknown.

    `text`: the plain body with all that it quotes. The engine reads its signature and keeps nothing else of it.
    """

    at: datetime
    sender: str
    name: str
    text: str


@dataclass(frozen=True)
class Heard:
    """An answer that a vendor's webhook brought later. `key` is the address or domain that had been asked for."""

    subject: Subject
    key: str
    answer: Answer


class Provider:
    """Somebody who may know a person or a company. Subclasses override `find_person`, `find_company` or both, or
    `find_mails` where they hold mails that people sent to us.

    A provider never touches the database and may be called from any thread. It returns an `Answer`, and lets a
    `ServiceError` fly where the vendor fails: the engine turns it into `Found.ERROR`, and opens the provider's breaker
    after several. A `Later` with `retry_after_s` and a `UsedUp` leave it alone until then.
    """

    slug: ClassVar[str]
    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()  # environment variables without which it is off
    # What it can say, by subject: those of the attributes of `integrations.facts` that it may answer.
    person_fields: ClassVar[frozenset[str]] = frozenset()
    company_fields: ClassVar[frozenset[str]] = frozenset()
    cost: ClassVar[Cost] = Cost.FREE
    credits_a_hit: ClassVar[float] = 0.0  # the vendor's credits that a found record costs
    # What leaves this server, and who gets it: a sentence for operators.
    privacy: ClassVar[str]
    # How sure its facts are where it does not say so itself.
    confidence: ClassVar[float] = 0.8
    # Too slow for the second in which a signup is answered: asked by a task right afterwards.
    is_slow: ClassVar[bool] = False
    # For how long its answers need not be asked again, where that differs from the engine's lifetimes.
    holds_for: ClassVar[Mapping[Found, timedelta]] = {}

    def missing_settings(self) -> list[str]:
        """Names of the environment variables that must be set before this provider can be asked."""
        return []

    def rate(self) -> Rate | None:
        """How often it may be asked, None where the vendor sets no limit that matters."""
        return None

    def fields(self, subject: Subject) -> frozenset[str]:
        if subject is Subject.SIGNATURES:
            return frozenset({subject.value}) if self.answers(subject) else frozenset()
        return self.person_fields if subject is Subject.PERSON else self.company_fields

    def answers(self, subject: Subject) -> bool:
        """Whether this provider can be asked about `subject` at all."""
        method = _METHODS[subject]
        return getattr(type(self), method) is not getattr(Provider, method)

    def find_person(self, email: str, deadline: Deadline) -> Answer:
        raise NotImplementedError

    def find_company(self, domain: str, deadline: Deadline) -> Answer:
        raise NotImplementedError

    def find_mails(self, key: str, deadline: Deadline) -> Sequence[IncomingMail]:
        """The latest few mails that came from a work domain, or from one address: a sample for their signatures."""
        raise NotImplementedError

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Heard | None:
        """What the vendor's webhook says of a look-up that was pending; None where it says nothing of one of ours.

        Raises NotTheVendor where it is not the vendor who calls, and Misconfigured where that cannot be told. A
        provider whose vendor has no webhooks does not override this.
        """
        raise NotImplementedError
