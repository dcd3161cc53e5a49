"""The MX check against the sandbox's name server: real packets, and faults on request."""

import asyncio
import socket
import threading
from dataclasses import replace
from typing import Any

import pytest

from signups import vetting
from signups.contracts import Deadline
from signups.domains import name_servers
from signups.domains.name_servers import Records, Unanswered
from signups.vetting import CheckResult, mx
from tests.sandbox_process import Sandbox


def check(domain: str, budget_ms: int = 1500) -> CheckResult:
    return mx.start(domain, Deadline(budget_ms)).finish().check


def questions(sandbox: Sandbox) -> list[str]:
    """What the name server was asked, as "MX dev.test"."""
    return [f"{call['method']} {call['path']}" for call in sandbox.received("dns")]


@pytest.mark.parametrize(
    ("domain", "outcome", "code"),
    [
        ("dev.test", "good", "mx"),
        ("www.acme.test", "good", "mx"),  # an alias
        ("xn--bcher-kva.test", "good", "mx"),
        ("implicit.test", "good", "implicit_mx"),
        ("nowhere.test", "bad", "no_such_domain"),
        ("nomail.test", "bad", "null_mx"),
        ("txtonly.test", "bad", "no_mail_server"),
        ("servfail.test", "unknown", "dns_servfail"),
    ],
)
def test_a_domain_is_judged_by_its_records(sandbox: Sandbox, domain: str, outcome: str, code: str) -> None:
    result = check(domain)
    assert (result.name, result.outcome, result.code) == ("mx", outcome, code)
    assert domain in result.sentence


def test_the_evidence_names_the_mail_servers_in_the_order_of_preference(sandbox: Sandbox) -> None:
    assert check("dev.test").evidence == {
        "ttl_s": 300,
        "mx": ["10 mx1.mailhost.test", "20 mx2.mailhost.test"],
        "addresses": ["198.51.100.25", "2001:db8::25"],
        "name_servers": ["ns1.sandbox.test"],
    }
    assert check("nomail.test").evidence["mx"] == ["0 ."]
    implicit = check("implicit.test").evidence
    assert (implicit["mx"], implicit["addresses"]) == ([], ["198.51.100.60"])


@pytest.mark.parametrize(
    ("status", "code"),
    [("SERVFAIL", "dns_servfail"), ("REFUSED", "dns_refused"), ("NOTIMP", "dns_error"), ("FORMERR", "dns_error")],
)
def test_a_name_server_that_does_not_say_proves_nothing(sandbox: Sandbox, status: str, code: str) -> None:
    sandbox.fault("dns", status=status, times=None)
    result = check("dev.test")
    assert (result.outcome, result.code) == ("unknown", code)
    assert status in result.evidence["error"]


def test_a_silent_name_server_is_unknown_when_the_time_is_up(sandbox: Sandbox) -> None:
    deadline = Deadline(250)
    result = mx.start("silent.test", deadline).finish().check
    assert (result.outcome, result.code) == ("unknown", "dns_timeout")
    assert 200 <= deadline.elapsed_ms() <= 350


def test_in_the_background_a_silent_name_server_is_not_waited_for_to_the_end(sandbox: Sandbox, settings: Any) -> None:
    settings.DNS_TIMEOUT_MS = 250
    deadline = Deadline(20_000)
    result = mx.start("silent.test", deadline).finish().check
    assert (result.outcome, result.code) == ("unknown", "dns_timeout")
    assert 200 <= deadline.elapsed_ms() <= 600


def test_a_late_answer_is_unknown_when_the_time_is_up(sandbox: Sandbox) -> None:
    sandbox.fault("dns", latency_ms=2000, times=None)
    deadline = Deadline(250)
    assert mx.start("dev.test", deadline).finish().check.code == "dns_timeout"
    assert deadline.elapsed_ms() <= 350


def test_nobody_at_thename_servers_address_is_unknown(settings: Any) -> None:
    settings.DNS_NAMESERVERS = ["127.0.0.1:9"]
    vetting.forget()
    assert check("dev.test", budget_ms=200).outcome == "unknown"
    vetting.forget()


def test_a_lost_packet_is_sent_again(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="timeout", method="MX", times=1)
    assert check("dev.test").code == "mx"
    assert questions(sandbox).count("MX dev.test") == 2


def test_an_answer_too_long_for_a_packet_is_asked_for_over_tcp(sandbox: Sandbox) -> None:
    result = check("manymx.test")
    assert result.code == "mx"
    assert len(result.evidence["mx"]) == mx.MAX_HOSTS
    assert [
        call["query"]["transport"] for call in sandbox.received("dns", "manymx.test") if call["method"] == "MX"
    ] == [
        "udp",
        "tcp",
    ]


def test_mail_servers_that_do_not_exist_are_none(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="NXDOMAIN", route="mailhost.test", times=None)
    result = check("dev.test")
    assert (result.outcome, result.code) == ("bad", "no_mail_server")


def test_one_mail_server_that_exists_is_enough(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="NXDOMAIN", route="mx1.mailhost.test", times=None)
    assert check("dev.test").code == "mx"


def test_mail_servers_nobody_could_ask_about_are_unknown(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="NXDOMAIN", route="mx1.mailhost.test", times=None)
    sandbox.fault("dns", status="SERVFAIL", route="mx2.mailhost.test", times=None)
    result = check("dev.test")
    assert (result.outcome, result.code) == ("unknown", "dns_servfail")
    assert result.evidence["mx"] == ["10 mx1.mailhost.test", "20 mx2.mailhost.test"]


def test_one_address_of_a_mail_server_is_enough(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="SERVFAIL", method="AAAA", times=None)
    assert check("dev.test").code == "mx"


