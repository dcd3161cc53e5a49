"""What a person sees of the pretend world, after real calls to its vendors."""

from __future__ import annotations

import hashlib
import html
import re
import smtplib
import time
import uuid
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox

EVIL = '<script>alert("owned")</script>'
ALL_PAGES = (
    "/",
    "/mail",
    "/calls",
    "/see/slack",
    "/see/slack/C0HIGHVALUE",
    "/see/close",
    "/see/mixpanel",
    "/see/ga",
    "/see/customerio",
    "/see/enrichment",
    "/see/sites",
    "/see/sites/evil.test",
    "/see/cast",
    "/see/faults",
)


def get(sandbox: Sandbox, path: str, status: int = 200) -> str:
    reply = requests.get(sandbox.url + path, timeout=10)
    assert reply.status_code == status, reply.text
    return reply.text


def seen(sandbox: Sandbox, path: str) -> str:
    """The page's words as they are read, without markup."""
    page = get(sandbox, path).partition("<main")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def press(sandbox: Sandbox, path: str, **form: str) -> requests.Response:
    reply = requests.post(sandbox.url + path, data=form, timeout=10)
    assert reply.status_code == 200, reply.text
    return reply


def say(sandbox: Sandbox, method: str = "chat.postMessage", **message: Any) -> Any:
    headers = {"Authorization": "Bearer xoxb-sandbox-onboarding"}
    body = {"channel": "C0SIGNUPS", "text": "New signup", **message}
    reply = requests.post(f"{sandbox.url}/slack/api/{method}", json=body, headers=headers, timeout=10).json()
    assert reply["ok"], reply
    return reply


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def said(sandbox: Sandbox, text: str) -> str:
    """The HTML in which the pretend Slack shows this mrkdwn."""
    say(sandbox, blocks=[{"type": "section", "text": mrkdwn(text)}])
    found = re.search(r'<div class="text">\s*<div>(.*?)</div>\s*</div>', get(sandbox, "/see/slack"), re.DOTALL)
    assert found
    return found[1].strip()


def close(sandbox: Sandbox, path: str, body: dict[str, Any]) -> Any:
    url = f"{sandbox.url}/close/api/v1/{path}"
    reply = requests.post(url, json=body, auth=("api_sandbox_close", ""), timeout=10)
    assert reply.ok, reply.text
    return reply.json()


def act(sandbox: Sandbox, event: str, minutes_ago: int, **ids: str) -> None:
    """Tell Mixpanel of an event."""
    at = int(time.time() * 1000) - minutes_ago * 60_000
    properties = {"time": at, "$insert_id": str(uuid.uuid4()), "distinct_id": ids.get("$user_id", ""), **ids}
    reply = requests.post(
        f"{sandbox.url}/mixpanel/import?strict=1&project_id=123456",
        json=[{"event": event, "properties": properties}],
        auth=("onboarding.sandbox", "sandbox-mixpanel-secret"),
        timeout=10,
    )
    assert reply.ok, reply.text


def customerio(sandbox: Sandbox, method: str, path: str, body: dict[str, Any]) -> None:
    url = f"{sandbox.url}/customerio/track/api/v1/{path}"
    reply = requests.request(method, url, json=body, auth=("sandbox-site", "sandbox-cio-track-key"), timeout=10)
    assert reply.ok, reply.text


def post_mail(sandbox: Sandbox, text: str, html_body: str = "", subject: str = "Please confirm") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hello@startup.test", "nora@quietcorp.test", subject
    mail.set_content(text)
    if html_body:
        mail.add_alternative(html_body, subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.ports["smtp"]) as server:
        server.send_message(mail)


# ---- every page


@pytest.mark.parametrize("path", ALL_PAGES)
def test_every_page_shows_before_anything_has_happened(sandbox: Sandbox, path: str) -> None:
    assert "<h1>" in get(sandbox, path)


