"""What enrichment costs: `python -m benchmarks.enrichment`.

Looks up signups of a tenth as many companies against the sandbox's providers, several at once, and prints how often
each provider was called for 1,000 signups (by the sandbox's own journal), what answers of our own tables spared, what a
look-up adds cold, warm and with everybody hanging, and how long a home page of a megabyte takes to read. Ratios are
against the same rows read by one bare query, in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
BUDGET_MS = 1500
HANG_MS = 20_000
FREE, PAID = ("gravatar", "github"), ("clearbit",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signups", type=int, default=2_000, help="(default: 2000, of a tenth as many companies)")
    parser.add_argument("--clients", type=int, default=8, help="at once (default: 8)")
    parser.add_argument("--keep", metavar="FILE", help="write the figures as JSON")
    options = parser.parse_args()
    if options.signups < 100 or options.clients < 1:
        parser.error("--signups must be at least 100, --clients at least 1")
    with tempfile.TemporaryDirectory() as folder:
        figures = _with_sandbox(Path(folder), options)
    if options.keep:
        Path(options.keep).write_text(json.dumps(figures, indent=1))


def _with_sandbox(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    ports = ["--http-port", "0", "--dns-port", "0", "--smtp-port", "0"]
    sandbox = subprocess.Popen([sys.executable, "-m", "sandbox", *ports], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert sandbox.stdout is not None
        listening = json.loads(sandbox.stdout.readline())
        os.environ |= {f"SANDBOX_{name.upper()}_PORT": str(listening[name]) for name in ("http", "dns", "smtp")}
        os.environ |= {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "SANDBOX": "1", "ENV_FILE": ""}
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'benchmark.sqlite3'}")
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        return _measure(f"http://127.0.0.1:{listening['http']}", options)
    finally:
        sandbox.terminate()
        sandbox.wait(20)


def _measure(sandbox: str, options: argparse.Namespace) -> dict[str, Any]:
    companies = options.signups // 10
    emails = [f"member-{n}@crowd-{n % companies}.test" for n in range(options.signups)]
    figures: dict[str, Any] = {"signups": options.signups, "companies": companies}
    started = time.perf_counter()
    journal, cold, warm = _Calls(sandbox), [], []
    for first in range(0, len(emails), 1_000):
        cold += _at_once(options.clients, _look_up, emails[first : first + 1_000])
        calls = journal.look()
    figures["cold_s"] = time.perf_counter() - started
    for first in range(0, len(emails), 1_000):
        warm += _at_once(options.clients, _look_up, emails[first : first + 1_000])
        journal.look()
    figures["warm_calls"] = sum(journal.counts.values()) - sum(calls.values())
    figures |= {"calls": calls, "cold_ms": _spread(cold), "warm_ms": _spread(warm)}
    alone = [_look_up(email) for email in emails[:500]]
    bare = [_bare(email) for email in emails[:500]]
    figures |= {"warm_alone_ms": _spread(alone), "bare_query_ms": _spread(bare)}
    for vendor in (*FREE, *PAID):
        fault = {"vendor": vendor, "latency_ms": HANG_MS, "times": None}
        requests.post(f"{sandbox}/_faults", json=fault, timeout=5).raise_for_status()
    strangers = [f"member-{n}@crowd-{n}.test" for n in range(10**6, 10**6 + 24)]
    figures["hanging_ms"] = _spread(_at_once(options.clients, _look_up, strangers))
    figures["page_ms"] = _spread(_page())
    _print(figures)
    return figures


def _look_up(email: str) -> float:
    """Milliseconds of a look-up as a signup makes it, with what it writes."""
    from signups import enrichment
    from signups.contracts import Deadline
    from signups.transactions import write_transaction

    started = time.perf_counter()
    findings = enrichment.start(email, email.partition("@")[2], Deadline(BUDGET_MS)).finish()
    with write_transaction():
        enrichment.save(findings)
    enrichment.account(findings)
    return (time.perf_counter() - started) * 1000


def _bare(email: str) -> float:
    """Milliseconds of reading the same rows."""
    from django.db.models import Q

    from signups.models import Lookup

    started = time.perf_counter()
    person, company = Q(subject="person", key=email), Q(subject="company", key=email.partition("@")[2])
    assert list(Lookup.objects.filter(person | company))
    return (time.perf_counter() - started) * 1000


def _page() -> list[float]:
    """Milliseconds of reading a home page of a megabyte."""
    from integrations.page import read

    body = (
        b"<html><head><title>Acme</title></head><body>"
        + b"<div class=a><p>Anvils <a href=/x>here</a></p></div>" * 20_000
    )[:1_000_000]
    times = []
    for _ in range(9):
        started = time.perf_counter()
        read(body, {"Content-Type": "text/html; charset=utf-8"}, "https://acme.test/")
        times.append((time.perf_counter() - started) * 1000)
    return times


def _at_once(clients: int, call: Callable[[str], float], emails: list[str]) -> list[float]:
    def done(email: str) -> float:
        return call(email)

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(done, emails))


class _Calls:
    """How often each provider was called, and for what, by the sandbox's journal, which keeps the latest only."""

    ROUTES = (("clearbit", "people"), ("clearbit", "companies"), ("gravatar", "profiles"), ("github", "search"))

    def __init__(self, sandbox: str) -> None:
        self.sandbox = sandbox
        self.seen = dict.fromkeys(self.ROUTES, 0)
        self.counts = {f"{vendor} {route}": 0 for vendor, route in self.ROUTES}

    def look(self) -> dict[str, int]:
        for vendor, route in self.ROUTES:
            query: dict[str, str | int] = {"vendor": vendor, "route": f"/{route}/", "since": self.seen[vendor, route]}
            calls = requests.get(f"{self.sandbox}/_received", params=query, timeout=60).json()
            self.counts[f"{vendor} {route}"] += len(calls)
            self.seen[vendor, route] = max((call["n"] for call in calls), default=self.seen[vendor, route])
        return dict(self.counts)


def _spread(ms: list[float]) -> dict[str, float]:
    return {"p50": statistics.median(ms), "p99": statistics.quantiles(ms, n=100)[98] if len(ms) > 1 else ms[0]}


def _print(figures: dict[str, Any]) -> None:
    signups, companies = figures["signups"], figures["companies"]
    print(f"{signups:,} signups of {companies:,} companies")
    for name, number in figures["calls"].items():
        print(f"  {name:<22} {number / signups * 1000:8.0f} calls per 1,000 signups")
    per_company = figures["calls"]["clearbit companies"] / companies
    print(f"  company calls per company and provider: {per_company:.2f}; calls once warm: {figures['warm_calls']}")
    asked = sum(figures["calls"].values())
    print(f"  cache hit rate over both rounds: {1 - asked / (2 * signups * 4):.1%}")
    for name in ("cold", "warm", "warm_alone", "bare_query", "hanging", "page"):
        spread = figures[f"{name}_ms"]
        print(f"  {name.replace('_', ' '):<12} p50 {spread['p50']:8.1f} ms   p99 {spread['p99']:8.1f} ms")
    ratio = figures["warm_alone_ms"]["p50"] / figures["bare_query_ms"]["p50"]
    over = figures["hanging_ms"]["p99"] - BUDGET_MS
    print(f"  a warm look-up is {ratio:.1f} x one bare query of its rows; hanging p99 is budget {over:+.0f} ms")


if __name__ == "__main__":
    main()
