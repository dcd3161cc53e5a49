"""The guarded door, against an internet that wants to be let in everywhere."""

from __future__ import annotations

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import dns.rcode
import pytest
import trustme
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from integrations import guarded
from integrations.guarded import Page, Refused, robots, urls
from signups.contracts import Deadline, Later, recording
from signups.domains import name_servers
from signups.domains.addresses import IPAddress, is_public
from tests.integrations.internet import Internet, certified, forget, moved, ok
from tests.sandbox_process import Sandbox


def fetch(url: str = "http://acme.test/", budget_ms: int = 3000, **wishes: Any) -> Page:
    return guarded.fetch(url, Deadline(budget_ms), **wishes)


def refusal(url: str = "http://acme.test/") -> str:
    with pytest.raises(Refused) as caught:
        fetch(url)
    assert caught.value.reason.endswith(".")
    return caught.value.code


# -- What a page is ----------------------------------------------------------------------------------------------------


def test_a_page_is_fetched(internet: Internet) -> None:
    internet.site("acme.test", {"/about?x=1": ok(b"<h1>Acme</h1>", "Content-Type: text/html")})
    page = fetch("http://acme.test/about?x=1#team")
    assert (page.url, page.status, page.body, page.is_cut) == (
        "http://acme.test/about?x=1",
        200,
        b"<h1>Acme</h1>",
        False,
    )
    assert (page.headers["content-TYPE"], page.hops) == ("text/html", ("http://acme.test/about?x=1",))


def test_we_say_who_we_are_and_nothing_else(internet: Internet, settings: Any, monkeypatch: Any, tmp_path: Any) -> None:
    (tmp_path / ".netrc").write_text("machine acme.test login me password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    settings.BASE_URL = "https://signup.example.com"
    site = internet.site("acme.test", {"/": ok(b"", "Set-Cookie: a=b")})
    fetch()
    fetch()
    assert site.asked[-1].decode().split("\r\n") == [
        "GET / HTTP/1.1",
        "Host: acme.test",
        "User-Agent: Onboarding/1.0 (+https://signup.example.com)",
        "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.1",
        "Accept-Encoding: gzip, deflate",
        "Connection: close",
        "",
        "",
    ]


@pytest.mark.parametrize("status", ["204 No Content", "401 Unauthorized", "404 Not Found", "429 Too Many", "304 Not"])
def test_a_status_below_500_is_a_page(internet: Internet, status: str) -> None:
    internet.site("acme.test", {"/": ok(b"", status=status)})
    assert fetch().status == int(status[:3])


def test_a_server_that_fails_is_for_later(internet: Internet) -> None:
    internet.site("acme.test", {"/": ok(b"", "Retry-After: 7", status="503 Busy")})
    with pytest.raises(Later) as caught:
        fetch()
    assert (caught.value.status, caught.value.retry_after_s) == (503, 7)


def test_a_reply_of_http_1_0_ends_with_the_connection(internet: Internet) -> None:
    internet.site("acme.test", {"/": b"HTTP/1.0 200 OK\r\n\r\nhello"})
    assert (fetch().body, fetch().is_cut) == (b"hello", False)


def test_chunks_are_put_together(internet: Internet) -> None:
    internet.site("acme.test", {"/": ok(b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "Transfer-Encoding: chunked")})
    assert (fetch().body, fetch().is_cut) == (b"hello", False)


@pytest.mark.parametrize(
    "reply",
    [
        ok(b"hello", "Content-Length: 500"),
        ok(b"5\r\nhello\r\n", "Transfer-Encoding: chunked"),
        ok(b"ff\r\nhello", "Transfer-Encoding: chunked"),
        ok(b"5\r\nhello\r\nnonsense\r\n", "Transfer-Encoding: chunked"),
    ],
)
def test_a_body_that_breaks_off_is_cut(internet: Internet, reply: bytes) -> None:
    internet.site("acme.test", {"/": reply})
    assert (fetch().body, fetch().is_cut) == (b"hello", True)


def test_early_hints_are_not_the_reply(internet: Internet) -> None:
    internet.site("acme.test", {"/": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2 + ok()})
    assert (fetch().status, fetch().body) == (200, b"hello")


def test_each_visit_is_kept_with_the_attempt(internet: Internet) -> None:
    internet.site("acme.test", {"/": moved("/en"), "/en": ok()})
    with recording() as exchanges:
        fetch(obeys_robots=False)
    assert [(one.url, one.status, one.reply) for one in exchanges] == [
        ("http://acme.test/", 302, ""),
        ("http://acme.test/en", 200, "hello"),
    ]


# -- What is packed ----------------------------------------------------------------------------------------------------


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("X-GZIP", gzip.compress(b"hello")),
        ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo")),
        ("gzip", gzip.compress(b"hello") + b"rubbish"),
        ("deflate", zlib.compress(b"hello")),
        ("deflate", raw_deflate(b"hello")),
        ("identity", b"hello"),
        ("gzip", b"hello"),  # the header is wrong
        ("utf-8", b"hello"),
    ],
)
def test_a_body_is_unpacked(internet: Internet, encoding: str, body: bytes) -> None:
    internet.site("acme.test", {"/": ok(body, f"Content-Encoding: {encoding}")})
    page = fetch()
    assert (page.body, page.is_cut) == (b"hello", False)


