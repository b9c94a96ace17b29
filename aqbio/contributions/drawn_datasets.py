"""Draws of a trial as datasets: the names of a measured trial, and one dimension more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.groups import group_sum
from aqbio.gait.mirror import rotation_about_vertical
from aqbio.intervals.drawn_causes import DrawnCauses
from aqbio.intervals.sources import MOTION, UNDISTURBED
from aqbio.intervals.trial_draws import TrialDraws, drawn_level_c, drawn_outcomes
from aqbio.intervals.uncertainty import DrawnOutcomes
from aqbio.names import AXES
from aqbio.vectors import FloatArray, IntArray

if TYPE_CHECKING:
    import xarray as xr


def drawn_dataset(draws: TrialDraws, frames: IntArray) -> xr.Dataset:
    """Draws of levels A and B and of the force shares.

    Parameters
    ----------
    frames : (N,) int array
        Of the trial.

    Returns
    -------
    xarray.Dataset
        Variables of stage contributions behind ``draw``, ground axes along the heading; the ground
        force of both feet together. Coordinate ``uncertainty_source`` of ``draw``: what is
        disturbed in it, of `aqbio.intervals.sources.SOURCES`, nothing in one.
    """
    sources, drawn = drawn_outcomes(draws, frames)
    parts = draws.parts
    chains = parts.hub.chains
    joint = np.stack([_at_the_joint(parts.joints, drawn, one.roots) for one in chains], axis=2)
    variables = {
        "group_angular_momentum": ("group", drawn.momentum),
        "group_angular_momentum_rate": ("group", drawn.rate),
        "joint_moment": ("joint", drawn.joint_moment[:, :, : len(draws.anatomy.joints)]),
        "hub_moment": ("chain", joint),
        "hub_force_moment": ("chain", drawn.hub_moment - joint),
        "relative_force": ("group", drawn.relative_force),
        "inertial_force": ("group", drawn.inertial_force),
        "residual_moment": ("", drawn.residual_moment),
        "external_moment": ("", drawn.rate.sum(axis=2) - drawn.residual_moment),
        "ground_force": ("", drawn.ground_force),
    }
    labels = {
        "group": draws.levels.groups,
        "joint": tuple(draws.anatomy.joints),
        "chain": [one.name for one in chains],
    }
    return _dataset(draws, variables, labels, sources, frames)


def caused_dataset(draws: TrialDraws, frames: IntArray) -> xr.Dataset:
    """Draws of level C under every contact model, as :func:`drawn_dataset`."""
    sources, drawn = drawn_level_c(draws, frames)
    names = {
        "induced_ground_force": ("source", "ground_force"),
        "induced_momentum_rate": ("source group", "group_rate"),
        "induced_pelvis_acceleration": ("source", "pelvis_acceleration"),
    }
    every: Sequence[DrawnCauses] = tuple(drawn.values())
    variables = {
        name: (f"contact_model {parts}", np.stack([getattr(one, own) for one in every], axis=2))
        for name, (parts, own) in names.items()
    }
    labels = {
        "contact_model": tuple(drawn),
        "group": draws.levels.groups,
        "source": every[0].sources,
    }
    return _dataset(draws, variables, labels, sources, frames)


def motion_dataset(
    draws: TrialDraws, samples: Mapping[str, FloatArray], frames: IntArray
) -> xr.Dataset:
    """What a fit of motion and forces leaves open, as :func:`drawn_dataset`.

    Parameters
    ----------
    samples : mapping of (N, T, G, 3) arrays
        Deviations of variables by group in samples of the fit's posterior, ground axes.
    """
    balance = draws.levels.mechanics.balance
    own = {
        "group_angular_momentum": balance.momentum,
        "group_angular_momentum_rate": balance.rate,
    }
    variables = {}
    for name, off in samples.items():
        value = group_sum(own[name][frames], draws.parts.groups)
        variables[name] = ("group", np.concatenate([value[None], value + off[:, frames]]))
    count = len(next(iter(samples.values())))
    labels = {"group": draws.levels.groups}
    return _dataset(draws, variables, labels, [UNDISTURBED, *[MOTION] * count], frames)


def _at_the_joint(joints: IntArray, drawn: DrawnOutcomes, roots: tuple[int, ...]) -> FloatArray:
    """(K, T, 3) moment of a chain on the hub at its joints."""
    members = [int(np.flatnonzero(joints == root)[0]) for root in roots]
    moment: FloatArray = -drawn.joint_moment[:, :, members].sum(axis=2)
    return moment


def _dataset(
    draws: TrialDraws,
    variables: Mapping[str, tuple[str, FloatArray]],
    labels: Mapping[str, Sequence[str]],
    sources: Sequence[str],
    frames: IntArray,
) -> xr.Dataset:
    import xarray as xr

    turn = rotation_about_vertical(-draws.heading).T
    return xr.Dataset(
        {
            name: (
                ("draw", "time", *parts.split(), "axis"),
                (values.reshape(-1, 3) @ turn).reshape(
                    values.shape
                ),  # one product, not one a frame
            )
            for name, (parts, values) in variables.items()
        },
        coords={
            "uncertainty_source": ("draw", list(sources)),
            "time": draws.time[frames],
            "axis": list(AXES),
            **{name: list(own) for name, own in labels.items()},
        },
    )
