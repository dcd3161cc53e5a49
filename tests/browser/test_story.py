"""What comes after a signup's page in a real browser: the CRM's mails, the further moments, a note and its undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import site
from tests.browser.test_journey import browser, log_in, page, picture, pytestmark, running, sign_up

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["browser", "page", "pytestmark", "running"]

FORTY_NOTES = """
from signups.models import Note, Signup
signup = Signup.objects.get(email="tom@acme.test")
Note.objects.bulk_create(Note(signup=signup, text=f"note {number}") for number in range(40))
"""


def test_a_signup_s_page_fetches_what_comes_after_it(page: Page, running: site.Site) -> None:
    sign_up(page, "Tom Reyes", "tom@acme.test")
    page.wait_for_url("**/welcome/**")
    assert running.manage("shell", "-c", FORTY_NOTES).returncode == 0
    log_in(page)
    page.goto("/admin/signups/signup/")
    page.get_by_role("link", name="Tom Reyes").first.click()
    for _ in range(20):  # until Close was told
        page.locator("#crm-mails:not([aria-busy])").wait_for()
        if page.get_by_text("Re: Rate limits").count():
            break
        page.wait_for_timeout(500)
        page.reload()
    page.get_by_text("Is that a problem? Tom").wait_for()

    assert page.locator(".ob-moment").count() == 30
    while page.locator("a[data-piece]").count():
        shown = page.locator(".ob-moment").count()
        page.locator("a[data-piece]").click()
        page.wait_for_function(f"document.querySelectorAll('.ob-moment').length > {shown}")
    assert page.get_by_text("note 0", exact=True).count() == 1
    page.get_by_text("Signed up through the signup form").wait_for()
    picture(page, "timeline", full_page=True)

    page.get_by_placeholder("What should colleagues know?").fill("Call on Friday.")
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("Call on Friday.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The note is gone.").wait_for()
    assert page.get_by_text("Call on Friday.").count() == 0


def test_a_panel_that_cannot_be_loaded_can_be_asked_again(page: Page, running: site.Site) -> None:
    log_in(page)
    page.route("**/crm-mails/**", lambda route: route.abort())
    page.goto("/admin/signups/signup/")
    page.get_by_role("link", name="Tom Reyes").first.click()
    page.get_by_text("This could not be loaded. The site cannot be reached.").wait_for()
    page.unroute("**/crm-mails/**")
    page.get_by_role("link", name="Try again").click()
    page.get_by_text("Re: Rate limits").wait_for()
