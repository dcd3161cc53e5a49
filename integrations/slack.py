"""Slack: one message a signup in the team's channel, kept up to date, and again in a second one if of high value.

API: https://slack.com/api/ (https://docs.slack.dev/reference/methods/chat.postMessage). Slack has no idempotency keys:
a message carries the delivery's uid in its metadata, by which it is found again after a call that may have been done.
What a message looks like is `slack_message`'s business.
Missing on purpose: slack-sdk's client. It repeats a call whose connection broke, which could post twice, and its calls
could not be recorded, masked and sorted as all others are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from django.conf import settings

from integrations import slack_alerts, slack_message
from integrations.http import Door
from integrations.rows import at_ms, at_s, is_reached, missing
from signups import contracts
from signups.contracts import (
    Ambiguous,
    Deadline,
    Delivered,
    Event,
    Integration,
    Later,
    Misconfigured,
    Never,
    Outcome,
    ServiceError,
    Skipped,
)
from signups.models import Delivery, Signup

# Errors of HTTP 200 replies by what they mean; every other one stands for a refusal of this one request.
TOKEN_ERRORS = frozenset(
    ("not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type")
    + ("missing_scope", "no_permission", "access_denied", "app_access_restricted", "ekm_access_denied")
    + ("org_login_required",)
)
CHANNEL_ERRORS = frozenset(
    ("channel_not_found", "not_in_channel", "is_archived", "messages_tab_disabled", "restricted_action")
    + ("restricted_action_read_only_channel", "restricted_action_thread_only_channel")
    + ("restricted_action_thread_locked", "restricted_action_non_threadable_channel")
)
BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
WAIT_S = {  # transient → seconds to wait, None for the engine's own pace
    "ratelimited": 30.0,
    "rate_limited": 30.0,
    "message_limit_exceeded": 6 * 3600.0,
    "service_unavailable": None,
    "request_timeout": None,
    "team_added_to_org": 60.0,
}
AMBIGUOUS_ERRORS = frozenset({"fatal_error", "internal_error"})
LEAD_WITHIN_S = 5.0
_CLOCK_SKEW_S = 300
_PAGE = "200"


class Refused(Never):
    """Slack's `ok: false` about this one message. `code` is its error, `details` what it says of the blocks."""

    def __init__(self, code: str, details: str) -> None:
        self.code = code
        self.details = details
        super().__init__("Slack", f"refused the message: {code}", status=200, excerpt=details)


