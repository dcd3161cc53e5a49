"""``python -m sandbox``: start the pretend internet, say on stdout where it listens, run until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from sandbox import dns, smtp
from sandbox.core import INBOX_SIZE, World
from sandbox.server import build_app
from sandbox.vendors import VENDORS

SHUTDOWN_S = 0.2
"""What calls under way may still take when the sandbox is told to end. (To aiohttp, 0 would mean for ever.)"""


def main() -> None:
    args = _arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="sandbox %(levelname)s %(message)s")
    try:
        asyncio.run(_run(args))
    except CannotListen as problem:
        sys.exit(f"sandbox: {problem}")
    except KeyboardInterrupt:
        pass


class CannotListen(Exception):
    """The message names the port and the remedy."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A pretend internet on localhost.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    for service, port in (("http", 8025), ("dns", 8053), ("smtp", 8026)):
        variable = f"SANDBOX_{service.upper()}_PORT"
        parser.add_argument(
            f"--{service}-port",
            type=_port,
            default=os.environ.get(variable) or str(port),
            help=f"0 for any free one (default: ${variable} or {port})",
        )
    parser.add_argument(
        "--app-url",
        type=_web_address,
        default="http://127.0.0.1:8000",
        help="where the product runs, for links to its signup form (default: %(default)s)",
    )
    parser.add_argument(
        "--tell-app",
        action="store_true",
        help="let people react to their mails, and tell the product below --app-url what became of each",
    )
    parser.add_argument(
        "--inbox-size",
        type=_count,
        default=INBOX_SIZE,
        metavar="N",
        help="how many mails are kept, the oldest go first (default: %(default)s)",
    )
    return parser.parse_args()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of mails; give 1 or more")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a web address; give one such as http://127.0.0.1:8000")
    return text.rstrip("/")


async def _run(args: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = World(VENDORS)
    world.app_url, world.tells_app, world.inbox_size = args.app_url, args.tell_app, args.inbox_size
    world.reset()
    runner = web.AppRunner(build_app(world), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        ports = {
            "http": await _listen("http", partial(_start_http, runner, world), args.host, args.http_port),
            "dns": await _listen("dns", partial(dns.start, world), args.host, args.dns_port),
            "smtp": await _listen("smtp", partial(smtp.start, world), args.host, args.smtp_port),
        }
        print(json.dumps(ports), flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


async def _listen(service: str, start: Callable[[str, int], Awaitable[int]], host: str, port: int) -> int:
    try:
        return await start(host, port)
    except OSError as error:
        reason = os.strerror(error.errno or errno.EADDRNOTAVAIL).lower()
        remedy = f"End what uses it, or choose another with --{service}-port or SANDBOX_{service.upper()}_PORT."
        raise CannotListen(f"cannot listen on {host}:{port} ({service}): {reason}. {remedy}") from error


async def _start_http(runner: web.AppRunner, world: World, host: str, port: int) -> int:
    await web.TCPSite(runner, host, port).start()
    bound: int = runner.addresses[0][1]
    world.base_url = f"http://{host}:{bound}"
    return bound


if __name__ == "__main__":
    main()
