"""The arithmetic of a test: rates and differences with intervals, the planned size, and whether the split is right.

Two kinds of interval for a difference. Until the planned size is reached somebody may look at any time and stop at the
first good number, so there an always-valid one (a confidence sequence) holds at all times together; once it is reached,
the ordinary one, over the planned units and no others. Pure functions of counts; scipy is loaded when one is called.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALPHA = 0.05
POWER = 0.8
MISMATCH_P = 0.001
LEAST_EXPECTED = 5  # per arm: below it a chi-square says nothing
# The always-valid interval is narrowest at this multiple of the planned size. Beyond the plan on purpose: looking early
# then spends some 0.3 % of false alarms, and leaves the 5 % to the reading at the planned size.
_NARROWEST_AT = 4


@dataclass(frozen=True)
class Interval:
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Count:
    """So many of `units` converted."""

    conversions: int
    units: int

    @property
    def rate(self) -> float:
        return self.conversions / self.units if self.units else 0.0

    @property
    def variance(self) -> float:
        """Of the rate, with a success and a failure added, so that none or all of a few is not taken for certainty
        (A. Agresti and B. Caffo, The American Statistician 54, 2000)."""
        rate = (self.conversions + 1) / (self.units + 2)
        return rate * (1 - rate) / (self.units + 2)


def wilson(count: Count, alpha: float = ALPHA) -> Interval:
    """The interval of one rate (E. B. Wilson, JASA 22, 1927); all of 0–1 where nothing was counted."""
    if not count.units:
        return Interval(0.0, 1.0)
    n, z2 = count.units, _z(1 - alpha / 2) ** 2
    middle = (count.rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (count.rate * (1 - count.rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    low = 0.0 if count.conversions == 0 else max(0.0, middle - half)
    high = 1.0 if count.conversions == n else min(1.0, middle + half)
    return Interval(low, high)


def fixed(control: Count, other: Count, alpha: float = ALPHA) -> Interval:
    """The interval of `other` minus `control` for one look, at a size planned before (R. G. Newcombe, Statistics in
    Medicine 17, 1998, method 10: from the two Wilson intervals)."""
    a, b = wilson(other, alpha), wilson(control, alpha)
    difference = other.rate - control.rate
    below = math.hypot(other.rate - a.low, b.high - control.rate)
    above = math.hypot(a.high - other.rate, control.rate - b.low)
    return Interval(max(-1.0, difference - below), min(1.0, difference + above))


def always_valid(control: Count, other: Count, planned_variance: float, alpha: float = ALPHA) -> Interval:
    """The interval of `other` minus `control` that holds at all looks together, however many and whenever one stops.

    The mixture sequential probability ratio test turned into an interval (R. Johari, P. Koomen, L. Pekelis, D. Walsh,
    Always Valid Inference, Operations Research 70, 2022), with a normal mixture of variance tau²: half its width is
    sqrt(V (V + tau²) / tau² · ln((V + tau²) / (V alpha²))) for an estimate of variance V. As the variance is estimated
    it holds asymptotically (I. Waudby-Smith et al., Annals of Statistics 52, 2024), whose rule chooses tau² from the
    variance planned for, never from the data. All of -1–1 where an arm has nobody.

    The estimate is the larger of the arms' own variances and of those they would have at one rate: a small arm that
    has seen few successes by chance has a small variance by the same chance, and would raise many false alarms.
    """
    if not control.units or not other.units:
        return Interval(-1.0, 1.0)
    difference = other.rate - control.rate
    variance = max(control.variance + other.variance, _pooled_variance(control, other))
    spread = -2 * math.log(alpha)
    tau2 = planned_variance / _NARROWEST_AT * (spread + math.log(spread) + 1)
    total = variance + tau2
    half = math.sqrt(variance * total / tau2 * math.log(total / (variance * alpha**2)))
    return Interval(max(-1.0, difference - half), min(1.0, difference + half))


def planned_size(baseline: float, effect: float, weights: Sequence[float]) -> int:
    """Units over all arms, the control first, to find a difference of `effect` in four tests of five (power 0.8) with
    one false alarm in twenty (alpha 0.05, shared between the arms where there are several).

    The usual formula for two proportions (J. L. Fleiss, Statistical Methods for Rates and Proportions), for arms of
    different weight; arms without weight are left out. 0 where there is nothing to compare.
    """
    shares = [weight for weight in weights[1:] if weight > 0]
    if not shares or not weights[0]:
        return 0
    hoped = baseline + effect if baseline + effect < 1 else baseline - effect
    return max(_planned(baseline, hoped, weights[0], share, ALPHA / len(shares)) for share in shares)


def planned_variance(baseline: float, size: int, control_weight: float, weight: float) -> float:
    """The variance of a difference that is planned for at that size."""
    return baseline * (1 - baseline) / size * (1 / control_weight + 1 / weight)


def mismatch(seen: Mapping[str, int], weights: Mapping[str, float]) -> float | None:
    """The p-value of a sample ratio mismatch: how likely chance alone is to split the units at least this oddly.

    Pearson's chi-square; None where fewer than five are expected of an arm. Arms without weight are left out.
    """
    weighted = {arm: weight for arm, weight in weights.items() if weight > 0}
    total = sum(seen.get(arm, 0) for arm in weighted)
    expected = {arm: total * weight / sum(weighted.values()) for arm, weight in weighted.items()}
    if len(expected) < 2 or min(expected.values()) < LEAST_EXPECTED:
        return None
    from scipy import special

    statistic = sum((seen.get(arm, 0) - number) ** 2 / number for arm, number in expected.items())
    return float(special.chdtrc(len(expected) - 1, statistic))


def _pooled_variance(a: Count, b: Count) -> float:
    """Of the difference, if both had the rate of all their units together."""
    rate = (a.conversions + b.conversions + 2) / (a.units + b.units + 4)
    return rate * (1 - rate) * (1 / (a.units + 2) + 1 / (b.units + 2))


def _planned(p1: float, p2: float, share1: float, share2: float, alpha: float) -> int:
    """Units over all arms, so that these two get enough."""
    pooled = (share1 * p1 + share2 * p2) / (share1 + share2)
    by_chance = math.sqrt(pooled * (1 - pooled) * (1 / share1 + 1 / share2))
    by_effect = math.sqrt(p1 * (1 - p1) / share1 + p2 * (1 - p2) / share2)
    return math.ceil(((_z(1 - alpha / 2) * by_chance + _z(POWER) * by_effect) / (p2 - p1)) ** 2)


def _z(quantile: float) -> float:
    """The normal distribution's quantile."""
    from scipy import special

    return float(special.ndtri(quantile))
