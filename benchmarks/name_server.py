"""A name server that can do little and that fast: every domain has one mail server with one address.

`python -m benchmarks.name_server [--delay-ms N] [--silent]` prints its port, answers on UDP after the delay, and prints
the most questions it held at once as JSON when its standard input closes. Silent, it never answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import struct
import sys
from typing import cast

MX, A = 15, 1
TTL_S = 300
_ADDRESS = bytes((8, 8, 8, 8))  # any that the internet could reach


def reply(query: bytes) -> bytes:
    """The answer to one question (RFC 1035 section 4.1): MX gives `mail.` below the name, A an address."""
    end = query.index(b"\0", 12) + 5
    question, rdtype = query[12:end], struct.unpack(">H", query[end - 4 : end - 2])[0]
    if rdtype == MX:
        data = struct.pack(">H", 10) + b"\4mail\xc0\x0c"
    elif rdtype == A:
        data = _ADDRESS
    else:
        return query[:2] + struct.pack(">HHHHH", 0x8180, 1, 0, 0, 0) + question
    record = b"\xc0\x0c" + struct.pack(">HHIH", rdtype, 1, TTL_S, len(data)) + data
    return query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0) + question + record


class Server(asyncio.DatagramProtocol):
    """Counts the questions that wait for their answer."""

    def __init__(self, delay_s: float, *, is_silent: bool) -> None:
        self.delay_s, self.is_silent = delay_s, is_silent
        self.held = self.most_held = self.asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        self.held += 1
        self.most_held = max(self.most_held, self.held)
        if not self.is_silent:
            asyncio.get_running_loop().call_later(self.delay_s, self._answer, data, addr)

    def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        self.held -= 1
        self.transport.sendto(reply(data), addr)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument("--silent", action="store_true")
    options = parser.parse_args()
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: Server(options.delay_ms / 1000, is_silent=options.silent), local_addr=("127.0.0.1", 0)
    )
    print(transport.get_extra_info("sockname")[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"asked": server.asked, "most_held": server.most_held}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
