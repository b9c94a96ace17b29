"""Consequences of an imbalance: what the step after an unusual turn does, within athletes.

Imbalance of a step is how far its impulse about the vertical is from the athlete's own mean at that
speed and side. The articles name seven consequences; each is a number of the next step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aqbio.stats.evidence import SIDED, TRIAL, Evidence
from aqbio.stats.measurement import errors_are_small, reliable_share, step_variances
from aqbio.stats.outcome import Outcome, mean_outcome
from aqbio.stats.registry import Hypothesis
from aqbio.stats.step_numbers import CONTRIBUTORS
from aqbio.stats.within import centred, consecutive, group_means, slopes

if TYPE_CHECKING:
    import pandas as pd

    Numbers = pd.Series[float]


@dataclass(frozen=True, slots=True)
class Consequence:
    """Number of a step that an imbalance before it is said to change."""

    number: Callable[[pd.DataFrame], Numbers]
    is_size: bool = False
    """It is a distance from the athlete's usual, whose direction does not count."""


def _column(name: str) -> Callable[[pd.DataFrame], Numbers]:
    def number(steps: pd.DataFrame) -> Numbers:
        unknown = steps["yaw_impulse"] * np.nan
        return steps[name].astype(float) if name in steps else unknown

    return number


def _frequency(steps: pd.DataFrame) -> Numbers:
    return 1.0 / (steps["contact_s"] + steps["flight_s"])


def _heading(steps: pd.DataFrame) -> Numbers:
    """Distance of the change of heading from the athlete's own at that speed and side."""
    heading = _column("heading_change_deg")(steps)
    return centred(heading, [steps[name] for name in SIDED]).abs()


def _movement(steps: pd.DataFrame) -> Numbers:
    """Distance of push leg's, swing leg's, arms' and torso's momenta from the athlete's own.

    Root mean square over the four, each over its standard deviation at that speed and side.
    """
    cell = [steps[name] for name in SIDED]
    squares = []
    for name in CONTRIBUTORS:
        offset = centred(steps[f"momentum_{name}"].astype(float), cell)
        variance = group_means(offset**2, cell)
        squares.append(offset**2 / variance.where(variance > 0))
    total: Numbers = sum(squares[1:], squares[0])
    return (total / len(squares)).pow(0.5)


CONSEQUENCES = {
    "next_step_slope": Consequence(_column("time_deviation_s"), is_size=True),
    "next_step_speed": Consequence(_column("speed_change_mps")),
    "next_step_frequency": Consequence(_frequency),
    "next_step_lateral": Consequence(_column("lateral_ratio")),
    "next_step_heading": Consequence(_heading, is_size=True),
    "next_step_transfer": Consequence(_column("hub_share")),
    "next_step_movement": Consequence(_movement, is_size=True),
}
"""By statistic of the registry."""


def next_step_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3e and its family: standardised slope of the next step's number on the imbalance before."""
    pairs = disattenuated_pairs(evidence, hypothesis.statistic)
    athlete = pairs["participant_id"]
    weights = athlete.value_counts().reindex(evidence.athletes.index, fill_value=0)
    by_athlete = slopes(pairs["x"], pairs["y"], athlete)
    return mean_outcome(hypothesis, by_athlete, weights, evidence.choices.errors)


def disattenuated_pairs(evidence: Evidence, statistic: str = "next_step_slope") -> pd.DataFrame:
    """Pairs of steps, the next one's number over :func:`attenuation`."""
    consequence = CONSEQUENCES[statistic]
    pairs = step_pairs(evidence.steps, consequence)
    return pairs.assign(y=pairs["y"] / attenuation(evidence, is_size=consequence.is_size))


def attenuation(evidence: Evidence, *, is_size: bool = True) -> float:
    """Factor by which measurement attenuates the standardised slope.

    A deviation from the mean of n steps correlates by ``√(1 − 1/n)`` with that from the true mean;
    errors of measurement lower it further. Of normal deviations that correlate by ρ, sizes
    correlate by ``(ρ asin ρ + √(1 − ρ²) − 1) / (π/2 − 1)``; the imbalance takes its factor, and a
    next step's size that from the means of both sides.
    """
    steps = evidence.steps
    size = steps.groupby([steps[name] for name in SIDED], observed=True)["step"].transform("size")
    sample_factor = 1.0 - 1.0 / float(size.mean()) if len(steps) else np.nan
    variances = step_variances(evidence, "yaw_impulse", SIDED)
    reliable = reliable_share(variances) if errors_are_small(variances) else 1.0
    imbalance = sizes_correlation(np.sqrt(sample_factor * reliable))
    return imbalance * sizes_correlation(np.sqrt(sample_factor)) if is_size else imbalance


def sizes_correlation(correlation: float) -> float:
    """Correlation of the absolute values of two correlated normal numbers."""
    above = correlation * np.arcsin(correlation) + np.sqrt(1.0 - correlation**2) - 1.0
    return float(above / (np.pi / 2.0 - 1.0))


def step_pairs(steps: pd.DataFrame, consequence: Consequence) -> pd.DataFrame:
    """Steps that have a next one: their imbalance ``x``, and the next one's number ``y``.

    Imbalance: distance of the step's impulse about the vertical from the athlete's mean at that
    speed and side; the impulse itself differs between sides, and so may the regularity of steps.
    Both less their line over the steps of the trial and side, because a trial that is less steady
    than others, or becomes so, makes both large; over the root mean square of what remains within
    the athlete.
    """
    before, after = consecutive(steps, TRIAL)
    imbalance = centred(steps["yaw_impulse"], [steps[name] for name in SIDED]).abs()
    number = consequence.number(steps)
    pairs = steps.iloc[before][[*SIDED, "trial_id", "step"]].assign(
        x=imbalance.to_numpy()[before], y=number.to_numpy()[after]
    )
    pairs = pairs.dropna()
    cell = [pairs[name] for name in (*TRIAL, "side")]
    order = centred(pairs["step"].astype(float), cell)
    square = group_means(order**2, cell)
    for name in ("x", "y"):
        offset = centred(pairs[name], cell)
        product = group_means(order * offset, cell)
        pairs[name] = offset - order * (product / square.where(square > 0)).fillna(0.0)
        mean_square = group_means(pairs[name] ** 2, pairs["participant_id"])
        pairs[name] /= np.sqrt(mean_square.where(mean_square > 0))
    return pairs
