"""The pretend mail exchanger: takes every mail, keeps it in ``world.inbox``, delivers nothing.

Faults strike when the message has been sent (after DATA), which is where a mail is taken or not; one whose method is
"CONNECT", before the first word. Whoever only asks for mailboxes is answered by ``mailboxes``.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox import mailboxes, mails
from sandbox.core import World
from sandbox.faults import Fault
from sandbox.server import send_rst


class Exchanger:
    """aiosmtpd's handler: one call per message."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if session.host_name == mailboxes.PROBER:
            answer = mailboxes.answer(self._world, address)
            call = self._world.received.enter(
                self._world.now(), "smtp", "RCPT", address, headers={"from": envelope.mail_from or ""}
            )
            call.status, call.raw_reply = int(answer.text[:3] or 0), answer.text.encode()
            await asyncio.sleep(answer.after_s)
            if not answer.text.startswith("2"):
                return answer.text
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        world, raw = self._world, _as_bytes(envelope.content)
        recipients = ", ".join(envelope.rcpt_tos)
        call = world.received.enter(
            world.now(), "smtp", "DATA", recipients, headers={"from": envelope.mail_from or ""}, body=raw
        )
        fault = world.faults.take("smtp", "DATA", recipients)
        call.fault = fault.id if fault else None
        if fault and fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        if fault is None or fault.is_handled:
            mails.keep(world, raw, envelope.mail_from or "", list(envelope.rcpt_tos))
        if fault and fault.reset:
            send_rst(server.transport)
            raise asyncio.CancelledError
        status = fault.status if fault and fault.status else 250
        call.status = status
        return f"{status} {_said(fault)}"


class Doorstep(SMTP):
    """Says its first words late, or others, where a fault wants that."""

    def __init__(self, world: World, **options: Any) -> None:
        self._world = world
        super().__init__(Exchanger(world), **options)

    async def push(self, status: Any) -> None:
        if str(status).startswith("220 mx.") and (
            fault := self._world.faults.take("smtp", "CONNECT", "", is_named=True)
        ):
            await asyncio.sleep(fault.latency_ms / 1000)
            status = str(fault.body or f"{fault.status} Sandbox fault {fault.id}") if fault.status else status
        await super().push(status)


def _said(fault: Fault | None) -> str:
    if fault is None or fault.status is None:
        return "2.0.0 Message accepted"
    return str(fault.body or f"Sandbox fault {fault.id}")


def _as_bytes(content: str | bytes | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


async def start(world: World, host: str, port: int) -> int:
    """Listen; returns the port. Raises OSError when it is taken."""
    loop = asyncio.get_running_loop()
    options = {"hostname": "mx.sandbox.test", "ident": "sandbox", "enable_SMTPUTF8": True, "loop": loop}
    server = await loop.create_server(lambda: Doorstep(world, **options), host, port)
    bound: int = server.sockets[0].getsockname()[1]
    return bound
