"""The pictures of an experiment, as positions in percent: rates with their intervals, and the difference over time.

The SVG is in the templates; lengths across are percentages, so that words stay readable at any width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from signups.experiments.readout import ArmReading, Point, Reading

_ROW = 54
_EARLY = 5  # the first fifth of a curve does not set its scale: everything is possible there


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Bar:
    """One arm's rate: the dot and the ends of its interval across, `y` down in pixels."""

    arm: ArmReading
    y: int
    dot: float
    low: float
    high: float

    @property
    def length(self) -> float:
        return self.high - self.low


@dataclass(frozen=True)
class Bars:
    rows: Sequence[Bar]
    ticks: Sequence[Tick]
    height: int


@dataclass(frozen=True)
class Curve:
    """The difference over time in a field of 100 by 100: `line` and `band` are SVG paths, `zero` lies where it is 0."""

    arm: ArmReading
    line: str
    band: str
    zero: float
    ticks: Sequence[Tick]
    planned: float
    first: Point
    last: Point
    end: float


def bars(reading: Reading) -> Bars:
    """The arms' rates on one scale."""
    counted = [arm for arm in reading.arms if arm.count.units]
    top = max((min(1.0, arm.interval.high * 1.05) for arm in counted), default=1.0)
    step = _step(top)
    scale = max(top, step)
    rows = [
        Bar(
            arm,
            20 + _ROW * row,
            *(100 * value / scale for value in (arm.count.rate, arm.interval.low, arm.interval.high)),
        )
        for row, arm in enumerate(counted)
    ]
    ticks = [
        Tick(100 * number * step / scale, _percent(number * step)) for number in range(int(scale / step + 1e-9) + 1)
    ]
    return Bars(rows, ticks, _ROW * len(rows) + 24)


def curves(reading: Reading) -> list[Curve]:
    """One picture for each arm that is compared with the control."""
    return [_curve(reading, arm) for arm in reading.arms if len(arm.curve) > 1]


def _curve(reading: Reading, arm: ArmReading) -> Curve:
    points = arm.curve
    settled = points[len(points) // _EARLY :]
    reach = max(max(abs(point.interval.low), abs(point.interval.high), abs(point.change)) for point in settled)
    reach = min(1.0, max(reach * 1.1, 0.01))
    span = max(reading.planned, points[-1].units)

    def across(point: Point) -> float:
        return 100 * point.units / span

    def down(value: float) -> float:
        return 50 - 50 * max(-1.0, min(1.0, value / reach))

    upper = [f"{across(p):.2f} {down(p.interval.high):.2f}" for p in points]
    lower = [f"{across(p):.2f} {down(p.interval.low):.2f}" for p in reversed(points)]
    line = [f"{across(p):.2f} {down(p.change):.2f}" for p in points]
    step = _step(reach)
    numbers = [number * step for number in range(-int(reach / step), int(reach / step) + 1)]
    return Curve(
        arm=arm,
        line="M" + "L".join(line),
        band="M" + "L".join([*upper, *lower]) + "Z",
        zero=down(0),
        ticks=[Tick(down(number), _points(number)) for number in numbers],
        planned=100 * reading.planned / span,
        first=points[0],
        last=points[-1],
        end=across(points[-1]),
    )


def _step(reach: float) -> float:
    """A round step that goes two to five times into it."""
    size = 10 ** math.floor(math.log10(reach)) if reach > 0 else 0.1
    return next(size * factor for factor in (0.2, 0.25, 0.5, 1.0, 2.0) if reach / (size * factor) <= 5)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _points(share: float) -> str:
    return "0" if abs(share) < 1e-9 else f"{'−' if share < 0 else '+'}{abs(share) * 100:.3g}"
