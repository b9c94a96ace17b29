"""The step dataset: signals of a trial over its steps, by role and in the canonical frame.

Canonical is right stance: x forward, y up, z toward the stance side. A left step is its mirror
image; how a signal reflects is said by the dictionary of variables, as in the files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial, reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.config.model_map import Centre
from aqbio.io.dictionary import variables
from aqbio.mechanics.gait.mirror import REFLECTION
from aqbio.mechanics.gait.roles import (
    RoleScheme,
    by_role,
    named_matrix,
    role_name,
)
from aqbio.mechanics.gait.steps import PERCENT, PHASES, Side, Step, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, SIDES
from aqbio.steps.roles import step_roles
from aqbio.steps.spreads import role_sd, role_sums

if TYPE_CHECKING:
    import xarray as xr

JOINT_ROLES = (
    *(f"{joint}_push" for joint in ("hip", "knee", "ankle")),
    *(f"{joint}_swing" for joint in ("hip", "knee", "ankle")),
    "lumbar",
    *(f"{joint}_{role}" for joint in ("shoulder", "elbow") for role in ("push", "swing")),
)
"""Joints by role; an arm is named after the leg of its own side."""

CHAINS = ("leg_push", "leg_swing", "upper_body", "residual")
"""What turns the pelvis, by role."""

DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "angular_momentum": ("group", "axis"),
    "angular_momentum_rate": ("group", "axis"),
    "angular_momentum_plain": ("group", "axis"),
    "angular_momentum_rate_plain": ("group", "axis"),
    "angular_momentum_sd_posterior": ("group", "axis"),
    "angular_momentum_rate_sd_posterior": ("group", "axis"),
    "residual_moment_plain": ("axis",),
    "joint_moment": ("joint", "axis"),
    "hub_moment": ("chain", "axis"),
    "hub_joint_moment": ("chain", "axis"),
    "external_moment": ("axis",),
    "moment_of_force": ("axis",),
    "free_moment": ("axis",),
    "residual_moment": ("axis",),
    "ground_force": ("axis",),
    "com_velocity": ("axis",),
    "joint_flexion_moment": ("joint",),
}
"""Signals, and their dimensions beside step, phase and percent."""

_SOURCES: Mapping[str, tuple[str, ...]] = {
    "angular_momentum": ("group_angular_momentum",),
    "angular_momentum_rate": ("group_angular_momentum_rate",),
    "angular_momentum_plain": ("group_angular_momentum_plain",),
    "angular_momentum_rate_plain": ("group_angular_momentum_rate_plain",),
    "angular_momentum_sd_posterior": ("group_momentum_covariance",),
    "angular_momentum_rate_sd_posterior": ("group_rate_covariance",),
    "hub_moment": ("hub_moment", "hub_force_moment"),
    "hub_joint_moment": ("hub_moment",),
    "external_moment": ("moment_of_force", "free_moment"),
    "joint_flexion_moment": ("joint_moment_coordinate",),
}
"""Variables of stage contributions that a signal is the sum of, where it has another name."""

_OF_BOTH_FEET = ("external_moment", "moment_of_force", "free_moment")


def step_dataset(
    trial: xr.Dataset,
    steps: Sequence[Step],
    model_map: ModelMap,
    scheme: RoleScheme | None = None,
) -> xr.Dataset:
    """Cut the signals of a trial into its steps.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions: by anatomical side, ground axes along the travel.
    steps : sequence of Step
    model_map : ModelMap
        Tells which generalised forces flex and extend.
    scheme : RoleScheme, optional
        Without it the declared roles.

    Returns
    -------
    xarray.Dataset
        `DIMENSIONS` behind (step, phase, percent); NaN for what the model lacks, what was not
        observed or not recorded, and for the posterior of trials that were not fitted. Coordinates
        of a step: ``number``, ``side``, and ``speed``, the mean forward velocity of the centre of
        mass, belt included, m/s, over the step (over the contact when the step is incomplete).
    """
    roles = scheme or RoleScheme()
    signals = {name: _by_anatomy(trial, name) for name in DIMENSIONS}
    time = trial["time"].values

    @cache
    def table(push: Side, foot: Side) -> FloatArray:
        return _by_role(signals, len(time), model_map, roles, (push, foot))

    signs = _signs(len(roles.items))
    curves = np.full((len(steps), len(PHASES), len(PERCENT), len(signs)), np.nan)
    for place, step in enumerate(steps):
        values = partial(table, foot=step.side)
        curves[place] = step_roles(trial, step, roles).both(time, values, signs)
    return _labelled(curves, steps, roles)


def no_steps(scheme: RoleScheme) -> xr.Dataset:
    """Step dataset of a study without steps."""
    empty = np.zeros((0, len(PHASES), len(PERCENT), len(_signs(len(scheme.items)))))
    return _labelled(empty, [], scheme)


# by role ----------------------------------------------------------------------------------------


def _by_anatomy(trial: xr.Dataset, name: str) -> xr.DataArray | None:
    """A signal before anybody has a role; None for what this trial does not have."""
    sources = _SOURCES.get(name, (name,))
    if any(source not in trial for source in sources):
        return None
    signal = reduce(add, [trial[source] for source in sources])
    if name in _OF_BOTH_FEET:
        signal = signal.sum("foot", skipna=False)
    if name == "com_velocity":
        signal = signal + np.array([float(trial.attrs["belt_speed"]), 0.0, 0.0])
    return signal


def _by_role(
    signals: Mapping[str, xr.DataArray | None],
    count: int,
    model_map: ModelMap,
    scheme: RoleScheme,
    sides: tuple[Side, Side],
) -> FloatArray:
    """(T, N): all components of all signals side by side, in the order of `DIMENSIONS`.

    ``sides`` are the side of the push leg and that of the stance foot, which differ where roles
    change in flight.
    """
    push, foot = sides
    columns = []
    for name, dimensions in DIMENSIONS.items():
        signal = signals[name]
        if signal is None:
            shape = [_length(one, len(scheme.items)) for one in dimensions]
            values = np.full((count, *shape), np.nan)
        elif "other_group" in signal.dims:
            quantity = "rate" if "rate" in name else "momentum"
            values = role_sd(signal, scheme, push, quantity)
        elif "group" in signal.dims:
            values = role_sums(signal, push, scheme)
        elif "foot" in signal.dims:
            values = signal.sel(foot=foot).values
        elif "coordinate" in signal.dims:
            names = list(map(str, signal["coordinate"].values))
            values = by_role(signal.values, _extension(model_map, push, names))
        elif dimension := next((d for d in ("joint", "chain") if d in signal.dims), ""):
            wanted = JOINT_ROLES if dimension == "joint" else CHAINS
            names = list(map(str, signal[dimension].values))
            values = by_role(signal.values, named_matrix(wanted, push, names))
        else:
            values = signal.values
        columns.append(values.reshape(count, -1))
    return np.concatenate(columns, axis=1)


def _extension(model_map: ModelMap, push: Side, coordinates: Sequence[str]) -> FloatArray:
    """(joints by role, C): picks generalised forces, extension and plantarflexion positive."""
    matrix = np.full((len(JOINT_ROLES), len(coordinates)), np.nan)
    for joint in model_map.flexion.keys() & model_map.sagittal.keys():
        place = model_map.sagittal[joint]
        named = {f"{joint}_{side}": getattr(place, side, None) for side in SIDES}
        for name, own in ({joint: place.centre} if isinstance(place, Centre) else named).items():
            row = np.array([float(coordinate == own) for coordinate in coordinates])
            matrix[JOINT_ROLES.index(role_name(name, push))] = -model_map.flexion[joint] * row
    return matrix


def _length(dimension: str, groups: int) -> int:
    lengths = {"group": groups, "joint": len(JOINT_ROLES), "chain": len(CHAINS)}
    return lengths.get(dimension, len(AXES))


def _signs(groups: int) -> FloatArray:
    """(N,): how every component of `_by_role` reflects."""
    known, signs = variables("steps"), []
    for name, dimensions in DIMENSIONS.items():
        kind = known[name].reflection if "axis" in dimensions else ""
        own = REFLECTION[kind] if kind in ("axial", "polar") else np.ones(len(AXES))
        shape = [_length(one, groups) for one in dimensions]
        signs.append(np.broadcast_to(own if "axis" in dimensions else 1.0, shape).ravel())
    return np.concatenate(signs)


# steps ------------------------------------------------------------------------------------------


def _labelled(curves: FloatArray, steps: Sequence[Step], scheme: RoleScheme) -> xr.Dataset:
    """Dataset of the (step, phase, percent, N) components."""
    import xarray as xr

    groups, start, found = len(scheme.items), 0, {}
    for name, dimensions in DIMENSIONS.items():
        shape = [_length(one, groups) for one in dimensions]
        end = start + int(np.prod(shape))
        values = curves[..., start:end].reshape(*curves.shape[:3], *shape)
        if name.endswith("_sd_posterior"):
            values = np.abs(values)  # a spline may undershoot zero
        found[name] = (("step", "phase", "percent", *dimensions), values)
        start = end
    velocity = found["com_velocity"][1]
    return xr.Dataset(
        found,
        coords={
            "number": ("step", [step.number for step in steps]),
            "side": ("step", [str(step.side) for step in steps]),
            "speed": ("step", [_speed(v, one) for v, one in zip(velocity, steps, strict=True)]),
            "phase": list(PHASES),
            "percent": np.arange(101.0),
            "group": list(scheme.items),
            "joint": list(JOINT_ROLES),
            "chain": list(CHAINS),
            "axis": list(AXES),
        },
        attrs={
            "frame": "canonical: x forward, y up, z toward the stance side",
            "roles": scheme.words(),
            "partition": list(scheme.partition),
            "flight_roles": scheme.flight,
        },
    )


def _speed(velocity: FloatArray, step: Step) -> float:
    """Mean forward velocity over the step, each phase weighted by its duration."""
    durations = np.array([step.contact, step.flight])
    means = phase_mean(velocity[:, :, 0].T)
    recorded = (durations > 0.0) & np.isfinite(means)  # feet that overlap leave no flight
    if not recorded.any():  # the pelvis was not observed
        return float("nan")
    return float(np.average(means[recorded], weights=durations[recorded]))
