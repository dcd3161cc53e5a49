"""`manage.py import_usage` against a bare bulk insert of the same rows, in one run: `python -m benchmarks.usage`.

On a SQLite database of its own (or DATABASE_URL, which must be empty): a file is imported, then imported again, so that
every row is replaced; the same rows are inserted by `bulk_create` in transactions of as many rows, with nothing read,
checked or looked up. Prints rows a second, their ratio to the bare insert, and the peak memory of an import as a ratio
to that of an import of a tenth of the rows: 1.0 is flat.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CUSTOMERS = 2_500
FIRST_DAY = date(2025, 1, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="(default: 100,000)")
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help=f"(default: {CUSTOMERS:,})")
    parser.add_argument("--step", choices=["customers", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        prepare_django()
        make_customers(options.customers) if options.step == "customers" else insert(options.rows, options.customers)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.rows, options.customers)


def measure(folder: Path, rows: int, customers: int) -> None:
    env = {**os.environ, "SANDBOX": "1", "ENV_FILE": "", "DEBUG": "0"}
    env.setdefault("DATABASE_URL", f"sqlite:///{folder / 'benchmark.sqlite3'}")
    run(env, "manage.py", "migrate", "-v0")
    run(env, "-m", "benchmarks.usage", "--step", "customers", "--customers", str(customers))
    tenth, whole = folder / "tenth.csv", folder / "whole.csv"
    for path, number in ((tenth, rows // 10), (whole, rows)):
        with path.open("w") as stream:
            stream.write("customer,date,count,errors,endpoints\n")
            stream.writelines(lines(number, customers))
    seconds: dict[str, float] = {}
    seconds["bare insert"], _ = run(env, "-m", "benchmarks.usage", "--step", "bare", "--rows", str(rows),
                                    "--customers", str(customers))  # fmt: skip
    _, few = run(env, "manage.py", "import_usage", str(tenth))
    seconds["import, new"], many = run(env, "manage.py", "import_usage", str(whole))
    seconds["import, again"], _ = run(env, "manage.py", "import_usage", str(whole))

    print(f"{rows:,} rows of {customers:,} customers")
    print(f"{'':16}{'rows a second':>16}{'ratio':>8}")
    for name, spent in seconds.items():
        print(f"{name:16}{rows / spent:16,.0f}{spent / seconds['bare insert']:8.2f}")
    print(f"{'peak memory':16}{many / 1024:13,.0f} MB{many / few:8.2f}")


def run(env: dict[str, str], *command: str) -> tuple[float, int]:
    """The seconds a step says it took, and the peak of its memory in kB."""
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (command, said)
    told = re.search(r"([\d.]+) s\b", said)
    return (float(told[1]) if told else 0.0), usage.ru_maxrss


def lines(rows: int, customers: int) -> Iterator[str]:
    for number in range(rows):
        day, count = FIRST_DAY + timedelta(days=number // customers), number % 5_000
        endpoints = f'"{{""/v1/people"": {count // 2}, ""/v1/companies"": {count // 3}}}"'
        yield f"customer-{number % customers},{day},{count},{count // 90},{endpoints}\n"


# -- Steps of their own process ----------------------------------------------------------------------------------------


def prepare_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()


def make_customers(number: int) -> None:
    from signups.models import Person, Signup, Verdict

    people = Person.objects.bulk_create(Person(email=f"somebody-{n}@crowd-{n}.test") for n in range(number))
    accepted = {"verdict": Verdict.ACCEPTED, "machine_verdict": Verdict.ACCEPTED}
    Signup.objects.bulk_create(
        Signup(person=person, email=person.email, name=f"Somebody {n}", external_id=f"customer-{n}", **accepted)
        for n, person in enumerate(people)
    )


def insert(rows: int, customers: int) -> None:
    """The same rows, inserted a thousand at a time, and taken away again."""
    from django.utils import timezone

    from signups.models import Signup, UsageRecord
    from signups.transactions import write_transaction

    keys, now = list(Signup.objects.order_by("pk").values_list("pk", flat=True)), timezone.now()

    def row(number: int) -> Any:
        count = number % 5_000
        return UsageRecord(
            signup_id=keys[number % customers],
            date=FIRST_DAY + timedelta(days=number // customers),
            count=count,
            errors=count // 90,
            endpoints={"/v1/people": count // 2, "/v1/companies": count // 3},
            reported_at=now,
        )

    started = time.perf_counter()
    for first in range(0, rows, 1_000):
        with write_transaction():
            UsageRecord.objects.bulk_create(row(number) for number in range(first, min(first + 1_000, rows)))
    print(f"{time.perf_counter() - started:.2f} s")
    UsageRecord.objects.all().delete()


if __name__ == "__main__":
    main()
