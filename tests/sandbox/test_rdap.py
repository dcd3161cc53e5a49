"""The pretend registry, against RFC 9083 and the faults of real ones."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_process import Sandbox


def ask(sandbox: Sandbox, domain: str) -> requests.Response:
    return requests.get(f"{sandbox.url}/rdap/domain/{domain}", timeout=10, allow_redirects=False)


def registered(sandbox: Sandbox, domain: str) -> list[str]:
    events: list[dict[str, Any]] = requests.get(f"{sandbox.url}/rdap/domain/{domain}", timeout=10).json()["events"]
    return [event["eventDate"] for event in events if event["eventAction"] == "registration"]


def test_a_company_registered_its_domain_when_it_was_founded(sandbox: Sandbox) -> None:
    reply = ask(sandbox, "DEV.test")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/rdap+json; charset=utf-8")
    assert registered(sandbox, "dev.test") == ["2014-03-01T09:30:00Z"]
    assert reply.json()["ldhName"] == "dev.test"


def test_any_domain_with_a_zone_is_registered(sandbox: Sandbox) -> None:
    assert registered(sandbox, "workspace.test") == ["2012-06-07T00:00:00Z"]


def test_a_name_that_nobody_registered_is_an_error_object(sandbox: Sandbox) -> None:
    reply = ask(sandbox, "nowhere.test")
    assert (reply.status_code, reply.json()["errorCode"]) == (404, 404)


def test_a_name_may_have_moved(sandbox: Sandbox) -> None:
    assert ask(sandbox, "moved.test").status_code == 302
    assert registered(sandbox, "moved.test") == ["2009-05-04T00:00:00Z"]


def test_a_young_domain_stays_young(sandbox: Sandbox) -> None:
    before = registered(sandbox, "brandnew.test")
    sandbox.advance(86_400)
    assert registered(sandbox, "brandnew.test") > before


@pytest.mark.parametrize(("limited", "statuses"), [(False, {200}), (True, {200, 429})])
def test_questions_may_be_limited(sandbox: Sandbox, limited: bool, statuses: set[int]) -> None:
    sandbox.setting("rdap", rate_limit=limited)
    assert {ask(sandbox, "dev.test").status_code for _ in range(61)} == statuses
