"""The pretend Slack behaves like Slack, seen over HTTP.

With VENDOR_SPECS naming a folder of the vendors' own specifications, the names of errors are held against them too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from tests.sandbox.receiver import listening
from tests.sandbox_process import Sandbox

SPECS = os.environ.get("VENDOR_SPECS", "")
TOKEN = "xoxb-sandbox-onboarding"
JSON = "application/json; charset=utf-8"
METADATA = {"event_type": "signup_created", "event_payload": {"signup_id": "42"}}
BUTTON = {"type": "button", "action_id": "claim", "value": "42", "text": {"type": "plain_text", "text": "Claim"}}
ACTIONS = {"type": "actions", "block_id": "act", "elements": [BUTTON]}


def call(sandbox: Sandbox, method: str, *, token: str = TOKEN, mime: str = JSON, **arguments: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": mime}
    url = f"{sandbox.url}/slack/api/{method}"
    reply = requests.post(url, data=json.dumps(arguments), headers=headers, timeout=10)
    assert reply.status_code == 200
    return reply.json()


def post(sandbox: Sandbox, channel: str = "C0SIGNUPS", **arguments: Any) -> Any:
    return call(sandbox, "chat.postMessage", channel=channel, **{"text": "Hello", **arguments})


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def messages(sandbox: Sandbox, channel: str = "C0SIGNUPS") -> list[dict[str, Any]]:
    channels = {each["id"]: each["messages"] for each in sandbox.state("slack")["channels"]}
    return list(channels[channel])


def problems(sandbox: Sandbox, *blocks: Any) -> list[str]:
    reply = post(sandbox, blocks=list(blocks))
    assert (reply["ok"], reply["error"], messages(sandbox)) == (False, "invalid_blocks", [])
    assert reply["response_metadata"]["messages"] == [f"[ERROR] {each}" for each in reply["errors"]]
    return list(reply["errors"])


# ---- who may do what


def test_the_connection_check_names_the_workspace(sandbox: Sandbox) -> None:
    reply = call(sandbox, "auth.test")
    assert (reply["ok"], reply["team_id"], reply["bot_id"]) == (True, "T0SANDBOX", "B0SANDBOX01")


def test_a_wrong_token_is_refused_with_http_200(sandbox: Sandbox) -> None:
    assert call(sandbox, "auth.test", token="xoxb-guess") == {"ok": False, "error": "invalid_auth"}


def test_no_token_is_told_apart_from_a_wrong_one(sandbox: Sandbox) -> None:
    reply = requests.post(f"{sandbox.url}/slack/api/auth.test", timeout=10)
    assert reply.json() == {"ok": False, "error": "not_authed"}


def test_a_token_without_the_scope_may_not_post(sandbox: Sandbox) -> None:
    reply = post(sandbox, token="xoxb-sandbox-noscope")
    assert (reply["error"], reply["needed"]) == ("missing_scope", "chat:write")


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0ARCHIVED", "is_archived"), ("C0NOTMEMBER", "not_in_channel"), ("C0UNKNOWN", "channel_not_found")],
)
def test_a_channel_that_cannot_be_posted_to_says_why(sandbox: Sandbox, channel: str, error: str) -> None:
    assert post(sandbox, channel=channel) == {"ok": False, "error": error}


def test_an_unknown_method_is_an_error_of_its_own(sandbox: Sandbox) -> None:
    assert call(sandbox, "chat.shout")["error"] == "unknown_method"


# ---- posting


def test_a_posted_message_is_kept_with_its_blocks_and_metadata(sandbox: Sandbox) -> None:
    reply = post(sandbox, blocks=[section("*Ada*"), ACTIONS], metadata=METADATA)
    (kept,) = messages(sandbox)
    assert (kept["ts"], kept["text"], kept["metadata"]) == (reply["ts"], "Hello", METADATA)
    assert (kept["blocks"][0]["text"]["text"], kept["blocks"][1]) == ("*Ada*", ACTIONS)


def test_a_channel_can_be_named_when_posting(sandbox: Sandbox) -> None:
    assert post(sandbox, channel="#signups-high-value")["channel"] == "C0HIGHVALUE"


def test_time_stamps_rise_and_have_six_digits(sandbox: Sandbox) -> None:
    stamps = [post(sandbox)["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps))
    assert {len(stamp.partition(".")[2]) for stamp in stamps} == {6}


def test_a_form_brings_blocks_and_metadata_as_json_strings(sandbox: Sandbox) -> None:
    form = {"channel": "C0SIGNUPS", "text": "Hi", "blocks": json.dumps([ACTIONS]), "metadata": json.dumps(METADATA)}
    url = f"{sandbox.url}/slack/api/chat.postMessage"
    reply = requests.post(url, data={**form, "token": TOKEN}, timeout=10).json()
    assert (reply["ok"], messages(sandbox)[0]["blocks"], messages(sandbox)[0]["metadata"]) == (
        True,
        [ACTIONS],
        METADATA,
    )


def test_json_without_a_charset_is_warned_about(sandbox: Sandbox) -> None:
    reply = post(sandbox, mime="application/json")
    assert (reply["ok"], reply["warning"]) == (True, "missing_charset")
    assert reply["response_metadata"] == {"warnings": ["missing_charset"]}


REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"text": ""}, "no_text"),
    ({"blocks": "[{"}, "invalid_blocks_format"),
    ({"blocks": {"type": "divider"}}, "invalid_blocks_format"),
    ({"metadata": "{"}, "invalid_metadata_format"),
    ({"metadata": {"event_type": "signup_created"}}, "invalid_metadata_schema"),
    ({"metadata": {**METADATA, "event_payload": {"note": "x" * 20_000}}}, "metadata_too_large"),
    ({"markdown_text": "**Hi**"}, "markdown_text_conflict"),
    ({"attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
    ({"blocks": [section("x" * 3000)] * 5}, "msg_blocks_too_long"),
    ({"channel": ""}, "invalid_arguments"),
]


@pytest.mark.parametrize(("arguments", "error"), REFUSALS)
def test_a_message_slack_would_refuse_is_refused(sandbox: Sandbox, arguments: dict[str, Any], error: str) -> None:
    assert (post(sandbox, **arguments)["error"], messages(sandbox)) == (error, [])


@pytest.mark.skipif(not SPECS, reason="VENDOR_SPECS names no folder with Slack's specification")
def test_the_refusals_have_the_names_slack_gives_them() -> None:
    methods = json.loads(Path(SPECS, "slack-methods-2026-08.json").read_text())["methods"]
    undocumented = {"invalid_arguments"}  # Slack's answer to a missing argument, listed under no method
    assert {error for _, error in REFUSALS} - undocumented <= set(methods["chat.postMessage"]["errors"])


def test_the_official_client_is_understood(sandbox: Sandbox) -> None:
    client = WebClient(TOKEN, base_url=f"{sandbox.url}/slack/api/", retry_handlers=[])
    ts = client.chat_postMessage(channel="C0SIGNUPS", text="Hi", blocks=[section("Hi")], metadata=METADATA)["ts"]
    (found,) = client.conversations_history(channel="C0SIGNUPS", include_all_metadata=True)["messages"]
    assert (found["ts"], found["metadata"]) == (ts, METADATA)


# ---- Block Kit


def test_each_fault_in_the_blocks_is_pointed_at(sandbox: Sandbox) -> None:
    button = {**BUTTON, "text": {"type": "plain_text", "text": "x" * 76}, "disabled": True}
    found = problems(sandbox, section("x" * 3001), {"type": "actions", "elements": [button]}, {"type": "zap"})
    assert found == [
        "failed to match all allowed schemas [json-pointer:/blocks/0/text]",
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
        "must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]",
        "invalid additional property: disabled [json-pointer:/blocks/1/elements/0]",
        "unsupported element: zap [json-pointer:/blocks/2]",
    ]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "must be less than 151 characters"),
        ({"type": "section", "fields": [section("x")["text"]] * 11}, "no more than 10 items allowed"),
        ({"type": "section", "fields": [section("x" * 2001)["text"]]}, "must be less than 2001 characters"),
        ({"type": "section"}, "must define either `text` or `fields`"),
        (section(""), "must be more than 0 characters"),
        ({"type": "context", "elements": [section("x")["text"]] * 11}, "no more than 10 items allowed"),
        ({"type": "context", "elements": []}, "no less than 1 items allowed"),
        (
            {"type": "actions", "elements": [{**BUTTON, "action_id": str(n)} for n in range(26)]},
            "no more than 25 items allowed",
        ),
        ({"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}, "must be less than 2001 characters"),
        (
            {"type": "actions", "elements": [{**BUTTON, "url": f"https://{'x' * 3000}"}]},
            "must be less than 3001 characters",
        ),
        ({"type": "actions", "elements": [{**BUTTON, "style": "loud"}]}, "must be a valid enum value"),
        ({"type": "actions", "elements": [BUTTON, BUTTON]}, '`action_id` "claim" already exists'),
        ({"type": "image", "image_url": "https://cdn.example/a.png"}, "missing required field: alt_text"),
        ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "must be a valid enum value"),
    ],
)
def test_every_limit_of_block_kit_holds(sandbox: Sandbox, block: dict[str, Any], problem: str) -> None:
    assert problems(sandbox, block)[-1].partition(" [")[0] == problem


def test_fifty_blocks_are_enough(sandbox: Sandbox) -> None:
    assert post(sandbox, blocks=[{"type": "divider"}] * 50)["ok"]
    sandbox.reset()
    assert problems(sandbox, *[{"type": "divider"}] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_a_block_id_is_used_once(sandbox: Sandbox) -> None:
    divider = {"type": "divider", "block_id": "line"}
    assert problems(sandbox, divider, divider) == ['`block_id` "line" already exists [json-pointer:/blocks/1/block_id]']


DEAD_PICTURES = [
    "https://pictures.dead.test/a.png",
    "https://avatars.evil.test/missing.png",
    "ftp://cdn.example/a.png",
    "/a.png",
    f"https://cdn.example/{'a' * 3000}.png",
]


@pytest.mark.parametrize("url", DEAD_PICTURES, ids=range(len(DEAD_PICTURES)))
def test_a_dead_picture_costs_the_whole_message(sandbox: Sandbox, url: str) -> None:
    image = {"type": "image", "image_url": url, "alt_text": "Eve"}
    found = problems(sandbox, {**section("Eve"), "accessory": image}, image)
    assert found == [
        "downloading image failed [json-pointer:/blocks/0/accessory/image_url]",
        "downloading image failed [json-pointer:/blocks/1/image_url]",
    ]


def test_ids_that_were_left_out_are_given(sandbox: Sandbox) -> None:
    bare = {name: value for name, value in BUTTON.items() if name != "action_id"}
    (block,) = post(sandbox, blocks=[{"type": "actions", "elements": [bare]}])["message"]["blocks"]
    assert len(block["block_id"]) == len(block["elements"][0]["action_id"]) == 5


# ---- changing and finding


def test_an_update_replaces_the_content_and_keeps_the_metadata(sandbox: Sandbox) -> None:
    ts = post(sandbox, blocks=[ACTIONS], metadata=METADATA)["ts"]
    reply = call(sandbox, "chat.update", channel="C0SIGNUPS", ts=ts, text="Claimed by Rob")
    (kept,) = messages(sandbox)
    assert (reply["text"], kept["text"], kept["metadata"]) == ("Claimed by Rob", "Claimed by Rob", METADATA)
    assert ("blocks" in kept, "edited" in kept) == (False, True)


def test_an_update_needs_a_message_and_the_id_of_its_channel(sandbox: Sandbox) -> None:
    ts = post(sandbox)["ts"]
    errors = [
        call(sandbox, "chat.update", channel=channel, ts=stamp, text="x")["error"]
        for channel, stamp in (("C0SIGNUPS", "1.000000"), ("#signups", ts))
    ]
    assert errors == ["message_not_found", "channel_not_found"]


def test_a_deleted_message_is_gone_for_clients_and_marked_in_the_state(sandbox: Sandbox) -> None:
    ts = post(sandbox)["ts"]
    assert call(sandbox, "chat.delete", channel="C0SIGNUPS", ts=ts) == {"ok": True, "channel": "C0SIGNUPS", "ts": ts}
    assert call(sandbox, "conversations.history", channel="C0SIGNUPS")["messages"] == []
    assert messages(sandbox)[0]["deleted"] is True
    assert call(sandbox, "chat.delete", channel="C0SIGNUPS", ts=ts)["error"] == "message_not_found"


def test_history_shows_metadata_only_when_asked(sandbox: Sandbox) -> None:
    post(sandbox, metadata=METADATA)
    plain = call(sandbox, "conversations.history", channel="C0SIGNUPS")["messages"]
    full = call(sandbox, "conversations.history", channel="C0SIGNUPS", include_all_metadata=True)["messages"]
    assert ("metadata" in plain[0], full[0]["metadata"]) == (False, METADATA)


def test_history_comes_in_pages_newest_first(sandbox: Sandbox) -> None:
    stamps = [post(sandbox)["ts"] for _ in range(5)]
    seen, cursor = [], ""
    while True:
        page = call(sandbox, "conversations.history", channel="C0SIGNUPS", limit=2, cursor=cursor)
        seen += [message["ts"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] is bool(cursor)
        if not cursor:
            break
    assert seen == stamps[::-1]


def test_history_can_be_cut_by_time(sandbox: Sandbox) -> None:
    first, second, third = (post(sandbox)["ts"] for _ in range(3))
    window = {"oldest": first, "latest": third}
    open_, closed = (
        call(sandbox, "conversations.history", channel="C0SIGNUPS", inclusive=inclusive, **window)["messages"]
        for inclusive in (False, True)
    )
    assert [[message["ts"] for message in found] for found in (open_, closed)] == [[second], [third, second, first]]


def test_a_made_up_cursor_is_refused(sandbox: Sandbox) -> None:
    assert call(sandbox, "conversations.history", channel="C0SIGNUPS", cursor="abc")["error"] == "invalid_cursor"


def test_a_permalink_is_given_for_a_message_that_exists(sandbox: Sandbox) -> None:
    ts = post(sandbox)["ts"]
    reply = call(sandbox, "chat.getPermalink", channel="C0SIGNUPS", message_ts=ts)
    assert reply["permalink"] == f"{sandbox.url}/slack/archives/C0SIGNUPS/p{ts.replace('.', '')}"


def test_people_are_found_by_their_address(sandbox: Sandbox) -> None:
    assert call(sandbox, "users.lookupByEmail", email="Rob@onboarding.test")["user"]["name"] == "rob"
    assert call(sandbox, "users.lookupByEmail", email="x@onboarding.test")["error"] == "users_not_found"


def test_a_reaction_is_added_once(sandbox: Sandbox) -> None:
    reaction = {"channel": "C0SIGNUPS", "timestamp": post(sandbox)["ts"], "name": "eyes"}
    assert call(sandbox, "reactions.add", **reaction) == {"ok": True}
    assert call(sandbox, "reactions.add", **reaction) == {"ok": False, "error": "already_reacted"}


def test_a_channel_takes_five_messages_at_once_and_then_one_a_second(sandbox: Sandbox) -> None:
    sandbox.setting("slack", rate_limit=True)
    url, headers = f"{sandbox.url}/slack/api/chat.postMessage", {"Authorization": f"Bearer {TOKEN}"}
    body = {"channel": "C0SIGNUPS", "text": "x"}
    replies = [requests.post(url, json=body, headers=headers, timeout=10) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [200] * 5 + [429]
    assert (replies[-1].headers["Retry-After"], replies[-1].json()["error"]) == ("1", "ratelimited")
    sandbox.advance(1)
    assert (post(sandbox)["ok"], post(sandbox, channel="C0HIGHVALUE")["ok"]) == (True, True)


# ---- hooks and people


@pytest.mark.parametrize(
    ("hook", "body", "status", "text"),
    [
        ("T0SANDBOX/B0HOOK1/sandboxhook1", '{"text": "Hi"}', 200, "ok"),
        ("T0SANDBOX/B0HOOK1/sandboxhook1", "{", 400, "invalid_payload"),
        ("T0SANDBOX/B0HOOK1/sandboxhook1", "{}", 400, "no_text"),
        ("T0SANDBOX/B0HOOK1/sandboxhook1", '{"blocks": [{"type": "zap"}]}', 400, "invalid_blocks"),
        ("T0SANDBOX/B0HOOK3/sandboxhook3", '{"text": "Hi"}', 410, "channel_is_archived"),
        ("T0SANDBOX/B0GUESS/x", '{"text": "Hi"}', 404, "no_service"),
    ],
)
def test_an_incoming_webhook_answers_in_plain_text(
    sandbox: Sandbox, hook: str, body: str, status: int, text: str
) -> None:
    reply = requests.post(f"{sandbox.url}/slack/services/{hook}", data=body, timeout=10)
    assert (reply.status_code, reply.text, reply.headers["Content-Type"][:10]) == (status, text, "text/plain")
    assert [message["text"] for message in messages(sandbox)] == (["Hi"] if status == 200 else [])


def click(sandbox: Sandbox, ts: str, url: str, **wish: Any) -> Any:
    body = {"channel": "C0SIGNUPS", "ts": ts, "action_id": "claim", "url": url, **wish}
    return requests.post(f"{sandbox.url}/slack/_click", json=body, timeout=10).json()


def test_a_click_sends_a_signed_interaction(sandbox: Sandbox) -> None:
    ts = post(sandbox, blocks=[ACTIONS])["ts"]
    with listening() as app:
        outcome = click(sandbox, ts, app.url)
    ((headers, body),) = app.calls
    payload = json.loads(parse_qs(body.decode())["payload"][0])
    (action,) = payload["actions"]
    assert (outcome["acknowledged"], payload["user"]["name"], payload["message"]["ts"]) == (True, "rob", ts)
    assert (action["action_id"], action["block_id"], action["value"]) == ("claim", "act", "42")
    assert SignatureVerifier("sandbox-slack-signing-secret").is_valid_request(body, dict(headers.items()))


def test_an_old_click_has_a_right_signature_and_a_stale_time_stamp(sandbox: Sandbox) -> None:
    ts = post(sandbox, blocks=[ACTIONS])["ts"]
    with listening() as app:
        click(sandbox, ts, app.url, age_s=600)
    ((headers, body),) = app.calls
    assert not SignatureVerifier("sandbox-slack-signing-secret").is_valid_request(body, dict(headers.items()))


def test_a_click_nobody_hears_is_not_acknowledged(sandbox: Sandbox) -> None:
    outcome = click(sandbox, post(sandbox, blocks=[ACTIONS])["ts"], "http://127.0.0.1:9/")
    assert (outcome["acknowledged"], "ClientConnector" in outcome["error"]) == (False, True)


def test_a_click_on_nothing_is_an_error(sandbox: Sandbox) -> None:
    outcome = click(sandbox, post(sandbox)["ts"], "http://127.0.0.1:9/")
    assert outcome == {"error": "the message has nothing with action_id 'claim'"}


def test_a_slash_command_is_a_signed_form(sandbox: Sandbox) -> None:
    with listening() as app:
        wish = {"channel": "C0SIGNUPS", "command": "/signup", "text": "ada@dev.test", "url": app.url}
        requests.post(f"{sandbox.url}/slack/_command", json=wish, timeout=10).raise_for_status()
    ((headers, body),) = app.calls
    form = parse_qs(body.decode())
    assert (form["command"], form["text"], form["user_name"]) == (["/signup"], ["ada@dev.test"], ["rob"])
    assert SignatureVerifier("sandbox-slack-signing-secret").is_valid_request(body, dict(headers.items()))


def response_url(sandbox: Sandbox) -> str:
    ts = post(sandbox, blocks=[ACTIONS])["ts"]
    return str(click(sandbox, ts, "http://127.0.0.1:9/")["response_url"])


def test_a_response_url_serves_five_times(sandbox: Sandbox) -> None:
    url = response_url(sandbox)
    body = {"text": "Claimed by Rob", "replace_original": True}
    replies = [requests.post(url, json=body, timeout=10) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [200] * 5 + [404]
    assert (replies[0].text, replies[5].text) == ("ok", "expired_url")
    assert [message["text"] for message in messages(sandbox)] == ["Claimed by Rob"]


def test_a_response_url_serves_for_thirty_minutes(sandbox: Sandbox) -> None:
    url = response_url(sandbox)
    sandbox.advance(29 * 60)
    assert requests.post(url, json={"text": "soon"}, timeout=10).text == "ok"
    sandbox.advance(2 * 60)
    assert requests.post(url, json={"text": "late"}, timeout=10).text == "expired_url"


def test_an_answer_is_for_one_person_unless_said_otherwise(sandbox: Sandbox) -> None:
    url = response_url(sandbox)
    requests.post(url, json={"text": "only you"}, timeout=10)
    requests.post(url, json={"text": "all of you", "response_type": "in_channel"}, timeout=10)
    channel = sandbox.state("slack")["channels"][0]
    assert [message["text"] for message in channel["ephemeral"]] == ["only you"]
    assert [message["text"] for message in channel["messages"]] == ["Hello", "all of you"]
