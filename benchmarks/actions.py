"""`POST /api/v1/actions` against a bare bulk insert of the same rows, in one run: `python -m benchmarks.actions`.

Starts the sandbox, and in this process takes batches through the API (Django's own client: authentication, reading,
validation, storing, what is owed) and writes as many equal rows bare, in turns, so that what else the machine does hits
both alike. Then sends all that is owed on to the pretend Mixpanel. Prints actions a second, and the ratio. No worker
runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--actions", type=int, default=20_000, help="of each kind (default: 20,000)")
    parser.add_argument("--batch", type=int, default=500, help="actions a call (default: 500)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update({"SANDBOX": "1", "ENV_FILE": "", "DJANGO_SETTINGS_MODULE": "benchmarks.settings"})
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{Path(folder) / 'benchmark.sqlite3'}")
        ports = ["--http-port", "0", "--dns-port", "0", "--smtp-port", "0"]
        command = [sys.executable, "-m", "sandbox", *ports]
        sandbox = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert sandbox.stdout is not None
            listening = json.loads(sandbox.stdout.readline())
            os.environ |= {f"SANDBOX_{name.upper()}_PORT": str(listening[name]) for name in ("http", "dns", "smtp")}
            compare(options)
        finally:
            sandbox.terminate()
            sandbox.wait(20)


def compare(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from signups.activity import forwarding
    from signups.models import ApiKey, Forward

    call_command("migrate", verbosity=0)
    key, row = ApiKey.generate(), ApiKey(name="benchmark")
    row.set_key(key)
    row.save()
    client = Client(headers={"Authorization": f"Bearer {key}", "Host": "127.0.0.1"})
    spent = {"POST": 0.0, "bare insert": 0.0}
    for round_ in range(-1, options.actions // options.batch):  # the first warms up
        body = json.dumps({"actions": [_action() for _ in range(options.batch)]})
        started = time.perf_counter()
        reply = client.post("/api/v1/actions", body, content_type="application/json")
        posted = time.perf_counter()
        assert reply.json()["accepted"] == options.batch, reply.content[:500]
        _insert([_action() for _ in range(options.batch)])
        if round_ >= 0:
            spent["POST"] += posted - started
            spent["bare insert"] += time.perf_counter() - posted
    print(f"{options.actions:,} actions of each kind, {options.batch} a batch")
    rates = {name: options.actions / seconds for name, seconds in spent.items()}
    for name, rate in rates.items():
        print(f"{name:14}{rate:10,.0f} actions a second")
    print(f"{'ratio':14}{rates['POST'] / rates['bare insert']:10.2f}")
    owed, started = Forward.objects.count(), time.perf_counter()
    while forwarding.forward("mixpanel"):
        pass
    rate = (owed - Forward.objects.count()) / (time.perf_counter() - started)
    print(f"{'to Mixpanel':14}{rate:10,.0f} actions a second, {Forward.objects.count():,} still owed")


def _action() -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "type": "page",
        "name": "Getting started",
        "anonymous_id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"url": "https://www.example.test/docs/start?page=2", "path": "/docs/start", "title": "Start"},
    }


def _insert(actions: list[dict[str, Any]]) -> None:
    """The same rows with nothing looked at."""
    from signups.models import Action, Forward
    from signups.transactions import write_transaction

    rows = [
        Action(
            source="backend",
            key=one["id"],
            kind=one["type"],
            name=one["name"],
            anonymous_id=one["anonymous_id"],
            at=datetime.fromisoformat(one["timestamp"]),
            properties=one["properties"],
        )
        for one in actions
    ]
    with write_transaction():
        stored = Action.objects.bulk_create(rows)
        Forward.objects.bulk_create(
            Forward(action=one, integration="mixpanel", due_at=datetime.now(UTC)) for one in stored
        )


if __name__ == "__main__":
    main()
