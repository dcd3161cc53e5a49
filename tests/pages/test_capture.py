"""Where a visitor came from, kept from the first visit to the signup."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from signups import capture
from tests.pages.visit import signed_up
from tests.sandbox_process import Sandbox

UTM = "utm_source=hn&utm_medium=social&utm_campaign=launch"


@pytest.mark.django_db
def test_the_first_visit_goes_with_the_signup(client: Client, sandbox: Sandbox) -> None:
    client.get(f"/?{UTM}", headers={"Referer": "https://news.example/item?id=1"})
    client.get("/?utm_source=other", headers={"Referer": "https://elsewhere.example/"})
    signup, _ = signed_up(client, "ada@dev.test")
    assert signup.referrer == "https://news.example/item?id=1"
    assert signup.landing_page == f"http://testserver/?{UTM}"
    assert signup.utm == {"utm_source": "hn", "utm_medium": "social", "utm_campaign": "launch"}


@pytest.mark.django_db
def test_the_anonymous_id_goes_with_the_signup(client: Client, sandbox: Sandbox) -> None:
    client.get("/")
    given = client.cookies["anonymous_id"].value
    assert uuid.UUID(given).version == 4
    signup, _ = signed_up(client, "ada@dev.test")
    assert signup.anonymous_id == given


@pytest.mark.django_db
def test_googles_ids_go_with_the_signup(client: Client, sandbox: Sandbox) -> None:
    client.cookies["_ga"] = "GA1.1.123456.7654321"
    client.cookies["_ga_SANDBOX01"] = "GS1.1.1732406300.3.1.1732406399.0.0.0"
    signup, _ = signed_up(client, "ada@dev.test")
    assert (signup.ga_client_id, signup.ga_session_id) == ("123456.7654321", "1732406300")


@pytest.mark.django_db
def test_address_and_browser_go_with_the_signup(sandbox: Sandbox) -> None:
    client = Client(headers={"User-Agent": "Lynx" * 200, "X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
    signup, _ = signed_up(client, "ada@dev.test")
    assert signup.ip == "203.0.113.9"
    assert signup.user_agent == ("Lynx" * 200)[:500]


def test_a_forwarded_address_is_believed_only_from_a_proxy_of_ours(rf: RequestFactory) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.9"}, REMOTE_ADDR="9.9.9.9")
    assert capture.visitor_ip(request) == "9.9.9.9"


@pytest.mark.parametrize("forwarded", ["", "unknown", "1.2.3.4:80, ,"])
def test_a_forwarded_address_that_is_none_is_not_taken(forwarded: str, rf: RequestFactory) -> None:
    request = rf.get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="10.0.0.1")
    assert capture.visitor_ip(request) == "10.0.0.1"


@pytest.mark.parametrize(
    ("cookie", "session"),
    [
        ("GS2.1.s1746825440$o1$g0$t1746825440$j60$l0$h0", "1746825440"),
        ("GS1.1.1746825440.1.1.1746825499.0.0.0", "1746825440"),
        ("GS1.1.<script>", ""),
        ("", ""),
    ],
)
def test_both_forms_of_googles_session_cookie_are_read(cookie: str, session: str, rf: RequestFactory) -> None:
    rf.cookies["_ga_SANDBOX01"] = cookie
    assert capture.ga_session_id(rf.get("/")) == session


@pytest.mark.parametrize("cookie", ["", "GA1.1.", "GA1.1.<b>.1", "1.2"])
def test_a_google_cookie_of_another_shape_is_no_client(cookie: str, rf: RequestFactory) -> None:
    rf.cookies["_ga"] = cookie
    assert capture.ga_client_id(rf.get("/")) == ""


def test_an_anonymous_id_that_is_not_ours_is_replaced(rf: RequestFactory) -> None:
    rf.cookies["anonymous_id"] = "' or 1=1"
    assert capture.anonymous_id(rf.get("/")) == ""


def test_a_forged_first_visit_counts_for_nothing(rf: RequestFactory) -> None:
    rf.cookies["first_touch"] = "eyJyZWZlcnJlciI6ImZvcmdlZCJ9:1abc:xyz"
    assert capture.first_touch(rf.get("/?utm_source=hn")).utm == {"utm_source": "hn"}


@pytest.mark.parametrize("referrer", ["http://testserver/signup/sorry/token/", "javascript:alert(1)", "http://[bad"])
def test_our_own_pages_and_nonsense_are_no_referrer(referrer: str, rf: RequestFactory) -> None:
    expected = "http://[bad" if referrer == "http://[bad" else ""
    assert capture.first_touch(rf.get("/", headers={"Referer": referrer})).referrer == expected


def test_an_address_in_the_landing_page_is_left_out(rf: RequestFactory) -> None:
    assert capture.first_touch(rf.get("/?email=ada@dev.test&plan=pro")).landing_page == "http://testserver/?plan=pro"


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["x" * 3000, "é" * 3000])
def test_a_long_first_visit_is_cut_to_what_browsers_keep(value: str, client: Client) -> None:
    client.get(
        "/",
        {"utm_source": value, "utm_term": value, "q": value},
        headers={"Referer": "https://a.example/" + "r" * 3000},
    )
    assert 0 < len(client.cookies["first_touch"].value) <= 4000


@pytest.mark.django_db
def test_what_only_we_read_scripts_cannot(client: Client, sandbox: Sandbox) -> None:
    signed_up(client, "ada@dev.test")
    assert client.cookies["first_touch"]["httponly"]
    assert client.cookies["typed"]["httponly"]
    assert {cookie["samesite"] for cookie in client.cookies.values()} == {"Lax"}


@pytest.mark.django_db
def test_behind_https_cookies_are_for_https_alone(settings: Settings) -> None:
    client = Client()
    client.get("/", secure=True)
    assert client.cookies["anonymous_id"]["secure"]
    assert client.cookies["first_touch"]["secure"]
