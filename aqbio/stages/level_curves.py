"""Curves of level B over one step, in roles and in the canonical frame, for figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.contributions.source_roles import anatomical_name
from aqbio.mechanics.gait.steps import PHASES, Step, phase_curve
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES

if TYPE_CHECKING:
    import xarray as xr

CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
"""What turns the pelvis, by role."""


def hub_curves(trial: xr.Dataset, step: Step) -> dict[str, FloatArray]:
    """Curves of what every chain does to the pelvis.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.levels_dataset`.
    step : Step

    Returns
    -------
    dict of (2, 101, chains, 3) arrays, N m
        ``hub_moment`` about the pelvis's centre of mass and its part ``hub_joint_moment``; over
        phase, percent, `CHAINS` and axis. NaN where a phase was not recorded or the model lacks a
        chain.
    """
    joint, force = (_chains(trial[name], step) for name in ("hub_moment", "hub_force_moment"))
    time = trial["time"].values
    return {
        name: np.stack([phase_curve(step, phase, time, values, "axial") for phase in PHASES])
        for name, values in (("hub_moment", joint + force), ("hub_joint_moment", joint))
    }


def _chains(values: xr.DataArray, step: Step) -> FloatArray:
    """(T, chains, 3) in the order of `CHAINS`."""
    present = list(map(str, values["chain"].values))
    missing = np.full((values.sizes["time"], len(AXES)), np.nan)
    wanted = [anatomical_name(chain, step.side) for chain in CHAINS]
    return np.stack(
        [values.values[:, present.index(name)] if name in present else missing for name in wanted],
        axis=1,
    )
