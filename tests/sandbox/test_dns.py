"""The pretend name server, asked with real packets over UDP and TCP."""

from __future__ import annotations

import socket

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest

from tests.sandbox_process import Sandbox


def ask(
    sandbox: Sandbox, name: str, rdtype: str = "MX", *, tcp: bool = False, timeout_s: float = 5, edns: bool = True
) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, use_edns=0 if edns else -1, payload=1232)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, "127.0.0.1", timeout=timeout_s, port=sandbox.ports["dns"])


def records(reply: dns.message.Message) -> list[str]:
    """Sorted and in lower case: neither order nor case of names means anything."""
    return sorted(record.to_text().lower() for rrset in reply.answer for record in rrset)


def rcode(reply: dns.message.Message) -> str:
    return dns.rcode.to_text(reply.rcode())


@pytest.mark.parametrize("tcp", [False, True])
def test_the_mail_servers_of_a_domain_are_told(sandbox: Sandbox, tcp: bool) -> None:
    reply = ask(sandbox, "acme.test", tcp=tcp)
    assert records(reply) == ["10 mx1.mailhost.test.", "20 mx2.mailhost.test."]
    assert reply.flags & dns.flags.AA


def test_names_are_the_same_in_any_case(sandbox: Sandbox) -> None:
    assert records(ask(sandbox, "AcMe.TeSt")) == records(ask(sandbox, "acme.test"))


def test_a_mail_server_has_addresses(sandbox: Sandbox) -> None:
    assert records(ask(sandbox, "mx1.mailhost.test", "A")) == ["198.51.100.25"]
    assert records(ask(sandbox, "mx1.mailhost.test", "AAAA")) == ["2001:db8::25"]


def test_an_alias_is_followed(sandbox: Sandbox) -> None:
    reply = ask(sandbox, "www.acme.test", "A")
    assert records(reply) == ["198.51.100.80", "acme.test."]


def test_a_null_mx_is_told(sandbox: Sandbox) -> None:
    assert records(ask(sandbox, "nomail.test")) == ["0 ."]


@pytest.mark.parametrize("name", ["nowhere.test", "gmial.com", "deep.down.acme.test"])
def test_a_name_that_is_not_there_does_not_exist(sandbox: Sandbox, name: str) -> None:
    reply = ask(sandbox, name)
    assert (rcode(reply), reply.answer) == ("NXDOMAIN", [])
    assert reply.authority[0].rdtype == dns.rdatatype.SOA


@pytest.mark.parametrize("name", ["implicit.test", "test"])
def test_a_name_without_such_records_is_no_error(sandbox: Sandbox, name: str) -> None:
    reply = ask(sandbox, name)
    assert (rcode(reply), reply.answer) == ("NOERROR", [])
    assert reply.authority[0].rdtype == dns.rdatatype.SOA


def test_one_of_the_crowd_has_mail_servers(sandbox: Sandbox) -> None:
    assert len(records(ask(sandbox, "crowd-123.test"))) == 2


def test_a_broken_name_server_says_servfail(sandbox: Sandbox) -> None:
    assert rcode(ask(sandbox, "servfail.test")) == "SERVFAIL"


@pytest.mark.parametrize("tcp", [False, True])
def test_a_silent_name_server_never_answers(sandbox: Sandbox, tcp: bool) -> None:
    with pytest.raises(dns.exception.Timeout):
        ask(sandbox, "silent.test", tcp=tcp, timeout_s=0.2)
    assert sandbox.received("dns")[0]["status"] is None


def test_a_silent_question_holds_up_no_other(sandbox: Sandbox) -> None:
    with pytest.raises(dns.exception.Timeout):
        ask(sandbox, "silent.test", timeout_s=0.1)
    assert rcode(ask(sandbox, "acme.test", timeout_s=1)) == "NOERROR"


def test_what_does_not_fit_a_packet_is_asked_again_over_tcp(sandbox: Sandbox) -> None:
    short = ask(sandbox, "manymx.test", edns=False)
    assert short.flags & dns.flags.TC
    assert len(records(ask(sandbox, "manymx.test", tcp=True))) == 89


def test_a_resolver_as_the_product_uses_gets_along(sandbox: Sandbox) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], sandbox.ports["dns"]
    assert len(resolver.resolve("manymx.test", "MX")) == 89
    with pytest.raises(dns.resolver.NXDOMAIN):
        resolver.resolve("nowhere.test", "MX")
    with pytest.raises(dns.resolver.NoAnswer):
        resolver.resolve("implicit.test", "MX")


@pytest.mark.parametrize("status", ["SERVFAIL", "REFUSED", "NXDOMAIN"])
def test_a_fault_changes_the_answer(sandbox: Sandbox, status: str) -> None:
    sandbox.fault("dns", route="acme.test", status=status)
    assert [rcode(ask(sandbox, name)) for name in ("dev.test", "acme.test", "acme.test")] == [
        "NOERROR",
        status,
        "NOERROR",
    ]


def test_a_fault_may_be_silence_or_latency(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="timeout")
    sandbox.fault("dns", latency_ms=300)
    for _ in range(2):
        with pytest.raises(dns.exception.Timeout):
            ask(sandbox, "acme.test", timeout_s=0.1)
    assert rcode(ask(sandbox, "acme.test")) == "NOERROR"


def test_questions_are_in_the_journal(sandbox: Sandbox) -> None:
    ask(sandbox, "acme.test", tcp=True)
    (call,) = sandbox.received("dns")
    assert (call["method"], call["path"], call["query"]) == ("MX", "acme.test", {"transport": "tcp"})
    assert (call["status"], "mx1.mailhost.test" in call["reply"]) == ("NOERROR", True)


def test_other_classes_and_kinds_of_messages_are_refused(sandbox: Sandbox) -> None:
    chaos = dns.message.make_query("version.bind", "TXT", "CH")
    update = dns.message.make_query("acme.test", "SOA")
    update.set_opcode(dns.opcode.NOTIFY)
    replies = [dns.query.udp(each, "127.0.0.1", timeout=5, port=sandbox.ports["dns"]) for each in (chaos, update)]
    assert [rcode(reply) for reply in replies] == ["REFUSED", "NOTIMP"]


def test_noise_is_a_format_error_or_silence(sandbox: Sandbox) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.connect(("127.0.0.1", sandbox.ports["dns"]))
        client.send(b"\x12\x34" + b"\x00" * 3 + b"\x01" + b"\x00" * 6 + b"\xff\xff")
        assert client.recv(512)[:4] == b"\x12\x34\x80\x01"
        client.send(b"short")
        with pytest.raises(TimeoutError):
            client.recv(512)
