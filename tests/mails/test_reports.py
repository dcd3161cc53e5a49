"""What became of mails is taken down once, in whatever order and however odd it is told."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from signups.mails import reports, stopping
from signups.models import Campaign, Mail, MailEvent, MailStop, Person, Signup
from tests.mails.tell import moments, of_person, post, report, tell
from tests.rows import make_signup

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Signup:
    return make_signup()


def stopped(signup: Signup) -> str:
    return Person.objects.get(pk=signup.person_id).mail_stopped


def test_a_mail_is_followed_from_sent_to_converted(ada: Signup) -> None:
    steps = ("sent", "delivered", "opened", "clicked", "converted")
    tell(*(report(metric, ada, at=at, href="https://x.test/") for at, metric in enumerate(steps)))
    mail = Mail.objects.get()
    assert (mail.signup, mail.subject, mail.action_key) == (ada, "Getting started", "301")
    assert moments() == {"sent": 0, "delivered": 1, "opened": 2, "clicked": 3, "converted": 4}
    assert mail.clicked_url == "https://x.test/"
    assert (mail.campaign, mail.campaign.key) == (Campaign.objects.get(name="Campaign 3"), "3")  # type: ignore[union-attr]


def test_the_order_of_the_reports_makes_no_difference(ada: Signup) -> None:
    told = [report(metric, ada, at=at) for at, metric in ((0, "sent"), (5, "opened"), (3, "opened"))]
    for number, order in enumerate(itertools.permutations(told)):
        mail = f"M{number}"
        tell(
            *(
                {**one, "event_id": f"{mail}{one['event_id']}", "data": {**one["data"], "delivery_id": mail}}
                for one in order
            )
        )
        assert moments(mail) == {"sent": 0, "opened": 3}


def test_a_report_told_twice_is_one(ada: Signup) -> None:
    opened = report("opened", ada)
    assert tell(opened) == {"new": 1, "known": 0, "odd": 0}
    assert tell(opened) == {"new": 0, "known": 1, "odd": 0}
    assert MailEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("metric", "flags"),
    [("opened", {"prefetched": True}), ("opened", {"synthetic": True}), ("clicked", {"machine": True})],
)
def test_what_a_machine_does_is_kept_and_does_not_count(ada: Signup, metric: str, flags: dict[str, Any]) -> None:
    tell(report(metric, ada, **flags))
    assert moments() == {}
    assert MailEvent.objects.get().note.endswith("not counted.")


def test_who_clicks_has_opened(ada: Signup) -> None:
    tell(report("clicked", ada, at=7), report("opened", ada, at=9))
    assert moments() == {"opened": 7, "clicked": 7}


def test_a_person_is_found_by_their_address_where_the_id_says_nothing(ada: Signup) -> None:
    tell(report("sent", identifiers={"id": None, "email": "ADA@dev.test"}))
    assert Mail.objects.get().signup == ada


def test_a_second_step_to_one_person_makes_a_drip(ada: Signup) -> None:
    tell(report("sent", ada, "A1"), report("sent", make_signup("tom@acme.test"), "A2", action_id=302))
    assert not Campaign.objects.get().is_drip
    tell(report("sent", ada, "A3", action_id=302))
    assert Campaign.objects.get().is_drip


# -- Who gets no more --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "why"),
    [
        ("bounced", MailStop.BOUNCED),
        ("spammed", MailStop.COMPLAINED),
        ("unsubscribed", MailStop.UNSUBSCRIBED),
        ("deferred", ""),
        ("undeliverable", ""),
        ("dropped", ""),
        ("failed", ""),
    ],
)
def test_only_what_is_final_stops_later_mails(ada: Signup, metric: str, why: str) -> None:
    tell(report(metric, ada, failure_message="550 5.1.1 No such user"))
    assert stopped(ada) == why


def test_the_person_says_why_and_since_when(ada: Signup) -> None:
    tell(report("bounced", ada, failure_message="550 5.1.1 No such user"))
    person = Person.objects.get(pk=ada.person_id)
    assert person.mail_stopped_note == "“Getting started”: 550 5.1.1 No such user"
    assert person.mail_stopped_at == MailEvent.objects.get().at
    assert person.why_no_mail(is_asked_for=True) == "No mail goes to this person: the address does not take mail."


def test_unsubscribing_without_a_mail_counts_as_well(ada: Signup) -> None:
    tell(of_person("unsubscribed", ada))
    assert (stopped(ada), Mail.objects.count()) == (MailStop.UNSUBSCRIBED, 0)


def test_subscribing_again_lifts_unsubscribing_and_nothing_stronger(ada: Signup) -> None:
    tell(of_person("unsubscribed", ada), of_person("subscribed", ada, at=5))
    assert stopped(ada) == ""
    tell(report("bounced", ada, at=6), of_person("subscribed", ada, at=7))
    assert stopped(ada) == MailStop.BOUNCED


def test_an_old_choice_that_comes_late_changes_nothing(ada: Signup) -> None:
    tell(of_person("subscribed", ada, at=5), of_person("unsubscribed", ada, at=1))
    assert stopped(ada) == ""


def test_a_bounce_from_before_they_subscribed_stops_mail_however_late_it_is_told(ada: Signup) -> None:
    tell(of_person("subscribed", ada, at=5), report("bounced", ada, at=1))
    assert stopped(ada) == MailStop.BOUNCED


def test_what_staff_lifted_is_not_stopped_by_a_report_from_before(ada: Signup) -> None:
    tell(report("bounced", ada))
    stopping.lift(ada.person, "Mails may go out again.")
    tell(report("spammed", ada, at=-60))
    assert stopped(ada) == ""


@pytest.mark.parametrize("order", [("bounced", "spammed"), ("spammed", "bounced"), ("spammed", "unsubscribed")])
def test_a_weaker_reason_never_hides_a_stronger_one(ada: Signup, order: tuple[str, str]) -> None:
    tell(*(report(metric, ada, at=at) for at, metric in enumerate(order)))
    assert stopped(ada) == MailStop.COMPLAINED


def test_a_preference_is_kept_whichever_way_its_channel_is_spelt(ada: Signup) -> None:
    change = of_person("cio_subscription_preferences_changed", ada, object_type_type="customer")
    del change["object_type"]
    assert tell(change) == {"new": 1, "known": 0, "odd": 0}
    assert stopped(ada) == ""


# -- Odd ones ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[1, null, {}]",
        b'{"metric": 7}',
        b'{"metric": "opened", "data": []}',
        b'{"metric": "opened", "data": {"delivery_id": {"a": 1}, "identifiers": "x"}}',
        b'{"metric": "opened", "event_id": "x", "timestamp": 1e400, "data": {"delivery_id": "A1"}}',
        b'{"metric": "opened", "event_id": "x", "timestamp": -1e15, "data": {"delivery_id": "A1", "n": NaN}}',
        b'{"metric": "sent", "event_id": "\\u0000\\ud800", "data": {"delivery_id": "\\u0000", "subject": "\\u0000"}}',
        b'{"metric": "' + b"x" * 5_000 + b'", "data": {"delivery_id": "' + b"y" * 5_000 + b'"}}',
        b'{"metric": "sent", "data": {"delivery_id": 12, "campaign_id": "' + b"z" * 400 + b'"}}',
        b'{"a":' * 950 + b"1" + b"}" * 950,
        b"[" * 100_000,
        b'{"metric": "brand_new", "event_id": "x", "data": {"delivery_id": "A1"}}',
        b'{"metric": "opened", "event_id": "x", "object_type": "push", "data": {"delivery_id": "A1"}}',
    ],
)
def test_whatever_is_signed_is_taken(body: bytes) -> None:
    assert post(body).status_code == 200
    assert post(body).json()["new"] == 0 or body == b"[]"


@pytest.mark.parametrize("stamp", [-62_135_596_800, 0, 4_000_000_000, 250_000_000_000_000, 1e400, "today"])
def test_a_time_that_cannot_be_is_that_of_the_receipt(ada: Signup, stamp: Any) -> None:
    """One in the future would hold for ever against whatever is said later."""
    tell({**report("unsubscribed", ada), "timestamp": stamp})
    event = MailEvent.objects.get()
    assert abs((event.at - event.received_at).total_seconds()) < 5
    assert event.note == "No time: taken as of its receipt."


def test_an_odd_item_says_what_is_odd_and_holds_up_nobody(ada: Signup) -> None:
    good = report("sent", ada)
    answer = tell([{"metric": "brand_new", "event_id": "x"}, "nonsense", good])
    assert answer == {"new": 3, "known": 0, "odd": 2}
    assert moments() == {"sent": 0}
    odd = MailEvent.objects.get(key="x")
    assert odd.note == "No time: taken as of its receipt. An unknown metric."


def test_a_mail_to_nobody_we_know_is_kept_and_finds_its_person_later() -> None:
    tell(report("sent", None, recipient="late@dev.test"))
    assert MailEvent.objects.get().note == "Nobody is known by this id or address."
    late = make_signup("late@dev.test")
    tell(report("delivered", None, recipient="late@dev.test", at=3))
    assert Mail.objects.get().signup == late


def test_other_channels_are_no_mails(ada: Signup) -> None:
    tell({**report("sent", ada), "object_type": "sms"})
    assert (Mail.objects.count(), MailEvent.objects.get().note) == (0, "Not about an e-mail.")


def test_reports_are_forgotten_after_a_while_and_the_mail_is_not(ada: Signup, settings: Any) -> None:
    tell(report("sent", ada))
    MailEvent.objects.update(received_at="2020-01-01T00:00:00Z")
    reports.prune()
    assert (MailEvent.objects.count(), Mail.objects.count()) == (0, 1)
