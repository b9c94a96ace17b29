"""Maximal sprints of a study: their speeds by athlete and condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.io.study import Study
from aqbio.mechanics.vectors import FloatArray
from aqbio.records.specifications import DEFAULT

if TYPE_CHECKING:
    import xarray as xr

NORMAL, RESTRICTED = "normal", "restricted_arms"


def sprints(
    study: Study, files: dict[str, xr.Dataset], arm: str = DEFAULT
) -> list[tuple[str, str, str, float]]:
    """Maximal sprints: participant, trial, condition, mean speed of the steps (m/s)."""
    found: list[tuple[str, str, str, float]] = []
    for name, data in files.items():
        chosen = data["arm"].values == arm
        for trial in study.moving_of(name):
            own = data["speed"].values[chosen & (data["trial_id"].values == trial.trial_id)]
            if trial.effort == "maximal" and len(own):
                found.append((name, trial.trial_id, trial.condition, float(own.mean())))
    return found


def sprint_speeds(
    study: Study, files: dict[str, xr.Dataset], condition: str, arm: str = DEFAULT
) -> FloatArray:
    """Mean step speed of every maximal sprint in one condition, (A, R), padded with NaN, m/s."""
    every = sprints(study, files, arm)
    by_athlete = [
        [speed for person, _, what, speed in every if (person, what) == (name, condition)]
        for name in files
    ]
    table = np.full((len(by_athlete), max(map(len, by_athlete), default=0)), np.nan)
    for row, values in enumerate(by_athlete):
        table[row, : len(values)] = values
    return table
