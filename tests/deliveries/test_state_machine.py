"""Whatever comes in whatever order: nothing owed is lost, nothing is done twice, each signup's story keeps its order.

Hypothesis makes up stories of claims, deaths, lapses, late outcomes, replays, pauses and answers of all kinds, against
a vendor that remembers what was done. It runs on the real database of the tests; only time is moved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import hypothesis
import pytest
from django.db.models import Count, Q
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from signups import contracts, deliveries
from signups.contracts import (
    Ambiguous,
    BatchItem,
    Delivered,
    Event,
    Integration,
    Later,
    Misconfigured,
    Never,
    Outcome,
    ServiceError,
)
from signups.deliveries import claiming, finishing, sending
from signups.deliveries.claiming import Lease
from signups.deliveries.outcomes import MOST_TRIES
from signups.deliveries.sending import Try
from signups.models import Delivery, Heartbeat, IntegrationState, Person, Signup, Verdict
from tests.deliveries.acts import pass_time, staff
from tests.rows import make_signup

pytestmark = pytest.mark.django_db(transaction=True)

SLUG = "ledger"
# How a call ends: whether the vendor did it, and what it said.
ENDINGS: dict[str, tuple[bool, Callable[[], Exception] | None]] = {
    "ok": (True, None),
    "busy": (False, partial(Later, "Ledger", "answered 503", status=503)),
    "limited": (False, partial(Later, "Ledger", "answered 429", status=429, retry_after_s=7)),
    "refused key": (False, partial(Misconfigured, "Ledger", "answered 401")),
    "lost before": (False, partial(Ambiguous, "Ledger", "did not answer")),
    "lost after": (True, partial(Ambiguous, "Ledger", "did not answer")),
    "our error before": (False, partial(KeyError, "page")),
    "our error after": (True, partial(KeyError, "page")),
    "never": (False, partial(Never, "Ledger", "will not")),
}
ending = st.sampled_from(list(ENDINGS))


class Ledger(Integration):
    """A vendor without idempotency keys: what it is told twice stands there twice. It can be looked up."""

    slug = SLUG
    name = "Ledger"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm"})
    concurrency: ClassVar[int] = 3
    takes_once: ClassVar[bool] = False

    def __init__(self) -> None:
        self.entries: list[tuple[int, str, str]] = []  # signup, event, the delivery's uid
        self.ending = "ok"

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        is_done, failure = ENDINGS[self.ending]
        entry = (signup.pk, delivery.event, str(delivery.uid))
        if is_done and not (self.takes_once and entry in self.entries):
            self.entries.append(entry)
        if failure is not None:
            raise failure()
        return Delivered(external_id=str(delivery.uid))

    on_confirmed = on_profile_changed = on_signed_up

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        key = (signup.pk, delivery.event, str(delivery.uid))
        return Delivered(external_id=key[2], note="Found.") if key in self.entries else None


class BatchLedger(Ledger):
    """One with idempotency keys, as whoever takes batches must have: a batch may be repeated."""

    takes_once: ClassVar[bool] = True
    batched: ClassVar[frozenset[Event]] = frozenset({Event.SIGNED_UP, Event.PROFILE_CHANGED})
    most_in_batch: ClassVar[int] = 5

    def send_batch(self, deliveries: Any) -> list[BatchItem]:
        items = []
        for one in deliveries:
            result: Outcome | ServiceError
            try:
                result = self.on_signed_up(one.signup, one)
            except ServiceError as error:
                result = error
            items.append(BatchItem(result, {"event": one.event}))
        return items


class Story(RuleBasedStateMachine):
    """Drains are taken apart: who claimed may send, die, or come back late with what they were told."""

    leases = Bundle("leases")
    ledger: Ledger

    @initialize()
    def begin(self) -> None:
        for model in (Delivery, IntegrationState, Heartbeat, Signup, Person):
            model._default_manager.all().delete()
        ledger = contracts.integration(SLUG)
        assert isinstance(ledger, Ledger)
        ledger.entries, ledger.ending = [], "ok"
        self.ledger = ledger
        self.claimed: dict[Lease, list[Delivery]] = {}
        self.late: list[tuple[Lease, list[Try]]] = []
        self.number = 0

    # -- What happens here -----------------------------------------------------------------------------------------

    @rule()
    def somebody_signs_up(self) -> None:
        self.number += 1
        deliveries.plan_for(make_signup(f"p{self.number}@dev.test", verdict=Verdict.CONFIRM))

    @rule(newest=st.booleans())
    def somebody_confirms(self, newest: bool) -> None:
        signups = Signup.objects.filter(verdict=Verdict.CONFIRM).order_by("-pk" if newest else "pk")
        if (signup := signups.first()) is not None:
            signup.verdict = Verdict.ACCEPTED
            signup.save()

    @rule()
    def a_profile_changes(self) -> None:
        if (signup := Signup.objects.order_by("?").first()) is not None:
            signup.profile_version += 1
            signup.save()

    # -- What workers do -------------------------------------------------------------------------------------------

    @rule(how=ending)
    def a_drain_runs(self, how: str) -> None:
        self.ledger.ending = how
        deliveries.drain(SLUG)

    @rule(target=leases, limit=st.integers(1, 3), batched=st.sampled_from([0, 5]))
    def a_worker_claims(self, limit: int, batched: int) -> Lease | None:
        lease = Lease.take(self.ledger)
        if lease is None:
            return None
        batched = batched if self.ledger.most_in_batch else 0
        self.claimed[lease] = claiming.claim(lease, limit, is_busy=False, most_batched=batched)
        return lease

    @rule(lease=leases, how=ending)
    def it_sends_and_finishes(self, lease: Lease | None, how: str) -> None:
        if lease is not None:
            self._send(lease, how)
            while self.late:
                finishing.finish(*self.late.pop())
            lease.release()

    @rule(lease=leases, how=ending)
    def it_sends_and_is_held_up(self, lease: Lease | None, how: str) -> None:
        """Its lease and its claims lapse before it says how it went."""
        if lease is not None:
            self._send(lease, how)
            self.time_passes(61)

    @rule()
    def a_late_outcome_comes(self) -> None:
        if self.late:
            finishing.finish(*self.late.pop(0))

    @rule(lease=leases)
    def it_gives_back(self, lease: Lease | None) -> None:
        if lease is not None:
            claiming.give_back(lease, self.claimed.pop(lease, []))
            lease.release()

    @rule(lease=leases)
    def it_dies(self, lease: Lease | None) -> None:
        if lease is not None:
            self.claimed.pop(lease, None)

    @rule(seconds=st.sampled_from([7, 61, 700, 50_000]))
    def time_passes(self, seconds: int) -> None:
        if seconds > 60:  # claims lapse: whoever held them is dead, or too late
            self.claimed.clear()
        pass_time(seconds=seconds)

    @rule()
    def the_sweep_runs(self) -> None:
        deliveries.sweep(is_thorough=True)

    # -- What staff do ---------------------------------------------------------------------------------------------

    @rule()
    def staff_send_all_that_failed_again(self) -> None:
        deliveries.try_again(Delivery.objects.exclude(state=Delivery.State.DELIVERED), staff())

    @rule()
    def staff_pause(self) -> None:
        deliveries.pause(SLUG, staff(), "painting")

    @rule()
    def staff_resume(self) -> None:
        deliveries.resume(SLUG, staff())

    # -- What holds ------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_is_done_twice(self) -> None:
        if hasattr(self, "ledger"):
            assert len(self.ledger.entries) == len(set(self.ledger.entries))

    @invariant()
    def what_we_call_delivered_was_done(self) -> None:
        if hasattr(self, "ledger"):
            done = {uid for _, _, uid in self.ledger.entries}
            delivered = Delivery.objects.filter(state=Delivery.State.DELIVERED).values_list("uid", flat=True)
            assert {str(uid) for uid in delivered} <= done

    @invariant()
    def a_signup_s_story_keeps_its_order(self) -> None:
        if hasattr(self, "ledger"):
            order = {str(uid): pk for pk, uid in Delivery.objects.values_list("pk", "uid")}
            for signup in {signup for signup, _, _ in self.ledger.entries}:
                told = [order[uid] for one, _, uid in self.ledger.entries if one == signup]
                assert told == sorted(told) or self._had_dead_letter(signup)

    def teardown(self) -> None:
        """In the end all works: everything owed is there, once."""
        if not hasattr(self, "ledger"):
            return
        deliveries.resume(SLUG, staff())
        for _ in range(40):
            pass_time(days=2)
            deliveries.try_again(Delivery.objects.filter(state=Delivery.State.FAILED), staff())
            self.ledger.ending = "ok"
            deliveries.drain(SLUG)
            if not Delivery.objects.exclude(state=Delivery.State.DELIVERED).exists():
                break
        owed = {str(uid) for uid in Delivery.objects.values_list("uid", flat=True)}
        assert sorted(uid for _, _, uid in self.ledger.entries) == sorted(owed)

    def _send(self, lease: Lease, how: str) -> None:
        rows = self.claimed.pop(lease, [])
        self.ledger.ending = how
        together = [row for row in rows if row.event in self.ledger.batched]
        tries = sending.send_together(self.ledger, together) if together else []
        tries += [sending.send(self.ledger, row) for row in rows if row.event not in self.ledger.batched]
        self.late.append((lease, tries))

    def _had_dead_letter(self, signup: int) -> bool:
        """A dead letter is finished: what came after it went on, and it follows once staff send it again."""
        rows = Delivery.objects.filter(signup=signup).annotate(tries=Count("attempts"))
        return rows.filter(Q(attempts__result="never") | Q(tries__gte=MOST_TRIES)).exists()


@pytest.mark.parametrize("vendor", ["Ledger", "BatchLedger"])
def test_no_order_of_events_loses_or_doubles_anything(vendor: str, settings: Any) -> None:
    settings.INTEGRATIONS = [f"tests.deliveries.test_state_machine.{vendor}"]
    run_state_machine_as_test(Story, settings=STORIES)


STORIES = hypothesis.settings(
    max_examples=10, stateful_step_count=20, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
