"""Curves of every step, in roles and in the canonical (right-stance) frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from aqbio.config import ModelMap
from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.steps import PHASES, Step, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.fitting.curves import stance_sd
from aqbio.stages.levels.curve_intervals import ITEMS, step_sds
from aqbio.stages.levels.curves import CHAINS
from aqbio.stages.stepping.role_signals import FLEXION, JOINT_ROLES, role_signals
from aqbio.stages.stepping.roles import step_roles

if TYPE_CHECKING:
    import xarray as xr

ROLES = RoleScheme().items
"""Groups, sides and total of the declared roles; a scheme may tell more after them."""

_VARIABLES = {
    "angular_momentum": "group",
    "angular_momentum_rate": "group",
    "angular_momentum_plain": "group",
    "angular_momentum_rate_plain": "group",
    "angular_momentum_sd_posterior": "group",
    "angular_momentum_rate_sd_posterior": "group",
    "residual_moment_plain": "",
    "joint_moment": "joint",
    "hub_moment": "chain",
    "hub_joint_moment": "chain",
    "external_moment": "",
    "moment_of_force": "",
    "free_moment": "",
    "residual_moment": "",
    "ground_force": "",
}
"""Dimension beside step, phase, percent and axis of every variable of the study."""

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
    trial: xr.Dataset,
    steps: Sequence[Step],
    model_map: ModelMap,
    scheme: RoleScheme | None = None,
) -> tuple[StepCurves, ...]:
    """Curves of steps of a trial.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    steps : sequence of Step
    model_map : ModelMap
    scheme : RoleScheme, optional
        Without it the declared roles.
    """
    told = scheme or RoleScheme()
    signals = role_signals(trial, model_map, told)
    drawn = cache(lambda side: step_sds(trial, side, _sure_items(told)))
    found = []
    for step in steps:
        vectors = signals.curves(step_roles(trial, step, told))
        flexion = vectors.pop(FLEXION)[..., 0]
        sd = _with_posterior(drawn(step.side), vectors)
        known = stance_sd(trial, step, told)
        speed = _speed(vectors["com_velocity"], step)
        found.append(StepCurves(step, vectors, flexion, sd, speed, known))
    return tuple(found)


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


def _speed(velocity: FloatArray, step: Step) -> float:
    """Mean forward velocity over the step, each phase weighted by its duration."""
    durations = np.array([step.contact, step.flight])
    means = phase_mean(velocity[:, :, 0, 0].T)
    recorded = (durations > 0.0) & np.isfinite(means)  # feet that overlap leave no flight
    if not recorded.any():  # the pelvis was not observed
        return float("nan")
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
    for name, item in _VARIABLES.items():
        shape = (0, 2, 101, counts[item], 3)
        values = _stacked([curves.vectors[name] for _, curves in rows], shape)
        dimensions = (*by_item, item, "axis") if item else (*by_item, "axis")
        variables[name] = (dimensions, values if item else values[:, :, :, 0])
    for name, count in _sure_items(told).items():
        item = {"sure_group": "group", "sure_chain": "chain", "": ""}[ITEMS[name]]
        values = _stacked([curves.sd[name] for _, curves in rows], (0, 2, 101, count, 3))
        variables[f"{name}_sd"] = (
            (*by_item, item, "axis") if item else (*by_item, "axis"),
            values if item else values[:, :, :, 0],
        )
    flexion = _stacked([curves.flexion for _, curves in rows], (0, 2, 101, len(JOINT_ROLES)))
    variables["joint_flexion_moment"] = ((*by_item, "joint"), flexion)
    texts = ("participant_id", "trial_id", "condition", "side")
    coordinates = {
        name: (
            "step",
            np.array([row[column] for row, _ in rows], dtype=str if name in texts else float),
        )
        for name, column in _COORDINATES.items()
    }
    single = {  # single precision: these are drawn, the tables hold the numbers
        name: (dimensions, values.astype(np.float32))
        for name, (dimensions, values) in variables.items()
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
