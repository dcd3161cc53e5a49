"""How fast what is owed gets delivered: `python -m benchmarks.draining [PART …]`.

- fanout: signups owed to four vendors of 50 ms each, drained by `manage.py worker`; signups a second to the last
  delivery.
- one: waiting deliveries of one vendor of 50 ms; the share reached of what its threads could do (threads ÷ latency).
- backlog: a claim while very many wait, as a ratio to few.
- actions: actions to Mixpanel; how many calls they take.
- history: a sweep's look and a claim beside many finished rows, as a ratio to few.

Starts the sandbox, and makes a database of its own: SQLite in a temporary folder, or beside the one that DATABASE_URL
names on PostgreSQL. Prints medians of several runs and keeps them in var/benchmarks/.
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
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
LATENCY_MS = 50
PARTS = ("one", "fanout", "backlog", "actions", "history")
_CHUNK = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="part", help=", ".join(PARTS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument(
        "--deliveries", type=int, default=10_000, help="of `one`, and a fifth of `backlog` (default: 10,000)"
    )
    parser.add_argument("--signups", type=int, default=2_000, help="of `fanout` (default: 2,000)")
    parser.add_argument("--actions", type=int, default=100_000)
    parser.add_argument("--finished", type=int, default=5_000_000, help="of `history` (default: 5,000,000)")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder, _database(Path(folder)) as vendor, _sandbox() as sandbox:
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        measure: dict[str, Callable[[argparse.Namespace, str], dict[str, float]]] = {
            "one": one, "fanout": fanout, "backlog": backlog, "actions": actions, "history": history
        }  # fmt: skip
        kept: dict[str, Any] = {}
        for part in options.parts:
            runs = [measure[part](options, sandbox) for _ in range(1 if part == "history" else options.runs)]
            kept[part] = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
            figures = ", ".join(f"{name} {value:,.2f}" for name, value in kept[part].items())
            print(f"{part:8} {vendor:11} {figures}", flush=True)
        _keep(vendor, options, kept)


def one(options: argparse.Namespace, sandbox: str) -> dict[str, float]:
    """Drains in this process, as a worker's task does, again and again."""
    from signups import contracts, deliveries

    _begin(sandbox, "benchmarks.vendors.First")
    _owe(options.deliveries, ["first"])
    started, cpu = time.perf_counter(), time.process_time()
    while _waiting():
        deliveries.drain("first")
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    possible = contracts.integration("first").concurrency * 1000 / LATENCY_MS
    rate = options.deliveries / seconds
    return {"a second": rate, "CPU ms each": cpu * 1000 / options.deliveries, "share of possible": rate / possible}


def fanout(options: argparse.Namespace, sandbox: str) -> dict[str, float]:
    """From the worker's first delivery to the last."""
    from benchmarks import vendors
    from signups.models import Delivery

    _begin(sandbox, *vendors.ALL)
    slugs = ["first", "second", "third", "fourth"]
    command = [sys.executable, "manage.py", "worker"]
    env = {**os.environ, "BENCHMARK_INTEGRATIONS": ",".join(vendors.ALL)}
    worker = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert worker.stdout is not None
        next(line for line in worker.stdout if "Cluster at work" in line)
        threading.Thread(target=worker.stdout.read, daemon=True).start()  # a full pipe would stop it
        _owe(options.signups, slugs)
        while not (began := Delivery.objects.filter(finished_at__isnull=False).exists()):
            time.sleep(0.01)
        started = time.perf_counter()
        while _waiting():
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        assert began
    finally:
        worker.terminate()
        worker.wait(timeout=60)
    return {"signups a second": options.signups / seconds, "deliveries a second": 4 * options.signups / seconds}


def backlog(options: argparse.Namespace, sandbox: str) -> dict[str, float]:
    """A vendor that was away: what it missed waits, and more comes in."""
    _begin(sandbox, "benchmarks.vendors.First")
    _look_and_claim()  # to warm up
    few = _look_and_claim()
    _owe(5 * options.deliveries, ["first"])
    return _compared(few, _look_and_claim())


