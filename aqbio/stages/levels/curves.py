"""Signals of level B by role, for the curves of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.contributions.source_roles import Side, anatomical_name
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES

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
    joint = _chains(trial["hub_moment"], stance)
    force = _chains(trial["hub_force_moment"], stance)
    return {"hub_moment": joint + force, "hub_joint_moment": joint}


def _chains(values: xr.DataArray, stance: Side) -> FloatArray:
    """(T, chains, 3) in the order of `CHAINS`."""
    present = list(map(str, values["chain"].values))
    missing = np.full((values.sizes["time"], len(AXES)), np.nan)
    wanted = [anatomical_name(chain, stance) for chain in CHAINS]
    return np.stack(
        [values.values[:, present.index(name)] if name in present else missing for name in wanted],
        axis=1,
    )
