"""Evidence of one step under one arm: momenta by role, and the numbers that hypotheses read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.mechanics.gait.mirror import REFLECTION, Kind
from aqbio.mechanics.gait.roles import RoleScheme, by_role
from aqbio.mechanics.gait.step_measures import (
    absolute_share,
    lateral_ratio,
    moment_index,
    peak_instants,
    speed_change,
)
from aqbio.mechanics.gait.steps import PHASES, Side, Step, phase_curve, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_GROUPS, SIDES
from aqbio.stages.arms.trial_state import TrialState
from aqbio.steps.curves import CHAINS

if TYPE_CHECKING:
    import xarray as xr

UPWARD, SIDEWAYS = 1, 2
AMPLIFIERS = ("swing_leg", "arms", "torso")
"""What is said to amplify the push."""

ARM_ROLES = ("arm_push", "arm_swing")
"""Arms one by one, named after the legs of their own sides."""

SWING_JOINTS = 2
"""Hip and knee: the joints whose moments move the swing leg."""

Row = dict[str, Any]

_PARTS: tuple[tuple[str, int, Kind], ...] = (
    ("momentum", len(ROLE_GROUPS), "axial"),
    ("sagittal", 2, "axial"),
    ("external_moment", 1, "axial"),
    ("force", 1, "polar"),
    ("position", 1, "polar"),
    ("velocity", 1, "polar"),
    ("relative_force", len(AMPLIFIERS), "polar"),
    ("arm_momentum", len(ARM_ROLES), "axial"),
)
"""Signals side by side: name, number of vectors, how they reflect. Of sagittal moments, push leg
and swing leg, only sizes are read."""

PARTS = tuple(name for name, _, _ in _PARTS)
ENDS = np.cumsum([count for _, count, _ in _PARTS])[:-1]
SIGNS = np.concatenate([np.tile(REFLECTION[kind], (count, 1)) for _, count, kind in _PARTS])


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step under one arm.

    Attributes
    ----------
    step : Step
    numbers : dict
        Speed, durations, instants, shares and impulses by name.
    momentum : (2, 101, G, 3) array, kg m²/s
        Contact and flight, by role, canonical frame.
    arm_momentum : (2, 101, 2, 3) array, kg m²/s
        Of the arms one by one, by `ARM_ROLES`; NaN where the model has none.
    """

    step: Step
    numbers: Row
    momentum: FloatArray
    arm_momentum: FloatArray


def step_rows(state: TrialState) -> Iterator[StepRow]:
    """Evidence of every step of a trial that was not rejected."""
    signals = cache(lambda side: _signals(state, side))
    kept = [step for step in state.steps if step.status != "rejected"]
    every = []
    for step in kept:
        values = signals(step.side)
        curves = [phase_curve(step, phase, state.time, values, SIGNS) for phase in PHASES]
        parts = np.split(np.stack(curves), ENDS, axis=2)
        every.append(dict(zip(PARTS, parts, strict=True)))
    for step, both, peaks in zip(kept, every, _peaks(kept, every), strict=True):
        numbers = _numbers(step, both) | peaks
        yield StepRow(step, numbers, both["momentum"], both["arm_momentum"])


def _peaks(steps: Sequence[Step], every: Sequence[Mapping[str, FloatArray]]) -> list[Row]:
    """Instants of the peaks of vertical force and of the swing leg's momentum, step by step."""
    if not steps:
        return []
    place = ROLE_GROUPS.index("swing_leg")
    swing = np.stack([both["momentum"][:, :, place, UPWARD] for both in every])
    force = np.stack([both["force"][:, :, 0, UPWARD] for both in every])
    force[:, 1] = 0.0  # in flight
    durations = np.array([(step.contact, step.flight) for step in steps])
    found = (peak_instants(curves, durations).tolist() for curves in (force, swing))
    return [{"force_peak": one, "swing_peak": other} for one, other in zip(*found, strict=True)]


def _signals(state: TrialState, side: Side) -> FloatArray:
    """(T, K, 3): what steps of one foot are told from, in roles, in the order of `PARTS`."""
    scheme, stance = RoleScheme(arms="split"), SIDES.index(side)
    momentum, relative = (
        by_role(values, scheme.matrix(side, state.groups, *names))
        for values, names in (
            (state.momentum, (*ROLE_GROUPS, *ARM_ROLES)),
            (state.relative_force, AMPLIFIERS),
        )
    )
    groups, arms = np.split(momentum, [len(ROLE_GROUPS)], axis=1)
    legs = state.sagittal[:, [stance, 1 - stance]]
    single = (state.external_moment, state.force[:, stance], state.position, state.velocity)
    return np.concatenate([groups, legs, np.stack(single, axis=1), relative, arms], axis=1)


def _numbers(step: Step, both: Mapping[str, FloatArray]) -> Row:
    stance = {name: curves[0] for name, curves in both.items()}
    force, sagittal = stance["force"][:, 0], stance["sagittal"]
    durations = (step.contact, step.flight)
    speeds = phase_mean(both["velocity"][:, :, 0, 0].T)
    whole = np.isfinite(step.flight)
    moments = phase_mean(both["external_moment"][:, :, 0, UPWARD].T)
    amplified = stance["relative_force"].sum(axis=1)
    return {
        "touchdown": step.touchdown,
        "contact": step.contact,
        "flight": step.flight,
        "speed": float(np.average(speeds, weights=durations)) if whole else float(speeds[0]),
        "speed_change": speed_change(both["velocity"][:, :, 0, 0], step),
        "hub_share": absolute_share(amplified[:, UPWARD], force[:, UPWARD]),
        "yaw_impulse": abs(float(np.dot(moments, durations))) if whole else np.nan,
        "lateral_ratio": lateral_ratio(force),
        "push_index": moment_index(sagittal[:, 0]),
        "swing_index": moment_index(sagittal[:, 1, :SWING_JOINTS]),
        "lateral_position": float(stance["position"][0, 0, SIDEWAYS]),
    }


def own_extras(curves: xr.Dataset) -> Iterator[Row]:
    """What only the study's own settings are told with: rates, external moment, hub torques.

    Parameters
    ----------
    curves : xarray.Dataset
        In the declared roles, from `aqbio.steps.curves.step_dataset`.

    Yields
    ------
    dict
        ``rate`` (2, 101, G, 3), ``external_moment`` (2, 101, 3), ``residual_moment`` (101,),
        ``hub_torque`` (101, 3), of every step.
    """
    upward = curves.sel(phase="stance", axis="y")
    told = {
        "rate": curves["angular_momentum_rate"].sel(group=list(ROLE_GROUPS)).values,
        "external_moment": curves["external_moment"].values,
        "residual_moment": upward["residual_moment"].values,
        "hub_torque": upward["hub_moment"].sel(chain=list(CHAINS[:3])).values,
    }
    for place in range(curves.sizes["step"]):
        yield {name: values[place] for name, values in told.items()}
