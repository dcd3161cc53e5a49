"""The web sites of the pretend internet: told apart by the Host header, recorded, and as hostile as they say."""

from __future__ import annotations

import time
import zlib

import dns.message
import dns.query
import pytest
import requests

from sandbox.cast import COMPANIES, ZONES, zone
from sandbox.neighbours import FIRMS
from sandbox.sites.hosts import SITE_ZONES
from sandbox.sites.table import SITES, site
from sandbox.zones import SITUATION_ZONES
from tests.sandbox_process import Sandbox


def get(sandbox: Sandbox, host: str, path: str = "/", **options: bool) -> requests.Response:
    headers = {"Host": host, "User-Agent": "Test/1"}
    return requests.get(f"{sandbox.url}{path}", headers=headers, timeout=10, allow_redirects=False, **options)  # type: ignore[arg-type]


def addresses(sandbox: Sandbox, name: str) -> list[str]:
    query = dns.message.make_query(name, "A")
    reply = dns.query.udp(query, "127.0.0.1", timeout=5, port=sandbox.ports["dns"])
    return [record.to_text() for rrset in reply.answer for record in rrset if rrset.rdtype == 1]


def test_a_host_gets_its_own_site(sandbox: Sandbox) -> None:
    assert "<title>Devhouse – " in get(sandbox, "dev.test").text
    assert "<title>Renamed</title>" in get(sandbox, "Renamed.TEST:80").text


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost", "[::1]:8025", "sandbox"])
def test_this_machine_s_own_names_get_the_sandbox_itself(sandbox: Sandbox, host: str) -> None:
    assert "<h1>A pretend internet</h1>" in get(sandbox, host).text


def test_a_site_never_shows_the_vendors_or_the_controls(sandbox: Sandbox) -> None:
    for path in ("/_state", "/slack/api/auth.test", "/see/faults"):
        assert get(sandbox, "dev.test", path).status_code == 404
    assert requests.post(f"{sandbox.url}/_reset", headers={"Host": "dev.test"}, timeout=10).status_code == 405


def test_a_host_without_a_site_is_404(sandbox: Sandbox) -> None:
    assert get(sandbox, "nobody.test").status_code == 404


def test_every_company_has_a_home_page(sandbox: Sandbox) -> None:
    for domain in (*COMPANIES, *(firm.domain for firm in FIRMS), "crowd-12.test"):
        assert site(domain) is not None, domain
        assert get(sandbox, domain).status_code in (200, 301), domain


def test_every_site_has_an_address_of_the_pretend_internet(sandbox: Sandbox) -> None:
    assert SITE_ZONES.keys() <= SITES.keys()
    assert not SITE_ZONES.keys() & (SITUATION_ZONES.keys() | COMPANIES.keys())
    for host in SITES:
        found = zone(host)
        assert found is not None, host
        target = ZONES[found.cname] if found.cname else found
        assert all(address.startswith("198.51.100.") for address in target.a), host


def test_who_asked_for_what_is_kept(sandbox: Sandbox) -> None:
    get(sandbox, "dev.test", "/robots.txt")
    (visit,) = sandbox.state("sites")["visits"]
    assert visit | {"at": 0} == {
        "at": 0,
        "host": "dev.test",
        "path": "/robots.txt",
        "agent": "Test/1",
        "status": 404,
    }
    (call,) = sandbox.received("sites")
    assert (call["path"], call["status"]) == ("dev.test/robots.txt", 404)


def test_faults_apply_to_one_site_as_to_a_vendor(sandbox: Sandbox) -> None:
    sandbox.fault("sites", route="dev.test/", status=503)
    assert [get(sandbox, host).status_code for host in ("bank.test", "dev.test", "dev.test")] == [200, 503, 200]


def test_robots_txt_forbids_where_it_says_so(sandbox: Sandbox) -> None:
    assert get(sandbox, "keepout.test", "/robots.txt").text == "User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("host", "location"),
    [
        ("to-metadata.test", "http://169.254.169.254/latest/meta-data/"),
        ("to-mapped.test", "http://[::ffff:127.0.0.1]/"),
        ("to-file.test", "file:///etc/passwd"),
        ("to-port.test", "http://dev.test:8080/"),
        ("endless.test", "/?page=1"),
        ("moved-away.test", "http://renamed.test/"),
    ],
)
def test_redirects_lead_where_they_say(sandbox: Sandbox, host: str, location: str) -> None:
    assert get(sandbox, host).headers["Location"] == location


def test_a_name_changes_its_address_after_the_first_question(sandbox: Sandbox) -> None:
    answers = [addresses(sandbox, "rebinding.test") for _ in range(3)]
    sandbox.reset()
    assert answers == [["198.51.100.80"], ["127.0.0.1"], ["127.0.0.1"]]
    assert addresses(sandbox, "rebinding.test") == ["198.51.100.80"]


def test_a_bomb_is_far_longer_unpacked_than_sent(sandbox: Sandbox) -> None:
    unpacker, packed, unpacked = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, 0
    with get(sandbox, "bomb.test", stream=True) as response:
        while unpacked < 50_000_000:
            piece = response.raw.read(4_096, decode_content=False)
            packed, unpacked = packed + len(piece), unpacked + len(unpacker.decompress(piece))
    assert unpacked > 200 * packed


def test_a_dripping_page_comes_byte_by_byte(sandbox: Sandbox) -> None:
    started = time.monotonic()
    with get(sandbox, "dripping.test", stream=True) as response:
        assert response.raw.read(2) == b"<!"
    assert time.monotonic() - started > 0.9


def test_markup_in_a_page_is_shown_as_text(sandbox: Sandbox) -> None:
    page = requests.get(f"{sandbox.url}/see/sites/evil.test", timeout=10).text
    assert ("&lt;title&gt;Evil" in page, "<script>alert" in page) == (True, False)
