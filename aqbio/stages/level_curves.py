"""Curves of level B over one step, in roles and in the canonical frame, for figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.contributions.source_roles import Side, anatomical_name
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.step_roles import StepRoles

if TYPE_CHECKING:
    import xarray as xr

CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
"""What turns the pelvis, by role."""


def hub_curves(trial: xr.Dataset, roles: StepRoles) -> dict[str, FloatArray]:
    """Curves of what every chain does to the pelvis.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.levels_dataset`.
    roles : StepRoles

    Returns
    -------
    dict of (2, 101, chains, 3) arrays, N m
        ``hub_moment`` about the pelvis's centre of mass and its part ``hub_joint_moment``; over
        phase, percent, `CHAINS` and axis. NaN where a phase was not recorded or the model lacks a
        chain.
    """
    time, joint, force = trial["time"].values, trial["hub_moment"], trial["hub_force_moment"]
    return {
        "hub_moment": roles.both(time, lambda x: _chains(joint, x) + _chains(force, x)),
        "hub_joint_moment": roles.both(time, lambda x: _chains(joint, x)),
    }


def _chains(values: xr.DataArray, stance: Side) -> FloatArray:
    """(T, chains, 3) in the order of `CHAINS`."""
    present = list(map(str, values["chain"].values))
    missing = np.full((values.sizes["time"], len(AXES)), np.nan)
    wanted = [anatomical_name(chain, stance) for chain in CHAINS]
    return np.stack(
        [values.values[:, present.index(name)] if name in present else missing for name in wanted],
        axis=1,
    )
