"""Consequences of an imbalance: what the step after an unusual turn does, within athletes.

Imbalance of a step is how far its impulse about the vertical is from the athlete's own mean at that
speed and side. Of the consequences that the articles name, timing is judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aqbio.stats.evidence import SIDED, TRIAL, Evidence
from aqbio.stats.formulas import column_formula
from aqbio.stats.measurement import errors_are_small, reliable_share, step_variances
from aqbio.stats.outcome import Outcome, outcome_of
from aqbio.stats.registry import Hypothesis
from aqbio.stats.units import Reading, Units
from aqbio.stats.within import centred, consecutive, group_means, slopes
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    Numbers = pd.Series[float]


@dataclass(frozen=True, slots=True)
class Consequence:
    """Number of a step that an imbalance before it is said to change."""

    numbers: Callable[[pd.DataFrame], list[Numbers]]
    """Several are the coordinates of a distance."""
    is_size: bool = False
    """The number is the distance (root mean square) of these from the athlete's usual, whose
    direction does not count."""


def _frequency(steps: pd.DataFrame) -> list[Numbers]:
    return [1.0 / (steps["contact_s"] + steps["flight_s"])]


def _time_offset(steps: pd.DataFrame) -> list[Numbers]:
    """Deviation of the step's duration, above 0 for a step that is longer than usual."""
    duration = steps["contact_s"] + steps["flight_s"]
    direction = np.sign(centred(duration, [steps[name] for name in SIDED]))
    return [steps["time_deviation_s"] * direction]


CONSEQUENCES = {
    "next_step_slope": Consequence(_time_offset, is_size=True),
    "next_step_frequency": Consequence(_frequency),
}
"""By statistic of the registry."""


def next_step_slope(evidence: Evidence, hypothesis: Hypothesis) -> Outcome:
    """H3e and its family: standardised slope of the next step's number on the imbalance before."""
    pairs = disattenuated_pairs(evidence, hypothesis)
    athlete = pairs["participant_id"]
    weights = athlete.value_counts().reindex(evidence.athletes.index, fill_value=0)
    by_athlete = slopes(pairs["x"], pairs["y"], athlete)
    readings = {"slope": Reading(column_formula("value"))}
    units = Units(readings, evidence.choices, clusters=evidence.clusters)
    return outcome_of(
        hypothesis,
        {"value": by_athlete},
        weights,
        lambda table: units.result(hypothesis, table.dropna()),
        per_athlete="value",
    )


def disattenuated_pairs(evidence: Evidence, hypothesis: Hypothesis) -> pd.DataFrame:
    """Pairs of steps, the next one's number over :func:`attenuation`."""
    consequence = CONSEQUENCES[hypothesis.statistic]
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


ROUND_OFF = 1e-9
"""Share of a number below which what remains beside a line is round-off: two steps lie on it."""


def step_pairs(steps: pd.DataFrame, consequence: Consequence) -> pd.DataFrame:
    """Steps that have a next one: their imbalance ``x``, and the next one's number ``y``.

    Imbalance: distance of the step's impulse about the vertical from the athlete's mean at that
    speed and side; the impulse itself differs between sides, and so may the regularity of steps.
    Both less their line over the steps of the trial and side, because a trial that is less steady
    than others, or becomes so, makes both large; over the root mean square of what remains within
    the athlete. A distance is less the share of ``x`` that linear dependence makes.
    """
    before, after = consecutive(steps, TRIAL)
    turn = centred(steps["yaw_impulse"], [steps[name] for name in SIDED]).to_numpy()[before]
    pairs = steps.iloc[before][[*SIDED, "trial_id", "step"]].assign(turn=turn, x=np.abs(turn))
    numbers: FloatArray = np.stack(
        [number.to_numpy(np.float64) for number in consequence.numbers(steps)], axis=1
    )
    offsets: FloatArray = numbers[after]
    pairs["y"] = np.sqrt((offsets**2).mean(axis=1)) if consequence.is_size else offsets[:, 0]
    is_complete = pairs.notna().all(axis=1).to_numpy()
    pairs, offsets = pairs[is_complete], offsets[is_complete]
    linear = linear_slopes(pairs, offsets) if consequence.is_size else None
    cell = [pairs[name] for name in (*TRIAL, "side")]
    order = centred(pairs["step"].astype(float), cell)
    square = group_means(order**2, cell)
    for name in ("x", "y"):
        offset = centred(pairs[name], cell)
        product = group_means(order * offset, cell)
        rest = offset - order * (product / square.where(square > 0)).fillna(0.0)
        mean_square = group_means(rest**2, pairs["participant_id"])
        smallest = ROUND_OFF**2 * group_means(pairs[name] ** 2, pairs["participant_id"])
        pairs = pairs.assign(**{name: rest / np.sqrt(mean_square.where(mean_square > smallest))})
    if linear is not None:
        pairs = pairs.assign(y=pairs["y"] - linear * pairs["x"])
    return pairs.drop(columns="turn")


