"""One channel of Slack: posting to it, finding a message again, changing it, and what Slack's errors mean.

What is posted, and when, is `slack`'s business.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from django.conf import settings

from integrations import slack_message
from integrations.http import Door
from signups.contracts import (
    Ambiguous,
    Deadline,
    Delivered,
    Later,
    Misconfigured,
    Never,
    Outcome,
    ServiceError,
    Skipped,
)

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
LookedFor = Literal["delivery", "alert"]  # in payloads, whose other ids are for people
_CLOCK_SKEW_S = 300
_OVERLAP_S = 1
_MOST_KEPT = 100_000  # ids of a channel's history, some 30 MB
_PAGE = "500"
_MOST_BYTES = 10_000_000  # of a page: other apps' messages may be long


class Refused(Never):
    """Slack's `ok: false` about this one message. `code` is its error, `details` what it says of the blocks."""

    def __init__(self, code: str, details: str) -> None:
        self.code = code
        self.details = details
        super().__init__("Slack", f"refused the message: {code}", status=200, excerpt=details)


@dataclass(frozen=True)
class Channel:
    """A channel by its id, and the environment variable that names it."""

    id: str
    variable: str

    def post(self, message: Mapping[str, Any], kind: str, payload: Mapping[str, str]) -> Delivered:
        """Post a message to the channel. By its payload it is found again after a call that may have been done."""
        body = {
            "channel": self.id,
            **message,
            "metadata": {"event_type": kind, "event_payload": payload},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        reply = self._say("chat.postMessage", body, is_safe=False)
        return _delivered(reply["channel"], reply["ts"], self._permalink(reply["channel"], reply["ts"]) or "")

    def find(self, name: LookedFor, value: str, *, since: int, until: int | None = None) -> Delivered | None:
        """The channel's message since then (epoch seconds) whose payload says so, None where there is none.

        `until`: when it was tried last, so that what came later need not be read.
        """
        known = _read_so_far(settings.SLACK["api_url"], settings.SLACK["bot_token"], self.id)
        ts = known.find(self, name, value, since - _CLOCK_SKEW_S, until + _CLOCK_SKEW_S if until is not None else None)
        if not ts:
            return None
        url = self._permalink(self.id, ts)
        if url is None:
            known.forget(name, value)
            return None
        return _delivered(self.id, ts, url)

    def change(self, message: Mapping[str, Any], made: Mapping[str, str], url: str) -> Outcome:
        """Write anew a message that was posted (its channel and ts stand in `made`), unless somebody deleted it."""
        try:
            reply = self._say("chat.update", {"channel": made["channel"], "ts": made["ts"], **message}, is_safe=True)
        except Refused as refusal:
            if refusal.code == "message_not_found":
                return Skipped("The message was deleted in Slack.")
            raise
        made = {"channel": reply["channel"], "ts": reply["ts"]}
        return Delivered(reply["ts"], url, "The message was brought up to date.", made)

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

    def history(self, since: float, until: float | None) -> Iterator[dict[str, Any]]:
        """The channel's messages between these (epoch seconds), newest first, page by page."""
        query = {"channel": self.id, "oldest": str(since), "limit": _PAGE, "include_all_metadata": "true"}
        query |= {"latest": str(until)} if until is not None else {}
        cursor = ""
        while True:
            page = self._call("conversations.history", None, {**query, **({"cursor": cursor} if cursor else {})})
            yield from page["messages"]
            cursor = page.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return

    def _permalink(self, channel: str, ts: str) -> str | None:
        """Where staff can see the message; None where it was deleted, "" where Slack does not say so at once."""
        try:
            query = {"channel": channel, "message_ts": ts}
            return str(self._call("chat.getPermalink", None, query, deadline=Deadline(2_000))["permalink"])
        except Refused as refusal:
            return None if refusal.code == "message_not_found" else ""
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
            return Misconfigured("Slack", f"refuses {self.variable} {self.id}: {code}; {advice}")
        details = [*said.get("errors", ()), *said.get("response_metadata", {}).get("messages", ())]
        return Refused(code, json.dumps(details, ensure_ascii=False) if details else "")


@dataclass
class _Read:
    """What was read of a channel's history, so that of many messages that are looked for after a crash each costs the
    pages that are new. Of the payloads those ids alone are kept by which messages are looked for.

    `since`, `until`: in between (epoch seconds) everything that stood there was read.
    """

    since: float = 0.0
    until: float = 0.0
    places: dict[tuple[str, str], str] = field(default_factory=dict)  # name and value of a payload → ts
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, channel: Channel, name: LookedFor, value: str, since: float, until: float | None) -> str:
        """The ts of the message whose payload says so, "" where there is none."""
        with self.lock:
            is_apart = since > self.until or (until is not None and until < self.since)
            if is_apart or len(self.places) > _MOST_KEPT:
                self.since, self.until, self.places = since, since, {}
            if since < self.since:
                self._read(channel, since, self.since + _OVERLAP_S)
                self.since = since
            if until is None or until > self.until:
                settled = time.time() - _CLOCK_SKEW_S  # what is younger may have others beside it not seen yet
                self._read(channel, self.until - _OVERLAP_S, until)
                self.until = max(self.until, settled if until is None else min(until, settled))
            return self.places.get((name, value), "")

    def forget(self, name: LookedFor, value: str) -> None:
        """It was deleted since it was read."""
        with self.lock:
            self.places.pop((name, value), None)

    def _read(self, channel: Channel, since: float, until: float | None) -> None:
        for message in channel.history(since, until):
            payload = message.get("metadata", {}).get("event_payload", {})
            for name in get_args(LookedFor):
                if isinstance(said := payload.get(name), str):
                    self.places[name, said] = message["ts"]


def _delivered(channel: str, ts: str, url: str) -> Delivered:
    return Delivered(external_id=ts, url=url, note=f"Posted to {channel}.", made={"channel": channel, "ts": ts})


def forget() -> None:
    """What was read of channels' histories so far."""
    _read_so_far.cache_clear()


@cache
def _read_so_far(url: str, token: str, channel_id: str) -> _Read:
    """This process's own."""
    return _Read()


@cache
def _door(url: str, token: str) -> Door:
    return Door(
        "Slack",
        url,
        headers={"Authorization": f"Bearer {token}"},
        variables={"SLACK_BOT_TOKEN": token},
        key_setting="SLACK_BOT_TOKEN",
        most_bytes=_MOST_BYTES,
        url_setting="SLACK_API_URL",
    )
