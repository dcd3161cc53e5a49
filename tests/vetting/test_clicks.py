"""The click that confirms is looked at: who confirmed what from where."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from signups.models import Company, Confirmation, Signup, Verdict
from signups.vetting import CheckResult, clicks
from signups.vetting.networks import network_of
from tests.rows import make_company, make_signup

pytestmark = pytest.mark.django_db


def confirmed(
    number: int, ip: str = "8.8.8.8", device_id: str = "", hours_ago: float = 1, company: Company | None = None
) -> None:
    """So many signups whose links were pressed there."""
    at = timezone.now() - timedelta(hours=hours_ago)
    for one in range(number):
        signup = make_signup(f"p{one}@each{one}.test", company=company, confirmed_at=at)
        where = {"used_ip": ip, "used_network": network_of(ip), "used_device_id": device_id}
        Confirmation.objects.create(signup=signup, number=1, expires_at=at, used_at=at, **where)


def check(ip: str | None = "8.8.8.8", device_id: str = "", **values: Any) -> CheckResult:
    values.setdefault("ip_network", "8.8.8.0/24")
    return clicks.check(make_signup(verdict=Verdict.CONFIRM, **values), ip=ip, device_id=device_id)


@pytest.mark.parametrize(
    ("number", "before", "click", "code"),
    [
        (3, {"device_id": "d"}, {"device_id": "d"}, "usual"),
        (4, {"device_id": "d"}, {"device_id": "d"}, "many_from_device"),
        (4, {"device_id": "d", "hours_ago": 25}, {"device_id": "d"}, "usual"),
        (10, {}, {}, "usual"),
        (11, {}, {}, "many_from_ip"),
        (30, {"ip": "8.8.8.7"}, {}, "usual"),
        (31, {"ip": "8.8.8.7"}, {}, "many_from_network"),
        (11, {"ip": "2a00:1450:1:1::7"}, {"ip": "2a00:1450:1:1::8"}, "many_from_network"),
        (11, {"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}, "usual"),
    ],
)
def test_limits(number: int, before: dict[str, Any], click: dict[str, Any], code: str) -> None:
    confirmed(number, **before)
    said = check(**click)
    assert (said.code, said.outcome) == (code, "good" if code == "usual" else "risky")


def test_counting_takes_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    confirmed(12)
    signup = make_signup(verdict=Verdict.CONFIRM)
    with django_assert_num_queries(1):
        clicks.check(signup, ip="8.8.8.8", device_id="d")


def test_colleagues_at_a_known_company_are_not_counted() -> None:
    acme = make_company("acme.test", "Acme", metrics__employees=40)
    confirmed(12, company=acme)
    assert check(company=acme).code == "usual"


def test_who_comes_back_by_a_link_is_not_counted() -> None:
    confirmed(12)
    Signup.objects.update(confirmed_at=timezone.now() - timedelta(days=40))
    assert check().code == "usual"


def test_a_network_that_many_share_is_not_counted(settings: Settings) -> None:
    settings.SHARED_NETWORKS = ["8.8.8.0/24"]
    confirmed(12)
    assert check().code == "usual"


def test_it_says_whether_the_click_came_from_where_the_signup_did() -> None:
    assert check().evidence == {"same_network": True}
    assert check(ip="9.9.9.9").evidence == {"same_network": False}
