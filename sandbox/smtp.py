"""The pretend mail exchanger: takes every mail, keeps it in ``world.inbox``, delivers nothing.

Faults strike when the message has been sent (after DATA), which is where a mail is taken or not.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from email.message import EmailMessage
from html import unescape
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.core import World
from sandbox.faults import Fault
from sandbox.server import send_rst

INBOX_SIZE = 5_000
"""Mails kept; the oldest go first."""

_URL = re.compile(r"https?://[^\s<>\"']+")
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


class Exchanger:
    """aiosmtpd's handler: one call per message."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        world, raw = self._world, _as_bytes(envelope.content)
        recipients = ", ".join(envelope.rcpt_tos)
        call = world.received.enter(
            world.now(), "smtp", "DATA", recipients, headers={"from": envelope.mail_from or ""}, body=raw
        )
        fault = world.faults.take("smtp", "DATA", recipients)
        if fault and fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if fault is None or fault.is_handled:
            world.inbox.append(as_dict(raw, envelope.mail_from or "", list(envelope.rcpt_tos), world.now()))
            del world.inbox[:-INBOX_SIZE]
        if fault and fault.reset:
            send_rst(server.transport)
            raise asyncio.CancelledError
        status = fault.status if fault and fault.status else 250
        call.status = status
        return f"{status} {_said(fault)}"


def _said(fault: Fault | None) -> str:
    if fault is None or fault.status is None:
        return "2.0.0 Message accepted"
    return str(fault.body or f"Sandbox fault {fault.id}")


def _as_bytes(content: str | bytes | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


def as_dict(raw: bytes, sender: str, recipients: list[str], at: float) -> dict[str, Any]:
    """A mail as the inbox shows it: decoded subject and bodies, the links in them in order of appearance."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    text, html = _body(message, "plain"), _body(message, "html")
    return {
        "at": at,
        "from": str(message["From"] or sender),
        "to": recipients,
        "subject": str(message["Subject"] or ""),
        "text": text,
        "html": html,
        "links": links(text, html),
        "message_id": str(message["Message-ID"] or ""),
        "raw": raw.decode("utf-8", "replace"),
    }


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def links(text: str, html: str) -> list[str]:
    """Every http(s) link of the two bodies, once each."""
    hrefs = (unescape(double or single) for double, single in _HREF.findall(html))
    found = [*(url.rstrip(".,;:!?)") for url in _URL.findall(text)), *(url for url in hrefs if _URL.match(url))]
    return list(dict.fromkeys(found))


async def start(world: World, host: str, port: int) -> int:
    """Listen; returns the port. Raises OSError when it is taken."""
    loop = asyncio.get_running_loop()
    handler = Exchanger(world)
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="mx.sandbox.test", ident="sandbox", enable_SMTPUTF8=True, loop=loop), host, port
    )
    bound: int = server.sockets[0].getsockname()[1]
    return bound
