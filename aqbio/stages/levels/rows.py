"""Rows of levels B and C and of the force shares for contributions.tsv, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.contributions.shares import stance_share
from aqbio.mechanics.gait.roles import RoleScheme, by_role, named_matrix, role_name
from aqbio.mechanics.gait.stance import interval_mean, propulsion_start
from aqbio.mechanics.gait.steps import PHASES, Side, Step, phase_curve, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES
from aqbio.stages.levels.signals import SideSignals, Signal, side_signals
from aqbio.steps.roles import StepRoles, step_roles

if TYPE_CHECKING:
    import xarray as xr

Row = dict[str, Any]


def level_rows(
    trial: xr.Dataset,
    step: Step,
    scheme: RoleScheme | None = None,
    signals: Sequence[SideSignals] | None = None,
) -> Iterator[Row]:
    """Level B, force shares and level C of one step, in roles and in the canonical frame.

    Parameters
    ----------
    trial : xarray.Dataset
        With the variables of `aqbio.stages.levels.b_and_c.levels_dataset` and ``ground_force``.
    step : Step
    scheme : RoleScheme, optional
        Without it the declared roles.
    signals : sequence of SideSignals, optional
        From `aqbio.stages.levels.signals.side_signals`: the same for all steps of a foot.

    Yields
    ------
    dict
        level, source, target, axis, phase, statistic, value, unit. Phases: stance and flight
        (means; level C in stance only), braking and propulsion (impulses).
    """
    roles = step_roles(trial, step, scheme or RoleScheme())
    every = side_signals(trial, step.side, roles.scheme) if signals is None else signals
    force = trial["ground_force"].sel(foot=step.side).values
    time = trial["time"].values
    stance = phase_curve(step, "stance", time, force, "polar")
    turn = propulsion_start(stance[:, 0])
    for phase in _recorded(step):
        for own in every:
            told = list(own.signals)
            if phase == "stance":
                curves = phase_curve(step, phase, time, own.values, own.kind)
                yield from _impulse_rows(told, curves, turn, step.contact)
            else:
                told, curves = _flight_curves(own, roles, time)
            yield from _mean_rows(told, phase, phase_mean(curves))
        yield from _work_rows(trial, roles, phase)
    yield from _share_rows(trial, roles)


def _flight_curves(
    own: SideSignals, roles: StepRoles, time: FloatArray
) -> tuple[list[Signal], FloatArray]:
    """Signals that are told in flight and their curves, roles exchanged where the scheme says."""
    as_in_stance = own.values[:, own.in_flight]
    curves = roles.curve(
        "flight",
        time,
        lambda side: as_in_stance if side == roles.step.side else own.exchanged,
        own.kind,
    )
    return [own.signals[place] for place in own.in_flight], curves


def _share_rows(trial: xr.Dataset, roles: StepRoles) -> Iterator[Row]:
    """Shares of the stance impulse of the ground reaction force."""
    step = roles.step
    own, matrix = roles.scheme.known(step.side, list(map(str, trial["group"].values)))
    inertial = by_role(trial["inertial_force"].values, matrix)
    whole = trial["ground_force"].values.sum(axis=1)
    time = trial["time"].values
    forces = np.concatenate([whole[:, None], inertial], axis=1)
    curves = phase_curve(step, "stance", time, forces, "polar")
    shares = stance_share(curves[:, 1:], curves[:, 0])
    for role, share in zip(own, shares, strict=True):
        if role == "total":
            continue
        signal = Signal("force", role, "ground", "inertial_share", "1", "polar", whole)
        yield from _rows(signal, "stance", "inertial_share", share, "1")


def _work_rows(trial: xr.Dataset, roles: StepRoles, phase: str) -> Iterator[Row]:
    """Work of every joint in a phase: what it adds, and what it takes away."""
    step, joints = roles.step, list(map(str, trial["joint"].values))
    named = [role_name(joint, step.side) for joint in joints]
    power = trial["joint_power"].values

    def powers(stance: Side) -> FloatArray:
        return _as_vectors(by_role(power, named_matrix(named, stance, joints)))

    curves = roles.curve(phase, trial["time"].values, powers, "polar")[..., 0]
    duration = step.contact if phase == "stance" else step.flight
    for sign, part in (("positive", np.maximum), ("negative", np.minimum)):
        work = phase_mean(part(curves, 0.0)) * duration
        for name, value in zip(named, work, strict=True):
            yield {
                "level": "B",
                "source": name,
                "target": "whole_body",
                "axis": "all",
                "phase": phase,
                "statistic": f"work_{sign}",
                "value": float(value),
                "unit": "J",
            }


def _as_vectors(values: FloatArray) -> FloatArray:
    """Numbers as the first component of vectors, which a reflection leaves as it is."""
    vectors: FloatArray = values[..., None] * np.array([1.0, 0.0, 0.0])
    return vectors


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
