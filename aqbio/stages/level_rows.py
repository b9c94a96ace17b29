"""Rows of levels B and C and of the force shares for contributions.tsv, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aqbio.mechanics.groups import role_groups
from aqbio.mechanics.shares import stance_share
from aqbio.mechanics.source_roles import role_name, side_sum, side_weights
from aqbio.mechanics.stance import interval_mean, propulsion_start
from aqbio.mechanics.steps import PHASES, Step, phase_curve, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS, ROLE_SIDES
from aqbio.stages.levels import PRIMARY

if TYPE_CHECKING:
    import xarray as xr

Row = dict[str, Any]
Kind = Literal["axial", "polar"]

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
    """

    level: str
    source: str
    target: str
    quantity: str
    unit: str
    kind: Kind
    values: FloatArray


def level_rows(trial: xr.Dataset, step: Step) -> Iterator[Row]:
    """Level B, force shares and level C of one step, in roles and in the canonical frame.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.levels_dataset` and ``ground_force``.
    step : Step

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, value, unit. Phases: stance and flight
        (means; level C in stance only), braking and propulsion (impulses).
    """
    force = trial["ground_force"].sel(foot=step.side).values
    stance = phase_curve(step, "stance", trial["time"].values, force, "polar")
    turn = propulsion_start(stance[:, 0])
    everywhere = [*_hub_signals(trial, step), *_relative_forces(trial, step)]
    on_the_ground = [
        signal
        for model in map(str, trial["contact_model"].values)
        for signal in _induced_signals(trial, step, model)
    ]
    for phase in _recorded(step):
        signals = [*everywhere, *on_the_ground] if phase == "stance" else everywhere
        curves = _curves(trial, step, phase, signals)
        for signal, curve in zip(signals, curves, strict=True):
            yield from _rows(signal, phase, "mean", phase_mean(curve), signal.unit)
            if phase == "stance":
                yield from _impulses(signal, curve, turn, step.contact)
        yield from _work_rows(trial, step, phase)
    yield from _share_rows(trial, step)


def _hub_signals(trial: xr.Dataset, step: Step) -> Iterator[Signal]:
    """Level B: both parts of each chain's moment on the pelvis, and their sum."""
    joint, force = trial["hub_moment"].values, trial["hub_force_moment"].values
    for quantity, values in (
        ("joint_moment", joint),
        ("force_moment", force),
        ("moment", joint + force),
    ):
        for place, chain in enumerate(map(str, trial["chain"].values)):
            source = role_name(chain, step.side)
            yield Signal("B", source, "pelvis", quantity, "N m", "axial", values[:, place])


def _relative_forces(trial: xr.Dataset, step: Step) -> Iterator[Signal]:
    """Force shares relative to the pelvis."""
    for role, groups in _roles(trial, step):
        values = trial["relative_force"].sel(group=groups).sum("group").values
        yield Signal("force", role, "ground", "relative_force", "N", "polar", values)


def _induced_signals(trial: xr.Dataset, step: Step, model: str) -> Iterator[Signal]:
    """Level C under one contact model; single sources for the primary one, sides for all."""
    sources = tuple(map(str, trial["source"].values))
    chosen = trial.sel(contact_model=model)
    rates = chosen["induced_momentum_rate"]
    targets: list[tuple[str, str, str, Kind, FloatArray]] = [
        ("ground", "force", "N", "polar", chosen["induced_ground_force"].sum("foot").values),
        (
            "pelvis",
            "angular_acceleration",
            "rad/s2",
            "axial",
            chosen["induced_pelvis_acceleration"].values,
        ),
        ("whole_body", "moment", "N m", "axial", rates.sum("group").values),
        *(
            (role, "moment", "N m", "axial", rates.sel(group=groups).sum("group").values)
            for role, groups in _roles(trial, step)
            if role in ROLE_SIDES
        ),
    ]
    for source, weights in _sources(sources, step, model).items():
        for target, quantity, unit, kind, values in targets:
            caused = side_sum(values, sources, weights)
            yield Signal(f"C ({model})", source, target, quantity, unit, kind, caused)


