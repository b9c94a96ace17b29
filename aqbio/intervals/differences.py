"""Means of a person's steps, their change with speed, and differences between them, over worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aqbio.intervals.worlds import WORLDS, mean_over_steps, slope, student_factor, weights
from aqbio.names import NORMAL_95
from aqbio.vectors import BoolArray, FloatArray

MIN_STEPS = 3
"""Least number of steps of a foot for an interval."""

MIN_TRIALS = 3
"""Least number of trials for a line over speed: two have no scatter about it."""

MIN_SPEED_VARIATION = 0.03
"""Least relative standard deviation of the trials' speeds for a line over speed."""


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """One number in N steps of one foot, with its errors in K worlds; NaN is left out."""

    value: FloatArray
    """(N,) array."""
    deviation: FloatArray
    """(K, N) array. Errors that steps share; those of single steps are in the steps' scatter."""
    speed_mps: FloatArray
    """(N,) array."""
    trial: tuple[str, ...]
    """(N,) tuple of str."""
    error_sd: float = 0.0
    """Standard deviation of a further error, which more steps of the foot do not reduce."""

    def where(self, mask: BoolArray) -> StepNumbers:
        """Select steps."""
        return replace(
            self,
            value=self.value[mask],
            deviation=self.deviation[:, mask],
            speed_mps=self.speed_mps[mask],
            trial=tuple(name for name, good in zip(self.trial, mask, strict=True) if good),
        )

    def complete(self) -> StepNumbers:
        """Select the steps whose number and errors are known."""
        return self.where(np.isfinite(self.value) & np.isfinite(self.deviation).all(axis=0))


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of a number over steps, in every world."""

    value: float
    draws: FloatArray
    """(K,) array, of mean `value`; NaN without an interval."""
    speed_mps: float
    steps: int

    @property
    def has_interval(self) -> bool:
        """True if the draws are known."""
        return bool(np.isfinite(self.draws).all())


def relative_change(first: Mean, second: Mean) -> tuple[float, float, float]:
    """Change in size from the second to the first mean, per cent, with its 95 % interval.

    The quotient ``f / s`` in every world to first order, ``(f − r s) / s̄`` about ``r = f̄ / s̄``:
    an error that multiplies both means is not in it. NaN where both differ in sign, or the 95 %
    interval of the second holds 0.
    """
    unknown = (np.nan, np.nan, np.nan)
    if first.value * second.value <= 0.0:
        return unknown
    quotient = first.value / second.value
    change = 100.0 * (quotient - 1.0)
    if not (first.has_interval and second.has_interval):
        return change, np.nan, np.nan
    if abs(second.value) < NORMAL_95 * second.draws.std():
        return unknown
    error = float((first.draws - quotient * second.draws).std() / abs(second.value))
    half = 100.0 * NORMAL_95 * error
    return change, change - half, change + half


def foot_mean(numbers: StepNumbers, seed: int, *sample: str) -> Mean | None:
    """Mean of a number over steps of one foot as a sample of all steps that there could be.

    Without an interval from fewer than `MIN_STEPS` steps; None without a step. ``sample`` names
    the steps.
    """
    numbers = numbers.complete()
    count = len(numbers.value)
    if not count:
        return None
    draws = np.full(WORLDS, np.nan)
    if count >= MIN_STEPS:
        draws = mean_over_steps(numbers.value, numbers.deviation, seed, *sample)
        draws = draws + numbers.error_sd * weights(1, seed, "error", *sample)[:, 0]
    return Mean(float(numbers.value.mean()), draws, float(numbers.speed_mps.mean()), count)


def feet_means(
    right: StepNumbers, left: StepNumbers, seed: int, *sample: str
) -> tuple[Mean, Mean] | None:
    """Means of both feet, of which only the difference has its whole error.

    Least squares on foot and trial over the trials with both feet, so that speed and whatever else
    differs between trials is in neither the difference nor its error (Student, from the scatter of
    steps about foot and trial). Where no trial has both feet, each foot's own mean; None where a
    foot has no step.
    """
    right, left = right.complete(), left.complete()
    trials = sorted(set(right.trial) & set(left.trial))
    if not trials:
        right_mean = foot_mean(right, seed, *sample, "right")
        left_mean = foot_mean(left, seed, *sample, "left")
        return (right_mean, left_mean) if right_mean and left_mean else None
    feet = [foot.where(np.isin(foot.trial, trials)) for foot in (right, left)]
    counts = [len(foot.value) for foot in feet]
    value = np.concatenate([foot.value for foot in feet])
    trial = np.array([*feet[0].trial, *feet[1].trial])
    design = np.column_stack([np.repeat([0.5, -0.5], counts), trial[:, None] == trials])
    solution = np.linalg.pinv(design)
    contrast, level = solution[0], solution[1:].mean(axis=0)
    draws = levels = np.full(WORLDS, np.nan)
    freedom = len(value) - len(trials) - 1
    if min(counts) >= MIN_STEPS:
        residual = value - design @ (solution @ value)
        error = np.sqrt(residual @ residual / freedom) * np.linalg.norm(contrast)
        error *= student_factor(freedom)
        numbers = value + np.concatenate([foot.deviation for foot in feet], axis=1)
        levels = numbers @ level
        draws = numbers @ contrast + error * weights(1, seed, "sampling", *sample)[:, 0]
        for foot, sign, side in zip(feet, (1.0, -1.0), ("right", "left"), strict=True):
            draws = draws + sign * foot.error_sd * weights(1, seed, "error", *sample, side)[:, 0]
    by_foot = [
        Mean(
            float((level + sign * contrast) @ value),
            levels + sign * draws,
            float(foot.speed_mps.mean()),
            count,
        )
        for foot, sign, count in zip(feet, (0.5, -0.5), counts, strict=True)
    ]
    return by_foot[0], by_foot[1]


def over_feet(means: Sequence[Mean]) -> Mean:
    """Mean over feet, each counted alike."""
    return Mean(
        float(np.mean([mean.value for mean in means])),
        np.mean([mean.draws for mean in means], axis=0),
        float(np.mean([mean.speed_mps for mean in means])),
        sum(mean.steps for mean in means),
    )


@dataclass(frozen=True, slots=True)
class SpeedLine:
    """Least-squares line of a number over speed, in every world."""

    draws: FloatArray
    """(K,) array. At `mean_mps`."""
    slope: FloatArray
    """(K,) array. Change per m/s."""
    mean_mps: float
    slowest_mps: float
    fastest_mps: float
    steps: int

    def at(self, speed_mps: float) -> Mean:
        """The line at a speed."""
        draws = self.draws + self.slope * (speed_mps - self.mean_mps)
        return Mean(float(draws.mean()), draws, speed_mps, self.steps)

    def moved(self, numbers: StepNumbers, speed_mps: float) -> StepNumbers:
        """Numbers of steps, moved along this line to one speed."""
        change_mps = speed_mps - numbers.speed_mps
        slope_mean = self.slope.mean()
        return replace(
            numbers,
            value=numbers.value + slope_mean * change_mps,
            deviation=numbers.deviation + (self.slope - slope_mean)[:, None] * change_mps,
            speed_mps=np.full_like(numbers.speed_mps, speed_mps),
        )


def speed_line(numbers: StepNumbers, seed: int, *sample: str) -> SpeedLine | None:
    """Line over speed of the means of trials, each counted alike.

    The scatter of trials about the line is its sampling error (Student, T − 2 degrees of freedom):
    steps of one trial share its speed, and the line need not fit. A further error of the foot
    cancels in the slope. None from fewer than `MIN_TRIALS` trials, or at one speed.
    """
    numbers = numbers.complete()
    numbers = numbers.where(np.isfinite(numbers.speed_mps))
    trials = sorted(set(numbers.trial))
    count = len(trials)
    if count < MIN_TRIALS:
        return None
    member = np.array([[name == trial for name in numbers.trial] for trial in trials], dtype=float)
    member /= member.sum(axis=1, keepdims=True)
    speed, value = member @ numbers.speed_mps, member @ numbers.value
    if speed.std() < MIN_SPEED_VARIATION * speed.mean():
        return None
    draws = value + numbers.deviation @ member.T
    slopes, centred = slope(speed, draws), speed - speed.mean()
    residual = value - value.mean() - slopes.mean() * centred
    scatter = np.sqrt(residual @ residual / (count - 2))
    scatter *= student_factor(count - 2)
    sampling = np.sqrt(2.0) * weights(2, seed, "line", *sample)
    return SpeedLine(
        draws.mean(axis=1)
        + scatter / np.sqrt(count) * sampling[:, 0]
        + numbers.error_sd * weights(1, seed, "error", *sample)[:, 0],
        slopes + scatter / np.sqrt(centred @ centred) * sampling[:, 1],
        float(speed.mean()),
        float(speed.min()),
        float(speed.max()),
        len(numbers.value),
    )


def lines_over_feet(lines: Sequence[SpeedLine]) -> SpeedLine:
    """Mean over feet of lines, each counted alike, on the range of speeds that all feet have."""
    mean_mps = float(np.mean([line.mean_mps for line in lines]))
    return SpeedLine(
        np.mean([line.at(mean_mps).draws for line in lines], axis=0),
        np.mean([line.slope for line in lines], axis=0),
        mean_mps,
        max(line.slowest_mps for line in lines),
        min(line.fastest_mps for line in lines),
        sum(line.steps for line in lines),
    )
