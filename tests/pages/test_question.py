"""The question of the welcome mail: a link that shows, a press that answers, and a way back."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from signups import links
from signups.models import Signup
from tests.pages.visit import text
from tests.rows import make_signup

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora() -> Signup:
    return make_signup("nora@quietcorp.test")


def url(signup: Signup, answer: str = "yes", days_ago: float = 0) -> str:
    at_s = int((timezone.now() - timedelta(days=days_ago)).timestamp())
    return urlsplit(links.developer_question(signup, at_s)[answer]).path


def said(signup: Signup) -> bool | None:
    return Signup.objects.select_related("person").get(pk=signup.pk).person.said_developer


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_answers_nothing(nora: Signup, client: Client, method: str) -> None:
    reply = getattr(client, method)(url(nora))
    assert (reply.status_code, said(nora)) == (200, None)


def test_the_page_sends_itself_by_a_script_of_ours_and_has_a_button_without(nora: Signup, client: Client) -> None:
    reply = client.get(url(nora, "no"))
    page = reply.content.decode()
    assert re.search(r'<script src="/static/pages/question\.js" defer>', page)
    assert "data-sends-itself" in page
    assert "No, I do not write code" in text(reply)
    assert "script-src 'self'" in reply["Content-Security-Policy"]


@pytest.mark.parametrize(("answer", "meaning"), [("yes", True), ("no", False)])
def test_the_press_keeps_the_answer_and_thanks(nora: Signup, client: Client, answer: str, meaning: bool) -> None:
    reply = client.post(url(nora, answer), follow=True)
    assert (said(nora), reply.redirect_chain[0][1]) == (meaning, 303)
    assert "Thank you" in text(reply)


def test_whoever_changes_their_mind_does_so_on_the_spot(nora: Signup, client: Client) -> None:
    thanks = client.post(url(nora, "yes"), follow=True)
    other, back = re.findall(r'action="([^"]+)"', thanks.content.decode())
    client.post(other)
    assert said(nora) is False
    assert "Do you write code?" in text(client.post(back, follow=True))
    assert said(nora) is None


def test_taking_back_needs_a_press_and_sends_nothing_by_itself(nora: Signup, client: Client) -> None:
    client.post(url(nora, "yes"))
    page = client.get(url(nora, "yes").replace("/yes/", "/undo/")).content.decode()
    assert "data-sends-itself" not in page
    assert "question.js" not in page
    assert said(nora) is True


def test_the_press_needs_our_page(nora: Signup) -> None:
    assert Client(enforce_csrf_checks=True).post(url(nora)).status_code == 403
    assert said(nora) is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_of_long_ago_says_so(nora: Signup, client: Client, method: str) -> None:
    reply = getattr(client, method)(url(nora, days_ago=91))
    assert (reply.status_code, said(nora)) == (410, None)
    assert "This link has expired" in text(reply)


def test_a_link_we_never_signed_is_no_link(nora: Signup, client: Client) -> None:
    reply = client.get(url(nora).replace("/yes/", "x/yes/"))
    assert reply.status_code == 404
    assert "This link does not work" in text(reply)
    assert client.post(url(nora).replace("/yes/", "x/yes/")).status_code == 404
    assert client.get(url(nora).replace("/yes/", "/perhaps/")).status_code == 404


def test_a_link_is_the_same_at_every_try(nora: Signup) -> None:
    assert links.developer_question(nora, 1_795_000_000) == links.developer_question(nora, 1_795_000_000)