def test_mail_servers_the_internet_cannot_reach_are_none(sandbox: Sandbox, settings: Any) -> None:
    settings.SANDBOX = False  # the cast's addresses are reserved for documentation
    result = check("dev.test")
    assert (result.outcome, result.code) == ("bad", "no_mail_server")
    assert set(result.evidence["addresses"]) == {"198.51.100.25", "2001:db8::25"}
    assert check("implicit.test").code == "no_mail_server"


def test_what_was_answered_is_not_asked_again_until_it_is_forgotten(sandbox: Sandbox) -> None:
    first = check("bigmail.test")  # one mail server: several are asked about at once, and the first answer ends it
    asked = questions(sandbox)
    assert sorted(asked) == [
        "A mx.bigmail.test",
        "AAAA mx.bigmail.test",
        "MX bigmail.test",
        "NS bigmail.test",
    ]
    assert replace(check("bigmail.test"), ms=0) == replace(first, ms=0)
    assert questions(sandbox) == asked
    vetting.forget()
    check("bigmail.test")
    assert sorted(questions(sandbox)) == sorted(asked * 2)


def test_mail_servers_met_before_are_not_asked_about_again(sandbox: Sandbox) -> None:
    check("mx1.mailhost.test")
    check("mx2.mailhost.test")
    asked = questions(sandbox)
    check("acme.test")
    assert sorted(questions(sandbox)[len(asked) :]) == ["MX acme.test", "NS acme.test"]


def test_what_was_not_answered_is_asked_again(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="SERVFAIL", method="MX", times=1)
    assert [check("dev.test").code, check("dev.test").code] == ["dns_servfail", "mx"]


def test_a_crowd_of_silent_domains_piles_nothing_up(sandbox: Sandbox) -> None:
    check("dev.test")
    threads = threading.active_count()
    sandbox.fault("dns", status="timeout", times=None)
    asking = [mx.start(f"crowd-{n}.test", Deadline(300)) for n in range(200)]
    assert {one.finish().check.code for one in asking} == {"dns_timeout"}
    assert threading.active_count() == threads


def test_a_name_server_that_stays_silent_is_waited_for_once(sandbox: Sandbox, settings: Any) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        settings.DNS_NAMESERVERS = [f"127.0.0.1:{port}" for port in (silent.getsockname()[1], sandbox.ports["dns"])]
        vetting.forget()
        assert check("dev.test").code == "mx"
        assert check("implicit.test", budget_ms=400).code == "implicit_mx"


@pytest.mark.parametrize("server", ["127.0.0.1:{port}", " 127.0.0.1:{port} "])
def test_name_servers_are_read_as_address_and_port(sandbox: Sandbox, settings: Any, server: str) -> None:
    settings.DNS_NAMESERVERS = ["127.0.0.1:9", server.format(port=sandbox.ports["dns"])]
    vetting.forget()
    assert check("dev.test").code == "mx"


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:8053", ("192.0.2.1", 8053)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:8053", ("2001:db8::1", 8053)),
    ],
)
def test_a_port_is_53_where_none_is_named(value: str, server: tuple[str, int]) -> None:
    read = name_servers.name_server(value)
    assert (read.answer_nameserver(), read.answer_port()) == server


def test_a_name_server_that_cannot_be_read_is_named_with_the_setting(settings: Any) -> None:
    settings.DNS_NAMESERVERS = ["dns.example.com"]
    vetting.forget()
    result = check("dev.test")
    assert (result.outcome, result.code) == ("unknown", "dns_error")
    assert "DNS_NAMESERVERS must hold address:port" in result.evidence["error"]
    vetting.forget()


def test_the_same_question_is_asked_once_at_a_time(sandbox: Sandbox) -> None:
    asking = [mx.start("bigmail.test", Deadline(1500)) for _ in range(100)]
    assert {one.finish().check.code for one in asking} == {"mx"}
    assert len(questions(sandbox)) == 4  # MX, NS, A, AAAA


def test_who_has_more_time_asks_again_after_another_who_had_little(sandbox: Sandbox) -> None:
    sandbox.fault("dns", latency_ms=300, times=None)
    hasty, patient = mx.start("bigmail.test", Deadline(100)), mx.start("bigmail.test", Deadline(1500))
    assert (hasty.finish().check.code, patient.finish().check.code) == ("dns_timeout", "mx")


def test_who_asks_in_the_moment_in_which_anothers_time_is_up_does_not_hold_up_the_rest(sandbox: Sandbox) -> None:
    async def in_that_moment() -> Records:
        anothers = asyncio.get_running_loop().create_future()
        anothers.set_exception(Unanswered("dns_timeout", "its time was up"))
        name_servers._under_way["bigmail.test", "MX"] = anothers
        return await name_servers.ask("bigmail.test", "MX", Deadline(1500))

    deadline = Deadline(1500)
    assert name_servers.submit(in_that_moment()).result(timeout=5).is_name
    assert deadline.elapsed_ms() < 1000


def test_mail_servers_are_found_in_two_round_trips(sandbox: Sandbox) -> None:
    sandbox.fault("dns", latency_ms=100, times=None)
    deadline = Deadline(1500)
    mail = mx.start("bigmail.test", deadline).finish()
    assert (mail.check.code, mail.name_servers) == ("mx", ("ns1.sandbox.test",))
    assert 200 <= deadline.elapsed_ms() < 290


def test_the_domains_name_servers_are_not_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault("dns", method="NS", latency_ms=1000, times=None)
    deadline = Deadline(1500)
    mail = mx.start("dev.test", deadline).finish()
    assert (mail.check.code, mail.name_servers, deadline.elapsed_ms() < 300) == ("mx", (), True)