def test_a_packed_body_that_comes_byte_by_byte_is_unpacked(internet: Internet) -> None:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in gzip.compress(b"hello")) + b"0\r\n\r\n"
    internet.site("acme.test", {"/": ok(chunks, "Transfer-Encoding: chunked", "Content-Encoding: gzip")})
    assert fetch().body == b"hello"


@pytest.mark.parametrize("damage", [lambda packed: packed[:-20], lambda packed: packed[:-20] + b"x" * 500])
def test_of_a_packed_body_that_breaks_off_the_beginning_counts(
    internet: Internet, damage: Callable[[bytes], bytes]
) -> None:
    text = b"".join(b"%d bottles of beer on the wall, " % n for n in range(5_000))
    internet.site("acme.test", {"/": ok(damage(gzip.compress(text)), "Content-Encoding: gzip")})
    page = fetch()
    assert page.is_cut
    assert page.body[:50_000] == text[:50_000]


@pytest.mark.parametrize(
    ("encoding", "body"), [("br", b"\x0b\x02\x80"), ("gzip, gzip", b""), ("gzip", b"\x1f\x8bxx"), ("deflate", b"hello")]
)
def test_what_cannot_be_unpacked_is_refused(internet: Internet, encoding: str, body: bytes) -> None:
    internet.site("acme.test", {"/": ok(body, f"Content-Encoding: {encoding}")})
    assert refusal() == "encoding"


def flood(head: bytes, piece: bytes, times: int, sent: list[int]) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(piece)
            sent.append(len(piece))

    return answer


PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"


def test_a_bomb_of_10_gb_is_not_set_off(internet: Internet) -> None:
    packer = zlib.compressobj(9, wbits=31)
    start = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    sent: list[int] = []
    internet.site("acme.test", {"/": flood(PACKED + start, again, 1_000, sent)})
    tracemalloc.start()
    try:
        page = fetch()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(page.body), page.is_cut) == (1_000_000, True)
    assert peak < 6_000_000
    assert sum(sent) < 5_000_000


def test_what_is_packed_but_holds_nothing_is_not_read_for_ever(internet: Internet) -> None:
    sent: list[int] = []
    start = gzip.compress(b"")[:10]
    internet.site("acme.test", {"/": flood(PACKED + start, b"\0\0\0\xff\xff" * 10_000, 2_000, sent)})
    page = fetch()
    assert (page.body, page.is_cut) == (b"", True)
    assert sum(sent) < 20_000_000


def test_of_a_long_page_the_beginning_is_read(internet: Internet) -> None:
    sent: list[int] = []
    internet.site("acme.test", {"/": flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000, 1_000, sent)})
    page = fetch(most_bytes=5_000)
    assert (page.body, page.is_cut) == (b"x" * 5_000, True)
    assert sum(sent) < 20_000_000


@pytest.mark.parametrize(("length", "is_cut"), [(4_999, False), (5_000, False), (5_001, True)])
def test_a_page_of_just_the_size_is_whole(internet: Internet, length: int, is_cut: bool) -> None:
    internet.site("acme.test", {"/": ok(b"x" * length)})
    assert fetch(most_bytes=5_000).is_cut is is_cut


# -- Time and nonsense -------------------------------------------------------------------------------------------------


