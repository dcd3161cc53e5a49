"""Domain age by RDAP, against the sandbox's registry."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from integrations import rdap, rdap_servers
from integrations.guarded import Refused
from signups.contracts import Deadline, Finding, Later, Never, ServiceError
from tests.integrations.internet import Answer, Internet, certified, moved, ok
from tests.sandbox_process import Sandbox

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nobody_rests() -> None:
    rdap._resting_until.clear()


def examine(domain: str, budget_ms: int = 1500) -> Finding:
    return rdap.DomainAge().examine(domain, Deadline(budget_ms))


def body(*events: tuple[str, str], **changes: Any) -> dict[str, Any]:
    given = [{"eventAction": action, "eventDate": date} for action, date in events]
    return {"objectClassName": "domain", "ldhName": "acme.com", "events": given, **changes}


def read(*events: tuple[str, str], **changes: Any) -> Finding:
    return rdap.read("acme.com", body(*events, **changes), NOW)


@pytest.mark.parametrize(
    ("domain", "outcome", "code"),
    [
        ("dev.test", "good", "established"),
        ("moved.test", "good", "established"),  # by way of a redirect
        ("brandnew.test", "risky", "young_domain"),
        ("lastmonth.test", "risky", "young_domain"),
        ("undated.test", "unknown", "no_date"),
        ("nowhere.test", "unknown", "rdap_not_found"),
    ],
)
def test_a_registry_says_since_when_a_domain_is_registered(
    sandbox: Sandbox, domain: str, outcome: str, code: str
) -> None:
    found = examine(domain)
    assert (found.outcome, found.code) == (outcome, code)
    assert domain in found.sentence


def test_the_evidence_names_the_date_and_the_registrar(sandbox: Sandbox) -> None:
    found = examine("dev.test")
    assert (found.evidence["registered"], found.evidence["registrar"]) == ("2014-03-01", "Sandbox Registrar Ltd")


def test_an_answer_is_believed_for_a_week_and_a_young_domain_only_while_it_is_young(sandbox: Sandbox) -> None:
    assert examine("dev.test").holds_for == timedelta(days=7)
    assert timedelta(hours=23) < examine("lastmonth.test").holds_for <= timedelta(days=1)


def test_a_top_level_domain_without_a_registry_to_ask_is_unknown(settings: Any) -> None:
    settings.RDAP = {**settings.RDAP, "servers": {}}
    assert (examine("acme.test").outcome, examine("acme.test").code) == ("unknown", "no_rdap")


def test_a_registry_that_is_asked_too_often_is_left_alone(sandbox: Sandbox) -> None:
    sandbox.fault("rdap", status=429, retry_after=120)
    for _ in range(2):
        with pytest.raises(Later):
            examine("dev.test")
    assert len(sandbox.received("rdap")) == 1


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_registry_that_fails_says_nothing(sandbox: Sandbox, status: int) -> None:
    sandbox.fault("rdap", status=status)
    with pytest.raises(ServiceError):
        examine("dev.test")


@pytest.mark.parametrize("body", ["<html>", "[1]", '{"a":', "null", '{"events": 7}', '{"ldhName": "other.test"}'])
def test_a_reply_that_is_no_domain_is_unknown(sandbox: Sandbox, body: str) -> None:
    sandbox.fault("rdap", status=200, body=body)
    try:
        assert examine("dev.test").outcome == "unknown"
    except ServiceError:
        assert body in ("<html>", '{"a":')


def test_a_slow_registry_is_waited_for_no_longer_than_the_deadline(sandbox: Sandbox) -> None:
    sandbox.fault("rdap", latency_ms=2000)
    deadline = Deadline(200)
    with pytest.raises(Later):
        rdap.DomainAge().examine("dev.test", deadline)
    assert deadline.elapsed_ms() < 1000


def test_a_registry_that_points_in_a_circle_is_given_up(sandbox: Sandbox) -> None:
    sandbox.fault("rdap", status=302, headers={"Location": "/rdap/domain/dev.test"}, times=None)
    with pytest.raises(Later, match="redirects"):
        examine("dev.test")
    assert len(sandbox.received("rdap")) == 3


@pytest.mark.parametrize(
    "location",
    [
        "http://rdap.example.com/domain/acme.com",
        "https://127.0.0.1/domain/acme.com",
        "https://[::1]/domain/acme.com",
        "https://localhost/domain/acme.com",
        "https://vault.internal/domain/acme.com",
        "https://rdap.example.com:8443/domain/acme.com",
        "https://user@rdap.example.com/domain/acme.com",
        "https://rdap.example.com:port/",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_redirect_to_a_place_that_is_not_public_is_not_followed(location: str) -> None:
    assert rdap._elsewhere("https://rdap.example.net/domain/acme.com", location) == ""


def elsewhere(sandbox: Sandbox, location: str = "https://rdap.example.org/domain/dev.test") -> None:
    """The registry points to another server."""
    sandbox.fault("rdap", status=302, headers={"Location": location}, times=None)


REGISTERED = json.dumps(body(("registration", "2014-03-01T00:00:00Z"), ldhName="dev.test")).encode()


def test_a_registry_that_moved_is_asked_where_it_is_now(
    sandbox: Sandbox, authority: trustme.CA, internet: Internet
) -> None:
    elsewhere(sandbox)
    pages: dict[str, Answer] = {"/domain/dev.test": moved("/v2/dev.test"), "/v2/dev.test": ok(REGISTERED)}
    site = internet.site("rdap.example.org", pages, tls=certified(authority, "rdap.example.org")[0])
    assert examine("dev.test").evidence["registered"] == "2014-03-01"
    assert site.paths == ["/domain/dev.test", "/v2/dev.test"]
    assert b"\r\nAccept: application/rdap+json, application/json\r\n" in site.asked[0]


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254"])
def test_a_registry_whose_name_stands_for_a_private_address_is_not_asked(
    sandbox: Sandbox, internet: Internet, address: str
) -> None:
    elsewhere(sandbox)
    internet.names["rdap.example.org", "A"] = [[address]]
    with pytest.raises(Refused, match="no address of the public internet"):
        examine("dev.test")


@pytest.mark.parametrize(
    ("status", "failure"), [("500 Oops", Later), ("429 Too Many", Later), ("403 Forbidden", Never)]
)
def test_a_registry_that_moved_may_refuse(
    sandbox: Sandbox, authority: trustme.CA, internet: Internet, status: str, failure: type[ServiceError]
) -> None:
    elsewhere(sandbox)
    tls, _ = certified(authority, "rdap.example.org")
    internet.site("rdap.example.org", {"/domain/dev.test": ok(b"", status=status)}, tls=tls)
    with pytest.raises(failure, match=r"rdap\.example\.org"):
        examine("dev.test")


def test_a_domain_that_was_registered_anew_is_as_young_as_that() -> None:
    found = read(("registration", "2001-02-03T04:05:06Z"), ("reregistration", "2026-11-20T00:00:00Z"))
    assert (found.code, found.evidence["age_days"]) == ("young_domain", 4)


@pytest.mark.parametrize(
    "date", ["", "soon", "2026-13-45T00:00:00Z", "9999-12-31T23:59:59Z", None, 7, "2027-01-01T00:00:00Z"]
)
def test_a_date_that_makes_no_sense_is_no_date(date: Any) -> None:
    assert read(("registration", date)).code == "no_date"


def test_a_date_without_a_zone_is_read_as_utc() -> None:
    assert read(("registration", "2020-01-01T00:00:00")).evidence["registered"] == "2020-01-01"


@pytest.mark.parametrize(
    "entities", [None, 7, [7], [{"roles": "registrar"}], [{"roles": ["registrar"], "vcardArray": [1, [["fn"]]]}]]
)
def test_a_registrar_that_cannot_be_read_is_left_out(entities: Any) -> None:
    assert read(("registration", "2020-01-01T00:00:00Z"), entities=entities).evidence["registrar"] == ""


def test_the_shipped_list_is_dated_and_leads_to_https_alone(settings: Any) -> None:
    settings.RDAP = {**settings.RDAP, "servers": {}}
    text = rdap_servers.FILE.read_text()
    assert re.search(r"^# Publication: \d{4}-\d\d-\d\dT", text, re.MULTILINE)
    assert all(url.startswith("https://") and url.endswith("/") for url in rdap._servers().values())
    assert rdap.server("acme.com") == "https://rdap.verisign.com/com/v1/"
    assert len(rdap._servers()) > 1_000


def shipped(tmp_path: Path, *lines: str) -> Path:
    file = tmp_path / "rdap_servers.txt"
    by_hand = f"{rdap_servers.BY_HAND}, yet answering\nhttps://rdap.nic.us/ us"
    file.write_text("\n".join(["# Publication: 2020-01-01T00:00:00Z", *lines, by_hand, ""]))
    return file


def test_the_list_is_brought_up_to_date(sandbox: Sandbox, tmp_path: Path) -> None:
    file = shipped(tmp_path, "https://rdap.old.test/ com net", "https://rdap.gone.test/ gone")
    changed = rdap_servers.update(f"{sandbox.url}/rdap/dns.json", file)
    assert changed.endswith("4 top-level domains, 2 new, 1 gone, 2 elsewhere.")
    assert rdap_servers.read(file.read_text()) == {
        "com": "https://rdap.verisign.com/com/v1/",
        "net": "https://rdap.verisign.com/net/v1/",
        "org": "https://rdap.publicinterestregistry.org/rdap/",
        "test": "https://rdap.sandbox.test/",
        "us": "https://rdap.nic.us/",
    }


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("[]", "no bootstrap registry"),
        ('{"services": []}', "no bootstrap registry"),
        ('{"publication": "2026-11-01T00:00:00Z", "services": [7]}', "no bootstrap registry"),
        ('{"publication": "soon", "services": []}', "date of publication"),
        ('{"publication": "2026-11-01T00:00:00Z", "services": []}', "has 0 top-level domains"),
        (
            '{"publication": "2026-11-01T00:00:00Z", "services": [[["net", "org"], ["https://rdap.test/"]]]}',
            "lacks .com",
        ),
    ],
)
def test_a_list_that_cannot_be_right_is_not_taken_over(
    sandbox: Sandbox, tmp_path: Path, body: str, complaint: str
) -> None:
    file = shipped(tmp_path, "https://rdap.old.test/ com net org")
    before = file.read_text()
    sandbox.fault("rdap", status=200, body=body)
    with pytest.raises(rdap_servers.Suspicious, match=complaint):
        rdap_servers.update(f"{sandbox.url}/rdap/dns.json", file)
    assert file.read_text() == before


def test_the_shipped_list_is_as_it_would_be_written() -> None:
    text = rdap_servers.FILE.read_text()
    of_iana, mark, by_hand = text.partition(rdap_servers.BY_HAND)
    publication = re.search(r"Publication: (\S+);", text)
    assert publication is not None
    assert rdap_servers.as_text(publication[1], rdap_servers.read(of_iana), mark + by_hand) == text
