"""Actions on their way to Mixpanel: batches, what it refuses, its bad days, and whose an action is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.mixpanel import Mixpanel
from signups import contracts, deliveries
from signups.activity import forwarding, identity, owed
from signups.activity.identity import Reason
from signups.activity.reading import MOST_PROPERTIES
from signups.contracts import Refusal, SentAction
from signups.models import Action, Forward, IntegrationState, Verdict
from tests.activity.reports import VISITOR, events, forward_all, now_due, page, report, track
from tests.rows import make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def owed_count() -> int:
    return Forward.objects.count()


def test_what_was_reported_arrives_in_one_call_and_is_owed_no_more(sandbox: Sandbox) -> None:
    report(track("Read the docs", timestamp=1_762_000_000), page(timestamp=1_762_000_001))
    assert forwarding.forward("mixpanel") == 2
    assert [event["event"] for event in events(sandbox)] == ["Read the docs", "Page viewed"]
    assert (len(sandbox.received("mixpanel")), owed_count()) == (1, 0)


def test_what_a_visitor_did_before_is_the_person_s_once_they_are_known(sandbox: Sandbox) -> None:
    report(track("Read the docs"))
    forward_all()
    ada = make_signup()
    identity.join(ada, VISITOR, Reason.SIGNED_UP)
    report(track("Called the API"))
    forward_all()
    assert [event["user"] for event in events(sandbox)] == [str(ada.uid)] * 2


def test_a_customer_named_by_the_backend_is_found(sandbox: Sandbox) -> None:
    ada = make_signup(external_id="cus_1")
    report(track(user_id="cus_1", anonymous_id=None))
    forward_all()
    assert [event["user"] for event in events(sandbox)] == [str(ada.uid)]


def test_a_visitor_whom_staff_detached_is_not_tied_to_the_person_elsewhere(sandbox: Sandbox) -> None:
    ada = make_signup(external_id="cus_1")
    edge = identity.join(ada, VISITOR, Reason.SIGNED_UP)
    assert edge is not None
    identity.detach(edge, User.objects.create_user("sam"), "a shared computer")
    report(track("Called the API", user_id="cus_1"), track("Read the docs"))
    forward_all()
    assert {event["event"]: event["user"] for event in events(sandbox)} == {
        "Called the API": str(ada.uid),
        "Read the docs": f"$device:{VISITOR}",
    }


def test_an_action_waits_for_its_customer_and_then_goes(sandbox: Sandbox) -> None:
    report(track(user_id="cus_1", anonymous_id=None))
    forward_all()
    row = Forward.objects.get()
    assert (row.refused_at, row.why) == (None, "Waits for its customer: nobody here goes by that user id yet.")
    assert row.due_at is not None
    assert row.due_at > timezone.now()
    make_signup(external_id="cus_1")
    now_due()
    forward_all()
    assert (len(events(sandbox)), owed_count()) == (1, 0)


def test_an_action_of_nobody_is_refused_after_a_day(sandbox: Sandbox) -> None:
    report(track(user_id="cus_1", anonymous_id=None))
    Action.objects.update(received_at=timezone.now() - timedelta(hours=25))
    forward_all()
    row = Forward.objects.get()
    assert (row.due_at, row.refused_at is not None, events(sandbox)) == (None, True, [])
    assert row.why == "Nobody here went by that user id within a day. Send it again once they have signed up."


def test_who_was_rejected_is_nobody_to_mixpanel(sandbox: Sandbox) -> None:
    identity.join(make_signup(verdict=Verdict.REJECTED), VISITOR, Reason.SIGNED_UP)
    report(track())
    forward_all()
    assert [event["user"] for event in events(sandbox)] == [f"$device:{VISITOR}"]


def test_what_mixpanel_refuses_is_singled_out_and_the_rest_is_kept(sandbox: Sandbox) -> None:
    report(*[track(f"Step {number}", id=f"a-{number}") for number in range(5)])
    Action.objects.filter(key="a-2").update(at="1969-06-01T00:00:00Z")
    forward_all()
    row = Forward.objects.get()
    assert (row.action.key, row.due_at, len(events(sandbox))) == ("a-2", None, 4)
    assert row.why == "Mixpanel refused it: 'properties.time' is invalid: must not be before 1971-01-01"


def test_refused_ones_are_sent_again_when_staff_say_so(sandbox: Sandbox) -> None:
    report(track())
    Action.objects.update(at="1969-06-01T00:00:00Z")
    forward_all()
    Action.objects.update(at="2026-11-01T00:00:00Z")
    assert owed.send_again([Forward.objects.get().pk]) == 1
    forward_all()
    assert (len(events(sandbox)), owed_count()) == (1, 0)


@pytest.mark.parametrize(
    "fault", [{"status": 502}, {"reset": "before"}, {"reset": "after"}, {"status": 200, "body": "?"}]
)
def test_after_trouble_a_repeat_leaves_one_of_each(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    report(track(), track())
    sandbox.fault("mixpanel", route="/import", **fault)
    forward_all()
    rows = list(Forward.objects.all())
    assert [row.tries for row in rows] == [1, 1]
    assert all(row.due_at is not None and row.due_at > timezone.now() and row.why for row in rows)
    now_due()
    forward_all()
    assert (len(events(sandbox)), owed_count()) == (2, 0)


def test_a_limited_vendor_is_left_alone_without_counting_the_try(sandbox: Sandbox) -> None:
    report(track())
    sandbox.fault("mixpanel", route="/import", status=429)
    forward_all()
    assert Forward.objects.get().tries == 0
    assert forwarding.forward("mixpanel") == 0
    assert IntegrationState.objects.get(slug="mixpanel").open_until is not None


def test_a_wrong_key_makes_actions_wait_and_refuses_none(sandbox: Sandbox, settings: Any) -> None:
    report(track())
    right = settings.MIXPANEL
    settings.MIXPANEL = right | {"service_secret": "wrong"}
    forward_all()
    state = IntegrationState.objects.get(slug="mixpanel")
    assert "MIXPANEL_SERVICE_SECRET" in state.trouble
    settings.MIXPANEL = right
    now_due()
    forward_all()
    assert (len(events(sandbox)), owed_count()) == (1, 0)


def test_a_vendor_just_out_of_trouble_is_asked_with_one_action(sandbox: Sandbox) -> None:
    report(track(), track(), track())
    IntegrationState.objects.create(slug="mixpanel", failures_in_a_row=5)
    sandbox.fault("mixpanel", route="/import", status=502)
    assert forwarding.forward("mixpanel") == 1
    assert Forward.objects.filter(tries=0).count() == 2


def test_nothing_is_sent_while_staff_paused_it(sandbox: Sandbox) -> None:
    sam = User.objects.create_user("sam")
    report(track())
    deliveries.pause("mixpanel", sam, "a clean-up there")
    assert forwarding.forward("mixpanel") == 0
    assert forwarding.wake_due() == 0
    deliveries.resume("mixpanel", sam)
    assert forwarding.forward("mixpanel") == 1


def test_what_is_too_large_for_one_call_goes_in_several(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", max_bytes=60_000)
    report(*[track(properties={"text": ["x" * 200] * 50}) for _ in range(20)])
    forward_all()
    assert (len(events(sandbox)), owed_count()) == (20, 0)
    assert any(call["status"] == 413 for call in sandbox.received("mixpanel"))


def test_one_that_is_too_large_by_itself_is_refused_by_itself(sandbox: Sandbox) -> None:
    sandbox.setting("mixpanel", max_bytes=5_000)
    report(track(), track(properties={"text": ["x" * 200] * 50}), track())
    forward_all()
    assert "413" in Forward.objects.get().why
    assert len(events(sandbox)) == 2


def test_whatever_is_taken_here_is_taken_there(sandbox: Sandbox) -> None:
    identity.join(make_signup(), VISITOR, Reason.SIGNED_UP)
    most: dict[str, Any] = {f"p{number}": number for number in range(MOST_PROPERTIES)}
    deepest = {"a": {"b": {"c": 1}}, "l": [[[1]]], "": "", "x" * 300: 10**300}
    report(page(properties=most), track(properties=deepest), track("$", anonymous_id="a" * 100))
    forward_all()
    assert (len(events(sandbox)), owed_count()) == (3, 0)


@pytest.mark.parametrize("text", ["x" * 200, "я" * 100])
def test_a_parcel_holds_no_more_than_one_call_may_carry(sandbox: Sandbox, text: str) -> None:
    report(*[track(properties={"text": [text] * 140}) for _ in range(100)])
    forward_all()
    calls = sandbox.received("mixpanel")
    assert len(events(sandbox)) == 100
    assert 2 <= len(calls) <= 3
    assert all(call["status"] == 200 for call in calls)


class Clumsy(Mixpanel):
    """Trips over one action."""

    def send_actions(self, actions: Any) -> list[Refusal]:
        sent: list[SentAction] = list(actions)
        if any(one.action.name == "odd" for one in sent):
            raise KeyError("odd")
        return super().send_actions(sent)


def test_an_error_of_ours_holds_up_its_own_action_alone(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contracts, "integrations", lambda: (Clumsy(),))
    report(track(), track("odd"), track(), track())
    forward_all()
    row = Forward.objects.get()
    assert (row.action.name, row.tries, len(events(sandbox))) == ("odd", 1, 3)
    assert row.why == "An error of ours: KeyError: 'odd'"


def test_after_ten_tries_an_action_is_given_up(sandbox: Sandbox) -> None:
    report(track())
    Forward.objects.update(tries=9)
    sandbox.fault("mixpanel", route="/import", status=502)
    forward_all()
    row = Forward.objects.get()
    assert (row.due_at, row.why[:25]) == (None, "Given up after 10 tries. ")


def test_a_worker_that_died_while_sending_left_rows_that_go_again(sandbox: Sandbox) -> None:
    report(track())
    lease = owed.Lease.take(contracts.integration("mixpanel"))
    assert lease is not None
    owed.claim(lease)
    assert forwarding.forward("mixpanel") == 0
    IntegrationState.objects.update(lease_until="2026-01-01T00:00:00Z")
    now_due()
    assert forwarding.forward("mixpanel") == 1
    assert len(events(sandbox)) == 1


def test_whoever_lost_the_lease_writes_nothing(sandbox: Sandbox) -> None:
    report(track())
    late = owed.Lease.take(contracts.integration("mixpanel"))
    assert late is not None
    (row,) = owed.claim(late)
    IntegrationState.objects.update(lease_until="2026-01-01T00:00:00Z")
    now_due()
    forward_all()
    report(track())
    owed.finish(late, {row.pk: owed.Refuse("too late")}, [])
    assert owed.claim(late) == []
    assert not Forward.objects.filter(refused_at__isnull=False).exists()
