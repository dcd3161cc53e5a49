"""A front desk that hears of signups: an integration whose answers the tests write down beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar

from signups.contracts import BatchItem, Delivered, Event, Exchange, Integration, Outcome, ServiceError, record
from signups.models import Delivery, Signup

# What a call does: return, raise, or ask a function what to do.
Answer = Outcome | Exception | Callable[[], Outcome | None] | None


class Desk(Integration):
    slug = "desk"
    name = "Front desk"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm"})

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """As new: switched on, glad of everything, and called by nobody."""
        self.answers: list[Answer] = []  # to calls, in turn; then it is always glad
        self.findings: list[Answer] = []  # to look-ups, in turn; then it finds nothing
        self.calls: list[str] = []  # "signed_up ada@dev.test", "look up ada@dev.test"
        self.lacks: list[str] = []
        self.concurrency = 4  # type: ignore[misc]
        self.reconcile_after = timedelta(0)  # type: ignore[misc]
        self.is_serial_by_company = False  # type: ignore[misc]

    def will(self, *answers: Answer) -> None:
        self.answers += answers

    def will_find(self, *findings: Answer) -> None:
        self.findings += findings

    def missing_settings(self) -> list[str]:
        return self.lacks

    def wants(self, signup: Signup) -> bool:
        return not signup.email.startswith("unwanted")

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        return self._answer(f"signed_up {signup.email}", delivery)

    def on_confirmed(self, signup: Signup, delivery: Delivery) -> Outcome:
        return self._answer(f"confirmed {signup.email}", delivery)

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Outcome:
        return self._answer(f"profile_changed {signup.email}", delivery)

    def on_usage_reported(self, signup: Signup, delivery: Delivery) -> Outcome:
        return self._answer(f"usage_reported {signup.email}", delivery)

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        self.calls.append(f"look up {signup.email}")
        return _done(self.findings.pop(0)) if self.findings else None

    def _answer(self, call: str, delivery: Delivery) -> Outcome:
        self.calls.append(call)
        record(Exchange("POST", "https://desk.test/tell", call, 200, "noted", 1))
        if not self.answers:
            return Delivered(external_id=str(delivery.uid))
        return _done(self.answers.pop(0))  # type: ignore[return-value]  # None: what a careless handler might return


class OtherDesk(Desk):
    slug = "other_desk"
    name = "Other desk"


class BatchDesk(Desk):
    """The same desk, which takes five new signups in a call."""

    batched: ClassVar[frozenset[Event]] = frozenset({Event.SIGNED_UP})
    most_in_batch: ClassVar[int] = 5

    def forget(self) -> None:
        super().forget()
        self.failures: list[Exception] = []  # of whole calls, in turn

    def will_all(self, *failures: Exception) -> None:
        self.failures += failures

    def send_batch(self, deliveries: Sequence[Delivery]) -> list[BatchItem]:
        call = f"{len(deliveries)} in a call"
        self.calls.append(call)
        record(Exchange("POST", "https://desk.test/tell-all", call, 200, "noted", 1))
        if self.failures:
            raise self.failures.pop(0)
        return [BatchItem(self._item(one), {"name": one.signup.email}) for one in deliveries]

    def _item(self, delivery: Delivery) -> Outcome | ServiceError:
        try:
            return _done(self.answers.pop(0)) if self.answers else Delivered(str(delivery.uid))  # type: ignore[return-value]
        except ServiceError as failure:
            return failure


def _done(answer: Answer) -> Outcome | None:
    if isinstance(answer, Exception):
        raise answer
    return answer() if callable(answer) else answer
