"""Curves of every step, in roles and in the canonical (right-stance) frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from aqbio.config import ModelMap
from aqbio.config.model_map import Centre
from aqbio.mechanics.contributions.source_roles import Side, anatomical_name
from aqbio.mechanics.gait.role_options import RoleScheme
from aqbio.mechanics.gait.steps import PHASES, Step, phase_curve, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.curve_intervals import ITEMS, step_sds
from aqbio.stages.fitting.curves import RoleCurves, consistency_curves, stance_sd
from aqbio.stages.level_curves import CHAINS, hub_curves
from aqbio.stages.step_roles import StepRoles, step_roles

if TYPE_CHECKING:
    import xarray as xr

ROLES = RoleScheme().items
"""Groups, sides and total of the declared roles; a scheme may tell more after them."""

JOINT_ROLES = (
    *(f"{joint}_push" for joint in ("hip", "knee", "ankle")),
    *(f"{joint}_swing" for joint in ("hip", "knee", "ankle")),
    "lumbar",
    *(f"{joint}_{role}" for joint in ("shoulder", "elbow") for role in ("push", "swing")),
)
"""Joints by role; an arm is named after the leg of its own side."""


_VARIABLES = {
    "angular_momentum": ("group", "kg m2/s"),
    "angular_momentum_rate": ("group", "N m"),
    "angular_momentum_plain": ("group", "kg m2/s"),
    "angular_momentum_rate_plain": ("group", "N m"),
    "angular_momentum_sd_posterior": ("group", "kg m2/s"),
    "angular_momentum_rate_sd_posterior": ("group", "N m"),
    "residual_moment_plain": ("", "N m"),
    "joint_moment": ("joint", "N m"),
    "hub_moment": ("chain", "N m"),
    "hub_joint_moment": ("chain", "N m"),
    "external_moment": ("", "N m"),
    "moment_of_force": ("", "N m"),
    "free_moment": ("", "N m"),
    "residual_moment": ("", "N m"),
    "ground_force": ("", "N"),
}
"""Dimension beside step, phase, percent and axis, and unit, of every variable of the study."""

_ITEMS = {"joint": len(JOINT_ROLES), "chain": len(CHAINS), "": 1}

_COORDINATES = {
    "participant_id": "participant_id", "trial_id": "trial_id", "condition": "condition",
    "number": "step", "side": "side", "speed": "speed_mps", "contact_s": "contact_s",
    "flight_s": "flight_s", "mass": "mass_kg", "height": "height_m",
}  # fmt: skip
"""Column of the step table behind every coordinate of a step."""


@dataclass(frozen=True, slots=True)
class StepCurves:
    """One step, 101 points a phase, canonical frame.

    Attributes
    ----------
    step : Step
    vectors : mapping
        Name to (2, 101, K, 3) arrays over phase, percent, item and axis.
    flexion : (2, 101, J) array, N m
        Generalised force of each joint's sagittal coordinate, extension positive.
    sd : mapping
        Name to (2, 101, K, 3) arrays: how sure the vectors are, standard deviation per sample.
    speed : float
        Mean forward velocity of the centre of mass, belt included, over the step (over the contact
        when the step is incomplete), m/s.
    stance_sd : mapping
        Inflated posterior standard deviations of the stance means of momentum and rate, (K, 3) by
        role; empty where the trial was not fitted.
    """

    step: Step
    vectors: Mapping[str, FloatArray]
    flexion: FloatArray
    sd: Mapping[str, FloatArray]
    speed: float
    stance_sd: Mapping[str, FloatArray] = field(default_factory=dict)


def step_curves(
    trial: xr.Dataset, step: Step, model_map: ModelMap, scheme: RoleScheme | None = None
) -> StepCurves:
    """Curves of one step of a trial.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    step : Step
    model_map : ModelMap
    scheme : RoleScheme, optional
        Without it the declared roles.
    """
    time, roles = trial["time"].values, step_roles(trial, step, scheme or RoleScheme())

    def both(values: FloatArray, kind: Literal["axial", "polar"] = "axial") -> FloatArray:
        return np.stack([phase_curve(step, name, time, values, kind) for name in PHASES])

    by_role = RoleCurves(roles.scheme.items, roles.scheme.weights, lambda of: roles.both(time, of))
    belt = np.array([float(trial.attrs["belt_speed"]), 0.0, 0.0])
    external = trial["moment_of_force"] + trial["free_moment"]
    vectors = {
        "angular_momentum": _grouped(trial["group_angular_momentum"], roles),
        "angular_momentum_rate": _grouped(trial["group_angular_momentum_rate"], roles),
        "external_moment": both(external.sum("foot", skipna=False).values[:, None]),
        "moment_of_force": both(trial["moment_of_force"].sum("foot", skipna=False).values[:, None]),
        "free_moment": both(trial["free_moment"].sum("foot", skipna=False).values[:, None]),
        "residual_moment": both(trial["residual_moment"].values[:, None]),
        "ground_force": both(trial["ground_force"].sel(foot=step.side).values[:, None], "polar"),
        "residual_force": both(trial["residual_force"].values[:, None], "polar"),
        "com_velocity": both((trial["com_velocity"].values + belt)[:, None], "polar"),
        "joint_moment": roles.both(time, lambda stance: _joints(trial, stance)),
        **hub_curves(trial, roles),
        **consistency_curves(trial, by_role),
    }
    flexion = roles.both(time, lambda stance: _flexion(trial, stance, model_map), "polar")[..., 0]
    sd = _with_posterior(step_sds(trial, step.side, _sure_items(roles.scheme)), vectors)
    known = stance_sd(trial, step, by_role)
    return StepCurves(step, vectors, flexion, sd, _speed(vectors["com_velocity"], step), known)


def _with_posterior(
    sd: Mapping[str, FloatArray], vectors: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Add the variance that the motion has after the consistency fit to that of the draws."""
    found = dict(sd)
    for name in ("angular_momentum", "angular_momentum_rate"):
        posterior = vectors[f"{name}_sd_posterior"]
        both = np.hypot(found[name], posterior)
        found[name] = np.where(np.isnan(posterior), found[name], both)
    return found


