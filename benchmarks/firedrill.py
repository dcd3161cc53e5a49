"""Signups while everything is killed: is each told to each vendor exactly once? `python -m benchmarks.firedrill`

Real processes: gunicorn and `manage.py worker` as deployed, started again when they end as systemd would, and the
sandbox. While people sign up, processes are killed with SIGKILL, the queue is emptied, and vendors fail, hang up before
and after they have done what was asked, and answer late. A seed (`--seed`) gives the same events again, counted in
signups answered. In the end what each vendor holds is compared with what is owed (`benchmarks.drill.effects`). Prints a
table, keeps everything in `var/firedrill/`, and exits with 1 where anything was lost or doubled.

Set-ups: `sqlite` (ORM broker), `postgres` (ORM broker) and `redis` (PostgreSQL and Redis). The servers are those of
POSTGRES_URL and REDIS_URL; a database of the drill's own is made there and removed, and the Redis database, which is
flushed, must hold nothing but a queue.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.drill import schedule

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "firedrill"
SETUPS = ("sqlite", "postgres", "redis")
POSTGRES_URL = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/9")


@dataclass(frozen=True)
class Size:
    """`rate` in signups a second (0: as fast as it goes). `colleagues`: signups from one company. `settings`: the
    settings module. `fault_s`: how long a fault waits for calls it can hit, None: for ever; where they come faster than
    a breaker asks, a vendor would never be well again. `is_hurried`: waits are ended by moving all clocks."""

    signups: int
    rate: float
    troubles: int
    faults: int
    longest_s: float
    tail_s: float
    canary_s: float
    colleagues: int = 3
    settings: str = "onboarding.settings"
    fault_s: float | None = None
    is_hurried: bool = False
    kinds: tuple[str, ...] = schedule.TROUBLES


SIZES = {
    "small": Size(60, 4, 7, 14, longest_s=3, tail_s=6, canary_s=6, is_hurried=True, kinds=schedule.FEW_TROUBLES),
    "medium": Size(300, 3, 22, 80, longest_s=12, tail_s=40, canary_s=15),
    # What is proven is the deliveries: see `benchmarks.drill.settings`.
    "full": Size(
        100_000,
        0,
        150,
        800,
        longest_s=12,
        tail_s=300,
        canary_s=15,
        colleagues=10,
        settings="benchmarks.drill.settings",
        fault_s=10,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--setup", choices=SETUPS, action="append", help="may be repeated (default: all three)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--signups", type=int, help="as many as this, and events in proportion")
    parser.add_argument(
        "--within", type=float, default=3600, metavar="SECONDS", help="how long it may take to be quiet"
    )
    parser.add_argument("--show-events", action="store_true", help="print what the seed stands for, and end")
    parser.add_argument("--alone", metavar="FOLDER", help=argparse.SUPPRESS)  # one set-up, in this very process
    options = parser.parse_args()
    size = size_of(options)
    if options.show_events:
        for event in events_of(size, options.seed):
            print(json.dumps(event.as_dict()))
    elif options.alone:
        from benchmarks.drill import running

        running.run(Path(options.alone), options.setup[0], size, options.seed, options.within)
    else:
        reports = [run_apart(setup, options) for setup in options.setup or SETUPS]
        print_table(reports)
        sys.exit(0 if all(report["is_right"] for report in reports) else 1)


def size_of(options: argparse.Namespace) -> Size:
    size = SIZES[options.size]
    if not options.signups:
        return size
    share = options.signups / size.signups
    events = {"troubles": round(size.troubles * share), "faults": round(size.faults * share)}
    return replace(size, signups=options.signups, **events)


def events_of(size: Size, seed: int) -> list[schedule.Event]:
    return schedule.plan(
        seed,
        size.signups,
        size.troubles,
        size.faults,
        kinds=size.kinds,
        longest_s=size.longest_s,
        tail_s=size.tail_s,
        fault_s=size.fault_s,
    )


def run_apart(setup: str, options: argparse.Namespace) -> dict[str, Any]:
    """One set-up in a process of its own, for settings are read once; returns its report."""
    folder = KEPT / f"{setup}-{options.size}-{options.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    command = [sys.executable, "-m", "benchmarks.firedrill", "--alone", str(folder), "--setup", setup]
    command += ["--size", options.size, "--seed", str(options.seed), "--within", str(options.within)]
    command += ["--signups", str(options.signups)] if options.signups else []
    with databases(setup, folder) as changes:
        env = {**os.environ, "SANDBOX": "1", "ENV_FILE": "", "FORM_MIN_SECONDS": "0"}
        env |= {"DJANGO_SETTINGS_MODULE": size_of(options).settings, **changes}
        done = subprocess.run(command, cwd=ROOT, env=env, check=False)
    path = folder / "report.json"
    if not path.exists():
        raise SystemExit(f"The drill on {setup} ended with code {done.returncode} and no report; see {folder}")
    report: dict[str, Any] = json.loads(path.read_text())
    return report


@contextmanager
def databases(setup: str, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of a set-up's database and queue, made for it and removed. Raises SystemExit with the remedy."""
    if setup == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{folder / 'drill.sqlite3'}", "QUEUE_URL": ""}
        return
    import psycopg

    queue = REDIS_URL if setup == "redis" else ""
    if queue:
        refuse_foreign_keys(queue)
    name = f"firedrill_{os.getpid()}_{int(time.time())}"
    try:
        admin = psycopg.connect(POSTGRES_URL, autocommit=True)
    except psycopg.OperationalError as error:
        raise SystemExit(f"POSTGRES_URL ({POSTGRES_URL}) cannot be used: {error}") from None
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield {"DATABASE_URL": f"{POSTGRES_URL.rpartition('/')[0]}/{name}", "QUEUE_URL": queue}
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def refuse_foreign_keys(url: str) -> None:
    """The drill flushes this Redis database: it must be its own."""
    import redis

    with redis.Redis.from_url(url) as client:
        foreign = [key.decode() for key in client.scan_iter(count=1_000) if not key.startswith(b"django_q:")]
    if foreign:
        raise SystemExit(f"{url} holds {foreign[0]!r}, and the drill flushes it: name an empty one in REDIS_URL")


def print_table(reports: list[dict[str, Any]]) -> None:
    columns = ("setup", "seed", "signups", "kills", "queue lost", "faults", "repeated posts", "deliveries",
               "tries each", "deliveries/s", "quiet after s", "lost", "doubled")  # fmt: skip
    rows = [[str(report["row"][column]) for column in columns] for report in reports]
    widths = [max(len(column), *(len(row[n]) for row in rows)) for n, column in enumerate(columns)]
    print("  ".join(column.rjust(width) for column, width in zip(columns, widths, strict=True)))
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    for report in reports:
        print(
            f"{report['setup']}: killed {', '.join(f'{n} {kind}' for kind, n in report['hit'].items())}; {report['ga']}"
        )
        for one in report["wrong"][:20]:
            what = "LOST" if one["found"] < one["owed"] else "DOUBLED"
            print(f"  {what} {one['vendor']}: {one['found']} of {one['owed']}, {one['email']} {one['uid']}")
            print(f"    {one['look_at']}")
        for line in report["troubles"]:
            print(f"  {line}")
        print(f"  all of it: {report['folder']}/report.json, and the logs beside it")


if __name__ == "__main__":
    main()