@pytest.mark.parametrize("path", ALL_PAGES)
def test_every_page_loads_from_this_sandbox_alone(sandbox: Sandbox, path: str) -> None:
    say(sandbox, blocks=[{"type": "image", "image_url": "https://example.org/a.png", "alt_text": "elsewhere"}])
    loaded = re.findall(r"<(?:link|script|img|iframe)[^>]*?(?:src|href)=\"([^\"]*)", get(sandbox, path))
    assert [url for url in loaded if not url.startswith(("/", "data:"))] == []


@pytest.mark.parametrize(
    "path", ["/mail/1", "/mail/0", "/mail/1/body", "/close/leads/lead_x", "/see/slack/C0X", "/see/static/x"]
)
def test_what_is_not_there_is_404(sandbox: Sandbox, path: str) -> None:
    get(sandbox, path, status=404)


def test_looking_is_no_call_and_meets_no_fault(sandbox: Sandbox) -> None:
    (lead,) = sandbox.state("close")["leads"]
    sandbox.fault("close", status=503, times=None)
    assert "Handmade Ltd" in seen(sandbox, f"/close/leads/{lead['id']}")
    assert sandbox.received("close") == []


def test_pages_name_the_same_version_until_something_happens(sandbox: Sandbox) -> None:
    first, second = get(sandbox, "/see/version"), get(sandbox, "/see/version")
    say(sandbox)
    assert first == second != get(sandbox, "/see/version")


# ---- overview and cast


def test_the_empty_overview_says_whom_to_sign_up(sandbox: Sandbox) -> None:
    assert 'href="http://127.0.0.1:8000/signup/?email=ada%40dev.test"' in get(sandbox, "/")


def test_the_overview_counts_and_shows_what_came_last(sandbox: Sandbox) -> None:
    say(sandbox, text="New signup: Ada &amp; Co")
    page = seen(sandbox, "/")
    assert "Slack 1 message New signup: Ada & Co #signups" in page
    assert "Close 1 lead, 1 contact Handmade Ltd Hanna Holt" in page


def test_the_cast_page_tells_who_can_sign_up_and_what_to_expect(sandbox: Sandbox) -> None:
    page = seen(sandbox, "/see/cast")
    for tip in sandbox.state("cast")["tips"]:
        assert f"{tip['email']} {tip['name']} {tip['verdict']} {tip['tip']}" in page


# ---- Slack


def test_a_message_shows_its_blocks(sandbox: Sandbox) -> None:
    avatar = f"{sandbox.url}/avatars/ada.png"
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Ada &amp; Devhouse"}},
        {
            "type": "section",
            "fields": [mrkdwn("*Raised*\n$20M")],
            "accessory": {"type": "image", "image_url": avatar, "alt_text": "Ada"},
        },
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("from news.test")]},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://a.test/?x=1"}
            ],
        },
    ]
    say(sandbox, blocks=blocks)
    assert "onboarding APP" in (page := seen(sandbox, "/see/slack"))
    assert "Ada & Devhouse Raised $20M from news.test Open" in page
    markup = get(sandbox, "/see/slack")
    assert '<img src="/avatars/ada.png" alt="Ada">' in markup
    assert 'href="https://a.test/?x=1">Open</a>' in markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* _it_ ~no~", "<b>bold</b> <i>it</i> <s>no</s>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("a &lt;b&gt; &amp;amp;", "a &lt;b&gt; &amp;amp;"),
        ("`*code*`", "<code>*code*</code>"),
        ("one\ntwo", "one<br>two"),
        ("&gt;said\nthen", "<blockquote>said</blockquote>then"),
        ("*<https://a.test/?b=1&amp;c=2|A &amp; B>*",)
        + ('<b><a href="https://a.test/?b=1&amp;c=2" rel="noreferrer">A &amp; B</a></b>',),
        ("<mailto:a@b.test|a@b.test>", '<a href="mailto:a@b.test" rel="noreferrer">a@b.test</a>'),
        ("<!channel>", '<span class="mention">@channel</span>'),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        ('<https://a.test" onclick="alert(1)|x>',)
        + ('<a href="https://a.test&#34; onclick=&#34;alert(1)" rel="noreferrer">x</a>',),
    ],
)
def test_mrkdwn_reads_as_in_slack(sandbox: Sandbox, text: str, shown: str) -> None:
    assert said(sandbox, text) == shown


