"""The step dataset: signals of a trial over its steps, by role and in the canonical frame.

Canonical is right stance: x forward, y up, z toward the stance side. A left step is mirrored, with
the signs of a signal's reflection from the dictionary of variables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import xarray as xr

from aqbio.config import ModelMap
from aqbio.gait.belt import step_belt_speeds
from aqbio.gait.roles import RoleScheme, by_role, exchanged_in_flight, other_side
from aqbio.gait.signals import (
    Labelled,
    RoleParts,
    Signal,
    by_anatomy,
    in_roles,
    labels,
    role_parts,
    select_labels,
    signs,
)
from aqbio.gait.steps import PERCENT, PHASES, Kind, Side, Step, phase_curve, phase_mean
from aqbio.io.study import Study
from aqbio.names import AXES, SIDES
from aqbio.signals import resampled
from aqbio.vectors import BoolArray, FloatArray

# standard deviations ------------------------------------------------------------------------------


SPREADS = {
    "angular_momentum": "group",
    "angular_momentum_rate": "group",
    "hub_moment": "chain",
    "hub_joint_moment": "chain",
    "hub_force_moment": "chain",
    "external_moment": "",
    "residual_moment": "",
}
"""Curves with a standard deviation over draws, and the dimension of their items."""

KNOTS = np.linspace(0.0, 1.0, 21)
"""Shares of a phase at which standard deviations are kept: they are smooth."""


def with_spreads(
    curves: xr.Dataset,
    trial: xr.Dataset,
    steps: Sequence[Step],
    scheme: RoleScheme,
    models: Mapping[str, FloatArray] | None = None,
) -> xr.Dataset:
    """Add ``<curve>_sd`` of `SPREADS`, ``stance_momentum_sd`` and ``stance_rate_sd``.

    Variances of draws, of the choice of the model (``models``) and, for momentum and its rate, of
    the posterior of the motion are added: sources whose weights in a world are independent
    (`aqbio.intervals.worlds`). NaN where nothing was drawn.
    """
    spreads = {}
    for name, item in SPREADS.items():
        dimensions = ("step", "phase", "percent", *((item,) if item else ()), "axis")
        values = np.full([curves.sizes[dimension] for dimension in dimensions], np.nan)
        for index, step in enumerate(steps) if f"sd_{name}" in trial else ():
            spread = select_labels(trial, f"sd_{name}", stance_foot=step.side)
            values[index] = [interpolated(KNOTS, phase, PERCENT) for phase in spread]
        if f"{name}_sd_posterior" in curves:
            posterior = curves[f"{name}_sd_posterior"].values
            values = np.where(np.isnan(posterior), values, np.hypot(values, posterior))
        if models and name in models:
            values = np.where(np.isnan(models[name]), values, np.hypot(values, models[name]))
        spreads[f"{name}_sd"] = (dimensions, values)
    for quantity in ("momentum", "rate"):
        dimensions = ("step", "group", "axis")
        stance_sds = [_stance_sd(trial, step, scheme, quantity) for step in steps]
        empty = np.zeros([curves.sizes[dimension] for dimension in dimensions])
        spreads[f"stance_{quantity}_sd"] = (
            dimensions,
            np.stack(stance_sds) if stance_sds else empty,
        )
    return curves.assign(spreads)


def interpolated(at: FloatArray, values: FloatArray, query: FloatArray) -> FloatArray:
    """Interpolate samples (N, ...) linearly at ``query``; constant beyond their ends."""
    flat = values.reshape(len(at), -1)
    columns = [np.interp(query, at, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(len(query), *values.shape[1:])


def role_sd(
    covariance: FloatArray, groups: Sequence[str], scheme: RoleScheme, stance: Side
) -> FloatArray:
    """Posterior sd (T, roles, 3) of sums over groups, from covariances (T, G, G, 3).

    NaN where the model lacks a group of a role, or one was not observed.
    """
    matrix = scheme.matrix(stance, groups)
    variance = by_role(by_role(covariance, matrix), matrix, axis=2)
    sd: FloatArray = np.sqrt(np.maximum(np.einsum("tiia->tia", variance), 0.0))
    return sd


def _stance_sd(trial: xr.Dataset, step: Step, scheme: RoleScheme, quantity: str) -> FloatArray:
    """(roles, 3) posterior of a step's stance mean; NaN in a trial that was not fitted."""
    name = f"stance_{quantity}_covariance"
    if name not in trial:
        return np.full((len(scheme.items), len(AXES)), np.nan)
    contact = int(np.argmin(np.abs(trial["contact_touchdown"].values - step.touchdown)))
    covariance = trial.variables[name].values[contact : contact + 1]
    sd: FloatArray = role_sd(covariance, labels(trial, "group"), scheme, step.side)[0]
    return sd


