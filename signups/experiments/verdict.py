"""One plain sentence on an experiment, and its tone. It never says more than the interval does.

Before the planned size only the always-valid interval may speak for an arm; a split that chance does not explain
silences everything else. The tones are the admin's: good, wait, look, bad, quiet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signups.experiments.analysis import Interval
from signups.experiments.readout import ArmReading, Reading
from signups.models import Experiment


@dataclass(frozen=True)
class Said:
    """`short` fits into a list."""

    sentence: str
    short: str
    tone: str


def say(reading: Reading) -> Said:
    """What the reading of a phase says."""
    if not reading.exposures:
        return Said("Nobody has seen it yet.", "nobody yet", "quiet")
    if reading.is_mismatched:
        return _mismatch(reading)
    others = [arm for arm in reading.arms if not arm.is_control and arm.count.units]
    clear = [arm for arm in others if arm.difference is not None and arm.difference.excludes_zero]
    if clear:
        return _difference(reading, clear)
    if reading.is_complete:
        return _no_difference(reading, others)
    return _too_early(reading)


def say_of_decided(experiment: Experiment) -> Said:
    """What became of a stopped experiment."""
    arm = next((arm.name for arm in experiment.arms.all() if arm.key == experiment.decided_arm), "")
    shown = f"Everybody is shown “{arm}”." if arm else "No arm is shown to everybody."
    return Said(f"Stopped. {shown}", f"decided: {arm}" if arm else "stopped", "good" if arm else "quiet")


def points(share: float) -> str:
    """A difference in percentage points, without its sign: "3.1"."""
    return f"{abs(share) * 100:.1f}"


def signed_points(share: float) -> str:
    """ "−0.4", "+5.8", "0.0"."""
    text = points(share)
    return text if text == "0.0" else f"{'−' if share < 0 else '+'}{text}"


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _mismatch(reading: Reading) -> Said:
    odd = max(reading.arms, key=lambda arm: abs(arm.exposures - arm.expected))
    chance = reading.mismatch or 0.0
    how_often = f"about once in {1 / chance:,.0f} tests" if chance > 1e-6 else "less than once in a million tests"
    sentence = (
        f"Do not trust these numbers: “{odd.arm.name}” was seen by {odd.exposures:,} where its weight makes "
        f"{odd.expected:,.0f} of {reading.exposures:,}, which by chance happens {how_often}. "
        "Something shows or counts the arms unevenly: find it, then start a new phase."
    )
    return Said(sentence, "do not trust", "bad")


def _difference(reading: Reading, clear: Sequence[ArmReading]) -> Said:
    best = max(clear, key=lambda arm: abs(arm.change))
    better = [arm for arm in clear if arm.change > 0]
    if better:
        best = max(better, key=lambda arm: arm.change)
    word = "better" if best.change > 0 else "worse"
    assert best.difference is not None
    sentence = f"“{best.arm.name}” is {word} by {points(best.change)} points ({_interval(reading, best.difference)})."
    if reading.is_complete and _is_small(reading, best.difference):
        sentence += f" That is less than the {points(reading.experiment.effect)} points said to be worth knowing."
    elif not reading.is_complete and _goes_on(reading):
        sentence += (
            " This interval may be acted on before the planned size is reached; the number itself will still move."
        )
    return Said(
        sentence, f"{best.arm.name}: {signed_points(best.change)} points", "good" if best.change > 0 else "look"
    )


def _no_difference(reading: Reading, others: Sequence[ArmReading]) -> Said:
    widest = max(others, key=lambda arm: _reach(arm.difference), default=None)
    if widest is None or widest.difference is None:
        return Said("There is nothing to compare.", "nothing to compare", "quiet")
    shown = _interval(reading, widest.difference)
    if all(arm.difference is None or _is_small(reading, arm.difference) for arm in others):
        return Said(f"No difference worth knowing ({shown}).", "no difference", "quiet")
    effect = points(reading.experiment.effect)
    sentence = f"No difference was found ({shown}), though one of {effect} points cannot be ruled out."
    return Said(sentence, "no difference found", "quiet")


def _too_early(reading: Reading) -> Said:
    if not reading.planned:
        sentence = "There is nothing to compare: in this phase the control, or every other arm, is shown to nobody new."
        return Said(sentence, "nothing to compare", "quiet")
    sentence = f"Too early: {reading.units:,} of {reading.planned:,} planned units have been counted."
    if not _goes_on(reading):
        return Said(f"Not enough: {sentence[11:]}", "not enough", "quiet")
    if reading.days_left is None:
        sentence += " Nobody came in the last 7 days."
    else:
        sentence += f" At the present pace it takes about {_days(reading.days_left)} more."
    share = min(99, 100 * reading.units // reading.planned) if reading.planned else 0
    return Said(sentence, f"too early ({share} %)", "wait")


def _goes_on(reading: Reading) -> bool:
    return reading.experiment.state == Experiment.State.RUNNING and reading.phase.ended_at is None


def _days(number: int) -> str:
    return "a day" if number <= 1 else f"{number:,} days"


def _interval(reading: Reading, interval: Interval) -> str:
    kind = "interval" if reading.is_complete else "always-valid interval"
    return f"95 % {kind} {_bare(interval.low)} to {_bare(interval.high)}"


def _bare(share: float) -> str:
    text = points(share)
    return f"−{text}" if share < 0 and text != "0.0" else text


def _is_small(reading: Reading, interval: Interval) -> bool:
    """Whether all of it lies within what is not worth knowing."""
    return _reach(interval) < reading.experiment.effect


def _reach(interval: Interval | None) -> float:
    return max(abs(interval.low), abs(interval.high)) if interval is not None else 0.0