def _sure_items(scheme: RoleScheme) -> dict[str, int]:
    """Number of items of every variable with a standard deviation."""
    counts = {"sure_group": len(scheme.items), "sure_chain": len(CHAINS), "": 1}
    return {name: counts[item] for name, item in ITEMS.items()}


def _grouped(groups: xr.DataArray, roles: StepRoles) -> FloatArray:
    """(2, 101, items, 3): sums over the groups behind each item of the roles."""
    time, scheme = groups["time"].values, roles.scheme
    return roles.both(time, lambda stance: _roles(groups, stance, scheme))


def _roles(groups: xr.DataArray, stance: Side, scheme: RoleScheme) -> FloatArray:
    """(T, items, 3): NaN where the model lacks a group, or the scheme an item."""
    names, values = list(map(str, groups["group"].values)), groups.values
    total = np.full((len(values), len(scheme.items), 3), np.nan)
    weights = scheme.weights(stance)
    for column, item in enumerate(scheme.items):
        if item in weights and set(weights[item]) <= set(names):
            own = [names.index(name) for name in weights[item]]  # no other: one may be unknown
            row = list(weights[item].values())
            total[:, column] = np.tensordot(values[:, own], row, axes=([1], [0]))
    return total


def _joints(trial: xr.Dataset, stance: Side) -> FloatArray:
    """(T, joints, 3): joint moments by role, NaN where the model lacks the joint."""
    place = {str(name): index for index, name in enumerate(trial["joint"].values)}
    moments = trial["joint_moment"].values
    columns = np.full((len(moments), len(JOINT_ROLES), 3), np.nan)
    for column, role in enumerate(JOINT_ROLES):
        joint = anatomical_name(role, stance)
        if joint in place:
            columns[:, column] = moments[:, place[joint]]
    return columns


