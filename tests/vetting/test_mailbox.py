"""The SMTP probe against the sandbox's mail server, and against servers of the tests' own that misbehave."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from signups import vetting
from signups.contracts import Deadline, Finding
from signups.domains import name_servers
from signups.vetting import mailbox, rcpt_replies
from signups.vetting.smtp_dialogue import Reply, Said
from tests.sandbox_process import Sandbox

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(autouse=True)
def nobody_was_asked() -> None:
    mailbox.forget()


def start(email: str, budget_ms: int = 1500) -> Future[Finding]:
    return name_servers.submit(mailbox.ask(vetting.parse(email), Deadline(budget_ms)))


def ask(email: str, budget_ms: int = 1500) -> Finding:
    return start(email, budget_ms).result(timeout=5)


def asked(sandbox: Sandbox) -> list[str]:
    return [call["path"] for call in sandbox.received("smtp")]


@pytest.mark.parametrize(
    ("email", "outcome", "code"),
    [
        ("ada@dev.test", "good", "exists"),
        ("nobody@dev.test", "risky", "no_such_mailbox"),
        ("known@workspace.test", "good", "exists"),
        ("nobody@workspace.test", "risky", "no_such_mailbox"),  # Exchange Online's "Access denied"
        ("anybody@catchall.test", "unknown", "catch_all"),
        ("anybody@greylist.test", "unknown", "try_later"),
        ("anybody@strict.test", "unknown", "refused"),
        ("anybody@full.test", "unknown", "mailbox_full"),
        ("anybody@nomail.test", "unknown", "no_mail_server"),
        ("anybody@nowhere.test", "unknown", "no_mail_server"),
        ("anybody@servfail.test", "unknown", "no_mail_server"),
        ("anybody@yahoo.com", "unknown", "not_told"),
        ("anybody@outlook.com", "unknown", "not_told"),
    ],
)
def test_a_mail_server_says_whether_a_mailbox_exists(sandbox: Sandbox, email: str, outcome: str, code: str) -> None:
    found = ask(email)
    assert (found.outcome, found.code) == (outcome, code)
    assert email.partition("@")[2] in found.sentence


def test_no_mail_is_sent(sandbox: Sandbox) -> None:
    ask("ada@dev.test")
    assert sandbox.state("mail") == []
    assert {call["method"] for call in sandbox.received("smtp")} == {"RCPT"}


def test_a_mailbox_that_nobody_has_is_asked_for_in_the_same_session(sandbox: Sandbox) -> None:
    ask("ada@dev.test")
    first, nobody = asked(sandbox)
    assert (first, nobody.partition("@")[2], len(nobody.partition("@")[0])) == ("ada@dev.test", "dev.test", 18)


def test_providers_that_do_not_tell_are_not_asked(sandbox: Sandbox) -> None:
    ask("anybody@yahoo.com")
    assert asked(sandbox) == []


@pytest.mark.parametrize("email", ["anybody@tarpit.test", "anybody@hang.test"])
def test_a_server_that_keeps_us_waiting_is_late(sandbox: Sandbox, email: str) -> None:
    deadline = Deadline(300)
    found = name_servers.submit(mailbox.ask(vetting.parse(email), deadline)).result(timeout=5)
    assert (found.outcome, found.code) == ("unknown", "late")
    assert deadline.elapsed_ms() < 1000


def test_a_late_greeting_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault("smtp", method="CONNECT", latency_ms=300)
    assert ask("ada@dev.test").code == "exists"


@pytest.mark.parametrize(("status", "code"), [(554, "refused"), (421, "try_later")])
def test_a_server_that_turns_us_away_at_the_door_says_nothing(sandbox: Sandbox, status: int, code: str) -> None:
    sandbox.fault("smtp", method="CONNECT", status=status)
    assert (ask("ada@dev.test").outcome, ask("nobody@dev.test").code) == ("unknown", "no_such_mailbox")
    sandbox.fault("smtp", method="CONNECT", status=status)
    assert ask("ada@dev.test").code == code


def test_a_provider_is_asked_only_so_often_a_minute(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MOST_A_MINUTE", 2)
    codes = [ask(f"{name}@dev.test").code for name in ("ada", "bob", "eve")]
    assert codes == ["exists", "no_such_mailbox", "not_asked"]


def test_the_evidence_does_not_repeat_the_address(sandbox: Sandbox) -> None:
    evidence = str(ask("nobody@dev.test").evidence)
    assert "nobody" not in evidence
    assert "User unknown" in evidence


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "2001:db8::1",
        "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2002:7f00:1::1",
    ],
)  # fmt: skip
def test_only_the_public_internet_is_connected_to(address: str) -> None:
    assert not mailbox.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001:81d::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_connected_to(address: str) -> None:
    assert mailbox.is_public(address)


def test_a_domain_whose_mail_server_lies_in_a_private_network_is_not_connected_to(
    sandbox: Sandbox, settings: Any
) -> None:
    settings.SMTP_PROBE = {**settings.SMTP_PROBE, "via": ""}  # dev.test's servers have addresses of documentation
    assert ask("ada@dev.test").code == "no_answer"
    assert asked(sandbox) == []


# -- Replies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 5.1.1 The email account that you tried to reach does not exist.", "no_such_mailbox"),
        ("550 5.1.1 <x>: Recipient address rejected: User unknown in relay recipient table", "no_such_mailbox"),
        ("550 No such user here", "no_such_mailbox"),
        ("550 Unrouteable address", "no_such_mailbox"),
        ("550 Requested action not taken: mailbox unavailable", "no_such_mailbox"),
        ("553 sorry, no mailbox here by that name (#5.1.1)", "no_such_mailbox"),
        ("550 5.2.1 The email account that you tried to reach is disabled.", "no_such_mailbox"),
        ("550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [a.b]", "no_such_mailbox"),
        ("550 5.4.1 Recipient address rejected: Access denied", "unclear"),
        ("554 5.7.1 <x>: Recipient address rejected: Access denied", "refused"),
        ("550 5.7.1 Unable to relay", "refused"),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "refused"),
        ("550 Mailbox unavailable. Your IP 192.5.1.1 is on our blocklist", "refused"),
        ("550 Administrative prohibition", "refused"),
        ("554 Transaction failed", "unclear"),
        ("550 5.1.8 Sender address rejected: Domain not found", "refused"),
        ("450 4.1.1 <x>: unverified address: Address verification in progress", "try_later"),
        ("452 4.2.2 The recipient's inbox is out of storage space.", "mailbox_full"),
        ("552 5.2.2 Over quota", "mailbox_full"),
        ("252 2.1.5 Cannot verify the user, but will take the message", "unclear"),
        ("421 4.7.0 Too many connections", "try_later"),
    ],
)
def test_a_refusal_of_the_mailbox_is_told_from_a_refusal_of_us(text: str, code: str) -> None:
    said = Said((Reply(int(text[:3]), text[4:]),), "RCPT")
    assert rcpt_replies.read(said)[0] == code


@pytest.mark.parametrize(
    ("nobody", "code"),
    [
        ("250 Ok", "catch_all"),
        ("550 5.1.1 No", "exists"),
        ("554 5.7.1 Rejected", "exists"),
        ("451 4.7.1 Later", "unclear"),
        ("252 Perhaps", "unclear"),
    ],
)
def test_what_is_said_of_somebody_who_does_not_exist_tells_what_a_yes_is_worth(nobody: str, code: str) -> None:
    said = Said((Reply(250, "Ok"), Reply(int(nobody[:3]), nobody[4:])), "RCPT")
    assert rcpt_replies.read(said)[0] == code


@pytest.mark.parametrize("filling", ["user ", "mailbox address ", " ", "5.1.1", "\x00", "not a valid "])
def test_no_reply_however_long_takes_long(filling: str) -> None:
    started = time.process_time()
    assert rcpt_replies.read(Said((Reply(550, (filling * 20_000)[:100_000]),), "RCPT"))[0] == "unclear"
    assert time.process_time() - started < 0.05


# -- Servers that misbehave --------------------------------------------------------------------------------------------


@asynccontextmanager
async def served_by(server: asyncio.Server, settings: Any) -> AsyncIterator[None]:
    """A server of this test's own in the place of every domain's."""
    port = server.sockets[0].getsockname()[1]
    settings.SMTP_PROBE = {**settings.SMTP_PROBE, "via": f"127.0.0.1:{port}"}
    try:
        yield
    finally:
        server.close()


def ask_of(serve: Serve, settings: Any) -> Finding:
    async def run() -> Finding:
        async with served_by(await asyncio.start_server(serve, "127.0.0.1", 0), settings):
            return await asyncio.wrap_future(start("ada@dev.test", 500))

    return asyncio.run(run())


def says(*chunks: bytes) -> Serve:
    """A server that says this at once, whatever it is told, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
        writer.close()

    return serve