# roles of a step ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepRoles:
    """Roles of one step."""

    step: Step
    scheme: RoleScheme
    keeps: BoolArray
    """(101,) bool array. Samples of the flight in which the stance leg is still the push leg."""

    def curve(
        self,
        phase: str,
        time: FloatArray,
        values: Callable[[Side], FloatArray],
        kind: Kind | FloatArray = "axial",
    ) -> FloatArray:
        """Curve of a quantity by role over one phase, (101, ..., 3), canonical.

        ``values`` gives the (T, ..., 3) array for the foot of the push leg. Roles may change in
        flight; the frame stays that of the stance foot, so that the curve of the whole body does
        not jump.
        """
        stance_curve = phase_curve(self.step, phase, time, values(self.step.side), kind)
        if phase == "stance" or self.keeps.all():
            return stance_curve
        exchanged_curve = phase_curve(
            self.step, phase, time, values(other_side(self.step.side)), kind
        )
        return np.where(
            self.keeps.reshape(-1, *(1,) * (stance_curve.ndim - 1)), stance_curve, exchanged_curve
        )

    def step_curves(
        self,
        time: FloatArray,
        values: Callable[[Side], FloatArray],
        kind: Kind | FloatArray = "axial",
    ) -> FloatArray:
        """Curves over stance and flight, (2, 101, ..., 3)."""
        return np.stack([self.curve(phase, time, values, kind) for phase in PHASES])


def role_scheme(study: Study) -> RoleScheme:
    """The roles chosen in the settings."""
    roles = study.settings.roles
    return RoleScheme(pelvis=roles.pelvis, arms=roles.arms, flight=roles.flight)


def step_roles(trial: xr.Dataset, step: Step, scheme: RoleScheme) -> StepRoles:
    """Roles of one step of a trial; rule R3 reads ``foot_velocity``."""
    feet = np.zeros((len(PERCENT), len(SIDES)))
    if scheme.flight == "R3":
        velocity = trial["foot_velocity"].sel(axis="x").values
        feet = flight_feet(step, trial["time"].values, velocity)
    return StepRoles(step, scheme, ~exchanged_in_flight(scheme.flight, feet))


def flight_feet(step: Step, time: FloatArray, forward: FloatArray) -> FloatArray:
    """Forward velocity of push and swing foot in flight, (101, 2), from left and right."""
    if not np.isfinite(step.flight):
        return np.full((len(PERCENT), 2), np.nan)
    curve = resampled(time, forward, step.toe_off + PERCENT * step.flight)
    stance = SIDES.index(step.side)
    return curve[:, [stance, 1 - stance]]


# the step dataset ---------------------------------------------------------------------------------

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
"""Curves of a step, and their dimensions in addition to step, phase and percent."""

STEP_DIMENSIONS = ("step", "phase", "percent")