def test_an_edited_message_says_so_and_a_deleted_one_is_gone(sandbox: Sandbox) -> None:
    first, second = say(sandbox, text="First")["ts"], say(sandbox, text="Second")["ts"]
    say(sandbox, "chat.update", ts=first, text="Anew")
    say(sandbox, "chat.delete", ts=second)
    page = seen(sandbox, "/see/slack")
    assert "Anew (edited)" in page
    assert ("First" in page, "Second" in page, "This message was deleted." in page) == (False, False, True)


def test_a_permalink_leads_to_the_message(sandbox: Sandbox) -> None:
    ts = say(sandbox, channel="C0HIGHVALUE", text="Grace")["ts"]
    link = say(sandbox, "chat.getPermalink", channel="C0HIGHVALUE", message_ts=ts)["permalink"]
    reply = requests.get(link, timeout=10)
    assert reply.url.endswith(f"/see/slack/C0HIGHVALUE#p{ts.replace('.', '')}")
    assert f'id="p{ts.replace(".", "")}"' in reply.text


# ---- Close


def test_the_page_of_a_lead_is_where_close_says_it_is(sandbox: Sandbox) -> None:
    field = close(sandbox, "custom_field/lead/", {"name": "Signup domain", "type": "text"})["id"]
    lead = close(sandbox, "lead/", {"name": "Acme", f"custom.{field}": "acme.test"})
    person = {"lead_id": lead["id"], "name": "Tom Reyes", "emails": [{"email": "tom@acme.test", "type": "office"}]}
    close(sandbox, "contact/", person)
    close(sandbox, "activity/note/", {"lead_id": lead["id"], "note": "Signed up\nScore 42"})
    page = seen(sandbox, lead["html_url"].removeprefix(sandbox.url))
    for words in (
        "Acme Potential",
        "Tom Reyes tom@acme.test office",
        "Signup domain acme.test",
        "Note Onboarding API",
        "Signed up Score 42",
        "Rate limits from tom@acme.test",
    ):
        assert words in page


def test_leads_are_found_by_their_contacts(sandbox: Sandbox) -> None:
    close(sandbox, "lead/", {"name": "Acme", "contacts": [{"name": "Tom", "emails": [{"email": "tom@acme.test"}]}]})
    page = seen(sandbox, "/see/close?q=TOM%40acme")
    assert ("Acme" in page, "Handmade Ltd" in page) == (True, False)


# ---- analytics


def test_what_was_done_before_the_signup_is_marked_as_merged(sandbox: Sandbox) -> None:
    act(sandbox, "Docs viewed", 9, **{"$device_id": "d1"})
    act(sandbox, "Signed up", 1, **{"$device_id": "d1", "$user_id": "u1"})
    page = seen(sandbox, "/see/mixpanel")
    assert "2 events, 1 of them from before anybody knew who it was" in page
    assert "Docs viewed anonymous, merged" in page
    assert "Signed up anonymous" not in page


def test_somebody_who_never_signed_up_stays_an_anonymous_visitor(sandbox: Sandbox) -> None:
    act(sandbox, "Docs viewed", 9, **{"$device_id": "d1"})
    assert "Anonymous visitor" in seen(sandbox, "/see/mixpanel")


