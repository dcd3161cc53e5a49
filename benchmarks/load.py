"""Actions and usage records in batches while the worker runs and people sign up: `python -m benchmarks.load`.

Starts everything as `make run` does (`manage.py up`), on free ports and with a database of its own. Prints the signup
under load as a ratio to the signup before it, the memory of web and worker at the end as a ratio to their memory after
the first tenth, and whether the database and the pretend Mixpanel hold each action and each record exactly once. Exits
with 1 where something was lost or doubled.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from benchmarks.signup import Fields, _free_port, _wait_for

ROOT = Path(__file__).resolve().parent.parent
ACTIONS_A_CALL, RECORDS_A_CALL = 500, 10_000
CUSTOMERS = 50
_MAKE_KEY = """
from signups.models import ApiKey
key = ApiKey.generate(); row = ApiKey(name="load"); row.set_key(key); row.save(); print(key)
"""
_COUNT = """
from signups.models import Action, Forward, UsageRecord
from django.db.models import Sum
print(Action.objects.count(), Forward.objects.filter(due_at__isnull=False).count(),
      Forward.objects.filter(due_at=None).count(), UsageRecord.objects.count(),
      UsageRecord.objects.aggregate(n=Sum("count"))["n"])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=100_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=2, help="posting batches at once (default: 2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as (url, sandbox, env, process):
        sys.exit(0 if run(url, sandbox, env, process, options) else 1)


