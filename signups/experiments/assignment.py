"""Which arm a unit gets: a published hash and two comparisons, so that anybody can work it out (docs/experiments.md).

Nothing is stored to remember an arm: the same unit has the same number for ever. Two numbers are drawn from it, one for
whether it takes part and one for its arm. So the ranges of the arms fill 0–1 whatever the coverage is, raising the
coverage leaves everybody's arm alone, and those let in later are spread over the arms as the weights say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

Ranges = Mapping[str, Sequence[float]]  # arm → [from, to) within 0–1

_BITS = 53  # what a float holds exactly: the number never rounds up to 1


def arm_number(experiment: str, unit: str) -> float:
    """The unit's place in [0, 1) that the arms' ranges are compared with: the first 53 bits of a SHA-256."""
    return _number(f"{experiment}:{unit}")


def coverage_number(experiment: str, unit: str) -> float:
    """The unit's other place in [0, 1): it takes part where this is below the coverage."""
    return _number(f"{experiment}:coverage:{unit}")


def assigned(experiment: str, unit: str, coverage: float, ranges: Ranges) -> str | None:
    """The key of the unit's arm, None where it does not take part."""
    if coverage_number(experiment, unit) >= coverage:
        return None
    number = arm_number(experiment, unit)
    return next((arm for arm, (start, end) in ranges.items() if start <= number < end), None)


def ranges_of(weights: Mapping[str, float]) -> dict[str, list[float]]:
    """Arms laid side by side from 0 to 1 in the order given; the weights add up to 1, but for what rounding leaves.

    That goes to the last arm with a weight: one without is shown to nobody.
    """
    ranges: dict[str, list[float]] = {}
    start = 0.0
    last = max((number for number, weight in enumerate(weights.values()) if weight > 0), default=-1)
    for number, (arm, weight) in enumerate(weights.items()):
        end = 1.0 if number >= last else round(start + weight, 9)
        ranges[arm] = [start, end]
        start = end
    return ranges


def weights_of(ranges: Ranges) -> dict[str, float]:
    """How wide each arm's range is."""
    return {arm: end - start for arm, (start, end) in ranges.items()}


def _number(text: str) -> float:
    first = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return float(first >> 64 - _BITS) / float(1 << _BITS)