def _sources(sources: tuple[str, ...], step: Step, model: str) -> Mapping[str, Mapping[str, float]]:
    """Weights of the sources behind each row: the sides, and every source of the primary model."""
    shared = side_weights(sources, step.side, lumbar_swing_share=0.5)
    sides: dict[str, Mapping[str, float]] = dict(side_weights(sources, step.side))
    sides |= {f"{side}{HALF_LUMBAR}": weights for side, weights in shared.items()}
    if model != PRIMARY:
        return sides
    return sides | {role_name(name, step.side): {name: 1.0} for name in sources}


def _share_rows(trial: xr.Dataset, step: Step) -> Iterator[Row]:
    """Shares of the stance impulse of the ground reaction force."""
    roles = list(_roles(trial, step))
    inertial = [trial["inertial_force"].sel(group=g).sum("group").values for _, g in roles]
    whole = trial["ground_force"].sum("foot").values
    time = trial["time"].values
    curves = phase_curve(step, "stance", time, np.stack([whole, *inertial], axis=1), "polar")
    for (role, _), share in zip(roles, stance_share(curves[:, 1:], curves[:, 0]), strict=True):
        signal = Signal("force", role, "ground", "inertial_share", "1", "polar", whole)
        yield from _rows(signal, "stance", "", share, "1")


def _work_rows(trial: xr.Dataset, step: Step, phase: str) -> Iterator[Row]:
    """Work of every joint in a phase: what it adds, and what it takes away."""
    power = trial["joint_power"].values
    curves = phase_curve(
        step, phase, trial["time"].values, np.stack([power] * 3, axis=-1), "polar"
    )[..., 0]
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


def _roles(trial: xr.Dataset, step: Step) -> Iterator[tuple[str, list[str]]]:
    """Roles and sides with the groups behind them that the model has."""
    known = set(map(str, trial["group"].values))
    groups = role_groups(step.side)
    for role in (*ROLE_GROUPS, *ROLE_SIDES):
        if present := [group for group in groups[role] if group in known]:
            yield role, present


def _recorded(step: Step) -> tuple[str, ...]:
    return PHASES if np.isfinite(step.flight) else PHASES[:1]


def _curves(
    trial: xr.Dataset, step: Step, phase: str, signals: Sequence[Signal]
) -> list[FloatArray]:
    """(101, 3) canonical curves of all signals; one interpolation for each kind."""
    found: dict[int, FloatArray] = {}
    for kind in ("axial", "polar"):
        places = [place for place, signal in enumerate(signals) if signal.kind == kind]
        values = np.stack([signals[place].values for place in places], axis=1)
        same: Kind = "axial" if kind == "axial" else "polar"
        curves = phase_curve(step, phase, trial["time"].values, values, same)
        found |= {place: curves[:, column] for column, place in enumerate(places)}
    return [found[place] for place in range(len(signals))]


def _impulses(signal: Signal, curve: FloatArray, turn: float, contact: float) -> Iterator[Row]:
    for part, start, end in (("braking", 0.0, turn), ("propulsion", turn, 1.0)):
        impulse = interval_mean(curve, start, end) * (end - start) * contact
        yield from _rows(signal, part, "impulse", impulse, f"{signal.unit} s")


def _rows(
    signal: Signal, phase: str, statistic: str, values: FloatArray, unit: str
) -> Iterator[Row]:
    name = f"{signal.quantity}_{statistic}" if statistic else signal.quantity
    for axis, value in zip(AXES, values, strict=True):
        yield {
            "level": signal.level,
            "source": signal.source,
            "target": signal.target,
            "axis": axis,
            "phase": phase,
            "statistic": name,
            "value": float(value),
            "unit": unit,
        }
