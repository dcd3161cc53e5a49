"""Slack: one message a signup in the team's channel, kept up to date, and again in a second one if of high value.

API: https://slack.com/api/ (https://docs.slack.dev/reference/methods/chat.postMessage). Slack has no idempotency keys:
a message carries the delivery's uid in its metadata, by which it is found again after a call that may have been done.
What a message looks like is `slack_message`'s business, how a channel is talked to `slack_channel`'s.
Missing on purpose: slack-sdk's client. It repeats a call whose connection broke, which could post twice, and its calls
could not be recorded, masked and sorted as all others are.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from django.conf import settings

from integrations import slack_alerts, slack_message
from integrations.rows import at_ms, at_s, is_reached, missing
from integrations.slack_channel import Channel
from signups import contracts
from signups.contracts import CallRate, Delivered, Event, Integration, Later, Outcome, Skipped, TestEvent
from signups.models import Delivery, Signup

LEAD_WITHIN_S = 5.0


class _InChannel(Integration):
    """A message for each signup in one channel."""

    concurrency: ClassVar[int] = 1  # messages stand in order, and a channel takes about one a second

    @property
    def channel(self) -> Channel:
        raise NotImplementedError

    def rates(self) -> Sequence[CallRate]:
        """https://docs.slack.dev/apis/web-api/rate-limits: a message a second in each channel, with short bursts; and
        of changes and of pages of the history fifty a minute."""
        posts_per_s = settings.SLACK["posts_per_s"]
        return (
            CallRate(posts_per_s, at_once=3, path="chat.postMessage", each="channel"),
            CallRate(posts_per_s * 50 / 60, at_once=10, path="chat.update"),
            CallRate(posts_per_s * 50 / 60, at_once=10, path="conversations.history"),
        )

    def missing_settings(self) -> list[str]:
        return missing({"SLACK_BOT_TOKEN": settings.SLACK["bot_token"], self.channel.variable: self.channel.id})

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        _wait_for_lead(signup, delivery)
        return self.channel.post(slack_message.message(signup), "signup_created", _payload(signup, delivery))

    def on_confirmed(self, signup: Signup, delivery: Delivery) -> Outcome:
        _wait_for_lead(signup, delivery)
        return self._update(signup)

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Outcome:
        return self._update(signup)

    def send_test(self, test: TestEvent) -> Delivered:
        """A message that says what it is."""
        return self.channel.post(slack_alerts.staff_alert(test.words), "test_event", {"test": test.key})

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        """Our message, if it stands in the channel. An update repeats without harm and is not looked for."""
        if delivery.event != Event.SIGNED_UP:
            return None
        return _posted(self.channel, delivery)

    def _update(self, signup: Signup) -> Outcome:
        """Write the message anew with what is known now."""
        first = signup.deliveries.filter(integration=self.slug, event=Event.SIGNED_UP).first()
        if first is None or first.state in (Delivery.State.SKIPPED, Delivery.State.FAILED):
            return Skipped("There is no message to update: it was never posted.")
        if first.state != Delivery.State.DELIVERED:
            raise Later("Slack", "the message to update is not posted yet", retry_after_s=5)
        return self.channel.change(slack_message.message(signup), first.made, first.external_url)


class Slack(_InChannel):
    """Settings: a bot token with `chat:write` and `channels:history`, and the channel's id."""

    slug = "slack"
    name = "Slack"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm", "held"})
    takes_alerts: ClassVar[bool] = True

    @property
    def channel(self) -> Channel:
        return Channel(settings.SLACK["channel"], "SLACK_CHANNEL")

    def on_reached_limit(self, signup: Signup, delivery: Delivery) -> Outcome:
        """A message to sales, once all that the plan allows is used."""
        if delivery.frozen["threshold"] < 100:
            return Skipped("Sales hear of it at 100 %.")
        if not is_reached(signup, delivery):
            return Skipped("It no longer holds: the usage or the limit was corrected.")
        return _sales().post(slack_alerts.at_limit(signup, delivery), "limit_reached", _payload(signup, delivery))

    def on_limit_resolved(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The same message says so."""
        told = signup.deliveries.filter(integration=self.slug, event=Event.REACHED_LIMIT, period=delivery.period)
        first = told.exclude(made={}).first()
        if first is None:
            return Skipped("There is no message to change.")
        if is_reached(signup, delivery):
            return Skipped("It was reached again.")
        return _sales().change(slack_alerts.resolved(signup, delivery), first.made, first.external_url)

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        if delivery.event == Event.REACHED_LIMIT:
            return _posted(_sales(), delivery)
        return super().reconcile(signup, delivery)

    def alert(self, text: str, *, key: str, since: datetime) -> None:
        if self.channel.find("alert", key, since=int(since.timestamp())) is None:
            self.channel.post(slack_alerts.staff_alert(text), "staff_alert", {"alert": key})


class SlackHighValue(_InChannel):
    """The second channel, where sales take up signups of high value. Settings: the bot token and this channel's id."""

    slug = "slack_high_value"
    name = "Slack, high value"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted"})

    @property
    def channel(self) -> Channel:
        return Channel(settings.SLACK["high_value_channel"], "SLACK_HIGH_VALUE_CHANNEL")

    def wants(self, signup: Signup) -> bool:
        return signup.is_high_value and bool(self.channel.id)


def _posted(channel: Channel, delivery: Delivery) -> Outcome | None:
    """The delivery's message in the channel, if it stands there."""
    tries = list(delivery.attempts.order_by("pk").values_list("at", "result"))
    since, until = at_s(delivery), None
    if tries:
        first, result = tries[0]
        if result != "lapsed":  # of such a one nobody knows when it began
            since = int(first.timestamp())
        until = int(max(at for at, _ in tries).timestamp())
    return channel.find("delivery", str(delivery.uid), since=since, until=until)


def _sales() -> Channel:
    """Where sales are told: in the channel of high-value signups, or in the only one there is."""
    return SlackHighValue().channel if settings.SLACK["high_value_channel"] else Slack().channel


def _payload(signup: Signup, delivery: Delivery) -> dict[str, str]:
    return {"signup_id": str(signup.pk), "delivery": str(delivery.uid)}


def _wait_for_lead(signup: Signup, delivery: Delivery) -> None:
    """The CRM hears of a signup at the same moment: the link to its lead is worth a few seconds, and no more."""
    if time.time() - at_ms(delivery) / 1000 > LEAD_WITHIN_S:
        return
    names = {one.slug: one.name for one in contracts.integrations() if one.is_serial_by_company}
    told = signup.deliveries.filter(integration__in=names, event=Event.SIGNED_UP, due_at__isnull=False)
    if (slug := told.values_list("integration", flat=True).first()) is not None:
        raise Later("Slack", f"waits a moment for the link to {names[slug]}", retry_after_s=1)