def _flexion(trial: xr.Dataset, stance: Side, model_map: ModelMap) -> FloatArray:
    """(T, joints, 3) generalised forces three times, extension and plantarflexion positive."""
    columns = []
    for role in JOINT_ROLES:
        joint, _, _ = role.partition("_")
        place = model_map.sagittal.get(joint)
        if place is None or joint not in model_map.flexion:
            columns.append(np.full(trial.sizes["time"], np.nan))
            continue
        side = anatomical_name(role, stance).rpartition("_")[2]
        name = place.centre if isinstance(place, Centre) else getattr(place, side)
        force = trial["joint_moment_coordinate"].sel(coordinate=name).values
        columns.append(-model_map.flexion[joint] * force)
    flexion = np.stack(columns, axis=1)
    return np.stack([flexion, flexion, flexion], axis=-1)


def _speed(velocity: FloatArray, step: Step) -> float:
    """Mean forward velocity over the step, each phase weighted by its duration."""
    durations = np.array([step.contact, step.flight])
    means = phase_mean(velocity[:, :, 0, 0].T)
    recorded = np.isfinite(durations) & np.isfinite(means)
    return float(np.average(means[recorded], weights=durations[recorded]))


def curves_dataset(
    rows: Sequence[tuple[Mapping[str, object], StepCurves]], scheme: RoleScheme | None = None
) -> xr.Dataset:
    """All curves of a study as one dataset, one entry per step that was not rejected.

    Parameters
    ----------
    rows : sequence of (row of the step table, curves)
    scheme : RoleScheme, optional
        That of the curves.
    """
    import xarray as xr

    told = scheme or RoleScheme()
    counts = _ITEMS | {"group": len(told.items)}
    by_item = ("step", "phase", "percent")
    variables = {}
    for name, (item, unit) in _VARIABLES.items():
        shape = (0, 2, 101, counts[item], 3)
        values = _stacked([curves.vectors[name] for _, curves in rows], shape)
        dimensions = (*by_item, item, "axis") if item else (*by_item, "axis")
        variables[name] = (dimensions, values if item else values[:, :, :, 0], {"units": unit})
    for name, count in _sure_items(told).items():
        item = {"sure_group": "group", "sure_chain": "chain", "": ""}[ITEMS[name]]
        values = _stacked([curves.sd[name] for _, curves in rows], (0, 2, 101, count, 3))
        variables[f"{name}_sd"] = (
            (*by_item, item, "axis") if item else (*by_item, "axis"),
            values if item else values[:, :, :, 0],
            {"units": _VARIABLES.get(name, ("", "N m"))[1], "long_name": "standard deviation"},
        )
    flexion = _stacked([curves.flexion for _, curves in rows], (0, 2, 101, len(JOINT_ROLES)))
    variables["joint_flexion_moment"] = (
        (*by_item, "joint"),
        flexion,
        {"units": "N m", "positive": "extension, plantarflexion"},
    )
    texts = ("participant_id", "trial_id", "condition", "side")
    coordinates = {
        name: (
            "step",
            np.array([row[column] for row, _ in rows], dtype=str if name in texts else float),
        )
        for name, column in _COORDINATES.items()
    }
    single = {  # single precision: these are drawn, the tables hold the numbers
        name: (dimensions, values.astype(np.float32), attributes)
        for name, (dimensions, values, attributes) in variables.items()
    }
    return xr.Dataset(
        single,
        coords={
            **coordinates,
            "phase": list(PHASES),
            "percent": np.arange(101.0),
            "group": list(told.items),
            "joint": list(JOINT_ROLES),
            "chain": list(CHAINS),
            "axis": list(AXES),
        },
        attrs={
            "frame": "canonical: x forward, y up, z toward the stance side",
            "roles": told.words(),
            "partition": list(told.partition),
            "flight_roles": told.flight,
        },
    )


def _stacked(arrays: Sequence[FloatArray], empty: tuple[int, ...]) -> FloatArray:
    return np.stack(arrays) if arrays else np.zeros(empty)
