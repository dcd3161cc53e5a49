"""What a log line carries, and that it names nobody."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client

from signups import logs
from signups.logs import JsonFormatter, LineFormatter
from signups.models import Signup
from tests.rows import make_delivery, make_signup

pytestmark = pytest.mark.django_db


class Log:
    """Everything that is logged, as the product's handler writes it."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.text = StringIO()
        self.handler = logging.StreamHandler(self.text)
        self.handler.setFormatter(formatter)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.getvalue().splitlines()]


def written(formatter: logging.Formatter) -> Iterator[Log]:
    root, log = logging.getLogger(), Log(formatter)
    level = root.level
    root.addHandler(log.handler)
    root.setLevel(logging.INFO)
    yield log
    root.removeHandler(log.handler)
    root.setLevel(level)


@pytest.fixture
def log() -> Iterator[Log]:
    yield from written(JsonFormatter())


@pytest.fixture
def plain_log() -> Iterator[Log]:
    yield from written(LineFormatter())


def test_a_line_is_one_json_object_with_time_level_and_request(log: Log) -> None:
    with logs.under("request-1", integration="slack"):
        logging.getLogger("signups.x").warning("broke\nin two", extra={"facts": {"ms": 7}})
    (line,) = log.lines()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning", "logger": "signups.x", "message": "broke\nin two", "request_id": "request-1",
        "integration": "slack", "ms": 7,
    }  # fmt: skip


def test_the_line_for_people_says_the_same(plain_log: Log) -> None:
    with logs.under("request-1", integration="slack"):
        logging.getLogger("signups.x").warning("broke")
    assert plain_log.text.getvalue().endswith("WARNING signups.x [request-1] broke integration=slack\n")


@pytest.mark.parametrize("offered", ["", "short", "with blank 123", "x" * 65, "line\nbreak123", "$(reboot)-1234"])
def test_an_id_that_could_harm_a_log_is_not_taken_over(offered: str) -> None:
    assert logs.sane_or_new(offered) != offered


def test_a_request_keeps_the_id_it_comes_with_and_says_so(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "gateway-0042"})["X-Request-ID"] == "gateway-0042"
    assert len(client.get("/healthz")["X-Request-ID"]) == 32


def test_a_signup_keeps_the_id_of_its_request() -> None:
    with logs.under("request-1"):
        signup = make_signup()
    assert Signup.objects.get(pk=signup.pk).request_id == "request-1"
    assert make_signup("ben@dev.test").request_id == ""


def test_a_worker_s_line_about_a_delivery_carries_the_signup_s_request(log: Log) -> None:
    with logs.under("request-1"):
        delivery = make_delivery(make_signup(), "slack")
    with logs.about(delivery.signup, delivery):
        logging.getLogger("signups.x").info("tried")
    (line,) = log.lines()
    assert (line["request_id"], line["delivery"], line["integration"]) == ("request-1", str(delivery.uid), "slack")


def test_whom_a_line_is_about_is_masked_also_in_a_traceback(log: Log) -> None:
    signup = make_signup("zelda@quill.test", "Zelda Quill", ip="198.51.100.7")
    with logs.about(signup):
        try:
            raise ValueError("ZELDA and zelda quill of 198.51.100.7 <zelda@quill.test>")
        except ValueError:
            logging.getLogger("signups.x").exception("%s failed", signup.email)
    text = log.text.getvalue().lower()
    assert "valueerror" in text
    assert not {word for word in ("zelda", "quill", "198.51") if word in text}


def test_a_call_for_many_is_logged_under_their_requests_and_masks_them_all(log: Log) -> None:
    rows = []
    for number, name in enumerate(("Zelda Quill", "Otto Brandt")):
        with logs.under(f"request-{number}"):
            rows.append(make_delivery(make_signup(f"{name.split()[0]}@quill.test", name), "mixpanel"))
    with logs.about_all(rows):
        try:
            raise ValueError("neither zelda nor Brandt")
        except ValueError:
            logging.getLogger("signups.x").exception("2 failed")
    (line,) = log.lines()
    assert line["requests"] == "request-0 request-1"
    assert "ValueError: neither [masked] nor [masked]" in line["traceback"]


def test_of_many_requests_twenty_are_named(log: Log) -> None:
    rows = []
    for number in range(22):
        with logs.under(f"request-{number}"):
            rows.append(make_delivery(make_signup(f"p{number}@quill.test"), "mixpanel"))
    with logs.about_all(rows):
        logging.getLogger("signups.x").info("sent")
    (line,) = log.lines()
    assert (len(line["requests"].split()), line["more_requests"]) == (20, 2)


def test_addresses_and_signed_tokens_are_masked_whoever_they_belong_to(log: Log) -> None:
    token = signing.dumps("secret")
    logging.getLogger("x").warning("Key (email)=(ada@dev.test) and ada%%40dev.test by /confirm/%s/", token)
    (line,) = log.lines()
    assert line["message"] == f"Key (email)=({logs.MASK}) and {logs.MASK} by /confirm/{logs.MASK}/"


def test_a_page_is_logged_by_its_route(log: Log, client: Client) -> None:
    client.get("/confirm/some-secret-token/")
    routes = [line.get("route") for line in log.lines() if line["message"] == "request"]
    assert routes == ["/confirm/<str:token>/"]
    assert "some-secret-token" not in log.text.getvalue()


def test_a_refused_permission_is_one_plain_line(log: Log, client: Client) -> None:
    client.force_login(User.objects.create_user("eye", is_staff=True))
    assert client.get("/admin/signups/companymatch/").status_code == 403
    (line,) = log.lines()
    assert (line["message"], line["status"], line["route"]) == ("request", 403, "/admin/signups/companymatch/")
    assert "traceback" not in line


def test_what_broke_keeps_its_traceback(log: Log) -> None:
    try:
        raise ValueError("broke")
    except ValueError:
        logging.getLogger("django.request").exception("Internal Server Error: /x")
    (line,) = log.lines()
    assert "ValueError: broke" in line["traceback"]
