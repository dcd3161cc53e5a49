"""Does a worker grow? `python -m benchmarks.memory [--deliveries N]`

One process, as a worker of the cluster is, drains deliveries of all vendors in the sandbox, batch after batch, and its
resident memory is read after each. Flat: after the first tenth it grows by less than a tenth. Keeps the figures in
`var/benchmarks/memory.json`. The cluster's own workers are replaced every 500 tasks, of up to ten seconds each: none of
them lives through so many.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import keeping

ROOT = Path(__file__).resolve().parent.parent
MOST_MB, MOST_GROWTH = 150.0, 1.1
_SIGNUPS_AT_ONCE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=100_000)
    options = parser.parse_args()
    ports = ["--http-port", "0", "--dns-port", "0", "--smtp-port", "0"]
    sandbox = subprocess.Popen([sys.executable, "-m", "sandbox", *ports], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            assert sandbox.stdout is not None
            listening = json.loads(sandbox.stdout.readline())
            os.environ |= {f"SANDBOX_{name.upper()}_PORT": str(port) for name, port in listening.items()}
            os.environ |= {"SANDBOX": "1", "ENV_FILE": "", "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
            os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/memory.sqlite3")
            keeping.keep("memory", measure(options.deliveries, f"http://127.0.0.1:{listening['http']}"))
    finally:
        sandbox.terminate()
        sandbox.wait(20)


def measure(deliveries: int, sandbox: str) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    started, sent, signups = time.monotonic(), 0, 0
    readings: list[tuple[int, float]] = []
    while sent < deliveries:
        make_signups(signups, _SIGNUPS_AT_ONCE)
        signups += _SIGNUPS_AT_ONCE
        sent += drain_all()
        readings.append((sent, resident_mb()))
        forget(sandbox)
        print(f"\r{sent:,} deliveries, {readings[-1][1]:.0f} MB", end="", flush=True)
    print(f"\n{sent:,} deliveries in {time.monotonic() - started:.0f} s")
    early = next(mb for count, mb in readings if count >= deliveries / 10)
    last = readings[-1][1]
    rows = [
        keeping.row("memory of a worker, MB", max(mb for _, mb in readings), at_most=MOST_MB),
        keeping.row("memory of a worker, at the end ÷ after a tenth", last / early, at_most=MOST_GROWTH),
    ]
    return {"deliveries": sent, "rows": rows, "readings": readings}


def make_signups(first: int, count: int) -> None:
    """Accepted signups, whose deliveries the signals plan; nobody is asked about them."""
    from django.utils import timezone

    from signups.models import Company, Person, Signup, Verdict
    from signups.transactions import write_transaction

    with write_transaction():
        for number in range(first, first + count):
            email = f"member-{number}@crowd-{number}.test"
            company = Company.objects.create(domain=f"crowd-{number}.test", name=f"Crowd {number}")
            person = Person.objects.create(email=email, name=f"Member {number}", company=company)
            Signup.objects.create(
                person=person, company=company, email=email, name=person.name, verdict=Verdict.ACCEPTED,
                machine_verdict=Verdict.ACCEPTED, accepted_at=timezone.now(), ga_client_id=f"{number}.1",
            )  # fmt: skip


def drain_all() -> int:
    """Until nothing is due; returns how many were delivered."""
    from signups import contracts, deliveries
    from signups.models import Attempt, Delivery

    before = Attempt.objects.filter(result="delivered").count()
    while Delivery.objects.filter(due_at__isnull=False).exists():
        for integration in contracts.integrations():
            deliveries.drain(integration.slug)
    return Attempt.objects.filter(result="delivered").count() - before


def forget(sandbox: str) -> None:
    """The vendors' memory is not what is measured, nor how large the tables are."""
    import requests

    from signups.models import Company, Person, Signup
    from signups.transactions import write_transaction

    requests.post(f"{sandbox}/_reset", json={}, timeout=60).raise_for_status()
    with write_transaction():
        for model in (Signup, Person, Company):
            model.objects.all().delete()


def resident_mb() -> float:
    gc.collect()
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
