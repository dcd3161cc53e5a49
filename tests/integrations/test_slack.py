"""What the team sees in Slack, and that it sees it once."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations import slack_alerts, slack_message
from integrations.slack import Slack, SlackHighValue
from signups.contracts import Ambiguous, Delivered, Later, Misconfigured, Never, Outcome, Skipped
from signups.models import Attempt, Delivery, LimitReached, Signup
from tests.rows import finish, make_company, make_delivery, make_signup
from tests.sandbox_process import Sandbox

pytestmark = pytest.mark.django_db


def ada(**values: Any) -> Signup:
    company = make_company(
        description="Builds billing back ends.", metrics__employees=40, category__industry="Software", foundedYear=2014
    )
    facts = {"employment.title": "Backend Developer", "location": "Leeds, GB", "github.handle": "adabyrne"}
    ledger = {"Writes software: adabyrne at GitHub": 5, "Signed up with a work address": 10}
    sent = {"referrer": "https://news.test/item?id=1", "utm": {"utm_source": "hn"}, "landing_page": "/docs"}
    return make_signup(**{"company": company, "facts": facts, "ledger": ledger, **sent, **values})


def post(signup: Signup, delivery: Delivery | None = None, slack: Slack | SlackHighValue | None = None) -> Delivered:
    slack = slack or Slack()
    outcome = slack.on_signed_up(signup, delivery or make_delivery(signup, slack.slug))
    assert isinstance(outcome, Delivered)
    return outcome


def messages(sandbox: Sandbox, channel: str = "C0SIGNUPS") -> list[dict[str, Any]]:
    return next(list(one["messages"]) for one in sandbox.state("slack")["channels"] if one["id"] == channel)


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def test_a_signup_as_a_message() -> None:
    signup = ada(facts={"employment.title": "Backend Developer", "avatar": "https://avatars.test/ada.png"})
    make_delivery(signup, "close", state="delivered", external_url="https://app.close.com/lead/lead_1/")
    assert slack_message.message(signup) == {
        "text": "New signup: Ada Byrne, Backend Developer at Devhouse (score 15)",
        "blocks": [
            {"type": "header", "text": plain("Ada Byrne — Devhouse")},
            {
                "type": "section",
                "block_id": "person",
                "text": mrkdwn("*Backend Developer* at Devhouse\n<mailto:ada@dev.test|ada@dev.test>"),
                "accessory": {
                    "type": "image",
                    "image_url": "https://avatars.test/ada.png",
                    "alt_text": "Ada Byrne",
                },
            },
            {
                "type": "section",
                "block_id": "company",
                "text": mrkdwn("Builds billing back ends."),
                "fields": [
                    mrkdwn("*Employees*\n40"),
                    mrkdwn("*Industry*\nSoftware"),
                    mrkdwn("*Founded*\n2014"),
                    mrkdwn("*Website*\n<https://dev.test|dev.test>"),
                ],
            },
            {
                "type": "section",
                "block_id": "verdict",
                "text": mrkdwn(
                    "*Accepted* · score *15*\nKnown to Clearbit.\n"
                    "• +5 Writes software: adabyrne at GitHub\n• +10 Signed up with a work address"
                ),
            },
            {
                "type": "context",
                "block_id": "origin",
                "elements": [plain("Came by signup form · from news.test · with source hn · landed on /docs")],
            },
            {
                "type": "actions",
                "block_id": "links",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "open_signup",
                        "text": plain("Open signup"),
                        "url": f"http://127.0.0.1:8000/admin/signups/signup/{signup.pk}/change/?via=slack",
                        "style": "primary",
                    },
                    {
                        "type": "button",
                        "action_id": "open_close",
                        "text": plain("Open in Close"),
                        "url": "https://app.close.com/lead/lead_1/",
                    },
                ],
            },
        ],
    }


def test_high_value_is_said_at_once() -> None:
    signup = make_signup(company=make_company("rocket.test", "Rocket", metrics__raised=20_000_000), is_high_value=True)
    message = slack_message.message(signup)
    assert message["text"] == "New signup: Ada Byrne, Rocket (score 0, high value)"
    assert message["blocks"][0]["text"]["text"] == "★ Ada Byrne — Rocket"
    assert mrkdwn("*Raised*\n$20,000,000") in message["blocks"][2]["fields"]


def test_somebody_of_whom_nothing_is_known_still_has_a_message() -> None:
    message = slack_message.message(make_signup("nora@bigmail.test", "Nora Quiet", verdict="confirm", reasons=[]))
    assert message["text"] == "Awaiting confirmation: Nora Quiet (score 0)"
    kinds = [block.get("block_id", block["type"]) for block in message["blocks"]]
    assert kinds == ["header", "person", "verdict", "origin", "links"]


def test_a_colleague_s_lead_is_linked_and_a_colleague_s_profile_is_not() -> None:
    company = make_company()
    for slug in ("close", "mixpanel"):
        link = f"https://{slug}.test/1"
        make_delivery(make_signup(company=company), slug, state="delivered", external_url=link)
    message = slack_message.message(make_signup("bob@dev.test", "Bob", company=company))
    assert [button.get("url") for button in message["blocks"][-1]["elements"]][1:] == ["https://close.test/1"]


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<!channel> & co", "&lt;!channel&gt; &amp; co"),
        ("&lt;", "&amp;lt;"),
        ("*bold* _it_ ~s~ `c`", "∗bold∗ ˍitˍ ∼s∼ ˋcˋ"),
        ("two\r\nlines\t", "two lines"),
    ],
)
def test_typed_text_is_data(typed: str, shown: str) -> None:
    assert slack_message.escaped(typed) == shown


def test_long_text_is_cut_and_never_within_an_entity() -> None:
    assert slack_message.escaped("&&&", 12) == "&amp;&amp;…"
    assert len(slack_message.escaped("<" * 500)) <= 200


def test_markup_in_every_field_is_shown_as_text(sandbox: Sandbox) -> None:
    nasty = '<!channel> <https://evil.test|free> & "*x*"'
    company = make_company("evil.test", nasty, description=nasty, location=nasty, category__industry=nasty)
    facts = {"employment.title": nasty, "bio": nasty, "location": nasty, "github.handle": "a|b>c"}
    utm = {"utm_source": nasty}
    signup = make_signup(
        "eve@evil.test", nasty, company=company, facts=facts, ledger={nasty: 3}, utm=utm, landing_page=nasty
    )
    post(signup)
    (message,) = messages(sandbox)
    parsed = [message["text"], *_mrkdwn_texts(message["blocks"])]
    assert not [text for text in parsed if "<!channel>" in text or "|free>" in text or " *x*" in text]
    assert "<https://github.com/a%7Cb%3Ec|GitHub>" in parsed[1]


def _mrkdwn_texts(part: Any) -> list[str]:
    if isinstance(part, list):
        return [text for each in part for text in _mrkdwn_texts(each)]
    if not isinstance(part, dict):
        return []
    if part.get("type") == "mrkdwn":
        return [part["text"]]
    return [text for each in part.values() for text in _mrkdwn_texts(each)]


def test_the_longest_texts_fit_slack_s_limits(sandbox: Sandbox) -> None:
    endless = "&" * 5_000
    company = make_company("dev.test", endless[:255], description=endless, location=endless, category__industry=endless)
    facts = {"employment.title": endless, "bio": endless, "location": endless}
    signup = make_signup(
        name=endless[:255],
        company=company,
        facts=facts,
        ledger={f"{n}{endless[:290]}": n for n in range(20)},
        reasons=[{"code": "x", "sentence": endless}] * 9,
        landing_page=endless[:2000],
        utm={"utm_source": endless},
    )
    post(signup)
    assert messages(sandbox)[0]["blocks"]


def test_a_signup_is_posted_with_the_key_it_is_found_by(sandbox: Sandbox) -> None:
    signup = ada()
    delivery = make_delivery(signup, "slack")
    outcome = post(signup, delivery)
    (message,) = messages(sandbox)
    assert message["metadata"] == {
        "event_type": "signup_created",
        "event_payload": {"signup_id": str(signup.pk), "delivery": str(delivery.uid)},
    }
    assert outcome.made == {"channel": "C0SIGNUPS", "ts": message["ts"]}
    assert outcome.url.endswith(f"/archives/C0SIGNUPS/p{message['ts'].replace('.', '')}")


@pytest.mark.parametrize("event", ["on_signed_up", "on_confirmed"])
def test_the_lead_is_waited_for_but_not_for_long(event: str) -> None:
    signup = ada()
    make_delivery(signup, "close")
    with pytest.raises(Later, match="waits a moment for the link to Close") as caught:
        getattr(Slack(), event)(signup, make_delivery(signup, "slack", event.removeprefix("on_")))
    assert caught.value.retry_after_s == 1


def test_a_crm_that_is_down_holds_up_no_message(sandbox: Sandbox) -> None:
    signup = ada()
    make_delivery(signup, "close")
    post(signup, make_delivery(signup, "slack", at_s=time.time() - 6))
    assert len(messages(sandbox)) == 1


def test_a_high_value_signup_goes_to_the_second_channel(sandbox: Sandbox) -> None:
    signup = ada(is_high_value=True)
    assert SlackHighValue().wants(signup)
    post(signup, slack=SlackHighValue())
    assert len(messages(sandbox, "C0HIGHVALUE")) == 1
    assert messages(sandbox) == []


def test_an_ordinary_signup_is_not_for_the_second_channel(settings: Any) -> None:
    assert not SlackHighValue().wants(ada())
    settings.SLACK = settings.SLACK | {"high_value_channel": ""}
    assert not SlackHighValue().wants(ada(is_high_value=True))


@pytest.mark.parametrize("avatar", ["https://avatars.evil.test/missing.png", "javascript:alert(1)", "/a.png", 7])
def test_a_picture_never_costs_the_message(sandbox: Sandbox, avatar: Any) -> None:
    post(ada(facts={"avatar": avatar, "bio": "Hello"}))
    (message,) = messages(sandbox)
    assert [block for block in message["blocks"] if "accessory" in block] == []
    assert "Hello" in str(message["blocks"])


def test_blocks_that_slack_refuses_are_said_as_text(sandbox: Sandbox) -> None:
    refusal = {"ok": False, "error": "invalid_blocks", "errors": ["no more than 50 items allowed"]}
    sandbox.fault("slack", route="chat.postMessage", status=200, body=refusal)
    post(ada())
    (message,) = messages(sandbox)
    assert message["text"] == "New signup: Ada Byrne, Backend Developer at Devhouse (score 15)"
    assert "blocks" not in message


@pytest.mark.parametrize("event", ["on_confirmed", "on_profile_changed"])
def test_news_changes_the_message_that_stands(sandbox: Sandbox, event: str) -> None:
    signup = ada(verdict="confirm")
    first = make_delivery(signup, "slack")
    finish(first, post(signup, first))
    signup.verdict = "accepted"
    outcome = getattr(Slack(), event)(signup, make_delivery(signup, "slack", event.removeprefix("on_")))
    (message,) = messages(sandbox)
    assert message["text"].startswith("New signup: Ada Byrne")
    assert outcome.made["ts"] == message["ts"]
    assert message["metadata"]["event_payload"]["signup_id"] == str(signup.pk)


@pytest.mark.parametrize("state", ["skipped", "failed"])
def test_a_message_that_was_never_posted_is_not_changed(state: str) -> None:
    signup = ada()
    make_delivery(signup, "slack", state=state)
    assert isinstance(_change(signup), Skipped)


def test_a_message_that_is_not_there_yet_is_waited_for() -> None:
    signup = ada()
    make_delivery(signup, "slack")
    with pytest.raises(Later, match="not posted yet"):
        _change(signup)


def test_a_message_deleted_in_slack_stays_deleted(sandbox: Sandbox) -> None:
    signup = ada()
    make_delivery(signup, "slack", state="delivered", made={"channel": "C0SIGNUPS", "ts": "1.000001"})
    assert _change(signup) == Skipped("The message was deleted in Slack.")


def _change(signup: Signup) -> Outcome:
    return Slack().on_profile_changed(signup, make_delivery(signup, "slack", "profile_changed"))


def test_after_a_reset_before_commit_there_is_nothing_to_find(sandbox: Sandbox) -> None:
    signup = ada()
    delivery = make_delivery(signup, "slack")
    sandbox.fault("slack", route="chat.postMessage", reset="before")
    with pytest.raises(Ambiguous):
        post(signup, delivery)
    assert Slack().reconcile(signup, delivery) is None


def test_after_a_reset_after_commit_the_message_is_found_among_others(sandbox: Sandbox) -> None:
    other, signup = make_signup("bob@dev.test", "Bob"), ada()
    delivery = make_delivery(signup, "slack")
    sandbox.fault("slack", route="chat.postMessage", reset="after")
    with pytest.raises(Ambiguous):
        post(signup, delivery)
    post(other)
    found = Slack().reconcile(signup, delivery)
    assert isinstance(found, Delivered)
    assert found.made["ts"] == messages(sandbox)[0]["ts"]


def test_the_message_is_found_on_a_later_page_of_the_history(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.slack_channel._PAGE", "1")
    signup = ada()
    delivery = make_delivery(signup, "slack", at_s=(timezone.now() - timedelta(seconds=60)).timestamp())
    first = post(signup, delivery)
    post(make_signup("bob@dev.test", "Bob"))
    found = Slack().reconcile(signup, delivery)
    assert isinstance(found, Delivered)
    assert found.made == first.made


def test_it_is_found_among_long_messages_of_other_apps(sandbox: Sandbox) -> None:
    signup = ada()
    delivery = make_delivery(signup, "slack")
    ours = post(signup, delivery)
    text = "x" * 39_000
    for _ in range(40):
        Slack().channel.post({"text": text}, "another_app", {})
    found = Slack().reconcile(signup, delivery)
    assert isinstance(found, Delivered)
    assert found.made == ours.made


def test_what_came_before_the_first_try_or_long_after_the_last_is_not_read(sandbox: Sandbox) -> None:
    signup = ada()
    hours_ago = timezone.now() - timedelta(hours=3)
    delivery = make_delivery(signup, "slack", at_s=hours_ago.timestamp())
    for minutes, result in ((25, "later"), (30, "ambiguous")):
        Attempt.objects.create(delivery=delivery, at=hours_ago + timedelta(minutes=minutes), result=result)
    post(make_signup("bob@dev.test", "Bob"))
    assert Slack().reconcile(signup, delivery) is None
    (call,) = sandbox.received("slack", "conversations.history")
    spans = [float(call["query"][name]) - hours_ago.timestamp() for name in ("oldest", "latest")]
    assert spans == pytest.approx([1_500 - 300, 1_800 + 300], abs=2)
    assert call["reply"]["messages"] == []


def test_of_many_that_are_looked_for_each_costs_the_new_pages_alone(sandbox: Sandbox) -> None:
    """And what was posted since the last look is seen all the same."""
    start = timezone.now() - timedelta(hours=3)
    deliveries = [make_delivery(make_signup(f"p{n}@dev.test"), "slack", at_s=start.timestamp()) for n in range(3)]
    for delivery in deliveries[:2]:
        Attempt.objects.create(delivery=delivery, at=start, result="ambiguous")
        assert Slack().reconcile(delivery.signup, delivery) is None
    assert len(sandbox.received("slack", "conversations.history")) == 1
    posted = post(deliveries[2].signup, deliveries[2])
    Attempt.objects.create(delivery=deliveries[2], at=timezone.now(), result="ambiguous")
    found = Slack().reconcile(deliveries[2].signup, deliveries[2])
    assert isinstance(found, Delivered)
    assert found.made == posted.made
    again = Slack().reconcile(deliveries[2].signup, deliveries[2])
    assert isinstance(again, Delivered)
    oldest = [float(call["query"]["oldest"]) for call in sandbox.received("slack", "conversations.history")]
    assert oldest[1] > start.timestamp() + 200
    assert oldest[2] > time.time() - 310


def test_one_that_was_deleted_since_it_was_read_does_not_stand(sandbox: Sandbox) -> None:
    signup = ada()
    delivery = make_delivery(signup, "slack")
    post(signup, delivery)
    assert isinstance(Slack().reconcile(signup, delivery), Delivered)
    gone = {"ok": False, "error": "message_not_found"}
    sandbox.fault("slack", route="chat.getPermalink", status=200, body=gone)
    assert Slack().reconcile(signup, delivery) is None


def test_when_a_first_try_began_that_lapsed_nobody_knows(sandbox: Sandbox) -> None:
    planned = timezone.now() - timedelta(hours=3)
    delivery = make_delivery(ada(), "slack", at_s=planned.timestamp())
    Attempt.objects.create(delivery=delivery, at=planned + timedelta(minutes=25), result="lapsed")
    assert Slack().reconcile(delivery.signup, delivery) is None
    (call,) = sandbox.received("slack", "conversations.history")
    assert float(call["query"]["oldest"]) - planned.timestamp() == pytest.approx(-300, abs=2)


def test_of_an_earlier_time_only_what_is_not_known_is_read(sandbox: Sandbox) -> None:
    now = timezone.now()
    posted = make_delivery(make_signup("bob@dev.test"), "slack")
    ours = post(posted.signup, posted)
    for minutes in (20, 60):
        delivery = make_delivery(make_signup(f"p{minutes}@dev.test"), "slack")
        for ago in (minutes, 0):
            Attempt.objects.create(delivery=delivery, at=now - timedelta(minutes=ago), result="ambiguous")
        assert Slack().reconcile(delivery.signup, delivery) is None
    Attempt.objects.create(delivery=posted, at=now - timedelta(minutes=50), result="ambiguous")
    found = Slack().reconcile(posted.signup, posted)
    assert isinstance(found, Delivered)
    assert found.made == ours.made
    spans = [
        tuple(round(float(call["query"].get(name, 0)) - now.timestamp()) for name in ("oldest", "latest"))
        for call in sandbox.received("slack", "conversations.history")
    ]
    assert (-3_600 - 300, -1_200 - 300 + 1) in [pytest.approx(span, abs=2) for span in spans]
    assert min(oldest for oldest, _ in spans[2:]) > -320, "what was read before is not read again"


def test_the_other_channel_s_message_is_not_taken_for_ours(sandbox: Sandbox) -> None:
    signup = ada(is_high_value=True)
    post(signup)
    slack = SlackHighValue()
    assert slack.reconcile(signup, make_delivery(signup, slack.slug)) is None


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("ratelimited", Later),
        ("message_limit_exceeded", Later),
        ("service_unavailable", Later),
        ("fatal_error", Ambiguous),
        ("internal_error", Ambiguous),
        ("invalid_auth", Misconfigured),
        ("channel_not_found", Misconfigured),
        ("metadata_too_large", Never),
        ("an_error_of_tomorrow", Never),
    ],
)
def test_errors_by_what_they_mean(sandbox: Sandbox, error: str, failure: type[Exception]) -> None:
    sandbox.fault("slack", route="chat.postMessage", status=200, body={"ok": False, "error": error})
    with pytest.raises(failure, match=error):
        post(ada())


def test_rate_limits_are_waited_out(sandbox: Sandbox) -> None:
    sandbox.fault("slack", status=429, retry_after=3, body={"ok": False, "error": "ratelimited"})
    with pytest.raises(Later) as caught:
        post(ada())
    assert caught.value.retry_after_s == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"bot_token": "xoxb-wrong"}, "SLACK_BOT_TOKEN: invalid_auth"),
        ({"bot_token": "xoxb-sandbox-noscope"}, "lacks the scope chat:write"),
        ({"channel": "C0ARCHIVED"}, "SLACK_CHANNEL C0ARCHIVED: is_archived"),
        ({"channel": "C0NOTMEMBER"}, "not_in_channel; invite the app to it"),
        ({"channel": "C0NOWHERE"}, "channel_not_found; check the channel's id"),
    ],
)
def test_wrong_settings_are_named(sandbox: Sandbox, settings: Any, values: dict[str, str], words: str) -> None:
    settings.SLACK = settings.SLACK | values
    with pytest.raises(Misconfigured, match=words):
        post(ada())


def test_a_message_whose_link_is_not_told_stands_all_the_same(sandbox: Sandbox) -> None:
    sandbox.fault("slack", route="chat.getPermalink", status=500)
    assert post(ada()).url == ""
    assert len(messages(sandbox)) == 1


# -- Limits, and what staff must know ----------------------------------------------------------------------------------


def at_limit(signup: Signup, event: str = "reached_limit", threshold: int = 100) -> Delivery:
    row = LimitReached.objects.get_or_create(
        signup=signup, period="2026-11", threshold=threshold, defaults={"count": 1000, "limit": 1000}
    )[0]
    frozen = {"threshold": threshold, "count": row.count, "limit": row.limit, "period": row.period}
    return make_delivery(signup, "slack", event, period=f"2026-11:{threshold}", frozen=frozen)


def test_a_limit_as_a_message() -> None:
    signup = ada()
    message = slack_alerts.at_limit(signup, at_limit(signup))
    words = "100 % of the plan: 1,000 of 1,000 API calls in November 2026"
    assert message["text"] == f"At the limit: Ada Byrne at Devhouse, {words}"
    assert message["blocks"][0]["text"] == mrkdwn(f"*At the limit: Ada Byrne at Devhouse*\n{words}")
    assert message["blocks"][1]["elements"][0]["text"] == plain("Open signup")


def test_sales_hear_of_a_limit_in_their_channel_or_in_the_only_one(sandbox: Sandbox, settings: Any) -> None:
    signup = ada()
    delivery = at_limit(signup)
    Slack().on_reached_limit(signup, delivery)
    assert (len(messages(sandbox, "C0HIGHVALUE")), len(messages(sandbox))) == (1, 0)
    settings.SLACK = settings.SLACK | {"high_value_channel": ""}
    Slack().on_reached_limit(signup, delivery)
    assert len(messages(sandbox)) == 1


def test_sales_are_not_told_below_a_hundred_percent_nor_of_what_was_corrected() -> None:
    signup = ada()
    assert Slack().on_reached_limit(signup, at_limit(signup, threshold=80)) == Skipped("Sales hear of it at 100 %.")
    told = at_limit(signup)
    LimitReached.objects.update(resolved_at=timezone.now())
    assert isinstance(Slack().on_reached_limit(signup, told), Skipped)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_a_limit_in_doubt_is_found_or_posted_again(sandbox: Sandbox, reset: str) -> None:
    signup = ada()
    delivery = at_limit(signup)
    sandbox.fault("slack", route="chat.postMessage", reset=reset)
    with pytest.raises(Ambiguous):
        Slack().on_reached_limit(signup, delivery)
    Slack().reconcile(signup, delivery) or Slack().on_reached_limit(signup, delivery)
    assert len(messages(sandbox, "C0HIGHVALUE")) == 1


def test_a_limit_that_was_resolved_is_said_in_the_same_message(sandbox: Sandbox) -> None:
    signup = ada()
    told = at_limit(signup)
    finish(told, Slack().on_reached_limit(signup, told))
    LimitReached.objects.update(resolved_at=timezone.now())
    Slack().on_limit_resolved(signup, at_limit(signup, "limit_resolved"))
    (message,) = messages(sandbox, "C0HIGHVALUE")
    assert message["text"].startswith("Resolved: Ada Byrne at Devhouse")


def test_a_limit_that_sales_were_not_told_of_has_no_message_to_change() -> None:
    signup = ada()
    outcome = Slack().on_limit_resolved(signup, at_limit(signup, "limit_resolved"))
    assert outcome == Skipped("There is no message to change.")


@pytest.mark.parametrize("reset", ["before", "after"])
def test_staff_are_alerted_once(sandbox: Sandbox, reset: str) -> None:
    since = timezone.now() - timedelta(hours=1)
    sandbox.fault("slack", route="chat.postMessage", reset=reset)
    with pytest.raises(Ambiguous):
        Slack().alert("The feed is late.", key="feed 1", since=since)
    for key in ("feed 1", "feed 1", "feed 2"):
        Slack().alert("The feed is late.", key=key, since=since)
    assert [message["text"] for message in messages(sandbox)] == ["The feed is late."] * 2


def test_alerts_go_to_one_channel() -> None:
    assert [one.slug for one in (Slack(), SlackHighValue()) if one.takes_alerts] == ["slack"]