HALF_SIZE_SLOPE = 0.5 * np.sqrt(2.0 / np.pi) / np.sqrt(1.0 - 2.0 / np.pi)
"""Half the covariance of a standard normal number's absolute value with its square, over the
standard deviation of the absolute value."""


def linear_slopes(pairs: pd.DataFrame, offsets: FloatArray) -> Numbers:
    """Slope of the next step's distance on the imbalance that signed numbers alone make, (P,).

    A slow wander of all numbers, or the event between two steps that both share, correlates a turn
    with the next step's ``offsets`` (P, C), and their sizes by the square of that, at this lag as
    at others. No imbalance has a consequence by it. Of jointly normal numbers with correlations r
    of the turn u with uncorrelated offsets v whose distance is m,
    ``cov(|u|, m) = cov(|u|, u²) cov(m, (r·v)²) / 2`` but for terms in the fourth power of r (Price
    1958, IRE Trans Inf Theory 4:69-72). r is estimated by athlete at every lag within trials; its
    square is less what chance gives it. The products of what is left of sizes beside their lines
    over the steps of a trial and side are expected to be the sum over lags of these covariances,
    weighted as the lines leave them. Equal values for the pairs of an athlete.
    """
    slope = np.zeros(len(pairs))
    for index in pairs.groupby("participant_id", observed=True).indices.values():
        slope[index] = _linear_slope(pairs.iloc[index], _uncorrelated(offsets[index]))
    return pairs["x"] * 0.0 + slope


def _linear_slope(pairs: pd.DataFrame, offsets: FloatArray) -> float:
    """The same of one athlete, from offsets that are uncorrelated and of unit size."""
    if not offsets.shape[1]:  # nothing varies
        return 0.0
    distance = pairs["y"].to_numpy(dtype=float)
    rms = (pairs["turn"] ** 2).groupby(pairs["side"], observed=True).transform("mean").pow(0.5)
    turn = (pairs["turn"] / rms.where(rms > 0)).fillna(0.0).to_numpy(dtype=float)
    step = pairs["step"].to_numpy(dtype=np.int64)
    span = int(np.ptp(step)) + 1
    count, weight = np.zeros((2, 2 * span - 1))
    product = np.zeros((offsets.shape[1], 2 * span - 1))
    for index in pairs.groupby(["trial_id", "side"], observed=True).indices.values():
        order = step[index] - step[index].mean()
        line = order / np.sqrt(order @ order or 1.0)
        rows = np.array([np.ones(len(index)), line, turn[index], *offsets[index].T])
        over_time = np.zeros((len(rows), span))
        over_time[:, step[index] - step.min()] = rows
        pairs_at_lag = np.correlate(over_time[0], over_time[0], "full")
        count += pairs_at_lag
        weight -= pairs_at_lag / len(index) + np.correlate(over_time[1], over_time[1], "full")
        weight[span - 1] += len(index)
        product += [np.correlate(offset, over_time[2], "full") for offset in over_time[3:]]
    freedom = weight[span - 1]
    if freedom < 0.5 or not distance.std() > 0.0:
        return 0.0
    correlation = product / np.maximum(count, 1.0)
    curvature = offsets.T @ ((distance - distance.mean())[:, None] * offsets) / len(offsets)
    by_lag = np.einsum("il,ij,jl->l", correlation, curvature, correlation)
    by_lag -= curvature.trace() / np.maximum(count, 1.0)
    return float(HALF_SIZE_SLOPE / distance.std() * (weight @ by_lag) / freedom)


def _uncorrelated(offsets: FloatArray) -> FloatArray:
    """Offsets (P, C) turned and scaled so that their mean products are the unit matrix."""
    values, vectors = np.linalg.eigh(offsets.T @ offsets / len(offsets))
    varies = values > 1e-9 * values[-1]
    uncorrelated: FloatArray = offsets @ vectors[:, varies] / np.sqrt(values[varies])
    return uncorrelated
