"""Whose turn it is: the lease on an integration, and the claim on its due rows.

A claim ends by itself: `due_at` of a claimed row is the moment it lapses, and a lapsed row is simply due again. Clocks
are the database's. Locks are always taken in this order: the integration's state, then its deliveries.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from signups.contracts import Event, Integration
from signups.deliveries import breaker, leases
from signups.deliveries.outcomes import MOST_TRIES
from signups.deliveries.pacing import Pace
from signups.models import Attempt, Delivery, IntegrationState
from signups.transactions import write_transaction

LEASE = timedelta(seconds=60)
CLAIM = timedelta(seconds=60)
RENEW_EVERY_S = 15.0
# For so long a drain that was put on the queue is believed to be there; then another is put there.
WOKEN_FOR = timedelta(seconds=5)

# Planned for another day, and no other event builds on it.
_NOTHING_WAITS_FOR = (Event.WENT_QUIET,)
_LAPSED = "The worker that was sending this stopped before it said how it went."
_GIVEN_UP = "Given up: each try ended with the death of its worker, and may have been done."


@dataclass(frozen=True)
class Lease:
    """The right to drain one integration, for a limited time. `token` also marks the rows claimed under it.

    `pace`: keeps the calls made under it to the vendor's rates.
    """

    integration: Integration
    token: uuid.UUID
    pace: Pace = field(default_factory=lambda: Pace(()))

    @classmethod
    def take(cls, integration: Integration) -> Lease | None:
        """The lease, or None where another drain has it, staff paused the integration, or its breaker is open."""
        slug = integration.slug
        if not is_free(slug):
            note_woken([slug], is_woken=False)
            return None
        token, rates = uuid.uuid4(), integration.rates()
        with write_transaction():
            IntegrationState.objects.get_or_create(slug=slug)
            if not _free(slug).update(**leases.taken_by(token, LEASE), woken_at=None):
                return None
            spent = IntegrationState.objects.values_list("spent", flat=True).get(slug=slug) if rates else {}
        return cls(integration, token, Pace(rates, spent))

    def renew(self, sending: Collection[int]) -> None:
        """Say that this drain lives: its lease, and its claims on the rows under way (primary keys), start anew."""
        with write_transaction():
            self.held().update(lease_until=Now() + LEASE, spent=self.pace.spent())
            rows = Delivery.objects.filter(pk__in=sending, claim=self.token, state=Delivery.State.SENDING)
            rows.update(due_at=Now() + _claim_time(self.integration))

    def release(self) -> None:
        with write_transaction():
            self.held().update(**leases.NONE, spent=self.pace.spent())

    def held(self) -> QuerySet[IntegrationState]:
        """The integration's state, while nobody else has taken the lease."""
        return leases.held(self.integration.slug, self.token)


def is_free(slug: str) -> bool:
    """Whether a drain could begin now: nobody is at it, it is not paused, and its breaker is not open."""
    return _free(slug).exists() or not IntegrationState.objects.filter(slug=slug).exists()


def asleep(slugs: Collection[str], *, is_sweep: bool = False) -> list[str]:
    """Of these, those that a drain could begin with and for which none is on the queue, as far as is known.

    `is_sweep`: those for which one should have begun by now count as well.
    """
    # Of all integrations, by the database's clock: a query with these conditions takes thrice as long to put together.
    states = IntegrationState.objects.order_by().values_list(
        "slug", "is_paused", "open_until", "lease_until", "woken_at", Now()
    )
    awake = set()
    for slug, is_paused, open_until, lease_until, woken_at, now in states:
        is_woken = woken_at is not None and woken_at > now - WOKEN_FOR and not is_sweep
        if is_paused or is_woken or any(until is not None and until > now for until in (open_until, lease_until)):
            awake.add(slug)
    return sorted(set(slugs) - awake)


def note_woken(slugs: Collection[str], *, is_woken: bool = True) -> None:
    """Keep that a drain is on the queue for these, or that there is none after all."""
    states = IntegrationState.objects.filter(slug__in=slugs)
    with write_transaction():
        if not is_woken:
            states.filter(woken_at__isnull=False).update(woken_at=None)
        elif states.update(woken_at=Now()) < len(slugs):
            new = (IntegrationState(slug=slug, woken_at=Now()) for slug in slugs)
            IntegrationState.objects.bulk_create(new, ignore_conflicts=True)


def has_work(integration: Integration) -> bool:
    """Whether a drain would find something to send now."""
    return claimable(integration).exists() and is_free(integration.slug)


def _free(slug: str) -> QuerySet[IntegrationState]:
    return IntegrationState.objects.filter(leases.FREE, breaker.may_send(), slug=slug)


