"""Speed of a treadmill's belt under the steps of a trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from aqbio.gait.steps import PERCENT, Step, phase_mean
from aqbio.vectors import FloatArray

BELT = ("contact_touchdown", "contact_toe_off", "contact_belt_speed", "contact_belt_speed_sd")
"""Variables of a trial that tell the speed of its belt, contact by contact."""


def belt_speed(trial: xr.Dataset, time: FloatArray) -> FloatArray:
    """Speed of the belt (T,) m/s at instants ``time`` of a trial's clock, s; 0 overground.

    That of each contact in its middle, evenly changing in between, and constant before the first
    and after the last. A trial without contacts has one speed.
    """
    return _between_contacts(trial, time, "contact_belt_speed", trial.attrs["belt_speed"])


def _between_contacts(trial: xr.Dataset, time: FloatArray, name: str, without: float) -> FloatArray:
    """Values of contacts at instants between them; one value where no contact has one."""
    if name in trial:
        middle = 0.5 * (trial["contact_touchdown"].values + trial["contact_toe_off"].values)
        known = np.isfinite(middle)
        order = np.argsort(middle[known])
        if known.any():
            values = trial[name].values[known][order]
            return np.asarray(np.interp(time, middle[known][order], values))
    return np.full(np.shape(time), float(without))


def step_belt_speeds(trial: xr.Dataset, steps: Sequence[Step]) -> FloatArray:
    """Mean speed of the belt over each step, m/s; over the contact where the step is incomplete."""
    return _step_means(trial, steps, "contact_belt_speed", trial.attrs["belt_speed"])


def step_belt_speed_sds(trial: xr.Dataset, steps: Sequence[Step]) -> FloatArray:
    """Standard deviations of these, m/s; NaN where it is not known."""
    return _step_means(trial, steps, "contact_belt_speed_sd", np.nan)


def _step_means(trial: xr.Dataset, steps: Sequence[Step], name: str, without: float) -> FloatArray:
    means = np.full(len(steps), np.nan)
    for index, step in enumerate(steps):
        end = step.next_touchdown if np.isfinite(step.next_touchdown) else step.toe_off
        instants = step.touchdown + PERCENT * (end - step.touchdown)
        means[index] = phase_mean(_between_contacts(trial, instants, name, without))
    return means
