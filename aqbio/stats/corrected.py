"""H1 without what chance gives: the opposition index of waveforms shifted in time is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.names import ROLE_GROUPS
from aqbio.stats.evidence import Evidence
from aqbio.stats.partitions import BOTH_LEGS, SWING_ALONE
from aqbio.stats.surrogates import shifted_opposition
from aqbio.vectors import BoolArray, FloatArray

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DRAWS = 60
"""Shifted steps per athlete."""
POINTS = 100
"""Points of a step at equal distances in time."""


def vertical_momentum(curves: xr.Dataset) -> FloatArray:
    """Angular momentum about the vertical in contact and flight, (S, 2, 101, G)."""
    chosen = curves["angular_momentum"].sel(axis="y", group=list(ROLE_GROUPS))
    return chosen.values.astype(float)


def whole_steps(
    steps: pd.DataFrame, curves: xr.Dataset
) -> tuple[BoolArray, FloatArray, list[tuple[float, float]]]:
    """Which steps are known throughout, their momenta (W, 2, 101, G), contact and flight times."""
    vertical = vertical_momentum(curves)
    durations = steps[["contact_s", "flight_s"]].to_numpy(dtype=float)
    whole = np.isfinite(vertical).all(axis=(1, 2, 3)) & np.isfinite(durations[:, 1])
    times = [(contact, flight) for contact, flight in durations[whole].tolist()]
    return whole, vertical[whole], times


def whole_step(vertical: FloatArray, durations: tuple[float, float]) -> tuple[FloatArray, int]:
    """Angular momentum about the vertical over one step at equal distances in time.

    Parameters
    ----------
    vertical : (2, 101, G) array
        Over contact and flight.
    durations : pair of float, s
        Of contact and flight.

    Returns
    -------
    curves : (100, G) array
    stance_points : int
        Points at the beginning that are contact.
    """
    contact, flight = durations
    percent = np.linspace(0.0, 1.0, vertical.shape[1])
    known = np.concatenate((percent * contact, contact + percent[1:] * flight))
    wanted = np.arange(POINTS) / POINTS * (contact + flight)
    curves = np.concatenate((vertical[0], vertical[1, 1:]))
    resampled = np.stack([np.interp(wanted, known, column) for column in curves.T], axis=1)
    return resampled, int(np.count_nonzero(wanted <= contact))


def shift_expectation(evidence: Evidence, seed: int = 0) -> pd.Series[float]:
    """Difference of opposition indices that shifted waveforms give on average, by athlete.

    Returns
    -------
    (A,) Series
        NaN for an athlete without whole steps.
    """
    random = np.random.default_rng(seed)
    expected = evidence.unknown()
    for name, steps, curves in evidence.by_athlete():
        _, vertical, durations = whole_steps(steps, curves)
        if not len(vertical):
            continue
        drawn = [
            shifted_opposition(
                *whole_step(vertical[place], durations[place]), (SWING_ALONE, BOTH_LEGS), random, 1
            )[0]
            for place in random.choice(len(vertical), DRAWS).tolist()
        ]
        expected[name] = float(np.mean([alone - legs for alone, legs in drawn]))
    return expected


def without_chance(evidence: Evidence) -> Evidence:
    """The evidence with every step's difference less what the athlete's shifted waveforms give."""
    who = evidence.steps["participant_id"].astype(str)
    chance = who.map(shift_expectation(evidence)).astype(float)
    difference = evidence.steps["opposition_difference"] - chance
    return evidence.with_steps(evidence.steps.assign(opposition_difference=difference))