def step_dataset(
    trial: xr.Dataset,
    steps: Sequence[Step],
    model_map: ModelMap | None = None,
    scheme: RoleScheme | None = None,
    names: Sequence[str] = tuple(DIMENSIONS),
    parts: RoleParts | None = None,
) -> xr.Dataset:
    """Cut the signals of a trial (by side, ground axes along the travel) into its steps.

    Signals are (step, phase, percent, ...), also with further dimensions such as ``draw``; NaN
    for parts that the model lacks or that were not observed. Signals outside `DIMENSIONS` that the
    trial lacks are left out. ``model_map`` names the generalised forces of flexion. Coordinate
    ``speed``: mean
    forward velocity of the centre of mass, belt included, m/s, over the step (over the contact when
    the step is incomplete); of the pelvis in a whole step where the centre of mass is not known.
    ``com_velocity`` is that over a belt of the step's mean speed: its changes are the runner's.
    """
    roles = scheme or RoleScheme()
    parts = role_parts(roles, model_map) if parts is None else parts
    signals = {name: by_anatomy(trial, name) for name in names}
    available = {name: signal for name, signal in signals.items() if signal is not None}
    time = trial["time"].values

    @cache
    def table(push: Side, foot: Side) -> tuple[dict[str, Labelled], FloatArray]:
        labelled = {
            name: _posterior(signal, roles, push)
            if "other_group" in signal.dimensions
            else in_roles(signal, parts, push, foot)
            for name, signal in available.items()
        }
        columns = [_time_first(*signal) for signal in labelled.values()]
        return labelled, np.concatenate(columns or [np.zeros((len(time), 0))], axis=1)

    axes = labels(trial, "axis")
    layout, columns = table("right", "right")
    mirror = np.concatenate(
        [np.zeros(0), *(_signs(name, *signal, axes) for name, signal in layout.items())]
    )
    curves = np.full((len(steps), len(PHASES), len(PERCENT), columns.shape[1]), np.nan)
    for index, step in enumerate(steps):

        def values(push: Side, foot: Side = step.side) -> FloatArray:
            return table(push, foot)[1]

        curves[index] = step_roles(trial, step, roles).step_curves(time, values, mirror)
    names_of = {name: list(items) for _, (name, items, _) in parts.items()}
    names_of |= {
        str(name): index.tolist() for name, index in trial.indexes.items() if name not in names_of
    }
    lacking = [name for name in names if name not in available]
    cut = _cut(curves, layout)
    if "com_velocity" in cut:
        cut["com_velocity"] = _over_ground(*cut["com_velocity"], step_belt_speeds(trial, steps))
    return _with_pelvis_speed(_labelled(cut, lacking, steps, roles, names_of), trial, steps)


def _over_ground(dimensions: tuple[str, ...], values: FloatArray, belt: FloatArray) -> Labelled:
    """Velocities of steps with the mean speed (S,) m/s of the belt under each step."""
    forward = np.array([1.0, 0.0, 0.0])
    speed = belt.reshape(-1, *np.ones(len(dimensions) - 1, dtype=int))
    along = forward.reshape([3 if name == "axis" else 1 for name in dimensions])
    return dimensions, values + speed * along


def _with_pelvis_speed(curves: xr.Dataset, trial: xr.Dataset, steps: Sequence[Step]) -> xr.Dataset:
    """Step curves with the speed of the pelvis where that of the centre of mass is not known.

    Only in complete steps: from touchdown to touchdown the two speeds agree, with a standard
    deviation of 0.02 m/s and trials' means within 0.02 m/s in 43 trials of twelve runners at 2 to
    9.5 m/s. Over a contact alone they do not.
    """
    if "speed" not in curves.coords or "pelvis_velocity" not in trial or not steps:
        return curves
    time, values = trial["time"].values, trial["pelvis_velocity"].values
    moved = np.array(
        [[phase_curve(step, phase, time, values, "polar") for phase in PHASES] for step in steps]
    )
    moved[..., 0] += step_belt_speeds(trial, steps)[:, None, None]
    complete = np.array([np.isfinite(step.flight) for step in steps]) & np.isfinite(
        moved[..., 0]
    ).all(axis=(1, 2))
    speed = curves["speed"].values
    speed = np.where(np.isnan(speed) & complete, _speeds(moved, steps), speed)
    return curves.assign_coords(speed=("step", speed))