@pytest.mark.parametrize(
    "chunks",
    [
        (),
        (b"\x00\xff\xfe\r\n",),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n",),
        (b"220",),
        (b"220 " + b"a" * 100_000,),
        (b"220-more\r\n" * 10_000,),
        (b"220 hi\r\n", b"250 hi\r\n", b"abc\r\n"),
        (b"999999 hi\r\n",),
        (b"220 hi\r\n250-x\r\n250 STARTTLS\r\n220 go\r\nno TLS at all, this",),
    ],
)
def test_whatever_a_server_says_is_no_error_of_ours(sandbox: Sandbox, settings: Any, chunks: tuple[bytes, ...]) -> None:
    found = ask_of(says(*chunks), settings)
    assert (found.outcome, found.code in ("no_answer", "late")) == ("unknown", True)


def test_a_server_that_drips_is_late(sandbox: Sandbox, settings: Any) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"220-still here\r\n"[:1])
            await asyncio.sleep(0.05)

    assert ask_of(serve, settings).code == "late"


# -- TLS ---------------------------------------------------------------------------------------------------------------


class Recipients:
    """aiosmtpd's handler: ada lives here, and only over TLS."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        assert session.ssl is not None
        return "250 Ok" if address.startswith("ada@") else "550 5.1.1 User unknown"


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """A server's, with a certificate that nobody vouches for, as most mail servers have."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mx.test"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize(("email", "code"), [("ada@dev.test", "exists"), ("nobody@dev.test", "no_such_mailbox")])
def test_the_dialogue_is_encrypted_where_the_server_can(
    sandbox: Sandbox, settings: Any, context: ssl.SSLContext, email: str, code: str
) -> None:
    async def run() -> Finding:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(Recipients(), tls_context=context, require_starttls=True, loop=loop), "127.0.0.1", 0
        )
        async with served_by(server, settings):
            return await asyncio.wrap_future(start(email))

    found = asyncio.run(run())
    assert (found.code, found.evidence["is_encrypted"]) == (code, True)
