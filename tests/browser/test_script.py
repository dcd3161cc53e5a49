"""The script that pages load, in a real browser: what it records, what it leaves, and whom it obeys."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from signups.models import Action, ApiKey
from tests.browser.test_journey import CHROMIUM, _missing

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

SCRIPT = Path(django_settings.BASE_DIR) / "templates/static/onboarding.js"
KEY = "ob_public_key_of_the_tests"

needs_browser = pytest.mark.skipif(bool(_missing()), reason=_missing() or "-")


def test_it_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) < 2000


class Elsewhere:
    """Somebody else's web site, on another port: every page of it loads the script from us."""

    def __init__(self, ours: str) -> None:
        self.attributes = ""
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tag = f'<script src="{ours}/static/onboarding.js" data-key="{KEY}" {elsewhere.attributes}></script>'
                body = f"<!doctype html><title>Getting started</title>{tag}<h1>Docs</h1>".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def elsewhere(live_server: Any) -> Iterator[Elsewhere]:
    site = Elsewhere(live_server.url)
    row = ApiKey(name="web site", kind=ApiKey.Kind.PUBLIC, origins=site.url)
    row.set_key(KEY)
    row.save()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def context(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    """A browser, at home on the other site."""
    from playwright.sync_api import sync_playwright

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # playwright keeps a loop in this thread
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium.new_context(base_url=elsewhere.url)
        chromium.close()


def recorded(page: Page, count: int, within_ms: int = 8000) -> list[Action]:
    for _ in range(within_ms // 100):
        if Action.objects.count() >= count:
            break
        page.wait_for_timeout(100)
    return list(Action.objects.order_by("at", "pk"))


@needs_browser
@pytest.mark.django_db(transaction=True)
def test_views_and_events_of_another_site_s_page_are_recorded(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/docs/start?email=ada@dev.test&page=2")
    page.evaluate("onboarding.track('Copied the snippet', {language: 'python'})")
    page.evaluate("history.pushState({}, '', '/docs/next')")
    actions = recorded(page, 3)
    assert [(action.kind, action.name) for action in actions] == [
        ("page", "Getting started"),
        ("track", "Copied the snippet"),
        ("page", "Getting started"),
    ]
    assert actions[0].properties["url"].endswith("/docs/start?page=2")
    assert actions[2].properties["path"] == "/docs/next"
    (cookie,) = [one for one in context.cookies() if one["name"] == "anonymous_id"]
    assert {action.anonymous_id for action in actions} == {cookie["value"]}
    assert all(abs(timezone.now() - action.at).total_seconds() < 60 for action in actions)


@needs_browser
@pytest.mark.django_db(transaction=True)
def test_what_was_done_last_is_sent_as_the_page_is_left(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/docs/start")
    recorded(page, 1)
    page.evaluate("onboarding.track('Pressed leave'); location.href = 'about:blank'")
    assert "Pressed leave" in [action.name for action in recorded(page, 2)]


@needs_browser
@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_sent_is_sent_again_and_counted_once(context: BrowserContext) -> None:
    page = context.new_page()
    refusals = iter([503, 429])

    def answer(route: Any) -> None:
        status = next(refusals, 0)
        if status:
            route.fulfill(status=status, headers={"Access-Control-Allow-Origin": "*"})
        else:
            route.continue_()

    page.route("**/api/v1/actions**", answer)
    page.goto("/docs/start")
    assert len(recorded(page, 1, 12_000)) == 1


@needs_browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("number", "size"), [(40, 3_000), (3, 29_000)])
def test_more_than_a_browser_sends_of_a_page_that_is_left_goes_in_several_calls(
    context: BrowserContext, number: int, size: int
) -> None:
    page = context.new_page()
    page.goto("/docs/start")
    page.evaluate(f"for (let n = 0; n < {number}; n++) onboarding.track('Ran it', {{output: 'é'.repeat({size} / 2)}})")
    assert len(recorded(page, 1 + number)) == 1 + number


@needs_browser
@pytest.mark.django_db(transaction=True)
def test_properties_that_are_no_json_hold_up_nothing(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/docs/start")
    page.evaluate(
        "const round = {}; round.round = round; onboarding.track('Odd', round); onboarding.track('Odd', null)"
    )
    page.evaluate("onboarding.track('Fine', {a: 1})")
    actions = recorded(page, 4)
    assert [action.properties for action in actions[1:]] == [{}, {}, {"a": 1}]


@needs_browser
@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_before_consent_nor_of_who_asks_not_to_be_tracked(
    context: BrowserContext, elsewhere: Elsewhere
) -> None:
    page = context.new_page()
    elsewhere.attributes = 'data-consent="required"'
    page.goto("/docs/start")
    page.evaluate("onboarding.track('Too early')")
    page.wait_for_timeout(800)
    assert (Action.objects.count(), context.cookies()) == (0, [])
    page.evaluate("onboarding.consent(true)")
    assert [action.kind for action in recorded(page, 1)] == ["page"]
    page.evaluate("onboarding.consent(false)")
    assert context.cookies() == []
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto("/docs/other")
    page.evaluate("onboarding.consent(true), onboarding.track('Not asked for')")
    page.wait_for_timeout(800)
    assert Action.objects.count() == 1


@needs_browser
@pytest.mark.django_db(transaction=True)
def test_our_own_pages_record_without_a_key_and_keep_tokens_to_themselves(
    context: BrowserContext, live_server: Any
) -> None:
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{live_server.url}/?email=ada@dev.test")
    (action,) = recorded(page, 1)
    assert (action.source, action.properties["path"], "ada@" in json.dumps(action.properties)) == (
        "browser",
        "/",
        False,
    )
    assert not [text for text in said if "Content Security Policy" in text]