def no_steps(scheme: RoleScheme) -> xr.Dataset:
    """Step dataset of a study without steps."""
    labels = {name: list(items) for _, (name, items, _) in role_parts(scheme).items()}
    return _labelled({}, list(DIMENSIONS), [], scheme, labels | {"axis": list(AXES)})


# columns ----------------------------------------------------------------------------------------


def _posterior(covariance: Signal, scheme: RoleScheme, push: Side) -> Labelled:
    groups = covariance.labels["group"]
    return ("time", "group", "axis"), role_sd(covariance.values, groups, scheme, push)


def _time_first(dimensions: Sequence[str], values: FloatArray) -> FloatArray:
    first = np.moveaxis(values, dimensions.index("time"), 0)
    return first.reshape(len(first), -1)


def _signs(
    name: str, dimensions: Sequence[str], values: FloatArray, axes: Sequence[str]
) -> FloatArray:
    """(N,): sign with which every component of a signal reflects."""
    shape = [
        n for n, dimension in zip(values.shape, dimensions, strict=True) if dimension != "time"
    ]
    component_signs = signs(name, axes) if "axis" in dimensions else np.ones(1)
    return np.broadcast_to(component_signs, shape or 1).ravel()


def _cut(curves: FloatArray, layout: Mapping[str, Labelled]) -> dict[str, Labelled]:
    """Signals of the (step, phase, percent, N) components."""
    signals, start = {}, 0
    for name, (dimensions, values) in layout.items():
        item_dimensions = [dimension for dimension in dimensions if dimension != "time"]
        shape = [
            n for n, dimension in zip(values.shape, dimensions, strict=True) if dimension != "time"
        ]
        end = start + int(np.prod(shape))
        cut = curves[..., start:end].reshape(*curves.shape[:3], *shape)
        # a spline of a standard deviation may undershoot zero
        signals[name] = (
            (*STEP_DIMENSIONS, *item_dimensions),
            np.abs(cut) if name.endswith("_sd_posterior") else cut,
        )
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
    labels = {"phase": PHASES, "percent": np.arange(101.0).tolist(), **labels}
    first = (len(steps), len(PHASES), len(PERCENT))
    unknown = {
        name: (
            (*STEP_DIMENSIONS, *dimensions),
            np.full((*first, *(len(labels[dimension]) for dimension in dimensions)), np.nan),
        )
        for name, dimensions in DIMENSIONS.items()
        if name in lacking
    }
    all_signals = {**signals, **unknown}
    ordered = {name: all_signals[name] for name in (*DIMENSIONS, *signals) if name in all_signals}
    used = {dimension for dimensions, _ in ordered.values() for dimension in dimensions}
    coordinates: dict[str, object] = {
        "number": ("step", [step.number for step in steps]),
        "side": ("step", [str(step.side) for step in steps]),
    }
    if "com_velocity" in ordered:
        coordinates["speed"] = ("step", _speeds(ordered["com_velocity"][1], steps))
    coordinates |= {name: list(items) for name, items in labels.items() if name in used}
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
    """Mean forward velocity over every step; NaN where no phase is known."""
    durations = np.array([(step.contact, step.flight) for step in steps]).reshape(-1, 2)
    means = phase_mean(np.moveaxis(velocity[..., 0], 2, 0))
    recorded = (durations > 0.0) & np.isfinite(means)  # feet that overlap leave no flight
    weights = np.where(recorded, durations, 0.0)
    duration, moved = weights.sum(axis=1), (weights * np.where(recorded, means, 0.0)).sum(axis=1)
    mean: FloatArray = np.divide(
        moved, duration, out=np.full(len(steps), np.nan), where=duration > 0.0
    )
    return mean
