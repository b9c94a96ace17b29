"""The step dataset: signals of a trial over its steps, by role and in the canonical frame.

Canonical is right stance: x forward, y up, z toward the stance side. A left step is its mirror
image; how a signal reflects is said by the dictionary of variables, as in the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.gait.labels import labels
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import (
    Labelled,
    RoleParts,
    Signal,
    by_anatomy,
    in_roles,
    role_parts,
    signs,
)
from aqbio.gait.spreads import role_sd
from aqbio.gait.step_roles import step_roles
from aqbio.gait.steps import PERCENT, PHASES, Side, Step, phase_mean
from aqbio.names import AXES
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

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
"""Curves of a step, and their dimensions beside step, phase and percent."""

STEP = ("step", "phase", "percent")


def step_dataset(
    trial: xr.Dataset,
    steps: Sequence[Step],
    model_map: ModelMap | None = None,
    scheme: RoleScheme | None = None,
    names: Sequence[str] = tuple(DIMENSIONS),
    parts: RoleParts | None = None,
) -> xr.Dataset:
    """Cut the signals of a trial into its steps.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions: by anatomical side, ground axes along the travel. Signals may
        have more dimensions than time, part and axis, for example ``draw``.
    model_map : ModelMap, optional
        Tells which generalised forces flex and extend.
    scheme : RoleScheme, optional
        Without it the declared roles.
    names : sequence of str
        Signals that are wanted: `DIMENSIONS`, or any variable with parts by side.
    parts : mapping, optional
        Without it `aqbio.gait.signals.role_parts`.

    Returns
    -------
    xarray.Dataset
        The signals behind (step, phase, percent); NaN for what the model lacks, what was not
        observed or not recorded, and for the posterior of trials that were not fitted. Signals
        beside `DIMENSIONS` that the trial does not have are left out. Coordinates of a step:
        ``number``, ``side``, and where the velocity is cut ``speed``, the mean forward velocity of
        the centre of mass, belt included, m/s, over the step (over the contact when the step is
        incomplete).
    """
    roles = scheme or RoleScheme()
    parts = role_parts(roles, model_map) if parts is None else parts
    signals = {name: by_anatomy(trial, name) for name in names}
    known = {name: signal for name, signal in signals.items() if signal is not None}
    time = trial["time"].values

    @cache
    def table(push: Side, foot: Side) -> tuple[dict[str, Labelled], FloatArray]:
        labelled = {
            name: _posterior(one, roles, push)
            if "other_group" in one.dimensions
            else in_roles(one, parts, push, foot)
            for name, one in known.items()
        }
        columns = [_time_first(*one) for one in labelled.values()]
        return labelled, np.concatenate(columns or [np.zeros((len(time), 0))], axis=1)

    axes = labels(trial, "axis")
    layout, columns = table("right", "right")
    mirror = np.concatenate(
        [np.zeros(0), *(_signs(name, *one, axes) for name, one in layout.items())]
    )
    curves = np.full((len(steps), len(PHASES), len(PERCENT), columns.shape[1]), np.nan)
    for index, step in enumerate(steps):
        values: Callable[[Side], FloatArray] = partial(_columns, table, step.side)
        curves[index] = step_roles(trial, step, roles).both(time, values, mirror)
    names_of = {name: list(own) for _, (name, own, _) in parts.items()}
    names_of |= {
        str(name): own.tolist() for name, own in trial.indexes.items() if name not in names_of
    }
    lacking = [name for name in names if name not in known]
    return _labelled(_cut(curves, layout), lacking, steps, roles, names_of)


def no_steps(scheme: RoleScheme) -> xr.Dataset:
    """Step dataset of a study without steps."""
    labels = {name: list(own) for _, (name, own, _) in role_parts(scheme).items()}
    return _labelled({}, list(DIMENSIONS), [], scheme, labels | {"axis": list(AXES)})


# columns ----------------------------------------------------------------------------------------


def _posterior(covariance: Signal, scheme: RoleScheme, push: Side) -> Labelled:
    groups = covariance.labels["group"]
    return ("time", "group", "axis"), role_sd(covariance.values, groups, scheme, push)


def _columns(
    table: Callable[[Side, Side], tuple[object, FloatArray]], foot: Side, push: Side
) -> FloatArray:
    """(T, N): all components of all signals side by side."""
    return table(push, foot)[1]


def _time_first(dimensions: Sequence[str], values: FloatArray) -> FloatArray:
    first = np.moveaxis(values, dimensions.index("time"), 0)
    return first.reshape(len(first), -1)


def _signs(
    name: str, dimensions: Sequence[str], values: FloatArray, axes: Sequence[str]
) -> FloatArray:
    """(N,): how every component of a signal reflects."""
    shape = [n for n, one in zip(values.shape, dimensions, strict=True) if one != "time"]
    own = signs(name, axes) if "axis" in dimensions else np.ones(1)
    return np.broadcast_to(own, shape or 1).ravel()


def _cut(curves: FloatArray, layout: Mapping[str, Labelled]) -> dict[str, Labelled]:
    """Signals of the (step, phase, percent, N) components."""
    signals, start = {}, 0
    for name, (dimensions, values) in layout.items():
        own = [one for one in dimensions if one != "time"]
        shape = [n for n, one in zip(values.shape, dimensions, strict=True) if one != "time"]
        end = start + int(np.prod(shape))
        cut = curves[..., start:end].reshape(*curves.shape[:3], *shape)
        # a spline of a standard deviation may undershoot zero
        signals[name] = ((*STEP, *own), np.abs(cut) if name.endswith("_sd_posterior") else cut)
        start = end
    return signals


# steps ------------------------------------------------------------------------------------------


def _labelled(
    signals: Mapping[str, Labelled],
    lacking: Sequence[str],
    steps: Sequence[Step],
    scheme: RoleScheme,
    labels: Mapping[str, Sequence[object]],
) -> xr.Dataset:
    """Dataset of the signals, and of those that are unknown."""
    import xarray as xr

    labels = {"phase": PHASES, "percent": np.arange(101.0).tolist(), **labels}
    first = (len(steps), len(PHASES), len(PERCENT))
    unknown = {
        name: ((*STEP, *own), np.full((*first, *(len(labels[one]) for one in own)), np.nan))
        for name, own in DIMENSIONS.items()
        if name in lacking
    }
    every = {**signals, **unknown}
    ordered = {name: every[name] for name in (*DIMENSIONS, *signals) if name in every}
    used = {dimension for dimensions, _ in ordered.values() for dimension in dimensions}
    coordinates: dict[str, object] = {
        "number": ("step", [step.number for step in steps]),
        "side": ("step", [str(step.side) for step in steps]),
    }
    if "com_velocity" in ordered:
        coordinates["speed"] = ("step", _speeds(ordered["com_velocity"][1], steps))
    coordinates |= {name: list(own) for name, own in labels.items() if name in used}
    return xr.Dataset(
        ordered,
        coords=coordinates,
        attrs={
            "frame": "canonical: x forward, y up, z toward the stance side",
            "roles": scheme.words(),
            "partition": list(scheme.partition),
            "flight_roles": scheme.flight,
        },
    )


def _speeds(velocity: FloatArray, steps: Sequence[Step]) -> FloatArray:
    """Mean forward velocity over every step, each phase weighted by its duration.

    NaN where no phase is known: the pelvis was not observed.
    """
    durations = np.array([(step.contact, step.flight) for step in steps]).reshape(-1, 2)
    means = phase_mean(np.moveaxis(velocity[..., 0], 2, 0))
    recorded = (durations > 0.0) & np.isfinite(means)  # feet that overlap leave no flight
    weights = np.where(recorded, durations, 0.0)
    whole, moved = weights.sum(axis=1), (weights * np.where(recorded, means, 0.0)).sum(axis=1)
    mean: FloatArray = np.divide(moved, whole, out=np.full(len(steps), np.nan), where=whole > 0.0)
    return mean
