"""The visitors a signup's person was: shown with their actions, detached by staff, and joined again."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from signups.activity import identity
from signups.models import Action, IdentityLink, Signup
from tests.admin.rows import make_staff
from tests.rows import make_signup

VISITOR = "7d6d1e0a-4b6d-4c5e-9a51-1b1d3c1f0a01"
REASON = IdentityLink.Reason.SIGNED_UP


@pytest.fixture
def ada(db: None) -> Signup:
    """Signed up after two visits."""
    signup = make_signup()
    identity.join(signup, VISITOR, REASON)
    for key in ("a", "b"):
        Action.objects.create(
            source="browser", key=key, kind="track", name=f"did {key}", anonymous_id=VISITOR, at=timezone.now()
        )
    return signup


def page(signup: Signup) -> str:
    return reverse("admin:signups_signup_change", args=[signup.pk])


def url(what: str, link: IdentityLink) -> str:
    return reverse(f"admin:signups_signup_{what}", args=[link.signup_id, link.pk])


def events(browser: Client, signup: Signup) -> list[str]:
    return sorted(moment.title for moment in browser.get(f"{page(signup)}?kind=event").context["moments"])


def panel(browser: Client, signup: Signup) -> list[Any]:
    return list(browser.get(page(signup)).context["visitors"])


def test_a_visitor_is_shown_with_reason_and_number_of_actions(browser: Client, ada: Signup) -> None:
    (visitor,) = panel(browser, ada)
    shown = " ".join(browser.get(page(ada)).content.decode().split())

    assert (visitor.link.anonymous_id, visitor.actions, visitor.state) == (VISITOR, 2, "held")
    assert f"<code>{VISITOR}</code>" in shown
    assert "signed up in this browser" in shown
    assert "2 actions" in shown


def test_actions_that_name_a_customer_do_not_hang_on_the_visitor(browser: Client, ada: Signup) -> None:
    Action.objects.create(
        source="backend", key="c", kind="track", name="c", anonymous_id=VISITOR, user_id="x@y.test", at=timezone.now()
    )
    assert [visitor.actions for visitor in panel(browser, ada)] == [2]


def test_a_visitor_that_went_to_another_signup_and_came_back_is_one_line(browser: Client, ada: Signup) -> None:
    again = make_signup()
    for signup in (again, ada):
        identity.join(signup, VISITOR, REASON)
    assert IdentityLink.objects.filter(signup=ada).count() == 2
    assert [visitor.state for visitor in panel(browser, ada)] == ["held"]


def test_detaching_asks_and_wants_to_know_why(browser: Client, ada: Signup) -> None:
    link = IdentityLink.objects.get()
    assert VISITOR in browser.get(url("detach", link)).content.decode()
    refused = browser.post(url("detach", link), {"sure": "yes", "note": " "})

    assert refused.status_code == 422
    assert "Why it is not them" in refused.content.decode()
    assert IdentityLink.objects.get().ended_at is None


def test_detached_the_timeline_follows_at_once_and_so_it_does_when_joined_again(browser: Client, ada: Signup) -> None:
    link = IdentityLink.objects.get()
    assert events(browser, ada) == ["did a", "did b"]
    browser.post(url("detach", link), {"sure": "yes", "note": "A shared machine"})

    assert events(browser, ada) == []
    assert panel(browser, ada)[0].state == "detached"
    assert "A shared machine" in browser.get(page(ada)).content.decode()
    browser.post(url("reattach", link))
    assert events(browser, ada) == ["did a", "did b"]
    assert LogEntry.objects.count() == 2


def test_a_join_that_was_refused_is_shown_with_the_reason(browser: Client, ada: Signup) -> None:
    grace = make_signup("grace@rocket.test", "Grace Okafor")
    identity.join(grace, VISITOR, REASON)
    (visitor,) = panel(browser, grace)

    assert visitor.state == "refused"
    assert "This visitor is ada@dev.test already" in browser.get(page(grace)).content.decode()
    assert events(browser, grace) == []


def test_somebody_else_s_visitor_is_not_joined_before_it_is_detached_there(browser: Client, ada: Signup) -> None:
    grace = make_signup("grace@rocket.test", "Grace Okafor")
    refused = identity.join(grace, VISITOR, REASON)
    assert refused is not None
    said = browser.post(url("reattach", refused), follow=True).content.decode()
    assert "Detach it there first." in said

    browser.post(url("detach", ada.identity_links.get()), {"sure": "yes", "note": "It was Grace"})
    browser.post(url("reattach", refused))
    assert (events(browser, ada), events(browser, grace)) == ([], ["did a", "did b"])


def test_one_that_is_detached_already_is_let_be(browser: Client, ada: Signup) -> None:
    link = IdentityLink.objects.get()
    browser.post(url("detach", link), {"sure": "yes", "note": "first"})
    said = browser.post(url("detach", link), {"sure": "yes", "note": "second"}, follow=True).content.decode()

    assert "was detached already" in said
    assert IdentityLink.objects.get().ended_why == "first"


def test_a_visitor_of_another_signup_is_a_404(browser: Client, ada: Signup) -> None:
    link = IdentityLink.objects.get()
    elsewhere = reverse("admin:signups_signup_detach", args=[make_signup("bob@dev.test").pk, link.pk])

    assert browser.post(elsewhere, {"sure": "yes", "note": "x"}).status_code == 404
    assert browser.get(url("reattach", link)).status_code == 405


def test_whoever_may_only_look_detaches_nobody(ada: Signup) -> None:
    browser = Client()
    browser.force_login(make_staff("signups.view_signup"))
    link = IdentityLink.objects.get()

    assert url("detach", link) not in browser.get(page(ada)).content.decode()
    for what in ("detach", "reattach"):
        assert browser.post(url(what, link), {"sure": "yes", "note": "x"}).status_code == 403


def test_a_signup_without_visitors_says_how_one_joins(browser: Client) -> None:
    assert "No visit to the site is known to be theirs." in browser.get(page(make_signup())).content.decode()


def test_the_page_needs_as_many_queries_for_fifty_visitors_as_for_one(browser: Client, ada: Signup) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get(page(ada))
        return len(captured)

    browser.get(page(ada))
    few = queries()
    now = timezone.now()
    IdentityLink.objects.bulk_create(
        IdentityLink(signup=ada, anonymous_id=f"v{n}", reason=REASON, ended_at=now if n > 4 else None)
        for n in range(50)
    )
    assert queries() == few
