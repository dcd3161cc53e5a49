"""`POST /signup/` against a bare insert of the same rows, in one run: `python -m benchmarks.signup`.

Starts the sandbox and one web server (as `make run` serves: gunicorn, one process of threads on SQLite), signs up
members of the sandbox's crowd, and prints p50 and p99 of both, and their ratio. Rounds of both alternate, so that what
else the machine does hits both alike. The look-ups go over real sockets to the sandbox on the same cores; `--vendor-ms`
adds to what a vendor takes. No worker runs.
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
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent


class Fields(HTMLParser):
    """The hidden fields of the form."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") == "hidden" and found.get("name"):
            self.values[str(found["name"])] = found.get("value") or ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signups", type=int, default=400, help="of each kind (default: 400)")
    parser.add_argument("--clients", type=int, default=4, help="at once (default: 4)")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--vendor-ms", type=int, default=0, help="what each look-up takes on top")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    env = {**os.environ, "SANDBOX": "1", "ENV_FILE": "", "FORM_MIN_SECONDS": "0"}
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
        if options.vendor_ms:
            for vendor in ("clearbit", "gravatar", "github"):
                fault = {"vendor": vendor, "latency_ms": options.vendor_ms, "times": None}
                requests.post(f"http://127.0.0.1:{listening['http']}/_faults", json=fault, timeout=5)
        compare(url, options)
    finally:
        for process in (web, sandbox):
            if process is not None:
                process.terminate()
                process.wait(20)


def compare(url: str, options: argparse.Namespace) -> None:
    numbers = iter(range(1, 1_000_000))
    lock = threading.Lock()
    local = threading.local()

    def session() -> tuple[requests.Session, dict[str, str]]:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            page = local.session.get(f"{url}/signup/", timeout=10)
            fields = Fields()
            fields.feed(page.text)
            local.fields = fields.values
        return local.session, local.fields

    def sign_up() -> None:
        with lock:
            number = next(numbers)
        client, hidden = session()
        form = {**hidden, "name": f"Member {number}", "email": f"member-{number}@crowd-{number}.test"}
        reply = client.post(f"{url}/signup/", data=form, allow_redirects=False, timeout=30)
        assert reply.status_code == 303, (reply.status_code, reply.text[:500])

    def insert() -> None:
        reply = session()[0].post(f"{url}/bare/?like=1", timeout=30)
        assert reply.status_code == 200, reply.text[:500]

    for _ in range(2 * options.clients):  # warm up
        sign_up()
        insert()
    times: dict[str, list[float]] = {"POST /signup/": [], "bare insert": []}
    spent: dict[str, float] = dict.fromkeys(times, 0.0)
    for _ in range(options.rounds):
        for name, call in (("POST /signup/", sign_up), ("bare insert", insert)):
            started = time.perf_counter()
            times[name] += _timed(call, options.signups // options.rounds, options.clients)
            spent[name] += time.perf_counter() - started
    print(f"{options.signups} each, {options.clients} clients, look-ups +{options.vendor_ms} ms")
    print(f"{'':16}{'p50 ms':>10}{'p99 ms':>10}{'a second':>10}")
    figures = {}
    for name, ms in times.items():
        figures[name] = (statistics.median(ms), statistics.quantiles(ms, n=100)[98], len(ms) / spent[name])
        print(f"{name:16}{figures[name][0]:10.1f}{figures[name][1]:10.1f}{figures[name][2]:10.1f}")
    ours, bare = figures.values()
    print(f"{'ratio':16}{ours[0] / bare[0]:10.2f}{ours[1] / bare[1]:10.2f}{ours[2] / bare[2]:10.2f}")


def _timed(call: Callable[[], None], count: int, clients: int) -> list[float]:
    """Milliseconds of each of `count` calls, made by so many clients at once."""
    times: list[float] = []
    left = iter(range(count))

    def client() -> None:
        for _ in left:
            started = time.perf_counter()
            call()
            times.append((time.perf_counter() - started) * 1000)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str) -> None:
    until = time.monotonic() + 30
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
