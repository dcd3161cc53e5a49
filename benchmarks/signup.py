"""`POST /signup/` against a bare insert of the same rows, in one run: `python -m benchmarks.signup`.

Starts the sandbox and one web server (as `make run` serves: gunicorn, one process of threads on SQLite), signs up
members of the sandbox's crowd, and prints requests a second, p50 and p99 of both, and their ratios. Rounds of both
alternate, so that what else the machine does hits both alike; the ratio is the median of the rounds'. No worker runs.

- warm: all that would be asked is known already (`benchmarks.warm`), so what is measured is our own work;
- cold (`--cold`): the look-ups go over real sockets to the sandbox on the same cores, `--vendor-ms` later;
- hanging: nobody who is asked answers. How far after the budget do signups end, and what do others notice of it?

Keeps the figures in `var/benchmarks/signup.json`; says which of the targets are missed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from random import randrange
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import requests

from benchmarks import keeping

ROOT = Path(__file__).resolve().parent.parent
ID_COOKIE = "anonymous_id"
BUDGET_MS = 1_500
LEAST_RATE, MOST_P99, MOST_OVER_BUDGET_MS = 0.6, 2.0, 50.0
HANGING_CLIENTS = 8  # of the web server's 16 threads
_HANG_MS = 60_000
_LOOKUPS = ("clearbit", "gravatar", "github")


class Fields(HTMLParser):
    """The hidden fields of the form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden" and found.get("name"):
            self.values[str(found["name"])] = found.get("value") or ""