def claimable(integration: Integration) -> QuerySet[Delivery]:
    """Rows that may be sent now: due, and with nothing that must come first.

    First come a signup's elder rows of the same integration, so that *signed up* precedes *confirmed*, but for a nudge
    that waits for its morning. For an integration that is serial by company a colleague waits while another is being
    sent, and while it is unknown whether another was; of two unknown ones the elder comes first, so that they do not
    wait for each other.
    """
    rows = Delivery.objects.filter(integration=integration.slug, due_at__lte=Now())
    unfinished = Delivery.objects.filter(integration=integration.slug, due_at__isnull=False)
    elder = Q(pk__lt=OuterRef("pk"))
    before = unfinished.exclude(event__in=_NOTHING_WAITS_FOR)
    rows = rows.filter(~Exists(before.filter(elder, signup=OuterRef("signup"))))
    if integration.is_serial_by_company:
        colleagues = unfinished.filter(company=OuterRef("company")).exclude(pk=OuterRef("pk"))
        under_way = colleagues.filter(state=Delivery.State.SENDING, due_at__gt=Now())
        unknown = Q(state=Delivery.State.SENDING) | Q(is_ambiguous=True)
        comes_first = Exists(colleagues.filter(unknown, elder)) | (~unknown & Exists(colleagues.filter(unknown)))
        rows = rows.filter(Q(company=None) | (~Exists(under_way) & ~comes_first))
    return rows


def claim(lease: Lease, limit: int, *, is_busy: bool, most_batched: int = 0) -> list[Delivery]:
    """Claim up to `limit` rows, and count a try for each before any I/O: a row that kills its worker ends too.

    Rows of events that the integration is told of in batches count apart, up to `most_batched`. Nothing is claimed
    without the lease, while paused, or while the breaker is open; one row, and none while the drain `is_busy`, where
    the breaker wants a probe.
    """
    if not claimable(lease.integration).exists():  # an idle look takes no write lock
        return []
    with write_transaction():
        held = lease.held().filter(breaker.may_send(), lease_until__gt=Now())
        state = held.select_for_update().first()
        if state is None:
            return []
        if state.failures_in_a_row >= breaker.FAILURES:
            limit, most_batched = 0 if is_busy else 1, 0
        return _claim_rows(lease, limit, most_batched)


def give_back(lease: Lease, deliveries: Collection[Delivery]) -> None:
    """Rows that were claimed and not begun: due again, as if nobody had claimed them."""
    with write_transaction():
        rows = Delivery.objects.filter(
            pk__in=[one.pk for one in deliveries], claim=lease.token, state=Delivery.State.SENDING
        )
        rows.update(state=Delivery.State.PENDING, claim=None, due_at=Now(), attempts_used=F("attempts_used") - 1)


def _claim_rows(lease: Lease, limit: int, most_batched: int) -> list[Delivery]:
    integration = lease.integration
    while True:
        keys, lapsed, given_up = _choose(integration, limit, most_batched)
        if given_up:
            _give_up(given_up)
        if keys:
            break
        if not given_up:
            return []
    if lapsed:
        Delivery.objects.filter(pk__in=lapsed).update(is_ambiguous=True)
        _keep_lapsed(lapsed)
    Delivery.objects.filter(pk__in=keys).update(
        state=Delivery.State.SENDING,
        claim=lease.token,
        due_at=Now() + _claim_time(integration),
        attempts_used=F("attempts_used") + 1,
    )
    rows = Delivery.objects.filter(pk__in=keys).select_related("signup__person", "signup__company", "company")
    return list(rows.order_by("pk"))


def _give_up(keys: Collection[int]) -> None:
    Delivery.objects.filter(pk__in=keys).update(
        state=Delivery.State.FAILED,
        due_at=None,
        claim=None,
        finished_at=Now(),
        is_ambiguous=True,
        outcome=_GIVEN_UP,
    )
    _keep_lapsed(keys)


def _choose(integration: Integration, limit: int, most_batched: int) -> tuple[list[int], list[int], list[int]]:
    """The rows whose turn it is, those of them whose claim lapsed, and those that have killed enough workers instead
    (primary keys). On PostgreSQL they are locked; on SQLite the transaction has the database for itself.

    No more rows are looked at than that takes: a vendor that was away has very many waiting.
    """
    candidates = claimable(integration).order_by("due_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        candidates = candidates.select_for_update(skip_locked=True)
    left = {True: most_batched, False: limit}  # by whether the row goes in a batch
    keys: list[int] = []
    lapsed: list[int] = []
    given_up: list[int] = []
    companies: set[int] = set()
    spare = 10 if integration.is_serial_by_company else 1  # colleagues of those chosen are passed over
    columns = ("pk", "company_id", "state", "event", "attempts_used")
    for key, company, state, event, used in candidates.values_list(*columns)[: limit * spare + most_batched]:
        if state == Delivery.State.SENDING and used >= MOST_TRIES:
            given_up.append(key)
            continue
        goes_in_batch = most_batched > 0 and event in integration.batched
        if not left[goes_in_batch] or (integration.is_serial_by_company and company in companies):
            continue
        left[goes_in_batch] -= 1
        keys.append(key)
        if company is not None:
            companies.add(company)
        if state == Delivery.State.SENDING:
            lapsed.append(key)
    return keys, lapsed, given_up


def _claim_time(integration: Integration) -> timedelta:
    """How long a claim holds: when it lapses, the vendor's own search can be believed."""
    return CLAIM + integration.reconcile_after


def _keep_lapsed(keys: Collection[int]) -> None:
    """Nobody is left to tell of the tries that lapsed: they are kept all the same."""
    now = timezone.now()
    Attempt.objects.bulk_create(Attempt(delivery_id=key, at=now, result="lapsed", reason=_LAPSED) for key in keys)
