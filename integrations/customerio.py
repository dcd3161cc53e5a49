"""Customer.io: the accepted person as a customer, with or without the newsletter, and the event that starts campaigns.

API: https://track.customer.io, in Europe https://track-eu.customer.io (https://docs.customer.io/api/track). Safe to
repeat: a customer is written by our id, and an event carries an id of ours that is taken once.
Left to Customer.io: the mails, and who has unsubscribed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from integrations import customerio_batch, customerio_reports
from integrations.http import Door
from integrations.rows import (
    at_ms,
    at_s,
    company_fact,
    company_name,
    is_feed_late,
    is_reached,
    known,
    limit_words,
    missing,
    person_name,
    visitor,
)
from signups import links
from signups.contracts import (
    BatchItem,
    CallRate,
    Delivered,
    Event,
    Integration,
    Later,
    MailReport,
    Misconfigured,
    Never,
    Outcome,
    ServiceError,
    Skipped,
    TestEvent,
)
from signups.models import API_CALLS, Delivery, Exposure, Signup

_MOST_VALUE_BYTES = 1_000
_DAY_S = 23 * 3600.0  # the engine waits up to a tenth longer
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CustomerIO(Integration):
    """Settings: site id and Track API key. The workspace needs a subscription topic named by `newsletter_topic`."""

    slug = "customerio"
    name = "Customer.io"
    # The key of the newsletter's subscription topic; the first topic made in a workspace is topic_1.
    newsletter_topic: ClassVar[str] = "topic_1"
    batched: ClassVar[frozenset[Event]] = frozenset({Event.SIGNED_UP, Event.PROFILE_CHANGED})
    most_in_batch: ClassVar[int] = 200

    def missing_settings(self) -> list[str]:
        customerio = settings.CUSTOMERIO
        return missing({"CUSTOMERIO_SITE_ID": customerio["site_id"], "CUSTOMERIO_API_KEY": customerio["api_key"]})

    def rates(self) -> Sequence[CallRate]:
        """https://docs.customer.io/api/track: a thousand requests a second."""
        return (CallRate(1_000, at_once=100),)

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Delivered:
        """Only here is the newsletter's topic written: later on the choice made at Customer.io holds.

        Whoever signs up again after mail to them was stopped becomes a customer, and starts no campaign.
        """
        who, is_event_too, note = self._who(signup, delivery)
        self._identify(signup, who)
        if is_event_too:
            _call("POST", f"/api/v1/customers/{signup.uid}/events", signed_up(signup, delivery))
        return Delivered(external_id=str(signup.uid), note=note)

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Delivered:
        who, _, note = self._who(signup, delivery)
        self._identify(signup, who)
        return Delivered(external_id=str(signup.uid), note=note)

    def send_batch(self, deliveries: Sequence[Delivery]) -> list[BatchItem]:
        """The same operations by version 2 of the API, as many in one call as it takes."""
        items: list[BatchItem] = []
        told: list[customerio_batch.Operations] = []
        for one in deliveries:
            who, is_event_too, note = self._who(one.signup, one)
            happened = signed_up(one.signup, one) if is_event_too else None
            told.append(customerio_batch.operations(str(one.signup.uid), who, happened))
            items.append(BatchItem(Delivered(external_id=str(one.signup.uid), note=note), told[-1]))
        for start, end in customerio_batch.calls(told):
            for index, failure in self._send(told[start:end]).items():
                items[start + index] = BatchItem(failure, told[start + index])
        return items

    def on_went_quiet(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The event on which help with the integration is sent; not to whoever has called since it was planned.

        While the usage feed is late nobody knows who has: it waits a day, and comes in the morning all the same.
        """
        if signup.usage.filter(metric=API_CALLS, count__gt=0).exists():
            return Skipped("They have called the API meanwhile.")
        if is_feed_late():
            reason = "waits a day: the usage feed is late, and nobody knows who has called the API"
            raise Later("Customer.io", reason, retry_after_s=_DAY_S)
        data = {"days": delivery.frozen["days"], "docs_url": f"{settings.BASE_URL}{reverse('api:openapi-view')}"}
        return self._prompt(signup, delivery, data)

    def on_reached_limit(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The event on which an upgrade is offered."""
        if not is_reached(signup, delivery):
            return Skipped("It no longer holds: the usage or the limit was corrected.")
        return self._prompt(signup, delivery, limit(signup, delivery))

    def on_limit_resolved(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The event on which the offer ends."""
        told = signup.deliveries.filter(integration=self.slug, event=Event.REACHED_LIMIT, period=delivery.period)
        if not told.filter(state=Delivery.State.DELIVERED).exists():
            return Skipped("They were not prompted.")
        if is_reached(signup, delivery):
            return Skipped("It was reached again.")
        return self._track(signup, delivery, limit(signup, delivery))

    def send_test(self, test: TestEvent) -> Delivered:
        """An anonymous event: it makes no person, and campaigns start for people alone."""
        at_s = int(test.at.timestamp())
        data = {"note": test.words, "is_test": True}
        body = {"name": "onboarding_test", "id": ulid(at_s * 1000, UUID(test.key)), "timestamp": at_s, "data": data}
        _call("POST", "/api/v1/events", {**body, "anonymous_id": "onboarding-test"})
        return Delivered(note="It stands among the workspace's anonymous activity as onboarding_test.")

    def read_reports(self, headers: Mapping[str, str], body: bytes) -> list[MailReport]:
        secret = settings.CUSTOMERIO["webhook_secret"]
        if not secret:
            remedy = "Set CUSTOMERIO_WEBHOOK_SECRET to the signing key of Customer.io's reporting webhook."
            raise Misconfigured("Customer.io", remedy)
        customerio_reports.check_signature(secret, headers, body)
        return customerio_reports.read(body)

    def _prompt(self, signup: Signup, delivery: Delivery, data: dict[str, Any]) -> Outcome:
        """An event that sends a mail nobody asked for."""
        if not signup.is_accepted:
            return Skipped("The signup is no longer accepted.")
        if why := signup.person.why_no_mail():
            return Skipped(why)
        return self._track(signup, delivery, data)

    def _track(self, signup: Signup, delivery: Delivery, data: dict[str, Any]) -> Delivered:
        _call("POST", f"/api/v1/customers/{signup.uid}/events", event(delivery, data))
        return Delivered(external_id=str(signup.uid), note=f"{delivery.event} sent.")

    def _who(self, signup: Signup, delivery: Delivery) -> tuple[dict[str, Any], bool, str]:
        """The customer's attributes, whether an event starts campaigns, and what staff read of it."""
        who = attributes(signup, delivery)
        if delivery.event != Event.SIGNED_UP:
            return who, False, "Brought up to date."
        why_not = signup.person.why_no_mail()
        topic = f"cio_subscription_preferences.topics.{self.newsletter_topic}"
        who = {**who, topic: signup.wants_newsletter and not why_not}
        if why_not:
            return who, False, f"Identified without the newsletter only. {why_not}"
        consent = "with" if signup.wants_newsletter else "without"
        return who, True, f"Identified {consent} the newsletter; signed_up sent."

    def _send(self, told: Sequence[customerio_batch.Operations]) -> dict[int, ServiceError]:
        """Tell of several in one call; returns those that failed, by place. Raises Never where all are refused."""
        body = {"batch": [operation for operations in told for operation in operations]}
        try:
            reply = _door().call("POST", "/api/v2/batch", json=body, is_safe=True)
            refused = customerio_batch.refusals(told, reply.json)
        except Never:
            raise
        except ServiceError as error:
            return dict.fromkeys(range(len(told)), error)
        return {index: Never("Customer.io", f"refused it: {why}", status=207) for index, why in refused.items()}

    def _identify(self, signup: Signup, body: dict[str, Any]) -> None:
        _call("PUT", f"/api/v1/customers/{signup.uid}", body)


def attributes(signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """The customer. `_timestamp` makes an older write that comes late lose against a newer one."""
    first, _, last = person_name(signup).partition(" ")
    values = {
        "email": signup.email,
        "created_at": int(signup.created_at.timestamp()),
        "_timestamp": at_s(delivery),
        "anonymous_id": visitor(signup),
        "first_name": signup.person.fact("name.givenName") or first,
        "last_name": signup.person.fact("name.familyName") or last,
        "title": signup.person.fact("employment.title"),
        "role": signup.person.fact("employment.role"),
        "seniority": signup.person.fact("employment.seniority"),
        "github": signup.person.fact("github.handle"),
        "country": signup.person.fact("geo.country") or company_fact(signup, "geo.country"),
        "timezone": signup.person.fact("timeZone") or company_fact(signup, "timeZone"),
        "developer": signup.developer,
        "verdict": signup.verdict,
        "wants_newsletter": signup.wants_newsletter,
        "company": company_name(signup),
        "company_domain": signup.company.domain if signup.company is not None else "",
        "company_employees": company_fact(signup, "metrics.employees"),
        "company_industry": company_fact(signup, "category.industry"),
        "score": signup.score,
        "is_high_value": signup.is_high_value,
        "source": signup.source,
        "referrer": signup.referrer,
        **{f"experiment_{key}": arm for key, arm in Exposure.objects.arms_of(signup).items()},
    }
    return {name: _cut(value) for name, value in known(values).items()}


def signed_up(signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """The event `signed_up`, on which campaigns start. Whom we are unsure of is asked whether they write code."""
    question = links.developer_question(signup, at_s(delivery)) if signup.developer == Signup.Developer.UNSURE else {}
    data = {
        "verdict": signup.verdict,
        "developer": signup.developer,
        "source": signup.source,
        "company": company_name(signup),
        "score": signup.score,
        "is_high_value": signup.is_high_value,
        "wants_newsletter": signup.wants_newsletter,
        **{f"developer_{answer}_url": url for answer, url in question.items()},
        **{name: value for name, value in signup.utm.items() if name.startswith("utm_")},
    }
    return event(delivery, data)


def limit(signup: Signup, delivery: Delivery) -> dict[str, Any]:
    """What is said of a limit that was reached, or no longer is."""
    facts = ("threshold", "count", "limit", "period")
    return {**{name: delivery.frozen[name] for name in facts}, "plan": signup.plan, "words": limit_words(delivery)}


def event(delivery: Delivery, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event by the delivery's own name, with an id that is taken once."""
    return {
        "name": delivery.event,
        "id": ulid(at_ms(delivery), delivery.uid),
        "timestamp": at_s(delivery),
        "data": {name: _cut(value) for name, value in known(data).items()},
    }


def ulid(epoch_ms: int, uid: UUID) -> str:
    """The ULID (https://github.com/ulid/spec) of a moment and the last 80 bits of `uid`: the same for ever."""
    number = (epoch_ms & (1 << 48) - 1) << 80 | uid.int & (1 << 80) - 1
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def _cut(value: Any) -> Any:
    """Text as long as an attribute may be."""
    if isinstance(value, str):
        return value.encode()[:_MOST_VALUE_BYTES].decode(errors="ignore")
    return value


def _call(method: str, path: str, body: dict[str, Any]) -> None:
    """Make a call that is safe to repeat. Yes is an empty object, which says no more than that it was taken."""
    reply = _door().call(method, path, json=body, is_safe=True)
    if not isinstance(reply.json, dict):
        reason = "answered with something other than an object"
        raise Later("Customer.io", reason, status=reply.status, excerpt=reply.text[:500])


@cache
def _door_to(url: str, site_id: str, api_key: str) -> Door:
    return Door(
        "Customer.io",
        url,
        auth=(site_id, api_key),
        variables={"CUSTOMERIO_API_KEY": api_key},
        key_setting="CUSTOMERIO_SITE_ID and CUSTOMERIO_API_KEY",
        url_setting="CUSTOMERIO_TRACK_URL",
    )


def _door() -> Door:
    customerio = settings.CUSTOMERIO
    return _door_to(customerio["track_url"], customerio["site_id"], customerio["api_key"])
