"""All that the product promises in figures, measured briefly: `make bench`, or `python -m benchmarks.all [--thorough]`.

Runs the benchmarks one after the other, each in processes of its own, and makes one table of what they kept: the
figure, its target, and whether it is met. Figures are ratios wherever a machine's speed would decide them otherwise.
Keeps the table in `var/benchmarks/all.json`; exits with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import keeping

ROOT = Path(__file__).resolve().parent.parent
# Module → (arguments when brief, when thorough).
BENCHMARKS: dict[str, tuple[str, str]] = {
    "signup": ("--signups 400 --rounds 4", "--signups 4000 --rounds 8"),
    "draining": ("--runs 1 --deliveries 2000 --signups 400 --actions 20000 --finished 200000", ""),
    "memory": ("--deliveries 3000", ""),
    "firedrill": ("--setup sqlite --size small", "--setup sqlite --size medium"),
}
# Of what `draining` keeps: part → figure → its target.
DRAINING: dict[str, dict[str, dict[str, float]]] = {
    "one": {"share of possible": {"at_least": 0.8}},
    "fanout": {"signups a second": {"at_least": 60}},  # on SQLite, which this is
    "backlog": {f"{what} ratio": {"at_most": 1.5} for what in ("look", "claim of 8")},
    "actions": {"calls": {"at_most": 60}},
    "history": {f"{what} ratio": {"at_most": 1.5} for what in ("idle look", "look", "claim of 8")},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--thorough", action="store_true", help="as often as the figures in the docs were measured")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name, arguments in BENCHMARKS.items():
        if importlib.util.find_spec(f"benchmarks.{name}"):
            rows += run(name, arguments[options.thorough].split())
    keeping.keep("all", {"rows": rows, "cores": os.cpu_count(), "load": os.getloadavg()})
    print_table(rows)
    sys.exit(0 if all(row["is_met"] for row in rows) else 1)


def run(name: str, arguments: list[str]) -> list[dict[str, Any]]:
    """One benchmark's rows, or one that says that it failed."""
    for old in keeping.FOLDER.glob(f"{name}*.json"):
        old.unlink()
    print(f"\n== {name} {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=ROOT, check=False)
    if name == "firedrill":
        return [keeping.row("fire drill: failed", float(done.returncode != 0), at_most=0)]
    kept = next(iter(keeping.FOLDER.glob(f"{name}*.json")), None)
    if kept is None:
        return [keeping.row(f"{name}: failed, with code", float(done.returncode), at_most=-1)]
    report = json.loads(kept.read_text())
    rows: list[dict[str, Any]] = draining(report) if name == "draining" else report["rows"]
    return rows


def draining(report: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for part, targets in DRAINING.items():
        for what, target in targets.items():
            value = report["medians"][part][what]
            if part == "actions":
                value *= 100_000 / report["options"]["actions"]
            rows.append(keeping.row(f"{part}: {what}", value, **target))
    return rows


def print_table(rows: list[dict[str, Any]]) -> None:
    width = max(len(row["what"]) for row in rows)
    print(f"\n{'':{width}}{'figure':>10}  {'target':8}")
    for row in rows:
        print(f"{row['what']:{width}}{row['value']:10.2f}  {row['target']:8}{'' if row['is_met'] else '  MISSED'}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; kept in var/benchmarks/")


if __name__ == "__main__":
    main()
