"""One customer and one event in Customer.io, and the newsletter only with consent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from integrations import customerio, customerio_batch
from integrations.customerio import CustomerIO
from signups.activity import identity
from signups.contracts import Delivered, Later, Misconfigured, Never, Outcome, Skipped
from signups.models import Delivery, LimitReached, Signup
from tests.rows import finish, make_company, make_delivery, make_signup
from tests.sandbox_process import Sandbox
from tests.usage.acts import use

pytestmark = pytest.mark.django_db

AT_S = 1_795_000_000.123


def ada(**values: Any) -> Signup:
    facts = {
        "employment.title": "Backend Developer",
        "employment.role": "engineering",
        "github.handle": "adabyrne",
        "timeZone": "Europe/London",
    }
    about: dict[str, Any] = {
        "metrics__employees": 40,
        "geo__country": "United Kingdom",
        "category__industry": "Insurance",
    }
    mine = {"company": make_company(**about), "facts": facts, "score": 15, "developer": "developer"}
    return make_signup(**{**mine, **values})


def tell(signup: Signup, delivery: Delivery | None = None, event: str = "signed_up") -> Delivered:
    outcome = CustomerIO().handler(event)(signup, delivery or make_delivery(signup, "customerio", event))  # type: ignore[arg-type]
    assert isinstance(outcome, Delivered)
    return outcome


def customers(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.state("customerio")["customers"]
    return found


def test_several_in_one_call_are_as_if_told_one_by_one(sandbox: Sandbox) -> None:
    one, other = ada(wants_newsletter=True), make_signup("ben@dev.test", "Ben")
    rows = [make_delivery(one, "customerio"), make_delivery(other, "customerio")]
    for row in rows:
        tell(row.signup, row)
    alone = customers(sandbox)
    sandbox.reset()
    items = CustomerIO().send_batch(rows)
    assert [type(item.result) for item in items] == [Delivered, Delivered]
    assert len(sandbox.received("customerio")) == 1
    assert [_timeless(each) for each in customers(sandbox)] == [_timeless(each) for each in alone]


def test_an_event_told_alone_and_again_in_a_batch_counts_once(sandbox: Sandbox) -> None:
    row = make_delivery(ada(), "customerio")
    tell(row.signup, row)
    CustomerIO().send_batch([row])
    (customer,) = customers(sandbox)
    assert [event["name"] for event in customer["events"]] == ["signed_up"]


def test_what_a_batch_s_reply_refuses_is_found_by_its_operation() -> None:
    told: list[list[dict[str, Any]]] = [[{}, {}], [{}], [{}, {}]]
    said = {"errors": [{"batch_index": 3, "field": "attributes.plan", "message": "is too long"}]}
    assert customerio_batch.refusals(told, said) == {2: "attributes.plan: is too long"}


def test_no_call_is_larger_than_customer_io_takes() -> None:
    told = [[{"attributes": "x" * 200_000}] for _ in range(5)]
    assert list(customerio_batch.calls(told)) == [(0, 2), (2, 4), (4, 5)]


def _timeless(customer: dict[str, Any]) -> dict[str, Any]:
    """Without ids and times that the pretend vendor makes up."""
    return {name: customer[name] for name in ("identifiers", "attributes", "topics") if name in customer} | {
        "events": [{name: event[name] for name in ("name", "data") if name in event} for event in customer["events"]]
    }


def test_a_person_as_a_customer() -> None:
    signup = ada(anonymous_id="7f9c2f0e", referrer="https://github.com/x")
    identity.join(signup, "7f9c2f0e", identity.Reason.SIGNED_UP)
    delivery = make_delivery(signup, "customerio", at_s=AT_S)
    assert customerio.attributes(signup, delivery) == {
        "email": "ada@dev.test",
        "created_at": int(signup.created_at.timestamp()),
        "_timestamp": 1_795_000_000,
        "anonymous_id": "7f9c2f0e",
        "first_name": "Ada",
        "last_name": "Byrne",
        "title": "Backend Developer",
        "role": "engineering",
        "github": "adabyrne",
        "country": "United Kingdom",
        "timezone": "Europe/London",
        "developer": "developer",
        "verdict": "accepted",
        "wants_newsletter": False,
        "company": "Devhouse",
        "company_domain": "dev.test",
        "company_employees": 40,
        "company_industry": "Insurance",
        "score": 15,
        "is_high_value": False,
        "source": "form",
        "referrer": "https://github.com/x",
    }


def test_a_browser_that_is_somebody_else_s_is_not_theirs_there() -> None:
    identity.join(make_signup("eve@dev.test"), "7f9c2f0e", identity.Reason.SIGNED_UP)
    signup = ada(anonymous_id="7f9c2f0e")
    assert "anonymous_id" not in customerio.attributes(signup, make_delivery(signup, "customerio"))


def test_a_signup_as_an_event() -> None:
    signup = ada(wants_newsletter=True, utm={"utm_source": "hn", "gclid": "x"})
    delivery = make_delivery(signup, "customerio", at_s=AT_S)
    assert customerio.signed_up(signup, delivery) == {
        "name": "signed_up",
        "id": customerio.ulid(1_795_000_000_123, delivery.uid),
        "timestamp": 1_795_000_000,
        "data": {
            "verdict": "accepted",
            "developer": "developer",
            "source": "form",
            "company": "Devhouse",
            "score": 15,
            "is_high_value": False,
            "wants_newsletter": True,
            "utm_source": "hn",
        },
    }


def test_whom_we_are_unsure_of_is_asked_by_two_links(sandbox: Sandbox) -> None:
    signup = ada(developer="unsure")
    delivery = make_delivery(signup, "customerio")
    data = customerio.signed_up(signup, delivery)["data"]
    asked = {data["developer_yes_url"], data["developer_no_url"]}
    assert customerio.signed_up(signup, delivery)["data"] == data
    tell(signup, delivery)
    (mail,) = sandbox.state("mail")
    assert mail["subject"] == "Welcome, Ada: one question"
    assert asked <= set(mail["links"])


def test_who_says_to_write_code_is_known_as_a_developer_there(sandbox: Sandbox) -> None:
    signup = ada(developer="unsure")
    tell(signup)
    signup.developer = "developer"
    tell(signup, event="profile_changed")
    assert customers(sandbox)[0]["attributes"]["developer"] == "developer"


def test_a_ulid_sorts_by_time_and_tells_deliveries_apart() -> None:
    ids = [
        customerio.ulid(1_000, UUID(int=1)),
        customerio.ulid(1_000, UUID(int=2)),
        customerio.ulid(1_001, UUID(int=0)),
    ]
    assert ids == sorted(ids)
    assert customerio.ulid(0, UUID(int=(1 << 80) - 1)) == "0000000000ZZZZZZZZZZZZZZZZ"


def test_customer_and_event_arrive_and_the_welcome_mail_fits_a_developer(sandbox: Sandbox) -> None:
    signup = ada()
    assert tell(signup).external_id == str(signup.uid)
    (customer,) = customers(sandbox)
    assert (customer["id"], customer["email"]) == (str(signup.uid), "ada@dev.test")
    assert [event["name"] for event in customer["events"]] == ["signed_up"]
    assert [mail["campaign"] for mail in sandbox.state("customerio")["deliveries"]] == ["Welcome, developers"]


@pytest.mark.parametrize("wants", [True, False])
def test_the_newsletter_needs_consent(sandbox: Sandbox, wants: bool) -> None:
    tell(ada(wants_newsletter=wants))
    assert customers(sandbox)[0]["topics_chosen"] == {"topic_1": wants}


@pytest.mark.parametrize("stop", ["unsubscribed", "bounced", "complained"])
def test_who_signs_up_again_after_mail_was_stopped_starts_no_campaign(sandbox: Sandbox, stop: str) -> None:
    signup = ada(wants_newsletter=True)
    signup.person.mail_stopped = stop
    assert "No mail goes to this person" in tell(signup).note
    (customer,) = customers(sandbox)
    assert (customer["events"], customer["topics_chosen"]) == ([], {"topic_1": False})
    assert sandbox.state("customerio")["deliveries"] == []


def test_a_choice_made_at_customer_io_holds_when_there_is_news(sandbox: Sandbox) -> None:
    signup = ada(wants_newsletter=True)
    tell(signup)
    sandbox.session.put(
        f"{sandbox.url}/customerio/track/api/v1/customers/{signup.uid}",
        json={"cio_subscription_preferences.topics.topic_1": False},
        auth=("sandbox-site", "sandbox-cio-track-key"),
        timeout=10,
    ).raise_for_status()
    signup.score = 99
    tell(signup, event="profile_changed")
    (customer,) = customers(sandbox)
    assert customer["topics_chosen"] == {"topic_1": False}
    assert customer["attributes"]["score"] == 99
    assert len(customer["events"]) == 1


def test_a_repeat_is_the_same_event_and_sends_no_second_mail(sandbox: Sandbox) -> None:
    signup = ada()
    delivery = make_delivery(signup, "customerio")
    for _ in range(3):
        tell(signup, delivery)
    (customer,) = customers(sandbox)
    assert len(customer["events"]) == 1
    assert len(sandbox.state("customerio")["deliveries"]) == 1


def test_an_older_write_that_comes_late_changes_nothing(sandbox: Sandbox) -> None:
    signup = ada()
    signed_up = make_delivery(signup, "customerio", at_s=AT_S)
    news = make_delivery(signup, "customerio", "profile_changed", at_s=AT_S + 60)
    signup.score = 99
    CustomerIO().on_profile_changed(signup, news)
    signup.score = 15
    tell(signup, signed_up)
    assert customers(sandbox)[0]["attributes"]["score"] == 99


def test_long_texts_are_cut_within_no_character() -> None:
    signup = ada(referrer="https://x.test/" + "ü" * 1900)
    referrer = customerio.attributes(signup, make_delivery(signup, "customerio"))["referrer"]
    assert 998 <= len(referrer.encode()) <= 1000


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize(
    "fault",
    [{"status": 429}, {"status": 500}, {"status": 200, "body": "<html>"}, {"reset": "before"}, {"reset": "after"}],
)
def test_after_trouble_a_repeat_leaves_one_of_each(sandbox: Sandbox, method: str, fault: dict[str, Any]) -> None:
    signup = ada()
    delivery = make_delivery(signup, "customerio")
    sandbox.fault("customerio", method=method, **fault)
    with pytest.raises(Later):
        tell(signup, delivery)
    tell(signup, delivery)
    (customer,) = customers(sandbox)
    assert len(customer["events"]) == 1


def test_a_refusal_says_why(sandbox: Sandbox) -> None:
    sandbox.fault("customerio", status=400, body={"meta": {"errors": ["event name is too long"]}})
    with pytest.raises(Never) as caught:
        tell(ada())
    assert "event name is too long" in caught.value.excerpt


def test_a_wrong_key_names_the_settings(sandbox: Sandbox, settings: Any) -> None:
    settings.CUSTOMERIO = settings.CUSTOMERIO | {"api_key": "wrong"}
    with pytest.raises(Misconfigured, match="CUSTOMERIO_SITE_ID and CUSTOMERIO_API_KEY"):
        tell(ada())


def test_a_workspace_in_europe_names_the_url_to_set(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", is_wrong_region=True)
    with pytest.raises(Misconfigured, match=r"https://track-eu\.customer\.io.*; check CUSTOMERIO_TRACK_URL"):
        tell(ada())


# -- Quiet customers and limits ----------------------------------------------------------------------------------------


def events(sandbox: Sandbox, *names: str) -> list[tuple[str, dict[str, Any]]]:
    return [(one["name"], one["data"]) for one in customers(sandbox)[0]["events"] if one["name"] in names]


def quiet(signup: Signup) -> Outcome:
    delivery = make_delivery(signup, "customerio", "went_quiet", frozen={"days": 7})
    return CustomerIO().on_went_quiet(signup, delivery)


def at_limit(signup: Signup, event: str = "reached_limit", **values: Any) -> Delivery:
    row = LimitReached.objects.get_or_create(
        signup=signup, period="2026-11", threshold=80, defaults={"count": 830, "limit": 1000}
    )[0]
    frozen = {"threshold": row.threshold, "count": row.count, "limit": row.limit, "period": row.period}
    return make_delivery(signup, "customerio", event, period="2026-11:80", frozen=frozen, **values)


def test_a_quiet_customer_is_an_event_with_a_link_to_the_docs(sandbox: Sandbox) -> None:
    signup = ada()
    tell(signup)
    quiet(signup)
    assert events(sandbox, "went_quiet") == [("went_quiet", {"days": 7, "docs_url": "http://127.0.0.1:8000/api/docs"})]


def test_who_has_called_meanwhile_is_not_sent_help(sandbox: Sandbox) -> None:
    signup = ada()
    use(signup, 0)  # reported, and not a call
    assert isinstance(quiet(signup), Delivered)
    use(signup, 1)
    signup.deliveries.all().delete()
    assert quiet(signup) == Skipped("They have called the API meanwhile.")


def test_no_prompt_goes_where_no_mail_may_go() -> None:
    signup = ada()
    signup.person.mail_stopped = "unsubscribed"
    no = Skipped("No mail goes to this person: they unsubscribed.")
    assert quiet(signup) == CustomerIO().on_reached_limit(signup, at_limit(signup)) == no


def test_who_is_no_longer_accepted_is_not_prompted() -> None:
    assert quiet(ada(verdict="rejected")) == Skipped("The signup is no longer accepted.")


def test_a_limit_is_an_event_and_its_end_another(sandbox: Sandbox) -> None:
    signup = ada(plan="trial")
    tell(signup)
    told = at_limit(signup)
    finish(told, CustomerIO().on_reached_limit(signup, told))
    LimitReached.objects.update(resolved_at=told.created_at)
    CustomerIO().on_limit_resolved(signup, at_limit(signup, "limit_resolved"))
    words = "83 % of the plan: 830 of 1,000 API calls in November 2026"
    data = {"threshold": 80, "count": 830, "limit": 1000, "period": "2026-11", "plan": "trial", "words": words}
    assert events(sandbox, "reached_limit", "limit_resolved") == [("reached_limit", data), ("limit_resolved", data)]


def test_a_limit_that_was_corrected_or_never_told_is_not_told_of() -> None:
    signup = ada()
    told = at_limit(signup)
    LimitReached.objects.update(resolved_at=told.created_at)
    assert isinstance(CustomerIO().on_reached_limit(signup, told), Skipped)
    resolved = CustomerIO().on_limit_resolved(signup, at_limit(signup, "limit_resolved"))
    assert resolved == Skipped("They were not prompted.")


def test_a_prompt_repeated_is_one_event(sandbox: Sandbox) -> None:
    signup = ada()
    tell(signup)
    told = at_limit(signup)
    for _ in range(3):
        CustomerIO().on_reached_limit(signup, told)
    assert len(events(sandbox, "reached_limit")) == 1