def drip(head: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            time.sleep(0.02)
            connection.sendall(b"x")

    return answer


@pytest.mark.parametrize("path", ["/", "/robots.txt"])
@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n", PACKED])
def test_a_server_that_drips_is_left_when_the_time_is_up(internet: Internet, head: bytes, path: str) -> None:
    internet.site("acme.test", {path: drip(head)})
    deadline = Deadline(300)
    with pytest.raises(Later, match="timed out"):
        guarded.fetch("http://acme.test/", deadline)
    assert deadline.elapsed_ms() < 2_000


def test_nothing_takes_longer_than_5_s(internet: Internet) -> None:
    internet.site("acme.test", {"/": drip(b"HTTP/1.1 200 OK\r\n\r\n")})
    deadline = Deadline(60_000)
    with pytest.raises(Later):
        guarded.fetch("http://acme.test/", deadline)
    assert 4_900 < deadline.elapsed_ms() < 8_000


def test_after_the_deadline_nobody_is_asked(internet: Internet) -> None:
    internet.site("acme.test", {})
    with pytest.raises(Later, match="no time was left"):
        fetch(budget_ms=0)
    assert internet.questions == []


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"\x00\x01\x02 hello\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 1_000 + b"\r\n") * 90 + b"\r\n",
    ],
)
def test_what_is_no_http_or_a_flood_of_headers_is_no_answer(internet: Internet, reply: bytes) -> None:
    internet.site("acme.test", {"/": reply})
    with pytest.raises(Later, match=r"acme\.test did not answer"):
        fetch()


def test_a_port_that_is_closed_is_for_later(internet: Internet) -> None:
    internet.site("acme.test", {})
    with pytest.raises(Later, match="refused"):
        fetch("https://acme.test/")


# -- Which URLs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "scheme"),
        ("acme.test", "scheme"),
        ("ftp://acme.test/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://acme.test/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("//acme.test/", "scheme"),
        ("http://user:pass@acme.test/", "credentials"),
        ("http://user@acme.test/", "credentials"),
        ("http://@acme.test/", "credentials"),
        ("http://acme.test\\@127.0.0.1/", "credentials"),
        ("http://acme.test:8080/", "port"),
        ("http://acme.test:22/", "port"),
        ("http://acme.test:0/", "port"),
        ("http://acme.test:99999/", "port"),
        ("http://acme.test:port/", "port"),
        ("http://", "name"),
        ("http:///etc/passwd", "name"),
        ("http://localhost/", "name"),
        ("http://a.localhost/", "name"),
        ("http://localhost./", "name"),
        ("http://intranet/", "name"),
        ("http://printer.local/", "name"),
        ("http://vault.internal/", "name"),
        ("http://-a.test/", "name"),
        ("http://a..test/", "name"),
        ("http://a b.test/", "name"),
        ("http://acme%2etest/", "name"),
        ("http://" + "a" * 64 + ".test/", "name"),
        ("http://" + "a." * 130 + "test/", "name"),
        ("http://ac\ud800me.test/", "name"),
        ("http://a\u2100b.test/", "url"),
        ("http://[::1/", "url"),
        ("http://acme.test/\r\nHost: evil.test", "url"),
        ("http://acme.test/\tx", "url"),
        ("http://acme.test/" + "x" * 2_000, "url"),
        ("http://nowhere.test/", "name"),
    ],
)
def test_a_url_that_we_do_not_fetch_is_refused(internet: Internet, url: str, code: str) -> None:
    assert refusal(url) == code


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (" HTTP://ACME.test \n", "http://acme.test/"),
        ("http://acme.test.:80", "http://acme.test/"),
        ("http://acme.test:443/", "http://acme.test:443/"),
        ("https://acme.test:443/x y?q=é", "https://acme.test/x%20y?q=%C3%A9"),
        ("http://acme.test?x", "http://acme.test/?x"),
        ("http://bücher.test/", "http://xn--bcher-kva.test/"),
        ("http://BÜCHER。test/", "http://xn--bcher-kva.test/"),
        ("http://faß.test/", "http://xn--fa-hia.test/"),
        ("http://my_shop.acme.test/", "http://my_shop.acme.test/"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
        ("http://acme.test/%2e%2E/\\", "http://acme.test/%2e%2E/%5C"),
        ("http://acme.test/\ud800", "http://acme.test/%EF%BF%BD%EF%BF%BD%EF%BF%BD"),
    ],
)
def test_a_url_is_asked_for_in_its_plain_form(url: str, read: str) -> None:
    assert urls.read(url).url == read