class _Channel(Integration):
    """One channel with a message for each signup. Settings: what `channel_variable` names, and the bot token."""

    concurrency: ClassVar[int] = 1  # messages stand in order, and a channel takes about one a second
    channel_variable: ClassVar[str]

    @property
    def channel(self) -> str:
        raise NotImplementedError

    def missing_settings(self) -> list[str]:
        return missing({"SLACK_BOT_TOKEN": settings.SLACK["bot_token"], self.channel_variable: self.channel})

    def on_signed_up(self, signup: Signup, delivery: Delivery) -> Outcome:
        _wait_for_lead(signup, delivery)
        payload = {"signup_id": str(signup.pk), "delivery": str(delivery.uid)}
        return self.post(slack_message.message(signup), "signup_created", payload)

    def on_confirmed(self, signup: Signup, delivery: Delivery) -> Outcome:
        _wait_for_lead(signup, delivery)
        return self._update(signup)

    def on_profile_changed(self, signup: Signup, delivery: Delivery) -> Outcome:
        return self._update(signup)

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        """Our message, if it stands in the channel. An update repeats without harm and is not looked for."""
        if delivery.event != Event.SIGNED_UP:
            return None
        return self.find("delivery", str(delivery.uid), since=at_s(delivery))

    def post(self, message: Mapping[str, Any], kind: str, payload: Mapping[str, str]) -> Delivered:
        """Post a message to the channel. By its payload it is found again after a call that may have been done."""
        body = {
            "channel": self.channel,
            **message,
            "metadata": {"event_type": kind, "event_payload": payload},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        reply = self._say("chat.postMessage", body, is_safe=False)
        return self._delivered(reply["channel"], reply["ts"])

    def find(self, name: str, value: str, *, since: int) -> Delivered | None:
        """The channel's message since then (epoch seconds) whose payload says so, None where there is none."""
        for message in self._history(since - _CLOCK_SKEW_S):
            if message.get("metadata", {}).get("event_payload", {}).get(name) == value:
                return self._delivered(self.channel, message["ts"])
        return None

    def change(self, message: Mapping[str, Any], channel: str, ts: str, url: str) -> Outcome:
        """Write a message anew, unless somebody deleted it."""
        try:
            reply = self._say("chat.update", {"channel": channel, "ts": ts, **message}, is_safe=True)
        except Refused as refusal:
            if refusal.code == "message_not_found":
                return Skipped("The message was deleted in Slack.")
            raise
        made = {"channel": reply["channel"], "ts": reply["ts"]}
        return Delivered(reply["ts"], url, "The message was brought up to date.", made)

    def _update(self, signup: Signup) -> Outcome:
        """Write the message anew with what is known now."""
        first = signup.deliveries.filter(integration=self.slug, event=Event.SIGNED_UP).first()
        if first is None or first.state in (Delivery.State.SKIPPED, Delivery.State.FAILED):
            return Skipped("There is no message to update: it was never posted.")
        if first.state != Delivery.State.DELIVERED:
            raise Later("Slack", "the message to update is not posted yet", retry_after_s=5)
        return self.change(slack_message.message(signup), first.made["channel"], first.made["ts"], first.external_url)

    def _say(self, method: str, body: Mapping[str, Any], *, is_safe: bool) -> dict[str, Any]:
        """Send a message, plainer where Slack refuses it: without pictures it cannot download, then as text alone."""
        try:
            return self._call(method, body, is_safe=is_safe)
        except Refused as refusal:
            if refusal.code not in BLOCK_ERRORS:
                raise
            is_about_pictures = "image" in refusal.details
        if is_about_pictures:
            try:
                without = slack_message.without_images(body["blocks"])
                return self._call(method, {**body, "blocks": without}, is_safe=is_safe)
            except Refused as refusal:
                if refusal.code not in BLOCK_ERRORS:
                    raise
        plain = {name: value for name, value in body.items() if name != "blocks"}
        return self._call(method, plain, is_safe=is_safe)

    def _history(self, since: int) -> Iterator[dict[str, Any]]:
        """The channel's messages since then (epoch seconds), newest first, page by page."""
        query = {"channel": self.channel, "oldest": str(since), "limit": _PAGE, "include_all_metadata": "true"}
        cursor = ""
        while True:
            page = self._call("conversations.history", None, {**query, **({"cursor": cursor} if cursor else {})})
            yield from page["messages"]
            cursor = page.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return

    def _delivered(self, channel: str, ts: str) -> Delivered:
        made = {"channel": channel, "ts": ts}
        return Delivered(external_id=ts, url=self._permalink(channel, ts), note=f"Posted to {channel}.", made=made)

    def _permalink(self, channel: str, ts: str) -> str:
        """Where staff can see the message; "" where Slack does not say so at once, for the message stands anyway."""
        try:
            query = {"channel": channel, "message_ts": ts}
            return str(self._call("chat.getPermalink", None, query, deadline=Deadline(2_000))["permalink"])
        except (ServiceError, KeyError):
            return ""

    def _call(
        self,
        method: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None = None,
        *,
        is_safe: bool = True,
        deadline: Deadline | None = None,
    ) -> dict[str, Any]:
        """One method of the Web API. Slack answers 200 to nearly everything: `ok` tells."""
        door = _door(settings.SLACK["api_url"], settings.SLACK["bot_token"])
        verb = "GET" if body is None else "POST"
        reply = door.call(verb, method, params=query, json=body, is_safe=is_safe, deadline=deadline)
        said: dict[str, Any] = reply.json
        if said.get("ok"):
            return said
        raise self._refusal(str(said.get("error", "no reason given")), said, is_safe)

    def _refusal(self, code: str, said: Mapping[str, Any], is_safe: bool) -> ServiceError:
        """What an `ok: false` means to the engine."""
        if code in WAIT_S:
            return Later("Slack", f"is not ready: {code}", status=200, retry_after_s=WAIT_S[code])
        if code in AMBIGUOUS_ERRORS:
            failure = Later if is_safe else Ambiguous
            return failure("Slack", f"failed: {code}", status=200)
        if code == "missing_scope":
            needed = said.get("needed", "a scope")
            return Misconfigured("Slack", f"SLACK_BOT_TOKEN lacks the scope {needed}; add it and reinstall the app")
        if code in TOKEN_ERRORS:
            return Misconfigured("Slack", f"refuses SLACK_BOT_TOKEN: {code}", status=200)
        if code in CHANNEL_ERRORS:
            advice = "invite the app to it" if code == "not_in_channel" else "check the channel's id"
            return Misconfigured("Slack", f"refuses {self.channel_variable} {self.channel}: {code}; {advice}")
        details = [*said.get("errors", ()), *said.get("response_metadata", {}).get("messages", ())]
        return Refused(code, json.dumps(details, ensure_ascii=False) if details else "")


class Slack(_Channel):
    """Settings: a bot token with `chat:write` and `channels:history`, and the channel's id."""

    slug = "slack"
    name = "Slack"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted", "confirm", "held"})
    takes_alerts: ClassVar[bool] = True
    channel_variable: ClassVar[str] = "SLACK_CHANNEL"

    @property
    def channel(self) -> str:
        return str(settings.SLACK["channel"])

    def on_reached_limit(self, signup: Signup, delivery: Delivery) -> Outcome:
        """A message to sales, where they have a channel of their own there, once all that the plan allows is used."""
        if delivery.frozen["threshold"] < 100:
            return Skipped("Sales hear of it at 100 %.")
        if not is_reached(signup, delivery):
            return Skipped("It no longer holds: the usage or the limit was corrected.")
        payload = {"signup_id": str(signup.pk), "delivery": str(delivery.uid)}
        return _sales().post(slack_alerts.at_limit(signup, delivery), "limit_reached", payload)

    def on_limit_resolved(self, signup: Signup, delivery: Delivery) -> Outcome:
        """The same message says so."""
        told = signup.deliveries.filter(integration=self.slug, event=Event.REACHED_LIMIT, period=delivery.period)
        first = told.exclude(made={}).first()
        if first is None:
            return Skipped("There is no message to change.")
        if is_reached(signup, delivery):
            return Skipped("It was reached again.")
        message = slack_alerts.resolved(signup, delivery)
        return _sales().change(message, first.made["channel"], first.made["ts"], first.external_url)

    def reconcile(self, signup: Signup, delivery: Delivery) -> Outcome | None:
        if delivery.event == Event.REACHED_LIMIT:
            return _sales().find("delivery", str(delivery.uid), since=at_s(delivery))
        return super().reconcile(signup, delivery)

    def alert(self, text: str, *, key: str, since: datetime) -> None:
        if self.find("alert", key, since=int(since.timestamp())) is None:
            self.post(slack_alerts.staff_alert(text), "staff_alert", {"alert": key})


class SlackHighValue(_Channel):
    """The second channel, where sales take up signups of high value. Settings: the bot token and this channel's id."""

    slug = "slack_high_value"
    name = "Slack, high value"
    takes: ClassVar[frozenset[str]] = frozenset({"accepted"})
    channel_variable: ClassVar[str] = "SLACK_HIGH_VALUE_CHANNEL"

    @property
    def channel(self) -> str:
        return str(settings.SLACK["high_value_channel"])

    def wants(self, signup: Signup) -> bool:
        return signup.is_high_value and bool(self.channel)


def _sales() -> _Channel:
    """The channel where sales are told: that of high-value signups, or the only one there is."""
    return SlackHighValue() if settings.SLACK["high_value_channel"] else Slack()


def _wait_for_lead(signup: Signup, delivery: Delivery) -> None:
    """The CRM hears of a signup at the same moment: the link to its lead is worth a few seconds, and no more."""
    if time.time() - at_ms(delivery) / 1000 > LEAD_WITHIN_S:
        return
    names = {one.slug: one.name for one in contracts.integrations() if one.is_serial_by_company}
    told = signup.deliveries.filter(integration__in=names, event=Event.SIGNED_UP, due_at__isnull=False)
    if (slug := told.values_list("integration", flat=True).first()) is not None:
        raise Later("Slack", f"waits a moment for the link to {names[slug]}", retry_after_s=1)


@cache
def _door(url: str, token: str) -> Door:
    return Door(
        "Slack",
        url,
        headers={"Authorization": f"Bearer {token}"},
        secrets=(token,),
        key_setting="SLACK_BOT_TOKEN",
        url_setting="SLACK_API_URL",
    )
