"""Evidence of the steps of a trial under one arm: the numbers that hypotheses read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import ModelMap
from aqbio.mechanics.gait.roles import RoleScheme
from aqbio.mechanics.gait.step_measures import (
    absolute_share,
    lateral_ratio,
    moment_index,
    peak_instants,
    speed_change,
)
from aqbio.mechanics.gait.steps import Step, phase_mean
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.steps.curves import step_dataset
from aqbio.steps.signals import CHAINS

if TYPE_CHECKING:
    import xarray as xr

AMPLIFIERS = ("swing_leg", "arms", "torso")
"""What is said to amplify the push."""

ARM_ROLES = ("arm_push", "arm_swing")
"""Arms one by one, named after the legs of their own sides."""

PUSH_JOINTS = ("hip_push", "knee_push", "ankle_push")

SWING_JOINTS = ("hip_swing", "knee_swing")
"""The joints whose moments move the swing leg."""

SCHEME = RoleScheme(arms="split")
"""Verdicts are about the declared roles, whatever the settings; arms are told one by one too."""

Row = dict[str, Any]

_SIGNALS = (
    "angular_momentum", "joint_flexion_moment", "external_moment", "ground_force", "com",
    "com_velocity", "relative_force",
)  # fmt: skip


def evidence_curves(
    trial: xr.Dataset, steps: Sequence[Step], model_map: ModelMap, *more: str
) -> xr.Dataset:
    """Curves of the steps that evidence is told of.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions, or the same of another arm.
    steps : sequence of Step
    model_map : ModelMap
    *more : str
        Further signals of `aqbio.steps.curves.step_dataset`.
    """
    return step_dataset(trial, steps, model_map, SCHEME, (*_SIGNALS, *more))


def step_numbers(curves: xr.Dataset, steps: Sequence[Step]) -> list[Row]:
    """Speed, durations, instants, shares and impulses of every step.

    Parameters
    ----------
    curves : xarray.Dataset
        From :func:`evidence_curves`.
    steps : sequence of Step
        The same.
    """
    if not steps:
        return []
    upward, forward, sideways = (AXES.index(axis) for axis in "yxz")
    moment = curves["joint_flexion_moment"]
    push, swing = (
        moment.sel(phase="stance", joint=list(joints)).values
        for joints in (PUSH_JOINTS, SWING_JOINTS)
    )
    amplified = curves["relative_force"].sel(phase="stance", group=list(AMPLIFIERS), axis="y")
    force, velocity = curves["ground_force"].values, curves["com_velocity"].values[..., forward]
    external = curves["external_moment"].values[..., upward]
    position = curves["com"].values[:, 0, 0, sideways]
    instants = _peaks(curves, steps)
    speeds = curves["speed"].values.tolist()
    shares = amplified.values.sum(axis=2)
    rows = []
    for place, step in enumerate(steps):
        whole = np.isfinite(step.flight)
        impulse = np.dot(phase_mean(external[place].T), (step.contact, step.flight))
        row = {
            "touchdown": step.touchdown,
            "contact": step.contact,
            "flight": step.flight,
            "speed": speeds[place],
            "speed_change": speed_change(velocity[place], step),
            "hub_share": absolute_share(shares[place], force[place, 0, :, upward]),
            "yaw_impulse": abs(float(impulse)) if whole else np.nan,
            "lateral_ratio": lateral_ratio(force[place, 0]),
            "push_index": moment_index(push[place]),
            "swing_index": moment_index(swing[place]),
            "lateral_position": float(position[place]),
        }
        rows.append(row | {name: float(values[place]) for name, values in instants.items()})
    return rows


def _peaks(curves: xr.Dataset, steps: Sequence[Step]) -> dict[str, FloatArray]:
    """Instants of the peaks of vertical force and of the swing leg's momentum, step by step."""
    upward = curves.sel(axis="y")
    force = upward["ground_force"].values.copy()
    force[:, 1] = 0.0  # in flight
    durations = np.array([(step.contact, step.flight) for step in steps])
    swing = upward["angular_momentum"].sel(group="swing_leg").values
    return {
        "force_peak": peak_instants(force, durations),
        "swing_peak": peak_instants(swing, durations),
    }


def own_curves(curves: xr.Dataset) -> dict[str, FloatArray]:
    """What is kept of the curves under the study's own settings, by variable of the evidence."""
    groups, upward = list(ROLE_GROUPS), curves.sel(axis="y")
    stance = upward.sel(phase="stance")
    return {
        "momentum": curves["angular_momentum"].sel(group=groups).values,
        "rate": curves["angular_momentum_rate"].sel(group=groups).values,
        "external_moment": curves["external_moment"].values,
        "residual_moment": stance["residual_moment"].values,
        "hub_torque": stance["hub_moment"].sel(chain=list(CHAINS[:3])).values,
        "arm_momentum_y": upward["angular_momentum"].sel(group=list(ARM_ROLES)).values,
    }


def arm_curves(curves: xr.Dataset) -> dict[str, FloatArray]:
    """What the other arms keep of the curves: the vertical axis in contact."""
    stance = curves["angular_momentum"].sel(phase="stance", axis="y", group=list(ROLE_GROUPS))
    return {"momentum_y": stance.values}
