"""Asks a mail server about recipients and leaves before any mail: EHLO, MAIL, RCPT, RSET, QUIT (RFC 5321), never DATA.

One connection, encrypted where the server offers STARTTLS (RFC 3207; opportunistic, so any certificate will do). How
much is read is bounded here, for how long is the caller's to bound. What the replies mean is `mailbox`'s to say.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache

LONGEST_LINE = 2_048  # bytes; RFC 5321 section 4.5.3.1.5 has 512
MOST_LINES = 50  # of one reply
_GOODBYE_S = 0.05

_REPLY = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?=[\s:;,)#-]|$)")


@dataclass(frozen=True)
class Reply:
    """A server's reply: its code, and the text of all its lines."""

    code: int
    text: str

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 3463), such as "5.1.1"; "" where there is none, or one of another class."""
        found = _ENHANCED.search(self.text[:200])
        return found[1] if found and found[1][0] == str(self.code)[0] else ""


@dataclass(frozen=True)
class Said:
    """What a server said to each recipient, in their order, as far as it got; `stage` is the command of the last reply.

    Where `stage` is not "RCPT", `refusal` is the reply by which the server would not even be asked.
    """

    recipients: tuple[Reply, ...]
    stage: str
    refusal: Reply | None = None
    is_encrypted: bool = False


class NoDialogue(Exception):
    """Nobody is there, or what is there speaks no SMTP."""


class _Refused(Exception):
    def __init__(self, stage: str, reply: Reply) -> None:
        self.stage, self.reply = stage, reply
        super().__init__(f"{stage}: {reply.code}")


async def ask(
    address: str,
    port: int,
    *,
    host: str,
    helo: str,
    sender: str,
    recipients: Sequence[str],
    connect_s: float,
    encrypts: bool = True,
) -> Said:
    """Ask the server at an IP address about `recipients`, the next only if the one before would be taken.

    `host` is the server's name; connecting may take `connect_s` seconds. No argument may have a line break or an angle
    bracket in it. Raises NoDialogue.
    """
    try:
        async with _connected(address, port, connect_s) as (reader, writer):
            return await _Dialogue(reader, writer, host).run(helo, sender, recipients, encrypts=encrypts)
    except _NoTls:  # opportunistic: in plain text rather than not at all
        pass
    except (OSError, EOFError, ValueError) as error:
        raise NoDialogue(f"{type(error).__name__}: {error}"[:200]) from error
    return await ask(
        address, port, host=host, helo=helo, sender=sender, recipients=recipients, connect_s=connect_s, encrypts=False
    )


class _NoTls(Exception):
    """The server offers TLS, and fails at it."""


@asynccontextmanager
async def _connected(
    address: str, port: int, within_s: float
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with asyncio.timeout(within_s):
        reader, writer = await asyncio.open_connection(address, port, limit=LONGEST_LINE)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()  # the goodbye has been said, or nobody waits for it


@dataclass
class _Dialogue:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    is_encrypted: bool = False

    async def run(self, helo: str, sender: str, recipients: Sequence[str], *, encrypts: bool) -> Said:
        said: list[Reply] = []
        try:
            self._expect("CONNECT", await self._reply(), (220,))
            extensions = await self._greet(helo)
            if encrypts and "STARTTLS" in extensions:
                await self._encrypt(helo)
            self._expect("MAIL", await self._command(f"MAIL FROM:<{sender}>"), (250,))
            for recipient in recipients:
                said.append(await self._command(f"RCPT TO:<{recipient}>"))
                if said[-1].code not in (250, 251):
                    break
        except _Refused as refused:
            return Said((), refused.stage, refused.reply, self.is_encrypted)
        with suppress(OSError, EOFError, ValueError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await self._command("RSET")
                await self._command("QUIT")
        return Said(tuple(said), "RCPT", None, self.is_encrypted)

    async def _greet(self, helo: str) -> set[str]:
        """The extensions that the server offers, in upper case."""
        reply = await self._command(f"EHLO {helo}")
        if reply.code != 250:
            self._expect("HELO", await self._command(f"HELO {helo}"), (250,))
            return set()
        return {line.split(" ")[0].upper() for line in reply.text.splitlines()[1:]}

    async def _encrypt(self, helo: str) -> None:
        if (await self._command("STARTTLS")).code != 220:
            return
        try:
            await self.writer.start_tls(_tls(), server_hostname=self.host)
        except (OSError, EOFError) as error:
            raise _NoTls from error
        self.is_encrypted = True
        await self._greet(helo)

    def _expect(self, stage: str, reply: Reply, codes: Sequence[int]) -> None:
        if reply.code not in codes:
            raise _Refused(stage, reply)

    async def _command(self, line: str) -> Reply:
        self.writer.write(f"{line}\r\n".encode("ascii"))
        await self.writer.drain()
        return await self._reply()

    async def _reply(self) -> Reply:
        """All lines of a reply. Raises ValueError where it is none, or too long, and EOFError where it ends early."""
        lines: list[str] = []
        for _ in range(MOST_LINES):
            try:
                line = await self.reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                raise ValueError("a line without an end") from error
            parts = _REPLY.fullmatch(line.rstrip(b"\r\n"))
            if parts is None:
                raise ValueError("the server speaks no SMTP")
            lines.append((parts[3] or b"").decode("utf-8", "replace"))
            if parts[2] != b"-":
                return Reply(int(parts[1]), "\n".join(lines))
        raise ValueError(f"a reply of more than {MOST_LINES} lines")


@cache
def _tls() -> ssl.SSLContext:
    """Any certificate, as between mail servers: without one it would be plain text."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