def test_an_international_name_is_asked_for_in_ascii(internet: Internet) -> None:
    site = internet.site("xn--bcher-kva.test", {"/": ok()})
    assert fetch("http://bücher.test/").body == b"hello"
    assert b"\r\nHost: xn--bcher-kva.test\r\n" in site.asked[-1]


# -- Which addresses ---------------------------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "192.168.1.1",
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
]
PRIVATE6 = [
    "::",
    "::1",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
    "fec0::1",
    "3fff::1",
    "2001:2::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::1",
    "2001:0:808:808::80ff:fffe",
    "2a00:1450:4001:81d:0:5efe:7f00:1",
    "2a00:1450:4001:81d:200:5efe:7f00:1",
]


@pytest.mark.parametrize("host", [*PRIVATE, *(f"[{ip}]" for ip in PRIVATE6), "１２７.0.0.1", "127。0.0.1", "10.0.0.1."])
def test_an_address_in_a_url_is_judged(internet: Internet, host: str) -> None:
    assert refusal(f"http://{host}/") == "private_address"


@pytest.mark.parametrize("ip", [*PRIVATE, *PRIVATE6])
def test_what_a_name_stands_for_is_judged(internet: Internet, ip: str) -> None:
    internet.names["acme.test", "AAAA" if ":" in ip else "A"] = [[ip]]
    assert refusal() == "private_address"


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "127.0.1", "1", "0x", "8.8.2056"]
    + ["127.0.0.01", "127.0.0.256", "1.2.3.4.5", "acme.127", "①②⑦.1", "0x7f.0x0.0x0.0x1"],
)
def test_odd_spellings_of_an_address_are_refused(internet: Internet, host: str) -> None:
    assert refusal(f"http://{host}/") == "name"


@pytest.mark.parametrize("inner", ["fe80::1%25eth0", "fe80::1%eth0", "v1.a", "1.2.3.4", "::1::", "acme.test"])
def test_what_is_no_address_in_brackets_is_refused(internet: Internet, inner: str) -> None:
    assert refusal(f"http://[{inner}]/") in ("name", "url")


def test_an_address_of_the_internet_may_be_asked(internet: Internet) -> None:
    site = internet.site("acme.test", {"/": ok()})
    assert fetch(f"http://{site.address}/").body == b"hello"
    assert f"\r\nHost: {site.address}\r\n".encode() in site.asked[-1]


def test_ipv6_is_connected_to(internet: Internet) -> None:
    site = internet.site("v4.test", {"/": ok()})
    internet.names["six.test", "AAAA"] = [["2001:db8::7"]]
    internet.routes["2001:db8::/32", 80] = site.end
    assert fetch("http://six.test/").body == fetch("http://[2001:db8::7]/").body == b"hello"
    assert b"\r\nHost: [2001:db8::7]\r\n" in site.asked[-1]


def test_of_several_addresses_only_public_ones_are_used(internet: Internet) -> None:
    site = internet.site("acme.test", {"/": ok()})
    internet.names["acme.test", "A"] = [["10.0.0.1", site.address, "127.0.0.1"]]
    internet.names["acme.test", "AAAA"] = [["::1"]]
    assert fetch().body == b"hello"


def test_the_next_address_is_tried_where_one_does_not_answer(internet: Internet) -> None:
    site = internet.site("acme.test", {"/": ok()})
    internet.names["acme.test", "A"] = [["198.51.100.200", site.address]]
    assert fetch().body == b"hello"


def test_a_name_is_resolved_once_and_judged_each_time(internet: Internet) -> None:
    site = internet.site("acme.test", {"/": ok()})
    internet.names["acme.test", "A"] = [[site.address], ["127.0.0.1"]]
    assert fetch().body == b"hello"
    assert internet.questions.count("A acme.test") == 1
    forget()
    assert refusal() == "private_address"
    assert site.paths == ["/robots.txt", "/"]


def test_a_name_that_changes_its_mind_between_a_page_and_its_redirect_leads_nowhere(internet: Internet) -> None:
    site = internet.site("acme.test", {})
    internet.names["acme.test", "A"] = [[site.address], ["127.0.0.1"]]

    def answer(connection: socket.socket) -> None:
        name_servers.forget()  # as if its time to live had passed
        connection.sendall(moved("/en"))

    site.pages["/"] = answer
    with pytest.raises(Refused) as caught:
        fetch(obeys_robots=False)
    assert (caught.value.code, site.paths) == ("private_address", ["/"])


