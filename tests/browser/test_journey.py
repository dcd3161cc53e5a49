"""The whole story in a real browser, against everything as `make run` starts it.

Needs Chromium and the `playwright` package of requirements-dev.txt; where one is missing the story is skipped and says
so. `SCREENSHOTS=<folder>` keeps pictures of the pages on the way.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import site

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def _missing() -> str:
    if CHROMIUM is None:
        return "no Chromium on this machine: apt-get install chromium"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "the package playwright is not installed: pip install -r requirements-dev.txt"
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing() or "-")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[site.Site]:
    with site.Site.started(tmp_path_factory.mktemp("browser")) as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, running: site.Site) -> Iterator[Page]:
    """A visitor's window; an error in a page's script, or a file that is missing, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=running.url)
    window = context.new_page()
    problems: list[str] = []
    window.on("pageerror", lambda error: problems.append(str(error)))
    window.on("console", lambda said: problems.append(said.text) if "Content Security Policy" in said.text else None)
    window.on("response", lambda reply: problems.append(f"{reply.status} {reply.url}") if reply.status >= 500 else None)
    yield window
    context.close()
    assert problems == []


def sign_up(page: Page, name: str, email: str, path: str = "/signup/") -> None:
    page.goto(path)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Work e-mail").fill(email)
    page.wait_for_timeout(1100)  # nobody fills in a form faster: what is sent sooner is taken for a bot's
    page.get_by_role("button", name="Get my API key").click()


def log_in(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill("demo")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()


def picture(page: Page, name: str, **options: Any) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", **options)


def test_somebody_known_is_let_in_and_everybody_hears_of_it(page: Page, running: site.Site) -> None:
    sign_up(page, "Grace Okafor", "grace@rocket.test", "/signup/?utm_source=newsletter&utm_campaign=launch")
    page.wait_for_url("**/welcome/**")
    assert "curl" in page.content()
    picture(page, "welcome")

    sandbox = running.sandbox.url
    _until(page, f"{sandbox}/see/slack", "Grace Okafor")
    picture(page, "slack")
    _until(page, f"{sandbox}/see/close", "Rocket")
    picture(page, "close")
    _until(page, f"{sandbox}/see/mixpanel", "Grace Okafor")
    _until(page, f"{sandbox}/see/customerio", "grace@rocket.test")
    page.goto(sandbox)
    picture(page, "sandbox", full_page=True)

    log_in(page)
    picture(page, "overview")
    page.goto("/admin/signups/signup/")
    picture(page, "signups")
    page.get_by_role("link", name="Grace Okafor").first.click()
    for words in ("Founder & CEO", "accepted", "A well-funded company", "Timeline", "delivered"):
        page.get_by_text(words).locator("visible=true").first.wait_for(timeout=5000)
    picture(page, "signup")


def test_somebody_unknown_confirms_by_mail(page: Page, running: site.Site) -> None:
    sign_up(page, "Nora Quiet", "nora@quietcorp.test")
    page.wait_for_url("**/check-mail/**")
    picture(page, "check-mail")

    _until(page, f"{running.sandbox.url}/mail", "Please confirm your e-mail address")
    page.get_by_role("link", name="Please confirm your e-mail address").first.click()
    picture(page, "mail")
    (link,) = {link for mail in running.sandbox.state("mail") for link in mail["links"] if "/confirm/" in link}
    page.goto(link)
    page.reload()  # as a mail scanner would: nothing happens without the button
    page.get_by_role("button", name="Yes, confirm my address").click()
    page.wait_for_url("**/welcome/**")
    assert page.goto(link).status == 410  # type: ignore[union-attr]


def test_a_typo_is_put_right_in_one_press(page: Page) -> None:
    sign_up(page, "Ted Typo", "ted@gmial.com")
    question = page.get_by_role("alert").filter(has_text="Did you mean ted@gmail.com?")
    question.wait_for()
    picture(page, "meant", full_page=True)
    assert page.evaluate("document.activeElement.id") == "meant"
    assert page.get_by_label("Work e-mail").input_value() == "ted@gmial.com"
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, "meant-narrow", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Yes, use it").click()
    page.wait_for_url("**/check-mail/**")
    assert "ted@gmail.com" in page.content()


def test_enter_keeps_what_was_typed(page: Page) -> None:
    sign_up(page, "Ted Typo", "theo@gmial.com")
    page.get_by_role("button", name="No, keep mine").wait_for()
    page.get_by_label("Work e-mail").press("Enter")
    page.wait_for_url("**/sorry/**")
    picture(page, "sorry")
    page.get_by_text("Yes, use that one").click()
    page.wait_for_url("**email=**")
    assert page.get_by_label("Work e-mail").input_value() == "theo@gmail.com"


def test_staff_let_somebody_in_whom_the_rules_turned_away(page: Page, running: site.Site) -> None:
    sign_up(page, "Mister X", "x@throwaway.test")
    page.wait_for_url("**/sorry/**")
    log_in(page)
    page.goto("/admin/signups/rejectedsignup/")
    picture(page, "rejected")
    page.get_by_role("link", name="Mister X").first.click()
    page.get_by_role("link", name="Accept anyway").or_(page.get_by_role("button", name="Accept anyway")).first.click()
    picture(page, "accept-anyway")
    page.get_by_role("button", name="Accept").first.click()
    page.get_by_text("accepted").first.wait_for()
    _until(page, f"{running.sandbox.url}/see/close", "x@throwaway.test")
    _until(page, f"{running.sandbox.url}/mail", "Your account is ready")


def _until(page: Page, url: str, words: str, within_s: int = 30) -> None:
    """Look at a page of the sandbox until it says something."""
    for _ in range(within_s * 2):
        page.goto(url)
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{url} never said {words!r}")
