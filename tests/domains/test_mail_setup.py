"""How a domain's mail is set up, by its records in the sandbox's DNS."""

from __future__ import annotations

import time
from typing import Any

import pytest

from signups.contracts import Deadline, Finding
from signups.domains import mail_providers, mail_setup, name_servers
from signups.domains.mail_setup import Texts
from signups.vetting import mx
from tests.sandbox_process import Sandbox


def setup_of(domain: str, budget_ms: int = 1500) -> Finding:
    deadline = Deadline(budget_ms)
    hosts = mx.start(domain, deadline).finish().hosts
    texts = name_servers.submit(mail_setup.ask(domain, deadline)).result(timeout=5)
    return mail_setup.read(domain, hosts, texts)


def test_a_company_is_known_by_its_provider_and_its_services(sandbox: Sandbox) -> None:
    found = setup_of("workspace.test")
    assert (found.outcome, found.code) == ("good", "business_mail")
    assert found.evidence == {
        "provider": "Google Workspace",
        "spf": {"result": "found", "all": "~all", "includes": ["_spf.google.com", "servers.mcsv.net"]},
        "dmarc": {"policy": "reject", "percent": 50},
        "services": ["Google", "Google Workspace", "Mailchimp", "Stripe"],
    }


@pytest.mark.parametrize(
    ("domain", "provider"), [("dev.test", "mailhost.test"), ("ownserver.test", "own server"), ("nowhere.test", "")]
)
def test_mail_that_is_set_up_as_anybodys_is_nothing_against_a_domain(
    sandbox: Sandbox, domain: str, provider: str
) -> None:
    found = setup_of(domain)
    assert (found.outcome, found.code, found.evidence["provider"]) == ("good", "plain", provider)


def test_more_than_one_spf_record_is_an_error_of_theirs(sandbox: Sandbox) -> None:
    assert setup_of("twospf.test").evidence["spf"] == {"result": "permerror", "includes": []}


def test_name_servers_that_fail_say_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("dns", status="SERVFAIL", times=None)
    found = setup_of("workspace.test")
    assert (found.outcome, found.code) == ("unknown", "dns_unknown")


def test_one_record_that_is_missing_takes_nothing_from_the_others(sandbox: Sandbox) -> None:
    sandbox.fault("dns", route="_dmarc", status="SERVFAIL", times=None)
    evidence = setup_of("workspace.test").evidence
    assert "dmarc" not in evidence
    assert evidence["spf"]["result"] == "found"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], {"result": "none", "includes": []}),
        (["v=spf10 -all", "spf2.0/pra -all"], {"result": "none", "includes": []}),
        (["V=SPF1 Include:_SPF.Google.com. -ALL"], {"result": "found", "all": "-all", "includes": ["_spf.google.com"]}),
        (["v=spf1 redirect=_spf.acme.com"], {"result": "found", "all": "", "includes": ["_spf.acme.com"]}),
        (["v=spf1 include: ?all"], {"result": "found", "all": "?all", "includes": []}),
        (["v=spf1"], {"result": "found", "all": "", "includes": []}),
    ],
)
def test_spf_records_are_read_as_people_write_them(texts: list[str], expected: dict[str, Any]) -> None:
    assert mail_setup.spf(texts) == expected


@pytest.mark.parametrize("filling", [" ", "a= ", "a=", "v=", "include:", "\x00", ";", "=;"])
def test_no_record_however_odd_takes_long(filling: str) -> None:
    texts = tuple(f"{start}{filling * 60_000}"[:60_000] for start in ("v=spf1 ", "v=DMARC1;", "v=DMARC1; p", ""))
    started = time.process_time()
    mail_setup.read("acme.com", ["mx.acme.com"], Texts(texts[:1], texts[1:2]))
    mail_setup.dmarc(texts[2:3])
    mail_setup.services(texts, [filling * 100])
    assert time.process_time() - started < 0.05


def test_a_record_of_any_length_is_read_in_part() -> None:
    record = "v=spf1 " + " ".join(f"include:a{n}.test" for n in range(5_000))
    assert len(mail_setup.spf([record])["includes"]) == mail_setup.MOST_TERMS


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], {"policy": ""}),
        (["v=DMARC1; p=none"], {"policy": "none"}),
        (["v=DMARC1 ; P = Quarantine ; pct=20;"], {"policy": "quarantine", "percent": 20}),
        (["v=DMARC1; p=reject; pct=1000"], {"policy": "reject"}),
        (["v=DMARC1; p=always"], {"policy": ""}),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], {"policy": ""}),
        (["v=DMARC12; p=reject"], {"policy": ""}),
    ],
)
def test_dmarc_records_are_read_as_people_write_them(texts: list[str], expected: dict[str, Any]) -> None:
    assert mail_setup.dmarc(texts) == expected


@pytest.mark.parametrize(
    ("host", "provider", "is_business"),
    [
        ("alt1.aspmx.l.google.com", "Google Workspace", True),
        ("gmail-smtp-in.l.google.com", "Gmail", False),
        ("acme-com.mail.protection.outlook.com", "Microsoft 365", True),
        ("outlook-com.olc.protection.outlook.com", "Outlook.com", False),
        ("mx1.notzoho.com", "", False),
    ],
)
def test_a_provider_is_known_by_its_mail_servers(host: str, provider: str, is_business: bool) -> None:
    assert mail_providers.of_servers([host]) == (provider, is_business)


def test_a_single_service_makes_no_company() -> None:
    texts = Texts(("google-site-verification=x",), ())
    assert mail_setup.read("acme.com", ["mx.example.net"], texts).code == "plain"
