"""The pretend mail exchanger, spoken to by a real client."""

from __future__ import annotations

import smtplib
import subprocess
import sys
from email.message import EmailMessage
from typing import Any

import pytest

from sandbox import mails
from sandbox.core import World
from tests.sandbox_process import Sandbox


def mail(text: str = "Please confirm: https://app.test/c/abc.", html: str = "", **headers: str) -> EmailMessage:
    message = EmailMessage()
    given = {"From": "Team <team@startup.test>", "To": "ada@dev.test", "Subject": "Hello"}
    for name, value in {**given, **headers}.items():
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(sandbox: Sandbox, message: EmailMessage, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.ports["smtp"], timeout=10) as client:
        client.send_message(message, to_addrs=list(recipients) or None)


def inbox(sandbox: Sandbox) -> list[dict[str, Any]]:
    return list(sandbox.state("mail"))


def test_a_mail_arrives_with_its_links(sandbox: Sandbox) -> None:
    send(sandbox, mail(html='<a href="https://app.test/c/abc?a=1&amp;b=2">Confirm</a>'))
    (kept,) = inbox(sandbox)
    assert (kept["from"], kept["to"], kept["subject"]) == ("Team <team@startup.test>", ["ada@dev.test"], "Hello")
    assert kept["links"] == ["https://app.test/c/abc", "https://app.test/c/abc?a=1&b=2"]


def test_letters_of_any_alphabet_are_read(sandbox: Sandbox) -> None:
    send(sandbox, mail("Grüße aus Zürich – 東京", Subject="Willkommen, Bücher & Söhne 🎉"))
    (kept,) = inbox(sandbox)
    assert (kept["subject"], kept["text"].strip()) == ("Willkommen, Bücher & Söhne 🎉", "Grüße aus Zürich – 東京")


def test_the_envelope_says_who_gets_it(sandbox: Sandbox) -> None:
    send(sandbox, mail(), "tom@acme.test", "uma@acme.test")
    assert inbox(sandbox)[0]["to"] == ["tom@acme.test", "uma@acme.test"]


def test_a_message_is_in_the_journal(sandbox: Sandbox) -> None:
    send(sandbox, mail())
    (call,) = sandbox.received("smtp")
    assert (call["method"], call["path"], call["status"]) == ("DATA", "ada@dev.test", 250)


@pytest.mark.parametrize("status", [451, 550])
def test_a_mail_may_be_refused(sandbox: Sandbox, status: int) -> None:
    sandbox.fault("smtp", status=status, body="4.7.1 Come back later")
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        send(sandbox, mail())
    assert (refusal.value.smtp_code, refusal.value.smtp_error) == (status, b"4.7.1 Come back later")
    assert inbox(sandbox) == []
    send(sandbox, mail())
    assert len(inbox(sandbox)) == 1


@pytest.mark.parametrize(("reset", "kept"), [("before", 0), ("after", 1)])
def test_a_lost_connection_leaves_it_open_whether_the_mail_arrived(sandbox: Sandbox, reset: str, kept: int) -> None:
    sandbox.fault("smtp", reset=reset)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(sandbox, mail())
    assert len(inbox(sandbox)) == kept


def test_a_slow_exchanger_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault("smtp", latency_ms=50)
    send(sandbox, mail())
    assert len(inbox(sandbox)) == 1


def recipient(sandbox: Sandbox, address: str, helo: str = "probe.onboarding.test") -> tuple[int, bytes]:
    """What is said to RCPT."""
    with smtplib.SMTP("127.0.0.1", sandbox.ports["smtp"], local_hostname=helo, timeout=10) as client:
        client.ehlo()
        client.mail("probe@onboarding.test")
        return client.rcpt(address)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ada@dev.test", 250),
        ("postmaster@dev.test", 250),
        ("nobody@dev.test", 550),
        ("nobody@catchall.test", 250),
        ("nobody@greylist.test", 451),
        ("nobody@strict.test", 554),
        ("nobody@full.test", 452),
    ],
)
def test_whoever_only_asks_meets_the_mail_server_of_the_domain(sandbox: Sandbox, address: str, code: int) -> None:
    assert recipient(sandbox, address)[0] == code


def test_whoever_sends_meets_the_relay(sandbox: Sandbox) -> None:
    assert recipient(sandbox, "nobody@dev.test", helo="app.test")[0] == 250
    assert sandbox.received("smtp") == []


def test_the_greeting_may_be_a_refusal(sandbox: Sandbox) -> None:
    sandbox.fault("smtp", method="CONNECT", status=554)
    with pytest.raises(smtplib.SMTPConnectError):
        recipient(sandbox, "ada@dev.test")
    assert recipient(sandbox, "ada@dev.test")[0] == 250


def test_of_very_many_mails_the_last_are_kept() -> None:
    world = World()
    world.inbox_size = 2
    for n in range(3):
        mails.keep(world, f"Subject: {n}\r\n\r\nHello".encode(), "a@dev.test", ["b@dev.test"])
    assert [kept["subject"] for kept in world.inbox] == ["1", "2"]


@pytest.mark.parametrize("size", ["0", "many"])
def test_a_size_that_is_none_is_refused(size: str) -> None:
    done = subprocess.run([sys.executable, "-m", "sandbox", "--inbox-size", size], capture_output=True, text=True)
    assert done.returncode == 2
    assert f"'{size}' is not a number of mails; give 1 or more" in done.stderr
