"""What benchmarks keep: `var/benchmarks/<name>.json`, of which `benchmarks.all` makes its table."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "var" / "benchmarks"


def row(
    what: str, value: float, *, at_least: float | None = None, at_most: float | None = None, **more: Any
) -> dict[str, Any]:
    """One figure and its target; prints it where the target is missed. `more` is kept beside it."""
    is_met = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    kept = {"what": what, "value": value, "target": target(at_least, at_most), "is_met": is_met, **more}
    print(f"{what:60}{value:10.2f}  {kept['target']:8}{'' if is_met else '  MISSED'}")
    return kept


def target(at_least: float | None, at_most: float | None) -> str:
    if at_least is not None:
        return f"≥ {at_least:g}"
    return f"≤ {at_most:g}" if at_most is not None else ""


def keep(name: str, report: dict[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    at = time.strftime("%Y-%m-%d %H:%M:%S")
    (FOLDER / f"{name}.json").write_text(json.dumps({"at": at, **report}, indent=1, default=str))