def run(
    url: str, sandbox: str, env: dict[str, str], process: subprocess.Popen[bytes], options: argparse.Namespace
) -> bool:
    headers = {"Authorization": f"Bearer {_shell(env, _MAKE_KEY)}"}
    customers = [_customer(url, headers, number) for number in range(CUSTOMERS)]
    signups = Signups(url)
    before = [signups.one() for _ in range(40)]
    memory = [_memory_mb(process.pid)]
    during: list[float] = []
    is_over = threading.Event()

    def sign_up() -> None:
        while not is_over.is_set():
            during.append(signups.one())
            time.sleep(0.2)

    person = threading.Thread(target=sign_up)
    person.start()
    started = time.monotonic()
    batches = [*_action_batches(options.actions, customers), *_record_batches(options.records, customers)]
    random.Random(7).shuffle(batches)
    with ThreadPoolExecutor(options.clients) as pool:
        for done, _ in enumerate(pool.map(lambda batch: _post(url, headers, *batch), batches), 1):
            if done % max(1, len(batches) // 10) == 0:
                memory.append(_memory_mb(process.pid))
                print(f"\r{done}/{len(batches)} batches, {sum(memory[-1].values()):.0f} MB", end="", flush=True)
    posted_s = time.monotonic() - started
    print()
    actions, owed, refused, records, total = _until_forwarded(env)
    forwarded_s = time.monotonic() - started
    is_over.set()
    person.join()
    memory.append(_memory_mb(process.pid))
    events = _events_held(sandbox)
    expected_total = sum(
        record["count"] for path, body in batches if path.endswith("usage") for record in body["records"]
    )

    print(f"posted in {posted_s:.0f} s ({(options.actions + options.records) / posted_s:.0f} items a second)")
    print(f"at Mixpanel after {forwarded_s:.0f} s")
    print(f"{'signup, ms':24}{'p50':>10}{'p99':>10}")
    rows = {"before": before, "under load": during}
    figures = {name: (statistics.median(ms), statistics.quantiles(ms, n=100)[98]) for name, ms in rows.items()}
    for name, (p50, p99) in figures.items():
        print(f"{name:24}{p50:10.1f}{p99:10.1f}")
    ratios = [figures["under load"][n] / figures["before"][n] for n in (0, 1)]
    print(f"{'ratio':24}{ratios[0]:10.2f}{ratios[1]:10.2f}")
    for name in memory[1]:
        first, last = memory[2][name], memory[-1][name]
        print(f"memory of {name:8} {first:6.0f} MB after a tenth, {last:6.0f} MB at the end, ratio {last / first:.2f}")
    is_right = (actions, owed, refused, records, total, events) == (
        options.actions, 0, 0, options.records, expected_total, options.actions,
    )  # fmt: skip
    print(f"actions {actions:,} kept, {events:,} at Mixpanel, {refused:,} refused, {owed:,} owed")
    print(f"usage records {records:,}, calls {total:,} of {expected_total:,}")
    print("nothing lost, nothing doubled" if is_right else "LOST OR DOUBLED")
    return is_right


# -- What is posted ----------------------------------------------------------------------------------------------------

Batch = tuple[str, dict[str, Any]]


def _action_batches(count: int, customers: list[str]) -> Iterator[Batch]:
    now = datetime.now(UTC)
    for first in range(0, count, ACTIONS_A_CALL):
        actions = [
            {
                "id": f"load-{number}",
                "type": "page" if number % 2 else "track",
                "name": f"Page {number % 40}",
                "timestamp": (now - timedelta(seconds=number)).isoformat(),
                "properties": {"path": f"/docs/{number % 40}", "url": f"https://example.test/docs/{number % 40}"},
                **(
                    {"user_id": customers[number % len(customers)]}
                    if number % 2
                    else {"anonymous_id": _visitor(number)}
                ),
            }
            for number in range(first, min(first + ACTIONS_A_CALL, count))
        ]
        yield "/api/v1/actions", {"actions": actions}


def _record_batches(count: int, customers: list[str]) -> Iterator[Batch]:
    days = -(-count // len(customers))
    today = datetime.now(UTC).date()
    records = [
        {
            "customer": customers[number % len(customers)],
            "date": (today - timedelta(days=number // len(customers) % days)).isoformat(),
            "count": number % 1000,
            "endpoints": {"/v1/people": number % 1000},
        }
        for number in range(count)
    ]
    for first in range(0, count, RECORDS_A_CALL):
        yield "/api/v1/usage", {"records": records[first : first + RECORDS_A_CALL]}


def _visitor(number: int) -> str:
    return f"00000000-0000-4000-8000-{number % 997 + 1:012d}"


def _post(url: str, headers: dict[str, str], path: str, body: dict[str, Any]) -> None:
    reply = requests.post(url + path, json=body, headers=headers, timeout=120)
    assert reply.status_code == 200, (path, reply.status_code, reply.text[:500])


def _customer(url: str, headers: dict[str, str], number: int) -> str:
    body = {"email": f"load-{number}@crowd-{number}.test", "name": f"Load {number}"}
    reply = requests.post(f"{url}/api/v1/signups", json=body, headers=headers, timeout=30)
    assert reply.status_code == 201, reply.text[:500]
    return str(reply.json()["id"])


class Signups:
    """People who sign up one after the other, by the form."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = requests.Session()
        page = Fields()
        page.feed(self.client.get(f"{url}/signup/", timeout=10).text)
        self.hidden = page.values
        self.number = 1_000

    def one(self) -> float:
        """Milliseconds of one signup."""
        self.number += 1
        form = {**self.hidden, "name": "Someone", "email": f"someone-{self.number}@crowd-{self.number}.test"}
        started = time.perf_counter()
        reply = self.client.post(f"{self.url}/signup/", data=form, allow_redirects=False, timeout=30)
        assert reply.status_code == 303, (reply.status_code, reply.text[:500])
        return (time.perf_counter() - started) * 1000


# -- The site ----------------------------------------------------------------------------------------------------------


@contextmanager
def site(folder: Path) -> Iterator[tuple[str, str, dict[str, str], subprocess.Popen[bytes]]]:
    """Everything that `make run` starts: the web server's URL, the sandbox's, the environment and the process."""
    ports = {name: _free_port() for name in ("PORT", "SANDBOX_HTTP_PORT", "SANDBOX_DNS_PORT", "SANDBOX_SMTP_PORT")}
    env = {**os.environ, "SANDBOX": "1", "ENV_FILE": "", "FORM_MIN_SECONDS": "0"}
    env |= {name: str(port) for name, port in ports.items()}
    env["DATABASE_URL"] = os.environ.get("DATABASE_URL") or f"sqlite:///{folder / 'load.sqlite3'}"
    process = subprocess.Popen([sys.executable, "manage.py", "up"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        url, sandbox = f"http://127.0.0.1:{ports['PORT']}", f"http://127.0.0.1:{ports['SANDBOX_HTTP_PORT']}"
        _wait_for(f"{url}/healthz")
        _wait_for(f"{sandbox}/_state/mail")
        yield url, sandbox, env, process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _shell(env: dict[str, str], code: str) -> str:
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def _until_forwarded(env: dict[str, str], within_s: float = 600) -> tuple[int, int, int, int, int]:
    """Actions, owed and refused forwards, usage records and their sum, once nothing is owed (or the time is over)."""
    until = time.monotonic() + within_s
    while True:
        counts = [int(number) for number in _shell(env, _COUNT).split()]
        if counts[1] == 0 or time.monotonic() > until:
            return counts[0], counts[1], counts[2], counts[3], counts[4]
        time.sleep(2)


def _events_held(sandbox: str) -> int:
    """Actions as the pretend Mixpanel got them, repeats counted."""
    state = requests.get(f"{sandbox}/_state/mixpanel", timeout=300).json()
    of_signups = sum(event["event"] in ("Signed up", "Confirmed") for event in state["events"])
    return int(state["raw_events"]) - of_signups


def _memory_mb(root: int) -> dict[str, float]:
    """Resident memory by kind of process, shared pages counted once (PSS), of all descendants of `root`."""
    kinds = {"gunicorn": "web", "worker": "worker", "qcluster": "worker"}
    found = dict.fromkeys(("web", "worker"), 0.0)
    for pid in _descendants(root):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        kind = next((kind for word, kind in kinds.items() if word in command), None)
        if kind is not None and (match := re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)):
            found[kind] += int(match[1]) / 1024
    return found


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, parent = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(pid)
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children.get(pid, [])
    return found


if __name__ == "__main__":
    main()
