"""Draws of a trial as datasets: the names of a measured trial, and one dimension more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.gait.mirror import rotation_about_vertical
from aqbio.mechanics.intervals.drawn_causes import DrawnCauses
from aqbio.mechanics.intervals.uncertainty import DrawnOutcomes
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.contributions.trial_draws import TrialDraws

if TYPE_CHECKING:
    import xarray as xr


def drawn_dataset(draws: TrialDraws, found: DrawnOutcomes, frames: slice) -> xr.Dataset:
    """Draws of levels A and B and of the force shares.

    Parameters
    ----------
    draws : TrialDraws
    found : DrawnOutcomes
    frames : slice
        Of the trial that were drawn.

    Returns
    -------
    xarray.Dataset
        Variables of stage contributions behind ``draw``, ground axes along the heading; the ground
        force of both feet together.
    """
    chains = draws.parts.hub.chains
    joint = np.stack([_at_the_joint(draws, found, chain.roots) for chain in chains], axis=2)
    variables = {
        "group_angular_momentum": ("group", found.momentum),
        "group_angular_momentum_rate": ("group", found.rate),
        "joint_moment": ("joint", found.joint_moment[:, :, : len(draws.anatomy.joints)]),
        "hub_moment": ("chain", joint),
        "hub_force_moment": ("chain", found.hub_moment - joint),
        "relative_force": ("group", found.relative_force),
        "inertial_force": ("group", found.inertial_force),
        "residual_moment": ("", found.residual_moment),
        "external_moment": ("", found.rate.sum(axis=2) - found.residual_moment),
        "ground_force": ("", found.ground_force),
    }
    labels = {"group": draws.found.groups, "joint": tuple(draws.anatomy.joints)}
    return _dataset(draws, variables, labels | {"chain": [one.name for one in chains]}, frames)


def caused_dataset(
    draws: TrialDraws, found: Mapping[str, DrawnCauses], frames: slice
) -> xr.Dataset:
    """Draws of level C under every contact model, as :func:`drawn_dataset`."""
    names = {
        "induced_ground_force": ("source", "ground_force"),
        "induced_momentum_rate": ("source group", "group_rate"),
        "induced_pelvis_acceleration": ("source", "pelvis_acceleration"),
    }
    every = found.values()
    variables = {
        name: (f"contact_model {parts}", np.stack([getattr(one, own) for one in every], axis=2))
        for name, (parts, own) in names.items()
    }
    labels = {"contact_model": tuple(found), "group": draws.found.groups}
    return _dataset(draws, variables, labels | {"source": next(iter(every)).sources}, frames)


def _at_the_joint(draws: TrialDraws, found: DrawnOutcomes, roots: tuple[int, ...]) -> FloatArray:
    """(K, T, 3) moment of a chain on the hub at its joints."""
    members = [int(np.flatnonzero(draws.parts.joints == root)[0]) for root in roots]
    moment: FloatArray = -found.joint_moment[:, :, members].sum(axis=2)
    return moment


def _dataset(
    draws: TrialDraws,
    variables: Mapping[str, tuple[str, FloatArray]],
    labels: Mapping[str, Sequence[str]],
    frames: slice,
) -> xr.Dataset:
    import xarray as xr

    turn = rotation_about_vertical(-draws.heading).T
    return xr.Dataset(
        {
            name: (("draw", "time", *parts.split(), "axis"), values @ turn)
            for name, (parts, values) in variables.items()
        },
        coords={
            "time": draws.time[frames],
            "axis": list(AXES),
            **{name: list(own) for name, own in labels.items()},
        },
    )