def test_a_name_server_that_fails_is_for_later(internet: Internet) -> None:
    internet.names["acme.test", "A"] = internet.names["acme.test", "AAAA"] = [dns.rcode.SERVFAIL]
    with pytest.raises(Later, match="SERVFAIL"):
        fetch()


def test_a_name_server_that_fails_for_ipv6_alone_does_not_matter(internet: Internet) -> None:
    internet.site("acme.test", {"/": ok()})
    internet.names["acme.test", "AAAA"] = [dns.rcode.SERVFAIL]
    assert fetch().body == b"hello"


def wrapped(ip: IPv4Address) -> list[IPAddress]:
    """The forms in which IPv6 carries an IPv4 address."""
    number = int(ip)
    prefixes = ("::ffff:0:0", "::", "64:ff9b::", "64:ff9b:1::", "2a00:1:2:3:0:5efe::", "2a00:1:2:3:200:5efe::")
    low = [IPv6Address(int(IPv6Address(prefix)) | number) for prefix in prefixes]
    sixtofour = IPv6Address((0x2002 << 112) | (number << 80) | 1)
    teredo = IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF))
    return [*low, sixtofour, teredo]


@given(st.ip_addresses())
def test_what_is_not_global_is_never_public(ip: IPAddress) -> None:
    with override_settings(SANDBOX=False):
        assert ip.is_global or not is_public(ip)


@given(st.ip_addresses(v=4))
def test_an_address_in_another_is_never_public(ip: IPv4Address) -> None:
    with override_settings(SANDBOX=False):
        assert not any(is_public(one) for one in wrapped(ip))


def test_the_pretend_internet_is_let_in_by_the_sandbox_alone(internet: Internet, settings: Any) -> None:
    site = internet.site("acme.test", {"/": ok()})
    settings.SANDBOX = False
    assert refusal() == refusal(f"http://{site.address}/") == "private_address"
    assert site.asked == []


def test_by_default_the_sandbox_answers_for_the_pretend_internet(sandbox: Sandbox, settings: Any) -> None:
    assert fetch("http://198.51.100.80/nothing-here", obeys_robots=False).status == 404
    with pytest.raises(Later, match="refused"):
        fetch("https://198.51.100.80/")
    assert refusal(f"http://127.0.0.1:{sandbox.ports['http']}/") == "port"
    assert refusal("http://127.0.0.1/") == "private_address"


# -- Redirects ---------------------------------------------------------------------------------------------------------


def test_redirects_are_followed(internet: Internet) -> None:
    internet.site("acme.test", {"/": moved("//www.acme.test/a/b", "301 Moved")})
    www = internet.site("www.acme.test", {"/a/b": moved("../é?x", "307 Temporary"), "/%C3%A9?x": ok()})
    page = fetch()
    assert (page.body, page.url) == (b"hello", "http://www.acme.test/%C3%A9?x")
    assert page.hops == ("http://acme.test/", "http://www.acme.test/a/b", "http://www.acme.test/%C3%A9?x")
    assert www.paths == ["/robots.txt", "/a/b", "/%C3%A9?x"]


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "private_address"),
        ("http://[::ffff:127.0.0.1]/", "private_address"),
        ("http://inside.test/", "private_address"),
        ("//127.0.0.1/", "private_address"),
        ("http://2130706433/", "name"),
        ("http://0x7f.1/", "name"),
        ("http://localhost/", "name"),
        ("http://acme.test:8025/", "port"),
        ("ftp://acme.test/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("http://user:pass@acme.test/", "credentials"),
        ("http://[::1", "url"),
        ("http://acme.test/" + "x" * 3_000, "url"),
        ("http://acme.test/\x0bx", "url"),
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "308 Permanent"])
def test_where_a_redirect_leads_is_judged(internet: Internet, location: str, code: str, status: str) -> None:
    site = internet.site("acme.test", {"/": moved(location, status)})
    internet.names["inside.test", "A"] = [["10.0.0.5"]]
    assert refusal() == code
    assert site.paths == ["/robots.txt", "/"]


