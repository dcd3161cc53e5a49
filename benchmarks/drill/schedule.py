"""What happens during a fire drill, and when: made from a seed, so that the same seed gives the same events again.

When is said in signups answered, not in seconds: on a slower machine the same events meet the same signups. The last
events come when all have signed up and the workers are still busy; these are so many seconds after the last signup.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

# Whom SIGKILL hits. The sentinel is also the scheduler; `cluster` is the process of `qcluster` above it; the tree is
# the supervisor and everything below it.
KILLS = (
    "busy_worker",
    "idle_worker",
    "monitor",
    "pusher",
    "sentinel",
    "cluster",
    "supervisor",
    "tree",
    "web",
    "web_worker",
)
QUEUE_LOST = "queue_lost"  # FLUSHDB, or the rows of the ORM broker deleted
TROUBLES = (*KILLS, QUEUE_LOST)
# What is left of them where a drill must be short: each of its own nature.
FEW_TROUBLES = ("busy_worker", "idle_worker", "monitor", "sentinel", "supervisor", "web", QUEUE_LOST)
FAULT = "fault"
# Where a repeat could make a second one comes first: these are hit more often.
VENDORS = ("slack", "close", "slack", "close", "mixpanel", "customerio", "ga", "smtp", "clearbit", "github", "gravatar")
_WAYS = ("status", "committed", "busy", "limited", "reset before", "reset after", "late")
_TAIL = 0.2


@dataclass(frozen=True)
class Event:
    """One thing that happens: after so many answered signups, or so many seconds after the last of them.

    `detail` of a fault is what `POST /_faults` takes; of a killed supervisor or web process, whether what it leaves
    behind is killed too (`leaves_orphans`), as systemd does it.
    """

    kind: str
    after_signups: int
    after_s: float
    detail: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def plan(
    seed: int,
    signups: int,
    troubles: int,
    faults: int,
    *,
    kinds: Sequence[str],
    longest_s: float,
    tail_s: float,
    fault_s: float | None = None,
) -> list[Event]:
    """The events in their order. `longest_s`: how late a vendor answers at most; `tail_s`: how long after the last
    signup something still happens; `fault_s`: how long a fault waits for calls that it can hit. Kinds come in turns,
    shuffled, so that none is left out by chance."""
    rng = random.Random(seed)
    kinds = _in_turns(rng, kinds, troubles)
    events = [_at(rng, kind, signups, tail_s, {"leaves_orphans": rng.random() < 0.5}) for kind in kinds]
    for vendor in _in_turns(rng, VENDORS, faults):
        fault = _fault(rng, vendor, longest_s) | ({"for_s": fault_s} if fault_s else {})
        events.append(_at(rng, FAULT, signups, tail_s, fault))
    return sorted(events, key=lambda event: (event.after_signups, event.after_s))


def _in_turns(rng: random.Random, kinds: Sequence[str], count: int) -> list[str]:
    chosen: list[str] = []
    while len(chosen) < count:
        chosen += rng.sample(kinds, len(kinds))
    return chosen[:count]


def _at(rng: random.Random, kind: str, signups: int, tail_s: float, detail: dict[str, Any]) -> Event:
    if rng.random() < _TAIL:
        return Event(kind, signups, round(rng.uniform(0, tail_s), 2), detail)
    return Event(kind, rng.randint(1, signups), 0.0, detail)


def _fault(rng: random.Random, vendor: str, longest_s: float) -> dict[str, Any]:
    fault: dict[str, Any] = {"vendor": vendor, "times": rng.randint(1, 6)}
    way = rng.choice(_WAYS)
    if vendor == "smtp" and way in ("committed", "busy", "limited"):
        way = "status"
    match way:
        case "status":
            fault["status"] = 451 if vendor == "smtp" else rng.choice((500, 502, 504))
        case "committed":
            fault |= {"status": rng.choice((500, 502)), "commit": True}
        case "busy":
            fault |= {"status": 503, "retry_after": rng.randint(1, 3)}
        case "limited":
            fault |= {"status": 429, "retry_after": rng.randint(1, 3)}
        case "reset before" | "reset after":
            fault["reset"] = way.removeprefix("reset ")
        case "late":
            fault["latency_ms"] = round(rng.uniform(1_000, longest_s * 1_000))
    return fault