def test_hits_that_google_analytics_drops_say_why(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/ga/mp/collect?measurement_id=G-SANDBOX01&api_secret=sandbox-ga-secret"
    for name in ("sign_up", "session_start"):
        requests.post(url, json={"client_id": "1.2", "events": [{"name": name, "params": {}}]}, timeout=10)
    page = seen(sandbox, "/see/ga")
    assert "session_start dropped" in page
    assert "session_start is a reserved name" in page
    assert "sign_up dropped" not in page


# ---- Customer.io and the inbox


def test_customers_show_topics_attributes_events_and_their_mails(sandbox: Sandbox) -> None:
    topic = {"cio_subscription_preferences.topics.topic_1": True}
    customerio(sandbox, "PUT", "customers/u1", {"email": "ada@dev.test", "first_name": "Ada", "github": "ada", **topic})
    customerio(sandbox, "POST", "customers/u1/events", {"name": "signed_up", "data": {"source": "form"}})
    page = seen(sandbox, "/see/customerio")
    for words in ("Ada ada@dev.test", "✓ Newsletter", "github ada", "Welcome, Ada: your first call", "source form"):
        assert words in page
    assert 'href="/mail/1"' in get(sandbox, "/see/customerio")
    assert "Welcome, Ada: your first call" in seen(sandbox, "/mail/1")


def test_a_mail_shows_its_links_and_both_bodies(sandbox: Sandbox) -> None:
    post_mail(sandbox, "Open http://127.0.0.1:8000/confirm/abc/", "<p>Hello <b>Nora</b></p>")
    assert "nora@quietcorp.test Please confirm" in seen(sandbox, "/mail")
    assert '<a href="http://127.0.0.1:8000/confirm/abc/" target="_blank"' in get(sandbox, "/mail/1")
    assert "<p>Hello <b>Nora</b></p>" in get(sandbox, "/mail/1/body")


def test_the_html_of_a_mail_may_neither_run_nor_load_anything(sandbox: Sandbox) -> None:
    post_mail(sandbox, "Hello", f"<p>Hello{EVIL}</p>")
    policy = requests.get(f"{sandbox.url}/mail/1/body", timeout=10).headers["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';")
    assert EVIL not in get(sandbox, "/mail/1")


# ---- what went on, and what goes wrong


def test_calls_are_shown_with_what_was_asked_and_answered(sandbox: Sandbox) -> None:
    say(sandbox, text="Hello there")
    requests.get(f"{sandbox.url}/clearbit/person/v2/people/find?email=ada@dev.test", timeout=10)
    page = seen(sandbox, "/calls?vendor=slack")
    assert "200 slack POST /slack/api/chat.postMessage" in page
    assert '"text": "Hello there"' in page
    assert "people/find" not in page
    assert "401 clearbit GET /clearbit/person/v2/people/find" in seen(sandbox, "/calls")


def test_older_calls_are_a_page_away(sandbox: Sandbox) -> None:
    for number in range(103):
        requests.get(f"{sandbox.url}/github/users/nobody-{number}", timeout=10)
    (older,) = re.findall(r'href="(/calls\?[^"]*before=\d+)"', get(sandbox, "/calls"))
    page = seen(sandbox, html.unescape(older))
    assert [f"nobody-{number}" in page for number in (0, 2, 3)] == [True, True, False]


def test_lookups_show_who_was_asked_about(sandbox: Sandbox) -> None:
    headers = {"Authorization": "Bearer sk_sandbox_clearbit"}
    url = f"{sandbox.url}/clearbit/person/v2/people/find?email=nora@quietcorp.test"
    requests.get(url, headers=headers, timeout=10)
    assert "nora@quietcorp.test person 404" in seen(sandbox, "/see/enrichment")


@pytest.mark.parametrize("page", ["/", "/see/enrichment"])
def test_it_is_said_how_to_switch_on_the_vendors_that_are_off(sandbox: Sandbox, page: str) -> None:
    keys = ("PDL_API_KEY=sandbox-pdl", "APOLLO_API_KEY=sandbox-apollo", "HUNTER_API_KEY=sandbox-hunter")
    assert [key for key in keys if key not in seen(sandbox, page)] == []


def test_gravatar_lookups_name_the_address_behind_the_hash(sandbox: Sandbox) -> None:
    digest = hashlib.sha256(b"ada@dev.test").hexdigest()
    requests.get(f"{sandbox.url}/gravatar/v3/profiles/{digest}", timeout=10)
    assert "ada@dev.test profile 200" in seen(sandbox, "/see/enrichment")
    assert "Gravatar ada@dev.test 200" in seen(sandbox, "/")


def test_a_button_takes_a_vendor_down_and_another_brings_it_back(sandbox: Sandbox) -> None:
    asked = f"{sandbox.url}/slack/api/auth.test"
    press(sandbox, "/see/faults", vendor="slack", fault="down")
    press(sandbox, "/see/faults", vendor="close", fault="busy")
    assert requests.post(asked, timeout=10).status_code == 503
    assert "2 faults in force: slack, close." in seen(sandbox, "/")
    press(sandbox, "/see/faults/clear", vendor="slack")
    assert requests.post(asked, timeout=10).status_code == 200
    assert "1 fault in force: close." in seen(sandbox, "/")


def test_every_button_is_a_fault_the_book_takes(sandbox: Sandbox) -> None:
    page = get(sandbox, "/see/faults")
    forms = re.findall(r'name="vendor" value="(\w+)">(.*?)</form>', page, re.DOTALL)
    buttons = [(vendor, key) for vendor, form in forms for key in re.findall(r'name="fault" value="(\w+)"', form)]
    for vendor, key in buttons:
        press(sandbox, "/see/faults", vendor=vendor, fault=key)
    assert len(buttons) == len(requests.get(f"{sandbox.url}/_faults", timeout=10).json()) > 50


def test_a_fault_nobody_offers_is_refused(sandbox: Sandbox) -> None:
    reply = requests.post(f"{sandbox.url}/see/faults", data={"vendor": "slack", "fault": "x"}, timeout=10)
    assert reply.status_code == 400


def test_beginning_again_forgets_everything(sandbox: Sandbox) -> None:
    say(sandbox)
    press(sandbox, "/see/reset")
    assert sandbox.state("slack")["channels"][0]["messages"] == []


# ---- whoever tries


def test_markup_in_any_field_is_shown_as_text_everywhere(sandbox: Sandbox) -> None:
    escaped = EVIL.replace("<", "&lt;").replace(">", "&gt;")
    plain = {"type": "plain_text", "text": EVIL}
    say(sandbox, text=EVIL, blocks=[{"type": "header", "text": plain}, {"type": "section", "text": mrkdwn(escaped)}])
    say(sandbox, text=EVIL, attachments=[{"title": EVIL, "text": EVIL, "fields": [{"title": EVIL, "value": EVIL}]}])
    lead = close(sandbox, "lead/", {"name": EVIL, "description": EVIL, "contacts": [{"name": EVIL, "title": EVIL}]})
    close(sandbox, "activity/note/", {"lead_id": lead["id"], "note": EVIL})
    act(sandbox, EVIL, 1, **{"$user_id": EVIL, "page": EVIL})
    url = f"{sandbox.url}/ga/mp/collect"
    requests.post(url, json={"client_id": EVIL, "events": [{"name": EVIL, "params": {EVIL: EVIL}}]}, timeout=10)
    customerio(sandbox, "PUT", "customers/u1", {"email": "eve@evil.test", "first_name": EVIL, "bio": EVIL})
    customerio(sandbox, "POST", "customers/u1/events", {"name": EVIL, "data": {"a": EVIL}})
    post_mail(sandbox, EVIL, subject=EVIL)
    requests.get(f"{sandbox.url}/github/users/{EVIL}", timeout=10)
    for path in (*ALL_PAGES, f"/close/leads/{lead['id']}", "/mail/1"):
        assert "<script>alert" not in get(sandbox, path), path
    for path in ("/see/slack", "/see/close", "/see/mixpanel", "/see/ga", "/see/customerio", "/mail/1", "/calls"):
        assert EVIL in seen(sandbox, path), path