@pytest.mark.parametrize(("count", "is_followed"), [(3, True), (4, False)])
def test_three_redirects_are_followed_and_no_more(internet: Internet, count: int, is_followed: bool) -> None:
    pages = {f"/{n or ''}": moved(f"/{n + 1}") for n in range(count)}
    site = internet.site("acme.test", {**pages, f"/{count}": ok()})
    if is_followed:
        assert fetch().url == "http://acme.test/3"
    else:
        assert refusal() == "redirects"
    assert site.paths[1:] == ["/", "/1", "/2", "/3"]


def test_a_redirect_without_a_place_is_a_page(internet: Internet) -> None:
    internet.site("acme.test", {"/": ok(b"hm", status="302 Found")})
    assert (fetch().status, fetch().body) == (302, b"hm")


def test_a_redirects_body_is_not_waited_for(internet: Internet) -> None:
    internet.site("acme.test", {"/": drip(b"HTTP/1.1 302 Found\r\nLocation: /en\r\n\r\n"), "/en": ok()})
    assert fetch().body == b"hello"


# -- robots.txt --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "is_welcome"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("\ufeffUser-agent: *\r\nDisallow: /", False),
        ("user-agent: ONBOARDING/2.0\ndisallow: /a # us", False),
        ("User-agent: Onboarding\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: Onboarding\nDisallow: /\n\nUser-agent: *\nAllow: /", False),
        ("User-agent: other\nUser-agent: onboarding\nDisallow: /about", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: Onboarding-other\nDisallow: /", True),
        ("User-agent: *\nCrawl-delay: 10\nSitemap: http://acme.test/x\nDisallow: /ab", False),
        ("User-agent: *\nDisallow: /a\nAllow: /about", True),
        ("User-agent: *\nDisallow: /*t$", False),
        ("User-agent: *\nDisallow: /other", True),
        ("<!doctype html><title>Not found</title>", True),
    ],
)
def test_robots_txt_is_obeyed(internet: Internet, lines: str, is_welcome: bool) -> None:
    site = internet.site("acme.test", {"/robots.txt": ok(lines.encode()), "/about": ok()})
    if is_welcome:
        assert fetch("http://acme.test/about").body == b"hello"
    else:
        assert refusal("http://acme.test/about") == "robots"
    assert ("/about" in site.paths) is is_welcome


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone", "429 Too Many"])
def test_where_there_is_no_robots_txt_everything_may_be_fetched(internet: Internet, status: str) -> None:
    internet.site("acme.test", {"/robots.txt": ok(b"User-agent: *\nDisallow: /", status=status), "/": ok()})
    assert fetch().body == b"hello"


@pytest.mark.parametrize("reply", [ok(b"", status="500 Oops"), ok(b"", status="503 Busy"), b""])
def test_where_robots_txt_cannot_be_read_nothing_is_fetched(internet: Internet, reply: bytes) -> None:
    site = internet.site("acme.test", {"/robots.txt": reply, "/": ok()})
    with pytest.raises(Later):
        fetch()
    assert site.paths == ["/robots.txt"]


def test_robots_txt_is_asked_for_once_at_each_origin(internet: Internet) -> None:
    acme = internet.site("acme.test", {"/robots.txt": ok(b"User-agent: *\nDisallow: /x"), "/": ok()})
    www = internet.site("www.acme.test", {"/": moved("http://acme.test/x")})
    assert fetch().body == fetch().body == b"hello"
    assert refusal("http://www.acme.test/") == "robots"
    assert (acme.paths, www.paths) == (["/robots.txt", "/", "/"], ["/robots.txt", "/"])


def test_a_server_that_fails_is_not_asked_for_its_robots_txt_each_time(internet: Internet) -> None:
    site = internet.site("acme.test", {"/robots.txt": ok(b"", status="500 Oops")})
    for _ in range(2):
        with pytest.raises(Later):
            fetch()
    assert site.paths == ["/robots.txt"]


def test_robots_txt_may_be_elsewhere(internet: Internet) -> None:
    internet.site("acme.test", {"/robots.txt": moved("http://www.acme.test/robots.txt"), "/": ok()})
    internet.site("www.acme.test", {"/robots.txt": ok(b"User-agent: *\nDisallow: /")})
    assert refusal() == "robots"


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "http://acme.test:22/", "http://[::ffff:10.0.0.1]/"])
def test_where_robots_txt_redirects_to_is_judged(internet: Internet, location: str) -> None:
    site = internet.site("acme.test", {"/robots.txt": moved(location), "/": ok()})
    assert refusal() in ("private_address", "port")
    assert site.paths == ["/robots.txt"]


