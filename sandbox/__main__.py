"""``python -m sandbox``: start the pretend internet, say on stdout where it listens, run until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from functools import partial

from aiohttp import web

from sandbox import dns, smtp
from sandbox.core import World
from sandbox.server import build_app
from sandbox.vendors import VENDORS


def main() -> None:
    args = _arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="sandbox %(levelname)s %(message)s")
    try:
        asyncio.run(_run(args.host, args.http_port, args.dns_port, args.smtp_port))
    except OSError as error:
        sys.exit(f"sandbox: cannot listen: {error.strerror or error}. Choose another port (see --help).")
    except KeyboardInterrupt:
        pass


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
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


async def _run(host: str, http_port: int, dns_port: int, smtp_port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    world = World(VENDORS)
    runner = web.AppRunner(build_app(world), access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        starters = {
            "http": partial(_start_http, runner, world, host, http_port),
            "dns": partial(dns.start, world, host, dns_port),
            "smtp": partial(smtp.start, world, host, smtp_port),
        }
        print(json.dumps({service: await start() for service, start in starters.items()}), flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


async def _start_http(runner: web.AppRunner, world: World, host: str, port: int) -> int:
    await web.TCPSite(runner, host, port).start()
    bound: int = runner.addresses[0][1]
    world.base_url = f"http://{host}:{bound}"
    return bound


if __name__ == "__main__":
    main()
