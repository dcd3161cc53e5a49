"""Actions owed to an integration: whose turn it is, what is due, and writing down how it went.

One forwarder per integration runs at a time, by a lease of its own beside that of the deliveries; whether the vendor is
paused or in trouble is said by the integration's own state, which both share. Rows are claimed before any call, and a
claim ends by itself, as with deliveries; a row is gone when the vendor has taken its action.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from signups.contracts import Integration
from signups.deliveries import breaker, leases
from signups.deliveries.breaker import Signal
from signups.models import Forward, IntegrationState
from signups.transactions import write_transaction

LEASE = timedelta(seconds=90)
MOST_BYTES = 1_900_000  # of a parcel's actions as JSON, below the 2 MB that vendors take in one call
_OVERHEAD_BYTES = 600  # of one action at the vendor, beside its own properties
_LOOK_AT = 200  # actions read at once: their properties may be large


@dataclass(frozen=True)
class Again:
    """Not now: due again after `wait`. `is_counted`: the vendor was asked in earnest."""

    wait: timedelta
    why: str
    is_counted: bool = True


@dataclass(frozen=True)
class Refuse:
    """Never: kept, with a sentence for staff."""

    why: str


Outcome = Again | Refuse | None  # None: taken


@dataclass(frozen=True)
class Lease:
    """The right to forward actions to one integration, for a limited time. `token` also marks the rows claimed."""

    integration: Integration
    token: uuid.UUID

    @classmethod
    def take(cls, integration: Integration) -> Lease | None:
        """The lease, or None where another forwarder has it, or the integration is paused or left alone."""
        if not is_free(integration.slug):
            return None
        with write_transaction():
            IntegrationState.objects.get_or_create(slug=integration.slug)
        token = leases.take(name(integration.slug), LEASE)
        return cls(integration, token) if token is not None else None

    def renew(self) -> bool:
        """Begin the lease anew; False where it has lapsed and somebody else took it."""
        return leases.renew(name(self.integration.slug), self.token, LEASE)

    def release(self) -> None:
        leases.release(name(self.integration.slug), self.token)


def is_free(slug: str) -> bool:
    """Whether a forwarder could begin now."""
    return not _left_alone(slug).exists() and not _leased(slug).exists()


def due(slug: str) -> QuerySet[Forward]:
    return Forward.objects.filter(integration=slug, due_at__lte=Now())


def claim(lease: Lease) -> list[Forward]:
    """The next parcel, with its actions: as many as one call may carry, a single one to a vendor just out of trouble.

    Each row's try is counted before any call, so that one which kills its worker ends as well.
    """
    slug = lease.integration.slug
    if _left_alone(slug).exists() or not lease.renew():
        return []
    is_probe = IntegrationState.objects.filter(slug=slug, failures_in_a_row__gte=breaker.FAILURES).exists()
    parcel = _parcel(slug, 1 if is_probe else lease.integration.most_actions)
    with write_transaction():
        rows = Forward.objects.filter(pk__in=[forward.pk for forward in parcel])
        ours = rows.filter(due_at__lte=Now()).update(claim=lease.token, due_at=Now() + LEASE, tries=F("tries") + 1)
        if ours < len(parcel):  # another took some: this one's lease had lapsed
            mine = set(rows.filter(claim=lease.token).values_list("pk", flat=True))
            parcel = [forward for forward in parcel if forward.pk in mine]
    for forward in parcel:
        forward.tries += 1
    return parcel


def finish(lease: Lease, outcomes: Mapping[int, Outcome], signals: Sequence[Signal]) -> None:
    """Write down what became of claimed rows, by primary key, and move the breaker. A lost claim changes nothing."""
    kinds: dict[Outcome, list[int]] = defaultdict(list)
    for pk, outcome in outcomes.items():
        kinds[outcome].append(pk)
    with write_transaction():
        breaker.move(lease.integration.slug, signals)
        for outcome, keys in kinds.items():
            _write(Forward.objects.filter(claim=lease.token, pk__in=keys), outcome)


def send_again(forwards: Collection[int]) -> int:
    """Have refused actions (primary keys) tried again now, with all their tries before them; returns how many."""
    with write_transaction():
        rows = Forward.objects.filter(pk__in=forwards, refused_at__isnull=False)
        slugs = sorted(set(rows.values_list("integration", flat=True)))
        breaker.probe(slugs)
        return rows.update(refused_at=None, due_at=Now(), claim=None, tries=0, why="")


def _write(rows: QuerySet[Forward], outcome: Outcome) -> None:
    match outcome:
        case None:
            rows.delete()
        case Refuse(why):
            rows.update(refused_at=Now(), due_at=None, claim=None, why=why[:1000])
        case Again(wait, why, is_counted):
            tries = F("tries") - (0 if is_counted else 1)
            rows.update(due_at=Now() + wait, claim=None, tries=tries, why=why[:1000])


def _parcel(slug: str, most: int) -> list[Forward]:
    """The rows due longest, as many as fit into one call. Actions are read a few at a time until it is full."""
    keys = list(due(slug).order_by("due_at", "pk").values_list("pk", flat=True)[:most])
    parcel: list[Forward] = []
    size = 0
    for start in range(0, len(keys), _LOOK_AT):
        rows = Forward.objects.filter(pk__in=keys[start : start + _LOOK_AT]).select_related("action").order_by("pk")
        for forward in list(rows):
            size += _OVERHEAD_BYTES + len(json.dumps(forward.action.properties, ensure_ascii=False).encode())
            if size > MOST_BYTES and parcel:
                return _oldest_first(parcel)
            parcel.append(forward)
    return _oldest_first(parcel)


def _oldest_first(parcel: Iterable[Forward]) -> list[Forward]:
    return sorted(parcel, key=lambda forward: (forward.action.at, forward.action_id))


def name(slug: str) -> str:
    """The row that holds the forwarder's lease."""
    return f"{slug}.actions"


def _leased(slug: str) -> QuerySet[IntegrationState]:
    return IntegrationState.objects.filter(slug=name(slug), lease_until__gt=Now())


def _left_alone(slug: str) -> QuerySet[IntegrationState]:
    return IntegrationState.objects.filter(Q(is_paused=True) | Q(open_until__gt=Now()), slug=slug)