class Browser:
    """Visitors with the form before them, over one connection: far cheaper than what it measures.

    Each who signs up comes from an address of their own with a device of their own, as a crowd does: many from one
    would be held against them.
    """

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._cookies: dict[str, str] = {}
        self._address = "81.1.1.1"
        page = Fields()
        page.feed(self.get("/signup/"))
        self._hidden = page.values

    def get(self, path: str) -> str:
        status, text = self._say("GET", path)
        assert status == 200, (path, status, text[:500])
        return text

    def sign_up(self, name: str, email: str) -> None:
        self._cookies |= {"device_id": str(uuid4()), ID_COOKIE: str(uuid4())}
        self._address = f"81.{randrange(256)}.{randrange(256)}.{randrange(1, 255)}"
        status, text = self._say("POST", "/signup/", urlencode({**self._hidden, "name": name, "email": email}))
        assert status == 303, (status, text[:500])

    def insert(self) -> None:
        status, text = self._say("POST", "/bare/?like=1", "")
        assert status == 200, (status, text[:500])

    def _say(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Cookie": cookies, "X-Forwarded-For": self._address}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        reply = self._connection.getresponse()
        self._keep_cookies(reply)
        return reply.status, reply.read().decode()

    def _keep_cookies(self, reply: HTTPResponse) -> None:
        for line in reply.msg.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value


@dataclass(frozen=True)
class Round:
    """Milliseconds at the median and the 99th percentile, requests a second, and the web server's processor time for
    each, which depends least on what else the machine does."""

    p50_ms: float
    p99_ms: float
    a_second: float
    cpu_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signups", type=int, default=1_000, help="of each kind (default: 1000)")
    parser.add_argument("--clients", type=int, default=4, help="at once (default: 4)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="nothing is known before")
    parser.add_argument("--vendor-ms", type=int, default=0, help="what each look-up takes on top, where cold")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (url, sandbox, env):
        report = {"options": vars(options), "rows": measure(url, sandbox, env, options)}
        keeping.keep("signup", report)


def measure(url: str, sandbox: str, env: dict[str, str], options: argparse.Namespace) -> list[dict[str, Any]]:
    if options.cold:
        for vendor in _LOOKUPS if options.vendor_ms else ():
            _fault(sandbox, vendor, latency_ms=options.vendor_ms)
    else:
        count = options.signups + 2 * options.clients
        subprocess.run([sys.executable, "-m", "benchmarks.warm", str(count)], cwd=ROOT, env=env, check=True)
    rows = compare(url, options)
    return rows + hang(url, sandbox, options)


# -- Against a bare insert ---------------------------------------------------------------------------------------------


def compare(url: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    numbers, lock, local = iter(range(1, 1_000_000)), threading.Lock(), threading.local()

    def browser() -> Browser:
        if not hasattr(local, "browser"):
            local.browser = Browser(url)
        return local.browser  # type: ignore[no-any-return]

    def sign_up() -> None:
        with lock:
            number = next(numbers)
        browser().sign_up(f"Member {number}", f"member-{number}@crowd-{number}.test")

    def insert() -> None:
        browser().insert()

    for _ in range(2 * options.clients):  # warm up
        sign_up()
        insert()
    rounds: dict[str, list[Round]] = {"POST /signup/": [], "bare insert": []}
    for _ in range(options.rounds):
        for name, call in (("POST /signup/", sign_up), ("bare insert", insert)):
            started, cpu_ms = time.perf_counter(), _cpu_ms(url)
            ms = _timed(call, options.signups // options.rounds, options.clients)
            rate = len(ms) / (time.perf_counter() - started)
            rounds[name].append(Round(_p50(ms), _p99(ms), rate, (_cpu_ms(url) - cpu_ms) / len(ms)))
    how = f"cold, +{options.vendor_ms} ms" if options.cold else "warm"
    print(f"{options.signups} signups, {how}, {options.clients} clients; the median of {options.rounds} rounds")
    print(f"{'':16}{'p50 ms':>10}{'p99 ms':>10}{'a second':>10}{'CPU ms':>10}")
    for name, each in rounds.items():
        figures = [statistics.median(values) for values in zip(*(astuple(one) for one in each), strict=True)]
        print(f"{name:16}" + "".join(f"{figure:10.1f}" for figure in figures))
    pairs = list(zip(*rounds.values(), strict=True))
    rate = statistics.median(ours.a_second / bare.a_second for ours, bare in pairs)
    p99 = statistics.median(ours.p99_ms / bare.p99_ms for ours, bare in pairs)
    cpu = statistics.median(ours.cpu_ms / bare.cpu_ms for ours, bare in pairs)
    kept = {name: [asdict(one) for one in each] for name, each in rounds.items()}
    return [
        keeping.row("signup: requests a second, ÷ bare insert", rate, at_least=LEAST_RATE, rounds=kept),
        keeping.row("signup: p99, ÷ bare insert", p99, at_most=MOST_P99),
        keeping.row("signup: processor time, ÷ bare insert", cpu),
    ]


# -- With nobody answering ---------------------------------------------------------------------------------------------


def hang(url: str, sandbox: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Signups while all look-ups hang, and what somebody notices meanwhile who opens the form or has rows inserted."""
    count = max(HANGING_CLIENTS, min(options.signups // 4, 160))
    other = Browser(url)
    before: dict[str, Callable[[], object]] = {
        "GET /signup/": lambda: other.get("/signup/"),
        "bare insert": other.insert,
    }
    alone = {name: [_ms(call) for _ in range(150)] for name, call in before.items()}
    _fault(sandbox, "dns", status="timeout")
    for vendor in _LOOKUPS:
        _fault(sandbox, vendor, latency_ms=_HANG_MS)
    hanging: list[float] = []
    numbers, lock, local = iter(range(1, count + 1)), threading.Lock(), threading.local()

    def sign_up() -> None:
        with lock:
            number = next(numbers)
        if not hasattr(local, "browser"):
            local.browser = Browser(url)
        email = f"nobody-{number}@crowd-{5_000_000 + number}.test"
        hanging.append(_ms(lambda: local.browser.sign_up("Nobody", email)))

    crowd = threading.Thread(target=lambda: _timed(sign_up, count, HANGING_CLIENTS))
    crowd.start()
    beside: dict[str, list[float]] = {name: [] for name in before}
    while crowd.is_alive():
        for name, call in before.items():
            beside[name].append(_ms(call))
        time.sleep(0.01)
    crowd.join()
    over_ms = _p99(hanging) - BUDGET_MS
    print(f"{count} signups, {HANGING_CLIENTS} at once, nobody answering; budget {BUDGET_MS} ms")
    print(f"{'POST /signup/':16}p50 {statistics.median(hanging):8.1f} ms   p99 {_p99(hanging):8.1f} ms")
    for name, ms in beside.items():
        words = f"p50 {statistics.median(ms):8.1f} ms   p99 {_p99(ms):8.1f} ms   alone"
        print(f"{name:16}{words} p50 {statistics.median(alone[name]):8.1f} ms   p99 {_p99(alone[name]):8.1f} ms")
    rows = [keeping.row("hanging look-ups: p99 beyond the budget, ms", over_ms, at_most=MOST_OVER_BUDGET_MS)]
    for name, ms in beside.items():
        rows.append(keeping.row(f"hanging look-ups: p50 of {name} beside, ÷ alone", _p50(ms) / _p50(alone[name])))
    return rows


def _ms(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _p50(ms: list[float]) -> float:
    return statistics.median(ms)


def _p99(ms: list[float]) -> float:
    return statistics.quantiles(ms, n=100)[98]


def _cpu_ms(url: str) -> float:
    """What the web server's processes have used so far."""
    port = f"PORT={urlsplit(url).port}".encode()
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command, environment = ((entry / name).read_bytes().split(b"\0") for name in ("cmdline", "environ"))
            if b"gunicorn" in command and port in environment:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                ticks += int(stat[11]) + int(stat[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def _timed(call: Callable[[], None], count: int, clients: int) -> list[float]:
    """Milliseconds of each of `count` calls, made by so many clients at once."""
    times: list[float] = []
    left = iter(range(count))

    def client() -> None:
        for _ in left:
            times.append(_ms(call))

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


# -- What is measured --------------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """A sandbox and a web server: its URL, the sandbox's, and the environment of both."""
    env = {**os.environ, "SANDBOX": "1", "ENV_FILE": "", "FORM_MIN_SECONDS": "0", "VETTING_BUDGET_MS": str(BUDGET_MS)}
    env |= {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "PYTHONPATH": str(ROOT)}
    env.setdefault("DATABASE_URL", f"sqlite:///{folder / 'benchmark.sqlite3'}")
    ports = ["--http-port", "0", "--dns-port", "0", "--smtp-port", "0"]
    sandbox = subprocess.Popen([sys.executable, "-m", "sandbox", *ports], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    web = None
    try:
        assert sandbox.stdout is not None
        listening = json.loads(sandbox.stdout.readline())
        env |= {f"SANDBOX_{name.upper()}_PORT": str(listening[name]) for name in ("http", "dns", "smtp")}
        env["PORT"] = str(_free_port())
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        command = [sys.executable, "-m", "gunicorn", "--config", "onboarding/gunicorn.py", "onboarding.wsgi"]
        web = subprocess.Popen(command, cwd=ROOT, env=env)
        url = f"http://127.0.0.1:{env['PORT']}"
        _wait_for(f"{url}/healthz")
        yield url, f"http://127.0.0.1:{listening['http']}", env
    finally:
        for process in (web, sandbox):
            if process is not None:
                process.terminate()
                process.wait(20)


def _fault(sandbox: str, vendor: str, **fault: Any) -> None:
    wish = {"vendor": vendor, "times": None, **fault}
    requests.post(f"{sandbox}/_faults", json=wish, timeout=5).raise_for_status()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            pass
        if time.monotonic() > until:
            raise SystemExit(f"{url} does not answer")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
