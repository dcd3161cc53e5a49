"""What counting repeats costs among a million signups: `python -m benchmarks.velocity`.

Fills a database (DATABASE_URL, an SQLite file of its own without) with signups of the last 60 days, a third of them
from one free-mail provider, and among them an attack: 20,000 within the last hour from one IP address, browser, mailbox
and domain. Then times the check `velocity` for somebody like anybody else, and for one more of the attack: median, 99th
percentile, and the indexes that are read.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ATTACK = 20_000
BATCH = 5_000
TIMES = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signups", type=int, default=1_000_000, help="rows to begin with (default: 1,000,000)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(SANDBOX="1", ENV_FILE="", DEBUG="0", DJANGO_SETTINGS_MODULE="onboarding.settings")
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/benchmark.sqlite3")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        import django

        django.setup()
        measure(options.signups)


def measure(number: int) -> None:
    from django.db import connection

    from signups.models import Signup

    missing = number - Signup.objects.count()
    if missing > 0:
        fill(missing)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{Signup.objects.count():,} signups in {connection.vendor}")
    attacker = {"ip": "9.9.9.9", "device_id": "attacker", "kind": "company"}
    anybody = {"ip": "8.8.4.4", "device_id": "nobody-yet", "kind": "company"}
    time_it("anybody", "ada@example.com", anybody)
    time_it("anybody at the provider", "ada@bigprovider.com", {**anybody, "kind": "free_mail"})
    time_it("one more of the attack", "me+1@attack.com", attacker)
    explain("me+1@attack.com", attacker)


def time_it(what: str, email: str, sent: dict[str, Any]) -> None:
    from signups import vetting
    from signups.vetting import velocity

    address = vetting.parse(email)
    spent = []
    for _ in range(TIMES):
        started = time.perf_counter()
        said = velocity.check(address, **sent)
        spent.append((time.perf_counter() - started) * 1000)
    p99 = statistics.quantiles(spent, n=100)[98]
    print(f"{what:24} {statistics.median(spent):6.2f} ms  p99 {p99:6.2f} ms  {said.code} {dict(said.evidence)}")


def explain(email: str, sent: dict[str, Any]) -> None:
    """The plan of the query, as the database tells it: every count by an index, none by the table."""
    from django.db import connection

    from signups import vetting
    from signups.vetting import velocity

    statements: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        velocity.check(vetting.parse(email), **sent)
    sql, params = statements[0]
    prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix} {sql}", params)
        lines = [str(row[-1]).strip() for row in cursor.fetchall()]
    for line in lines:
        if "signups_signup" in line:
            print(f"  {line}")


def fill(number: int) -> None:
    from signups.models import Person, Signup

    Signup._meta.get_field("created_at").auto_now_add = False
    person, _ = Person.objects.get_or_create(email="benchmark@example.com", defaults={"name": "Benchmark"})
    rows = made(number, person)
    while batch := [row for _, row in zip(range(BATCH), rows, strict=False)]:
        Signup.objects.bulk_create(batch, batch_size=500)


def made(number: int, person: Any) -> Iterator[Any]:
    from django.utils import timezone

    from signups.models import Signup

    chance, now = random.Random(4), timezone.now()
    for one in range(number):
        is_attack = one < min(ATTACK, number // 10)
        ip = "9.9.9.9" if is_attack else ".".join(str(chance.randint(11, 250)) for _ in range(4))
        domain = "bigprovider.com" if chance.random() < 1 / 3 else f"company{chance.randint(1, 200_000)}.com"
        yield Signup(
            person=person,
            email=f"person{one}@{domain}",
            name="Benchmark",
            verdict="accepted",
            machine_verdict="accepted",
            created_at=now - timedelta(seconds=chance.randint(0, 3600 if is_attack else 60 * 86_400)),
            ip=ip,
            ip_network=f"{ip.rpartition('.')[0]}.0/24",
            device_id="attacker" if is_attack else f"{chance.getrandbits(128):032x}",
            canonical_key="me@attack.com" if is_attack else f"person{one}@{domain}",
            email_domain="attack.com" if is_attack else domain,
        )


if __name__ == "__main__":
    main()