def test_robots_txt_that_redirects_for_ever_is_none(internet: Internet) -> None:
    site = internet.site("acme.test", {"/robots.txt": moved("/robots.txt"), "/": ok()})
    assert fetch().body == b"hello"
    assert site.paths == ["/robots.txt"] * 4 + ["/"]


def test_who_need_not_obey_does_not_ask(internet: Internet) -> None:
    site = internet.site("acme.test", {"/robots.txt": ok(b"User-agent: *\nDisallow: /"), "/": ok()})
    assert fetch(obeys_robots=False).body == b"hello"
    assert site.paths == ["/"]


def test_of_a_long_robots_txt_the_beginning_counts(internet: Internet) -> None:
    lines = b"User-agent: *\nDisallow: /x\n" + b"# filler\n" * 60_000 + b"Disallow: /\n"
    internet.site("acme.test", {"/robots.txt": ok(lines), "/": ok()})
    assert fetch().body == b"hello"
    assert refusal("http://acme.test/x") == "robots"


def test_what_does_not_concern_us_is_not_kept() -> None:
    crowd = "".join(f"User-agent: a{n}\n" for n in range(20_000)) + "Disallow: /\n" * 20_000
    assert (
        robots.concerning_us(crowd + "User-agent: *\nAllow: /\nDisallow: /x") == "User-agent: *\nAllow: /\nDisallow: /x"
    )


@pytest.mark.parametrize(
    "lines",
    [
        "d" + "l" * 500_000,
        "user" + " -" * 250_000,
        "User-agent: *\nDisallow: /" + "$" * 500_000,
        "User-agent: *\nDisallow: /" + "a*" * 250_000,
        "User-agent: *\n" + "Disallow: /x*y\n" * 30_000,
        "".join(f"User-agent: a{n}\n" for n in range(15_000)) + "Disallow: /\n" * 20_000,
    ],
)
def test_a_robots_txt_made_to_cost_time_costs_little(lines: str) -> None:
    started = time.process_time()
    assert len(robots.concerning_us(lines)) <= 50_000
    assert time.process_time() - started < 2


# -- TLS ---------------------------------------------------------------------------------------------------------------


def test_a_page_is_fetched_over_tls_from_the_address_in_the_name_of_the_host(
    authority: trustme.CA, internet: Internet
) -> None:
    tls, asked = certified(authority, "acme.test")
    site = internet.site("acme.test", {"/": ok()}, tls=tls)
    assert fetch("https://acme.test/").body == b"hello"
    assert set(asked) == {"acme.test"}
    assert b"\r\nHost: acme.test\r\n" in site.asked[-1]


def test_an_address_has_a_certificate_of_its_own(authority: trustme.CA, internet: Internet) -> None:
    tls, asked = certified(authority, "198.51.100.1")
    site = internet.site("acme.test", {"/": ok()}, tls=tls)
    assert fetch(f"https://{site.address}/").body == b"hello"
    assert set(asked) == {None}


def test_a_certificate_of_another_name_is_not_believed(authority: trustme.CA, internet: Internet) -> None:
    site = internet.site("acme.test", {"/": ok()}, tls=certified(authority, "other.test")[0])
    with pytest.raises(Later, match="certificate"):
        fetch("https://acme.test/")
    assert site.asked == []


def test_a_certificate_of_an_unknown_authority_is_not_believed(authority: trustme.CA, internet: Internet) -> None:
    site = internet.site("acme.test", {"/": ok()}, tls=certified(trustme.CA(), "acme.test")[0])
    with pytest.raises(Later, match="certificate"):
        fetch("https://acme.test/")
    assert site.asked == []


def test_a_server_that_does_not_speak_tls_is_no_answer(internet: Internet) -> None:
    internet.site("acme.test", {}, port=443)
    with pytest.raises(Later):
        fetch("https://acme.test/", budget_ms=500)


def test_a_redirect_may_lead_from_http_to_https(authority: trustme.CA, internet: Internet) -> None:
    plain = internet.site("acme.test", {"/": moved("https://acme.test/", "301 Moved")})
    site = internet.site("acme.test", {"/": ok()}, tls=certified(authority, "acme.test")[0])
    internet.routes[f"{plain.address}/32", 443] = site.end
    assert fetch().hops == ("http://acme.test/", "https://acme.test/")
