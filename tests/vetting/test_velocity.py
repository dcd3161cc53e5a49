"""Earlier signups like this one are counted, within windows and limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from signups import vetting
from signups.models import Signup, Verdict
from signups.vetting import CheckResult, velocity
from signups.vetting.counting import MOST_COUNTED
from tests.rows import make_signup

pytestmark = pytest.mark.django_db


def signed_up(email: str, *, ip: str | None = None, hours_ago: float = 0, **values: Any) -> Signup:
    """An earlier signup, with its keys."""
    values |= velocity.keys(vetting.parse(email), ip)
    signup = make_signup(email, ip=ip, **values)
    Signup.objects.filter(pk=signup.pk).update(created_at=timezone.now() - timedelta(hours=hours_ago))
    return signup


def several(number: int, domain: str = "each{}.test", **values: Any) -> None:
    for one in range(number):
        signed_up(f"p{one}@{domain.format(one)}", **values)


def check(
    email: str = "ada@dev.test", ip: str | None = None, device_id: str = "", kind: str = "company"
) -> CheckResult:
    return velocity.check(vetting.parse(email), ip=ip, device_id=device_id, kind=kind)


def test_the_first_signup_is_as_usual() -> None:
    said = check(ip="8.8.8.8", device_id="d")
    assert (said.outcome, said.code, said.evidence) == ("good", "usual", {})


def test_all_counts_take_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    several(6, ip="8.8.8.8", device_id="d")
    with django_assert_num_queries(1):
        check(ip="8.8.8.8", device_id="d")


# -- The same mailbox --------------------------------------------------------------------------------------------------


def test_a_mailbox_written_in_another_way_is_known_again() -> None:
    earlier = signed_up("j.doe@gmail.com", hours_ago=9000)
    said = check("jdoe+2@gmail.com", kind="free_mail")
    assert (said.outcome, said.code) == ("risky", "repeated_address")
    assert said.evidence["repeat_of"] == earlier.pk


def test_whoever_was_rejected_and_called_spam_is_known_again() -> None:
    signed_up("ada@dev.test", verdict=Verdict.REJECTED, label="spam")
    evidence = check("ada@dev.test").evidence
    assert (evidence["repeat_verdict"], evidence["repeat_label"]) == ("rejected", "spam")


# -- Limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "earlier", "sent", "code"),
    [
        (2, {"device_id": "d"}, {"device_id": "d"}, "usual"),
        (3, {"device_id": "d"}, {"device_id": "d"}, "busy_device"),
        (3, {"device_id": "d", "hours_ago": 25}, {"device_id": "d"}, "usual"),
        (6, {"device_id": "d", "hours_ago": 25}, {"device_id": "d"}, "busy_device"),
        (6, {"device_id": "d", "hours_ago": 31 * 24}, {"device_id": "d"}, "usual"),
        (5, {"ip": "8.8.8.8"}, {"ip": "8.8.8.8"}, "usual"),
        (6, {"ip": "8.8.8.8"}, {"ip": "8.8.8.8"}, "busy_ip"),
        (6, {"ip": "8.8.8.8", "hours_ago": 2}, {"ip": "8.8.8.8"}, "usual"),
        (21, {"ip": "8.8.8.8", "hours_ago": 2}, {"ip": "8.8.8.8"}, "busy_ip"),
        (20, {"ip": "8.8.8.7"}, {"ip": "8.8.8.8"}, "usual"),
        (21, {"ip": "8.8.8.7"}, {"ip": "8.8.8.8"}, "busy_network"),
        (21, {"ip": "8.8.9.7"}, {"ip": "8.8.8.8"}, "usual"),
        (6, {"ip": "2a00:1450:1:1::7"}, {"ip": "2a00:1450:1:1::8"}, "busy_network"),
        (6, {"ip": "2a00:1450:1:2::7"}, {"ip": "2a00:1450:1:1::8"}, "usual"),
        (10, {"domain": "dev.test"}, {}, "usual"),
        (11, {"domain": "dev.test"}, {}, "busy_domain"),
        (11, {"domain": "mail.dev.test"}, {}, "busy_domain"),
        (11, {"domain": "dev.test", "hours_ago": 2}, {}, "usual"),
        (26, {"domain": "dev.test", "hours_ago": 2}, {}, "busy_domain"),
        (11, {"domain": "dev.test"}, {"kind": "free_mail"}, "usual"),
    ],
)
def test_limits(number: int, earlier: dict[str, Any], sent: dict[str, Any], code: str) -> None:
    several(number, **earlier)
    said = check("ada@dev.test", **sent)
    assert (said.code, said.outcome) == (code, "good" if code == "usual" else "risky")


def test_the_strongest_names_the_check_and_each_has_a_sentence() -> None:
    several(7, domain="dev.test", ip="8.8.8.8", device_id="d")
    said = check("ada@dev.test", ip="8.8.8.8", device_id="d")
    assert said.code == "busy_device"
    assert said.sentence == (
        "This browser has sent 7 other signups within 30 days. "
        "7 other signups came from this IP address within an hour."
    )
    assert said.evidence["over"] == ["device_24h", "device_30d", "ip_1h"]


def test_rejected_signups_count_too() -> None:
    several(6, ip="8.8.8.8", verdict=Verdict.REJECTED)
    assert check(ip="8.8.8.8").evidence["ip_1h"] == 6


@pytest.mark.parametrize("ip", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "100.64.0.9", "::1", "fd00::1", "fe80::1"])
def test_what_is_no_visitors_address_is_not_counted(ip: str) -> None:
    several(7, ip=ip)
    assert check(ip=ip).evidence == {}


def test_signups_without_address_and_device_are_not_counted_together() -> None:
    several(7)
    assert check().evidence == {}


def test_a_network_that_many_share_is_not_counted(settings: Settings) -> None:
    settings.SHARED_NETWORKS = ["8.8.0.0/16", "2a00::/16"]
    several(7, ip="8.8.8.8")
    assert check(ip="8.8.8.8").code == "usual"


def test_an_ipv4_address_in_ipv6_clothes_has_its_own_network() -> None:
    assert velocity.keys(vetting.parse("a@dev.test"), "::ffff:8.8.8.8")["ip_network"] == "8.8.8.0/24"


# -- Bounds ------------------------------------------------------------------------------------------------------------


def test_counting_stops_where_nobody_wants_to_know_more() -> None:
    several(MOST_COUNTED + 5, ip="8.8.8.8")
    said = check(ip="8.8.8.8")
    assert said.evidence["ip_1h"] == MOST_COUNTED
    assert f"{MOST_COUNTED} or more other signups came from this IP address within a day." in said.sentence


def test_every_count_reads_an_index_alone() -> None:
    several(30, ip="8.8.8.8", device_id="d")
    statements: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        check(ip="8.8.8.8", device_id="d")
    (sql, params), *_ = statements
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a table of thirty rows is read whole otherwise
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}", params)
        plan = [str(row[-1]) for row in cursor.fetchall() if "signups_signup" in str(row[-1])]
    assert len(plan) == len(velocity.LIMITS)
    assert all("signups_by_" in line for line in plan)
