"""Rows of levels B and C and of the force shares for contributions.tsv, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aqbio.mechanics.contributions.joint_power import OTHER
from aqbio.mechanics.contributions.shares import stance_share
from aqbio.mechanics.contributions.source_roles import Side, role_name, side_sum, side_weights
from aqbio.mechanics.gait.groups import role_groups
from aqbio.mechanics.gait.stance import interval_mean, propulsion_start
from aqbio.mechanics.gait.steps import PHASES, Step, phase_curve, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES
from aqbio.stages.levels import PRIMARY

if TYPE_CHECKING:
    import xarray as xr

Row = dict[str, Any]
Kind = Literal["axial", "polar"]

_IMPULSES = {"force": "xy", "moment": "y"}
"""Axes of the impulses that the two sides cause, by quantity."""

HALF_LUMBAR = "_half_lumbar"
"""Ending of the sums that count half of the lumbar moment for the swing side."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A vector over a trial and what its rows are called.

    Attributes
    ----------
    level, source, target, quantity, unit : str
    kind : {"axial", "polar"}
        How it reflects.
    values : (T, 3) array
    axes : str
        Axes that are told.
    flight : bool
        Whether it is told of the flight too.
    impulse : str
        Axes of which impulses in early and late stance are told.
    """

    level: str
    source: str
    target: str
    quantity: str
    unit: str
    kind: Kind
    values: FloatArray
    axes: str = "xyz"
    flight: bool = False
    impulse: str = ""


@dataclass(frozen=True, slots=True)
class SideSignals:
    """All signals of a trial in the roles of the steps of one foot, stacked by how they reflect.

    Attributes
    ----------
    axial, polar : tuple of Signal
    axial_values, polar_values : (T, S, 3) arrays
    """

    axial: tuple[Signal, ...]
    polar: tuple[Signal, ...]
    axial_values: FloatArray
    polar_values: FloatArray


def level_rows(trial: xr.Dataset, step: Step, signals: SideSignals | None = None) -> Iterator[Row]:
    """Level B, force shares and level C of one step, in roles and in the canonical frame.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.levels_dataset` and ``ground_force``.
    step : Step
    signals : SideSignals, optional
        From :func:`side_signals`, which is the same for all steps of a foot.

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, value, unit. Phases: stance and flight
        (means; level C in stance only), braking and propulsion (impulses).
    """
    own = side_signals(trial, step.side) if signals is None else signals
    force = trial["ground_force"].sel(foot=step.side).values
    stance = phase_curve(step, "stance", trial["time"].values, force, "polar")
    turn = propulsion_start(stance[:, 0])
    for phase in _recorded(step):
        for kind, every, values in (
            ("axial", own.axial, own.axial_values),
            ("polar", own.polar, own.polar_values),
        ):
            chosen = [n for n, signal in enumerate(every) if phase == "stance" or signal.flight]
            told = values if phase == "stance" else values[:, chosen]
            same: Kind = "axial" if kind == "axial" else "polar"
            curves = phase_curve(step, phase, trial["time"].values, told, same)
            signals_told = [every[n] for n in chosen]
            yield from _mean_rows(signals_told, phase, phase_mean(curves))
            if phase == "stance":
                yield from _impulse_rows(signals_told, curves, turn, step.contact)
        yield from _work_rows(trial, step, phase)
    yield from _share_rows(trial, step)


def side_signals(trial: xr.Dataset, side: Side) -> SideSignals:
    """Give all signals of a trial in the roles of the steps of one foot.

    Parameters
    ----------
    trial : xarray.Dataset
    side : {"left", "right"}
        The stance foot.
    """
    models = map(str, trial["contact_model"].values)
    every = [*_hub_signals(trial, side), *_relative_forces(trial, side)]
    every += [signal for model in models for signal in _induced_signals(trial, side, model)]
    axial, polar = (
        tuple(signal for signal in every if signal.kind == kind) for kind in ("axial", "polar")
    )
    stacked = [np.stack([signal.values for signal in some], axis=1) for some in (axial, polar)]
    return SideSignals(axial, polar, *stacked)


def _hub_signals(trial: xr.Dataset, side: Side) -> Iterator[Signal]:
    """Level B: both parts of each chain's moment on the pelvis, and their sum."""
    joint, force = trial["hub_moment"].values, trial["hub_force_moment"].values
    for quantity, values in (
        ("joint_moment", joint),
        ("force_moment", force),
        ("moment", joint + force),
    ):
        for place, chain in enumerate(map(str, trial["chain"].values)):
            yield Signal(
                "B",
                role_name(chain, side),
                "pelvis",
                quantity,
                "N m",
                "axial",
                values[:, place],
                flight=True,
                impulse="xyz" if quantity == "moment" else "",
            )


def _relative_forces(trial: xr.Dataset, side: Side) -> Iterator[Signal]:
    """Force shares relative to the pelvis."""
    for role, groups in _roles(trial, side):
        if role in ROLE_SIDES:
            continue
        values = trial["relative_force"].sel(group=groups).sum("group", skipna=False).values
        yield Signal("force", role, "ground", "relative_force", "N", "polar", values, flight=True)


def _induced_signals(trial: xr.Dataset, side: Side, model: str) -> Iterator[Signal]:
    """Level C under one contact model.

    Everything under the primary one; under the others the ground reaction forward and up and the
    two sides' rotation about the vertical.
    """
    names = tuple(map(str, trial["source"].values))
    chosen = trial.sel(contact_model=model)
    idle = _idle(chosen)
    primary = model == PRIMARY
    rates = _double(chosen["induced_momentum_rate"])
    ground = _double(chosen["induced_ground_force"].sum("foot", skipna=False))
    targets: list[tuple[str, str, str, Kind, FloatArray, str]] = [
        ("ground", "force", "N", "polar", ground, "xyz" if primary else "xy")
    ]
    groups = list(map(str, trial["group"].values))
    for role, members in _roles(trial, side):
        if role in ROLE_SIDES:
            summed = rates[:, :, [groups.index(name) for name in members]].sum(axis=2)
            targets.append((role, "moment", "N m", "axial", summed, "xyz" if primary else "y"))
    if primary:
        turned = _double(chosen["induced_pelvis_acceleration"])
        targets.append(("pelvis", "angular_acceleration", "rad/s2", "axial", turned, "y"))
        targets.append(("whole_body", "moment", "N m", "axial", rates.sum(axis=2), "y"))
    for source, weights in _sources(names, side).items():
        if source in idle or (source.endswith(HALF_LUMBAR) and not primary):
            continue
        for target, quantity, unit, kind, values, axes in targets:
            yield Signal(
                f"C ({model})",
                source,
                target,
                quantity,
                unit,
                kind,
                side_sum(values, names, weights),
                axes=axes,
                impulse=_IMPULSES.get(quantity, "") if primary and source in ROLE_SIDES else "",
            )


def _idle(trial: xr.Dataset) -> frozenset[str]:
    """Sources that a model does not have, which cause nothing at all."""
    rates = np.abs(trial["induced_momentum_rate"].values).max(axis=(0, 2, 3))
    every = map(str, trial["source"].values)
    return frozenset({OTHER} if dict(zip(every, rates, strict=True)).get(OTHER) == 0.0 else ())


def _double(values: xr.DataArray) -> FloatArray:
    return np.asarray(values.values, dtype=np.float64)


def _sources(names: tuple[str, ...], side: Side) -> Mapping[str, Mapping[str, float]]:
    """Weights of the sources behind each row: both sides, with half of the lumbar too, and each."""
    shared = side_weights(names, side, lumbar_swing_share=0.5)
    sides: dict[str, Mapping[str, float]] = dict(side_weights(names, side))
    sides |= {f"{one}{HALF_LUMBAR}": weights for one, weights in shared.items()}
    return sides | {role_name(name, side): {name: 1.0} for name in names}


def _share_rows(trial: xr.Dataset, step: Step) -> Iterator[Row]:
    """Shares of the stance impulse of the ground reaction force, and mean forces by phase."""
    roles = list(_roles(trial, step.side))
    known = list(map(str, trial["group"].values))
    force = trial["inertial_force"].values
    inertial = [force[:, [known.index(name) for name in own]].sum(axis=1) for _, own in roles]
    whole = trial["ground_force"].values.sum(axis=1)
    time = trial["time"].values
    curves = phase_curve(step, "stance", time, np.stack([whole, *inertial], axis=1), "polar")
    shares = stance_share(curves[:, 1:], curves[:, 0])
    for (role, _), share in zip(roles, shares, strict=True):
        signal = Signal("force", role, "ground", "inertial_share", "1", "polar", whole)
        yield from _rows(signal, "stance", "inertial_share", share, "1")


def _work_rows(trial: xr.Dataset, step: Step, phase: str) -> Iterator[Row]:
    """Work of every joint in a phase: what it adds, and what it takes away."""
    power = trial["joint_power"].values
    curves = phase_curve(step, phase, trial["time"].values, _as_vectors(power), "polar")[..., 0]
    duration = step.contact if phase == "stance" else step.flight
    for name, part in (("positive", np.maximum), ("negative", np.minimum)):
        work = phase_mean(part(curves, 0.0)) * duration
        for joint, value in zip(trial["joint"].values, work, strict=True):
            yield {
                "level": "B",
                "source": role_name(str(joint), step.side),
                "target": "whole_body",
                "axis": "all",
                "phase": phase,
                "statistic": f"work_{name}",
                "value": float(value),
                "unit": "J",
            }


def _as_vectors(values: FloatArray) -> FloatArray:
    """Numbers as the first component of vectors, which a reflection leaves as it is."""
    vectors: FloatArray = values[..., None] * np.array([1.0, 0.0, 0.0])
    return vectors


def _roles(trial: xr.Dataset, side: Side) -> Iterator[tuple[str, list[str]]]:
    """Roles and sides with the groups behind them that the model has."""
    known = set(map(str, trial["group"].values))
    groups = role_groups(side)
    for role in (*ROLE_GROUPS, *ROLE_SIDES):
        if present := [group for group in groups[role] if group in known]:
            yield role, present


def _recorded(step: Step) -> tuple[str, ...]:
    return PHASES if np.isfinite(step.flight) else PHASES[:1]


def _mean_rows(signals: list[Signal], phase: str, means: FloatArray) -> Iterator[Row]:
    for signal, mean in zip(signals, means, strict=True):
        yield from _rows(signal, phase, f"{signal.quantity}_mean", mean, signal.unit)


def _impulse_rows(
    signals: list[Signal], curves: FloatArray, turn: float, contact: float
) -> Iterator[Row]:
    chosen = [place for place, signal in enumerate(signals) if signal.impulse]
    for part, start, end in (("braking", 0.0, turn), ("propulsion", turn, 1.0)):
        impulses = interval_mean(curves[:, chosen], start, end) * (end - start) * contact
        for place, impulse in zip(chosen, impulses, strict=True):
            signal = signals[place]
            name = f"{signal.quantity}_impulse"
            told = replace(signal, axes=signal.impulse)
            yield from _rows(told, part, name, impulse, f"{signal.unit} s")


def _rows(
    signal: Signal, phase: str, statistic: str, values: FloatArray, unit: str
) -> Iterator[Row]:
    for axis, value in zip(AXES, values.tolist(), strict=True):
        if axis in signal.axes:
            yield {
                "level": signal.level,
                "source": signal.source,
                "target": signal.target,
                "axis": axis,
                "phase": phase,
                "statistic": statistic,
                "value": value,
                "unit": unit,
            }
