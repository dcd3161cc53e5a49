"""The pretend Customer.io behaves like Customer.io, seen over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any

import pytest
import requests

from tests.sandbox.receiver import listening
from tests.sandbox_process import Sandbox

SITE = ("sandbox-site", "sandbox-cio-track-key")
ULID = "01JDDQFN00F2WF693J19E4ZB9V"
OTHER_ULID = "01JDDQFN00F2WF693J19E4ZB9W"
ADA = {"email": "ada@dev.test", "first_name": "Ada", "score": 82}


def track(sandbox: Sandbox, method: str, path: str, body: Any = None, auth: Any = SITE) -> requests.Response:
    url = f"{sandbox.url}/customerio/track/api/{path}"
    return requests.request(method, url, json=body, auth=auth, timeout=10, allow_redirects=False)


def identify(sandbox: Sandbox, who: str = "u_1", /, **attributes: Any) -> requests.Response:
    return track(sandbox, "PUT", f"v1/customers/{who}", attributes or ADA)


def event(sandbox: Sandbox, who: str = "u_1", name: str = "signed_up", **more: Any) -> requests.Response:
    return track(sandbox, "POST", f"v1/customers/{who}/events", {"name": name, **more})


def batch(sandbox: Sandbox, *operations: Any) -> requests.Response:
    return track(sandbox, "POST", "v2/batch", {"batch": list(operations)})


def person(action: str, who: str = "u_1", **more: Any) -> dict[str, Any]:
    return {"type": "person", "identifiers": {"id": who}, "action": action, **more}


def app(sandbox: Sandbox, method: str, path: str, body: Any = None, key: str = "sandbox-cio-app-key") -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return requests.request(method, f"{sandbox.url}/customerio/app/v1/{path}", json=body, headers=headers, timeout=10)


def state(sandbox: Sandbox) -> Any:
    return sandbox.state("customerio")


def customers(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(state(sandbox)["customers"])


def the_customer(sandbox: Sandbox) -> dict[str, Any]:
    (customer,) = customers(sandbox)
    return customer


def subjects(sandbox: Sandbox) -> list[str]:
    return [mail["subject"] for mail in sandbox.state("mail")]


# ---- getting in


def test_success_is_an_empty_object(sandbox: Sandbox) -> None:
    reply = identify(sandbox)
    assert (reply.status_code, reply.content, reply.headers["Content-Length"]) == (200, b"{}\n", "3")


@pytest.mark.parametrize("auth", [None, ("sandbox-site", "guess"), ("guess", "sandbox-cio-track-key")])
def test_a_wrong_key_is_refused(sandbox: Sandbox, auth: Any) -> None:
    reply = track(sandbox, "PUT", "v1/customers/u_1", ADA, auth=auth)
    assert (reply.status_code, reply.json()) == (401, {"meta": {"error": "Unauthorized request"}})
    assert customers(sandbox) == []


def test_the_region_is_told(sandbox: Sandbox) -> None:
    reply = track(sandbox, "GET", "v1/accounts/region")
    assert reply.json() == {"url": "track.customer.io", "region": "us", "environment_id": 1}


def test_a_workspace_on_another_continent_is_redirected_to(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", is_wrong_region=True)
    reply = identify(sandbox)
    assert (reply.status_code, reply.headers["Location"]) == (
        301,
        "https://track-eu.customer.io/api/v1/customers/u_1",
    )
    assert track(sandbox, "GET", "v1/accounts/region").json()["region"] == "eu"
    assert customers(sandbox) == []


# ---- people


def test_attributes_are_merged(sandbox: Sandbox) -> None:
    identify(sandbox)
    identify(sandbox, score=90, plan="free")
    customer = the_customer(sandbox)
    assert (customer["id"], customer["email"]) == ("u_1", "ada@dev.test")
    assert customer["attributes"] == {"first_name": "Ada", "score": 90, "plan": "free"}


def test_an_older_write_that_comes_late_loses(sandbox: Sandbox) -> None:
    identify(sandbox, score=90, _timestamp=1_700_000_100)
    identify(sandbox, score=10, plan="free", _timestamp=1_700_000_000)
    assert the_customer(sandbox)["attributes"] == {"score": 90, "plan": "free"}


def test_an_update_alone_never_creates_anybody(sandbox: Sandbox) -> None:
    assert identify(sandbox, score=1, _update=True).status_code == 200
    assert customers(sandbox) == []
    assert state(sandbox)["dropped"] == ["attributes for u_1, whom nobody knows"]


def test_a_new_id_with_a_known_address_is_the_same_person(sandbox: Sandbox) -> None:
    identify(sandbox, "u_1", email="ada@dev.test")
    identify(sandbox, "u_2", email="ADA@dev.test")
    customer = the_customer(sandbox)
    assert (customer["id"], customer["failures"]) == ("u_2", [])


def test_an_address_of_somebody_else_is_an_attribute_failure(sandbox: Sandbox) -> None:
    identify(sandbox, "u_1", email="ada@dev.test")
    identify(sandbox, "u_2", email="tom@acme.test")
    assert identify(sandbox, "u_2", email="ada@dev.test", plan="free").status_code == 200
    tom = customers(sandbox)[1]
    assert (tom["email"], tom["attributes"]) == ("tom@acme.test", {"plan": "free"})
    assert tom["failures"] == ["email 'ada@dev.test' belongs to somebody else"]


def test_a_path_names_a_person_by_address_or_cio_id_too(sandbox: Sandbox) -> None:
    identify(sandbox, "ada%40dev.test", plan="free")
    cio_id = the_customer(sandbox)["cio_id"]
    identify(sandbox, f"cio_{cio_id}", id="u_1")
    assert (the_customer(sandbox)["id"], the_customer(sandbox)["email"]) == ("u_1", "ada@dev.test")


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"bio": "x" * 1001}, "attributes.bio"),
        ({"x" * 151: 1}, "property name cannot be longer"),
        ({str(n): n for n in range(301)}, "cannot have more than 300"),
        ({"created_at": "2024-11-24"}, "attributes.created_at"),
        ({"_timestamp": 1_732_406_400_123}, "attributes._timestamp"),
        ({"cio_subscription_preferences": {"topics": True}}, "cio_subscription_preferences"),
        ({"cio_relationships": {"action": "marry"}}, "cio_relationships.action"),
    ],
)
def test_attributes_beyond_the_limits_are_refused(sandbox: Sandbox, attributes: dict[str, Any], field: str) -> None:
    reply = identify(sandbox, **attributes)
    assert reply.status_code == 400
    assert field in reply.json()["meta"]["errors"][0]
    assert customers(sandbox) == []


def test_a_relationship_to_a_company_is_kept(sandbox: Sandbox) -> None:
    company = {"identifiers": {"object_type_id": "1", "object_id": "dev.test"}}
    identify(sandbox, cio_relationships={"action": "add_relationships", "relationships": [company]})
    assert the_customer(sandbox)["relationships"] == [company]
    identify(sandbox, cio_relationships={"action": "delete_relationships", "relationships": [company]})
    assert the_customer(sandbox)["relationships"] == []


def test_a_deleted_person_is_gone(sandbox: Sandbox) -> None:
    identify(sandbox)
    track(sandbox, "DELETE", "v1/customers/u_1")
    assert customers(sandbox) == []


def test_a_suppressed_person_takes_nothing_until_unsuppressed(sandbox: Sandbox) -> None:
    identify(sandbox)
    track(sandbox, "POST", "v1/customers/u_1/suppress")
    identify(sandbox, score=1)
    assert the_customer(sandbox)["attributes"]["score"] == 82
    track(sandbox, "POST", "v1/customers/u_1/unsuppress")
    identify(sandbox, score=1)
    assert the_customer(sandbox)["attributes"]["score"] == 1


def test_two_people_become_one_for_good(sandbox: Sandbox) -> None:
    identify(sandbox, "u_1", plan="free")
    identify(sandbox, "u_2", email="ada@dev.test", plan="paid", city="Leeds")
    track(sandbox, "POST", "v1/merge_customers", {"primary": {"id": "u_1"}, "secondary": {"email": "ada@dev.test"}})
    customer = the_customer(sandbox)
    assert (customer["id"], customer["email"]) == ("u_1", "ada@dev.test")
    assert customer["attributes"] == {"plan": "free", "city": "Leeds"}


# ---- topics


def test_a_topic_without_a_choice_is_at_its_default(sandbox: Sandbox) -> None:
    identify(sandbox)
    assert the_customer(sandbox)["topics"] == {"topic_1": False, "topic_2": True}


def test_one_topic_is_chosen_and_the_others_stay(sandbox: Sandbox) -> None:
    identify(sandbox, cio_subscription_preferences={"topics": {"topic_2": False}})
    identify(sandbox, **{"cio_subscription_preferences.topics.topic_1": True})
    assert the_customer(sandbox)["topics"] == {"topic_1": True, "topic_2": False}


@pytest.mark.parametrize(("value", "is_unsubscribed"), [("TRUE", True), (1, True), ("1", True), ("yes", False)])
def test_unsubscribed_is_true_or_one(sandbox: Sandbox, value: Any, is_unsubscribed: bool) -> None:
    identify(sandbox, unsubscribed=value)
    assert the_customer(sandbox)["unsubscribed"] is is_unsubscribed


# ---- events


def test_an_event_with_the_same_ulid_counts_once(sandbox: Sandbox) -> None:
    identify(sandbox)
    replies = [event(sandbox, id=ULID, data={"plan": "free"}) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [200, 200]
    assert [each["id"] for each in the_customer(sandbox)["events"]] == [ULID]


def test_an_event_without_an_id_counts_each_time(sandbox: Sandbox) -> None:
    for _ in range(2):
        event(sandbox, name="viewed")
    assert len(the_customer(sandbox)["events"]) == 2


def test_an_event_of_somebody_unknown_creates_them(sandbox: Sandbox) -> None:
    event(sandbox, "u_9", name="viewed", timestamp=1_732_406_400)
    customer = the_customer(sandbox)
    assert (customer["id"], customer["events"][0]["at"]) == ("u_9", 1_732_406_400)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "viewed", "id": "not-a-ulid"}, "id"),
        ({"name": "viewed", "timestamp": 1_732_406_400_123}, "timestamp"),
        ({"name": "viewed", "data": []}, "data"),
        ({"name": "viewed", "data": {"text": "x" * 100_000}}, "data"),
    ],
)
def test_a_senseless_event_is_refused(sandbox: Sandbox, body: dict[str, Any], field: str) -> None:
    reply = track(sandbox, "POST", "v1/customers/u_1/events", body)
    assert reply.status_code == 400
    assert reply.json()["meta"]["errors"][0].startswith(f"{field}: ")


def test_what_was_done_anonymously_joins_the_person(sandbox: Sandbox) -> None:
    old = int(time.time()) - 31 * 86_400
    for name, timestamp in (("viewed_docs", None), ("viewed_long_ago", old)):
        body = {"name": name, "anonymous_id": "anon-1", "timestamp": timestamp}
        assert track(sandbox, "POST", "v1/events", body).status_code == 200
    assert len(state(sandbox)["anonymous_events"]) == 2
    identify(sandbox, anonymous_id="anon-1")
    assert [each["name"] for each in the_customer(sandbox)["events"]] == ["viewed_docs"]
    assert state(sandbox)["anonymous_events"] == []


def test_what_is_not_json_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/customerio/track/api/v1/customers/u_1"
    assert requests.put(url, data="{", auth=SITE, timeout=10).status_code == 400


def test_success_comes_before_anything_is_done(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", apply_delay_s=60)
    assert identify(sandbox).status_code == 200
    assert customers(sandbox) == []
    sandbox.advance(61)
    assert the_customer(sandbox)["id"] == "u_1"


# ---- version 2


def test_a_batch_keeps_what_is_good_and_tells_the_rest(sandbox: Sandbox) -> None:
    good, bad = person("identify", attributes={"plan": "free"}), person("identify", attributes={"bio": "x" * 1001})
    reply = batch(sandbox, good, bad, person("event"))
    assert (reply.status_code, the_customer(sandbox)["attributes"]) == (207, {"plan": "free"})
    assert reply.json()["errors"] == [
        {
            "batch_index": 1,
            "reason": "invalid",
            "field": "attributes.bio",
            "message": "property value cannot be longer than 1000 bytes",
        },
        {"batch_index": 2, "reason": "required", "field": "name", "message": "is required"},
    ]


def test_a_good_batch_is_an_empty_object(sandbox: Sandbox) -> None:
    seen = person("event", name="viewed", id=ULID, attributes={"page": "docs"})
    reply = batch(sandbox, person("identify", attributes=ADA), seen, seen)
    assert (reply.status_code, reply.json()) == (200, {})
    (kept,) = the_customer(sandbox)["events"]
    assert (kept["name"], kept["data"]) == ("viewed", {"page": "docs"})


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ({"type": "ship"}, "type"),
        (person("marry"), "action"),
        ({"type": "person", "action": "identify", "identifiers": {"id": "u_1", "email": "a@b.test"}}, "identifiers"),
        ({"type": "object", "action": "identify", "identifiers": {"id": "u_1"}}, "identifiers"),
        (person("add_relationships"), "cio_relationships"),
        ([], ""),
    ],
)
def test_an_operation_that_makes_no_sense_is_refused(sandbox: Sandbox, operation: Any, field: str) -> None:
    reply = track(sandbox, "POST", "v2/entity", operation)
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (400, field)


def test_a_company_is_an_object_with_its_people(sandbox: Sandbox) -> None:
    identify(sandbox)
    key = {"object_type_id": "1", "object_id": "dev.test"}
    people = [{"identifiers": {"id": "u_1"}, "relationship_attributes": {"role": "CTO"}}]
    company = {"type": "object", "identifiers": key, "action": "identify", "attributes": {"name": "Devhouse"}}
    assert track(sandbox, "POST", "v2/entity", {**company, "cio_relationships": people}).status_code == 200
    assert state(sandbox)["objects"] == [{**key, "attributes": {"name": "Devhouse"}}]
    assert the_customer(sandbox)["relationships"] == [{"identifiers": key, "relationship_attributes": {"role": "CTO"}}]


# ---- campaigns


def test_a_developer_gets_the_developers_welcome(sandbox: Sandbox) -> None:
    identify(sandbox, **ADA, github="adabyrne")
    event(sandbox, id=ULID)
    event(sandbox, id=ULID)
    assert subjects(sandbox) == ["Welcome, Ada: your first call in two minutes"]
    (delivery,) = state(sandbox)["deliveries"]
    assert (delivery["campaign"], delivery["customer_id"], delivery["metric"]) == (
        "Welcome, developers",
        "u_1",
        "delivered",
    )


def test_everybody_else_gets_the_other_welcome(sandbox: Sandbox) -> None:
    identify(sandbox)
    event(sandbox)
    (mail,) = sandbox.state("mail")
    assert (mail["subject"], mail["to"]) == ("Welcome, Ada", ["ada@dev.test"])


def test_a_name_is_text_in_a_mail(sandbox: Sandbox) -> None:
    identify(sandbox, email="eve@evil.test", first_name="<b>{score}</b>\r\nBcc: all@dev.test")
    event(sandbox)
    (mail,) = sandbox.state("mail")
    assert mail["to"] == ["eve@evil.test"]
    assert "<b>" not in mail["html"]
    assert mail["subject"] == "Welcome, <b>{score}</b> Bcc: all@dev.test"


def test_the_getting_started_drip_needs_the_newsletter(sandbox: Sandbox) -> None:
    identify(sandbox, "u_1", email="ada@dev.test", **{"cio_subscription_preferences.topics.topic_1": True})
    identify(sandbox, "u_2", email="tom@acme.test", **{"cio_subscription_preferences.topics.topic_1": False})
    for who in ("u_1", "u_2"):
        event(sandbox, who)
    sandbox.advance(8 * 86_400)
    drip = [mail["to"] for mail in sandbox.state("mail") if mail["subject"].startswith("Getting started")]
    assert drip == [["ada@dev.test"]] * 3
    assert state(sandbox)["skipped"][0]["why"] == "not subscribed to topic_1"


def test_where_campaigns_are_off_nobody_is_mailed(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", campaigns=False)
    identify(sandbox)
    event(sandbox)
    assert sandbox.state("mail") == []
    assert [one["name"] for one in the_customer(sandbox)["events"]] == ["signed_up"]


def test_an_old_event_starts_no_campaign(sandbox: Sandbox) -> None:
    identify(sandbox)
    event(sandbox, timestamp=int(time.time()) - 73 * 3600)
    assert subjects(sandbox) == []


def test_the_link_below_a_mail_unsubscribes(sandbox: Sandbox) -> None:
    identify(sandbox, **ADA, **{"cio_subscription_preferences.topics.topic_1": True})
    event(sandbox)
    link = sandbox.state("mail")[0]["links"][-1]
    assert "Unsubscribe</button>" in requests.get(link, timeout=10).text
    assert the_customer(sandbox)["unsubscribed"] is False
    assert requests.post(link, timeout=10).status_code == 200
    assert (the_customer(sandbox)["unsubscribed"], the_customer(sandbox)["topics"]["topic_1"]) == (True, False)
    sandbox.advance(2 * 86_400)
    assert len(subjects(sandbox)) == 1


def test_a_mail_may_bounce(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", bounces=["ada@dev.test"])
    identify(sandbox)
    event(sandbox)
    assert (subjects(sandbox), state(sandbox)["deliveries"][0]["metric"]) == ([], "bounced")


def test_a_person_without_an_address_gets_nothing(sandbox: Sandbox) -> None:
    event(sandbox)
    assert (subjects(sandbox), state(sandbox)["deliveries"][0]["metric"]) == ([], "undeliverable")


def metrics(sandbox: Sandbox, who: str = "") -> list[str]:
    """What became of each mail, in order, and when they are several people's, of one's."""
    mails = [mail for mail in state(sandbox)["deliveries"] if who in mail["recipient"]]
    return [step["metric"] for mail in mails for step in mail["history"]]


@pytest.mark.parametrize(
    ("answer", "subject"),
    [
        ("developer", "Welcome, Ada: your first call in two minutes"),
        ("unsure", "Welcome, Ada: one question"),
        ("not", "Welcome, Ada"),
    ],
)
def test_the_welcome_follows_what_the_product_says_of_developers(sandbox: Sandbox, answer: str, subject: str) -> None:
    identify(sandbox, **ADA, developer=answer, github="adabyrne")
    event(sandbox, data={"developer_yes_url": "https://x.test/yes", "developer_no_url": "https://x.test/no"})
    (mail,) = sandbox.state("mail")
    assert mail["subject"] == subject
    assert ({"https://x.test/yes", "https://x.test/no"} <= set(mail["links"])) is (answer == "unsure")


def test_who_went_quiet_is_helped_once(sandbox: Sandbox) -> None:
    identify(sandbox, **ADA)
    event(sandbox, name="went_quiet", id=ULID, data={"docs_url": "https://x.test/help"})
    event(sandbox, name="went_quiet", id=ULID)
    (mail,) = sandbox.state("mail")
    assert mail["subject"] == "Can we help you with the first call, Ada?"
    assert "https://x.test/help" in mail["links"]


@pytest.mark.parametrize(
    ("threshold", "subject"), [(80, "You have used 80 % of your plan"), (100, "Your plan is used up")]
)
def test_the_prompt_to_upgrade_has_the_words_for_the_share(sandbox: Sandbox, threshold: int, subject: str) -> None:
    identify(sandbox, **ADA)
    event(sandbox, name="reached_limit", data={"threshold": threshold, "count": 800, "limit": 1000})
    assert subjects(sandbox) == [subject]


@pytest.mark.parametrize("is_resolved", [True, False])
def test_the_prompts_end_when_the_limit_is_resolved(sandbox: Sandbox, is_resolved: bool) -> None:
    identify(sandbox, **ADA)
    event(sandbox, name="reached_limit", data={"threshold": 100, "count": 1000, "limit": 1000})
    if is_resolved:
        event(sandbox, name="limit_resolved")
    sandbox.advance(4 * 86_400)
    assert len(subjects(sandbox)) == (1 if is_resolved else 2)


def test_people_react_to_their_mails_in_their_own_ways(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", people_react=True)
    for who in ("ada@dev.test", "mara@bank.test", "hal@gone.test", "yuki@uni.test"):
        identify(sandbox, who, email=who)
        event(sandbox, who)
    sandbox.advance(120)
    assert metrics(sandbox, "ada") == ["sent", "delivered", "opened", "clicked", "converted"]
    assert metrics(sandbox, "hal") == ["sent", "delivered"]
    assert metrics(sandbox, "yuki") == ["sent", "bounced"]
    seen = next(mail for mail in state(sandbox)["deliveries"] if "mara" in mail["recipient"])["history"]
    assert [step.get("prefetched") or step.get("machine") for step in seen] == [None, None, True, True]


def test_who_complained_or_left_gets_no_more(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", people_react=True)
    for who in ("eve@evil.test", "sam@bigmail.test"):
        identify(sandbox, who, email=who, **{"cio_subscription_preferences.topics.topic_1": True})
        event(sandbox, who)
    for days in (0, 1, 2, 4, 3):
        sandbox.advance(days * 86_400 + 60)
    assert metrics(sandbox, "eve") == ["sent", "delivered", "opened", "spammed", "dropped", "dropped", "dropped"]
    assert metrics(sandbox, "sam") == ["sent", "delivered", "opened", "sent", "delivered", "opened", "unsubscribed"]


def test_nobody_reacts_unless_they_shall(sandbox: Sandbox) -> None:
    identify(sandbox)
    event(sandbox)
    sandbox.advance(3600)
    assert metrics(sandbox) == ["sent", "delivered"]


# ---- reporting webhooks


def test_what_became_of_a_mail_is_reported_signed(sandbox: Sandbox) -> None:
    identify(sandbox)
    with listening() as receiver:
        sandbox.setting("customerio", webhook_url=receiver.url)
        event(sandbox)
        (delivery,) = state(sandbox)["deliveries"]
        step = {"delivery_id": delivery["delivery_id"], "metric": "opened"}
        assert requests.post(f"{sandbox.url}/customerio/_progress", json=step, timeout=10).status_code == 200
        calls = receiver.wait_for(3)
    reports = [json.loads(raw) for _, raw in calls]
    assert [report["metric"] for report in reports] == ["sent", "delivered", "opened"]
    assert (reports[0]["data"]["customer_id"], reports[0]["data"]["campaign_id"]) == ("u_1", 2)
    headers, raw = calls[0]
    signed = f"v0:{headers['X-CIO-Timestamp']}:".encode() + raw
    assert headers["X-CIO-Signature"] == hmac.new(b"sandbox-cio-webhook-secret", signed, hashlib.sha256).hexdigest()


def test_later_reports_wait_behind_one_that_fails(sandbox: Sandbox) -> None:
    identify(sandbox)
    with listening() as receiver:
        port = re.findall(r":(\d+)/", receiver.url)[0]
    sandbox.setting("customerio", webhook_url=f"http://127.0.0.1:{port}/", webhook_retry_s=30)
    event(sandbox)
    assert state(sandbox)["webhook_backlog"] == 2


def test_a_refused_report_is_signed_anew_once_the_products_clock_is_set(sandbox: Sandbox) -> None:
    identify(sandbox)
    with listening() as receiver:
        receiver.statuses = [401]
        sandbox.setting("customerio", webhook_url=receiver.url)
        event(sandbox)
        receiver.wait_for(1)
        moved = requests.post(f"{sandbox.url}/_clock", json={"offset_s": 6 * 3600}, timeout=30).json()
    assert moved["calls_waiting"] == 0
    first, again, _ = receiver.calls
    assert first[1] == again[1]
    assert int(again[0]["X-CIO-Timestamp"]) - int(first[0]["X-CIO-Timestamp"]) >= 6 * 3600


# ---- the App API


CONFIRMATION = {
    "transactional_message_id": "signup_confirmation",
    "to": "ada@dev.test",
    "identifiers": {"id": "u_1"},
    "message_data": {"confirm_url": "https://app.example/c/abc"},
}


def test_a_transactional_mail_is_filled_in_and_sent(sandbox: Sandbox) -> None:
    reply = app(sandbox, "POST", "send/email", CONFIRMATION).json()
    (mail,) = sandbox.state("mail")
    assert "https://app.example/c/abc" in mail["links"]
    (message,) = app(sandbox, "GET", "customers/u_1/messages").json()["messages"]
    assert (message["id"], message["recipient"]) == (reply["delivery_id"], "ada@dev.test")


@pytest.mark.parametrize(
    "change",
    [
        {"transactional_message_id": "nonsense"},
        {"transactional_message_id": None},
        {"to": ""},
        {"to": ",".join(f"p{n}@dev.test" for n in range(16))},
        {"identifiers": {"id": "u_1", "email": "ada@dev.test"}},
    ],
)
def test_a_transactional_mail_that_makes_no_sense_is_refused(sandbox: Sandbox, change: dict[str, Any]) -> None:
    reply = app(sandbox, "POST", "send/email", {**CONFIRMATION, **change})
    assert (reply.status_code, list(reply.json()["meta"]), subjects(sandbox)) == (400, ["error"], [])


def test_a_broadcast_reaches_those_who_want_it(sandbox: Sandbox) -> None:
    identify(sandbox, "u_1", email="ada@dev.test", **{"cio_subscription_preferences.topics.topic_1": True})
    identify(sandbox, "u_2", email="tom@acme.test")
    body = {"ids": ["u_1", "u_2", "u_3"], "id_ignore_missing": True}
    assert app(sandbox, "POST", "campaigns/1/triggers", body).json() == {"id": 1}
    assert [mail["to"] for mail in sandbox.state("mail")] == [["ada@dev.test"]]
    assert app(sandbox, "POST", "campaigns/1/triggers", {"ids": ["u_3"]}).status_code == 422
    assert app(sandbox, "POST", "campaigns/7/triggers", body).json()["errors"][0]["status"] == "404"


def test_broadcasts_are_limited_to_one_in_ten_seconds(sandbox: Sandbox) -> None:
    sandbox.setting("customerio", rate_limit=True)
    replies = [app(sandbox, "POST", "campaigns/1/triggers", {"ids": []}).status_code for _ in range(2)]
    assert replies == [200, 429]


def test_people_are_read_back(sandbox: Sandbox) -> None:
    identify(sandbox, **ADA, is_high_value=False)
    (found,) = app(sandbox, "GET", "customers?email=ADA@dev.test").json()["results"]
    assert (found["id"], found["email"]) == ("u_1", "ada@dev.test")
    customer = app(sandbox, "GET", "customers/u_1/attributes").json()["customer"]
    assert (customer["attributes"]["score"], customer["attributes"]["is_high_value"]) == ("82", "false")
    assert app(sandbox, "GET", "customers/u_9/attributes").json()["errors"][0]["status"] == "404"


def test_the_topics_are_listed(sandbox: Sandbox) -> None:
    topics = app(sandbox, "GET", "subscription_topics").json()["topics"]
    assert [topic["identifier"] for topic in topics] == ["topic_1", "topic_2"]


def test_the_app_api_has_a_key_of_its_own(sandbox: Sandbox) -> None:
    assert app(sandbox, "GET", "subscription_topics", key="sandbox-cio-track-key").status_code == 401