def actions(options: argparse.Namespace, sandbox: str) -> dict[str, float]:
    from signups.activity import forwarding
    from signups.models import Action, Forward

    _begin(sandbox, "integrations.mixpanel.Mixpanel")
    now = datetime.now(UTC)
    for start in range(0, options.actions, _CHUNK):
        rows = [
            Action(
                source="backend", key=f"{now.timestamp()}-{n}", kind="page", name="Getting started",
                anonymous_id=f"visitor-{n % 997}", at=now,
                properties={"url": "https://www.example.test/docs/start?page=2", "path": "/docs/start"},
            )
            for n in range(start, min(start + _CHUNK, options.actions))
        ]  # fmt: skip
        stored = Action.objects.bulk_create(rows)
        Forward.objects.bulk_create(Forward(action=one, integration="mixpanel", due_at=now) for one in stored)
    started = time.perf_counter()
    while forwarding.forward("mixpanel"):
        pass
    seconds = time.perf_counter() - started
    assert not Forward.objects.exists(), "some are still owed"
    calls = len(requests.get(f"{sandbox}/_received", params={"vendor": "mixpanel"}, timeout=120).json())
    Action.objects.all().delete()
    return {"calls": calls, "actions a second": options.actions / seconds}


def history(options: argparse.Namespace, sandbox: str) -> dict[str, float]:
    """Beside a thousandth of the finished rows, then beside all of them."""
    _begin(sandbox, "benchmarks.vendors.First")
    few = max(1_000, options.finished // 1_000)
    _finished(few)
    before = _idle_look() | _look_and_claim()
    _finished(options.finished - few)
    return _compared(before, _idle_look() | _look_and_claim())


def _compared(few: dict[str, float], many: dict[str, float]) -> dict[str, float]:
    return {f"{name} ratio": many[name] / few[name] for name in few} | {f"{name} ms": ms for name, ms in many.items()}


def _idle_look() -> dict[str, float]:
    from signups import deliveries

    return {"idle look": _ms(deliveries.wake_due)}


def _look_and_claim() -> dict[str, float]:
    """Milliseconds: a look that finds something, and a claim of eight; the lower quartile of many each, for what else
    the machine does makes some of them long. Afterwards nothing waits."""
    from signups import contracts
    from signups.deliveries import claiming
    from signups.models import Delivery

    first, figures = contracts.integration("first"), {}
    _owe(200, ["first"])
    lease = claiming.Lease.take(first)
    assert lease is not None
    figures["look"] = _ms(lambda: claiming.has_work(first))
    claimed: list[Delivery] = []
    figures["claim of 8"] = _ms(lambda: claimed.extend(claiming.claim(lease, 8, is_busy=False)), 20)
    assert len(claimed) == 160, len(claimed)
    lease.release()
    Delivery.objects.filter(due_at__isnull=False).update(due_at=None, state=Delivery.State.DELIVERED)
    return figures


def _ms(work: Callable[[], object], times: int = 100) -> float:
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.quantiles(spent, n=4)[0]


def _finished(count: int) -> None:
    """So many delivered rows of last year, a year of days for each of their signups, made by the database itself."""
    from django.db import connection

    from signups.models import Signup

    signups = max(1, count // 365)
    _owe(signups, [])
    first = Signup.objects.order_by("-pk").values_list("pk", flat=True)[signups - 1]
    is_sqlite = connection.vendor == "sqlite"
    numbers = (
        "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s) SELECT n FROM numbers"
        if is_sqlite
        else "SELECT generate_series(0, %s) AS n"
    )
    uid = "lower(hex(randomblob(16)))" if is_sqlite else "gen_random_uuid()"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO signups_delivery (uid, signup_id, integration, event, period, frozen, state, attempts_used,
                is_ambiguous, outcome, external_id, external_url, made, created_at, finished_at)
            SELECT {uid}, {first} + n / 365, 'first', 'usage_reported', CAST(n % 365 AS TEXT), '{{}}', 'delivered', 1,
                {"0" if is_sqlite else "false"}, '', '', '', '{{}}', '2025-11-24 09:00:00', '2025-11-24 09:00:00'
            FROM ({numbers}) AS numbers
            """.replace("n % 365", "n %% 365"),
            [min(count, signups * 365) - 1],
        )
        cursor.execute("ANALYZE signups_delivery")


# -- The scene ---------------------------------------------------------------------------------------------------------


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """The environment for a database of this run's own; yields what it is."""
    os.environ.update({"SANDBOX": "1", "ENV_FILE": "", "DJANGO_SETTINGS_MODULE": "benchmarks.settings"})
    os.environ["PYTHONPATH"] = str(ROOT)
    beside = os.environ.get("DATABASE_URL", "")
    if not beside.startswith("postgres"):
        os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'benchmark.sqlite3'}"
        yield "SQLite"
        return
    import psycopg

    name = f"benchmark_{os.getpid()}"
    with psycopg.connect(beside, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        os.environ["DATABASE_URL"] = f"{beside.rpartition('/')[0]}/{name}"
        try:
            yield "PostgreSQL"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _sandbox() -> Iterator[str]:
    ports = ["--http-port", "0", "--dns-port", "0", "--smtp-port", "0"]
    process = subprocess.Popen([sys.executable, "-m", "sandbox", *ports], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        os.environ |= {f"SANDBOX_{name.upper()}_PORT": str(listening[name]) for name in ("http", "dns", "smtp")}
        yield f"http://127.0.0.1:{listening['http']}"
    finally:
        process.terminate()
        process.wait(20)


def _begin(sandbox: str, *integrations: str) -> None:
    """Nothing owed, nothing remembered, these integrations alone, and each of their calls takes its time."""
    from django.conf import settings

    from signups.models import Delivery, IntegrationState, Person, Signup

    settings.INTEGRATIONS = list(integrations)
    for model in (Delivery, IntegrationState, Signup, Person):
        model.objects.all().delete()
    requests.post(f"{sandbox}/_reset", json={}, timeout=20).raise_for_status()
    fault = {"vendor": "ga", "latency_ms": LATENCY_MS, "times": None}
    requests.post(f"{sandbox}/_faults", json=fault, timeout=20).raise_for_status()


def _owe(count: int, slugs: list[str]) -> None:
    """So many accepted signups, each owed to all of these."""
    from django.utils import timezone

    from signups.models import Delivery, Person, Signup
    from signups.transactions import write_transaction

    now = timezone.now()
    frozen = {
        "at": now.isoformat(),
        "at_ms": round(now.timestamp() * 1000),
        "profile_version": 1,
        "verdict": "accepted",
    }
    with write_transaction():
        for start in range(0, count, _CHUNK):
            numbers = range(start, min(start + _CHUNK, count))
            people = Person.objects.bulk_create(
                Person(email=f"{uuid.uuid4().hex}@crowd-{n}.test", name=f"P {n}") for n in numbers
            )
            signups = Signup.objects.bulk_create(
                Signup(person=one, email=one.email, name=one.name, verdict="accepted", machine_verdict="accepted")
                for one in people
            )
            Delivery.objects.bulk_create(
                Delivery(signup=one, integration=slug, event="signed_up", frozen=frozen, due_at=now)
                for one in signups
                for slug in slugs
            )


def _waiting() -> bool:
    from signups.models import Delivery

    return Delivery.objects.filter(due_at__isnull=False).exists()


def _keep(vendor: str, options: argparse.Namespace, kept: dict[str, Any]) -> None:
    folder = ROOT / "var" / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    made = {"at": datetime.now(UTC).isoformat(), "database": vendor, "options": vars(options), "medians": kept}
    (folder / f"draining-{vendor.lower()}.json").write_text(json.dumps(made, indent=2) + "\n")


if __name__ == "__main__":
    main()
