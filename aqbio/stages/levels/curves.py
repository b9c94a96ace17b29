"""Signals of level B by role, for the curves of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aqbio.mechanics.gait.roles import by_role, named_matrix
from aqbio.mechanics.gait.steps import Side
from aqbio.mechanics.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
"""What turns the pelvis, by role."""


def hub_signals(trial: xr.Dataset, stance: Side) -> dict[str, FloatArray]:
    """What every chain does to the pelvis.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.b_and_c.levels_dataset`.
    stance : {"left", "right"}
        The foot of the push leg.

    Returns
    -------
    dict of (T, chains, 3) arrays, N m
        ``hub_moment`` about the pelvis's centre of mass and its part ``hub_joint_moment``, by
        `CHAINS`. NaN where the model lacks a chain.
    """
    matrix = named_matrix(CHAINS, stance, list(map(str, trial["chain"].values)))
    joint, force = (
        by_role(trial[name].values, matrix) for name in ("hub_moment", "hub_force_moment")
    )
    return {"hub_moment": joint + force, "hub_joint_moment": joint}
