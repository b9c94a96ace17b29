"""Evidence of one step under one arm: momenta by role, and the numbers that hypotheses read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aqbio.config import ModelMap
from aqbio.mechanics.gait.groups import role_groups
from aqbio.mechanics.gait.role_options import role_weights
from aqbio.mechanics.gait.step_measures import (
    absolute_share,
    lateral_ratio,
    moment_index,
    peak_instant,
)
from aqbio.mechanics.gait.steps import PERCENT, PHASES, Step, phase_curve, phase_mean
from aqbio.mechanics.recordings.smoothing import resampled
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_GROUPS, SIDES
from aqbio.stages.arms.trial_state import TrialState
from aqbio.stages.level_curves import CHAINS
from aqbio.stages.step_curves import step_curves

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
    """

    step: Step
    numbers: Row
    momentum: FloatArray


def step_rows(state: TrialState) -> Iterator[StepRow]:
    """Evidence of every step of a trial that was not rejected."""
    for step in state.steps:
        if step.status != "rejected":
            momentum = _by_role(state, state.momentum, step, "axial")
            yield StepRow(step, _numbers(state, step, momentum), momentum)


def _by_role(state: TrialState, values: FloatArray, step: Step, kind: Any) -> FloatArray:
    """(2, 101, G, 3): a quantity of the groups behind every role, over contact and flight."""
    members = role_groups(step.side)
    roles = np.stack([state.group(values, *members[role]) for role in ROLE_GROUPS], axis=1)
    return np.stack([phase_curve(step, phase, state.time, roles, kind) for phase in PHASES])


def arm_momenta(state: TrialState, step: Step) -> FloatArray:
    """Vertical angular momentum of each arm over contact and flight, (2, 101, 2), kg m²/s.

    Parameters
    ----------
    state : TrialState
    step : Step

    Returns
    -------
    (2, 101, 2) array
        By `ARM_ROLES`, canonical frame; NaN where the model has no arms.
    """
    roles = role_weights(step.side, split_arms=True)
    arms = [state.group(state.momentum, *roles[name]) for name in ARM_ROLES]
    curves = [
        phase_curve(step, phase, state.time, np.stack(arms, axis=1), "axial") for phase in PHASES
    ]
    return np.stack(curves)[..., UPWARD]


def _numbers(state: TrialState, step: Step, momentum: FloatArray) -> Row:
    def curve(values: FloatArray, phase: str, kind: Any) -> FloatArray:
        return phase_curve(step, phase, state.time, values, kind)

    stance = SIDES.index(step.side)
    force = curve(state.force[:, stance], "stance", "polar")
    sagittal = _unmirrored(step, state)
    relative = _by_role(state, state.relative_force, step, "polar")[0]
    amplified = relative[:, [ROLE_GROUPS.index(name) for name in AMPLIFIERS]].sum(axis=1)
    durations = (step.contact, step.flight)
    speeds = [phase_mean(curve(state.velocity, phase, "polar"))[0] for phase in PHASES]
    whole = np.isfinite(step.flight)
    swing = momentum[:, :, ROLE_GROUPS.index("swing_leg"), UPWARD]
    unloaded = np.stack([force[:, UPWARD], np.zeros(len(force))])
    moments = [phase_mean(curve(state.external_moment, phase, "axial"))[UPWARD] for phase in PHASES]
    position = curve(state.position, "stance", "polar")
    return {
        "touchdown": step.touchdown,
        "contact": step.contact,
        "flight": step.flight,
        "speed": float(np.average(speeds, weights=durations)) if whole else float(speeds[0]),
        "speed_change": _speed_change(state, step),
        "force_peak": peak_instant(unloaded, durations) if whole else np.nan,
        "swing_peak": peak_instant(swing, durations) if whole else np.nan,
        "hub_share": absolute_share(amplified[:, UPWARD], force[:, UPWARD]),
        "yaw_impulse": abs(float(np.dot(moments, durations))) if whole else np.nan,
        "lateral_ratio": lateral_ratio(force),
        "push_index": moment_index(sagittal[:, stance]),
        "swing_index": moment_index(sagittal[:, 1 - stance, :SWING_JOINTS]),
        "lateral_position": float(position[0, SIDEWAYS]),
    }


def _unmirrored(step: Step, state: TrialState) -> FloatArray:
    """(101, 2, 3): sagittal moments over contact; numbers, which do not mirror as vectors do."""
    instants = step.touchdown + PERCENT * step.contact
    return resampled(state.time, state.sagittal, instants)


def _speed_change(state: TrialState, step: Step) -> float:
    """Change of forward speed over the step, or over the contact where the step is incomplete."""
    end = step.next_touchdown if np.isfinite(step.next_touchdown) else step.toe_off
    first, last = (
        float(np.interp(instant, state.time, state.velocity[:, 0]))
        for instant in (step.touchdown, end)
    )
    return last - first


def own_extras(data: xr.Dataset, step: Step, model_map: ModelMap) -> Row:
    """What only the study's own settings are told with: rates, external moment, hub torques.

    Parameters
    ----------
    data : xarray.Dataset
        contributions/<trial>.nc
    step : Step
    model_map : ModelMap

    Returns
    -------
    dict
        ``rate`` (2, 101, G, 3), ``external_moment`` (2, 101, 3), ``residual_moment`` (101,),
        ``hub_torque`` (101, 3).
    """
    curves = step_curves(data, step, model_map)
    roles = len(ROLE_GROUPS)
    chains = [CHAINS.index(name) for name in ("leg_push", "leg_swing", "upper_body")]
    return {
        "rate": curves.vectors["angular_momentum_rate"][:, :, :roles],
        "external_moment": curves.vectors["external_moment"][:, :, 0],
        "residual_moment": curves.vectors["residual_moment"][0, :, 0, UPWARD],
        "hub_torque": curves.vectors["hub_moment"][0][:, chains, UPWARD],
    }


def flight_feet(step: Step, time: FloatArray, forward: FloatArray) -> FloatArray:
    """Forward velocity of push and swing foot relative to the pelvis in flight, (101, 2), m/s.

    Parameters
    ----------
    step : Step
    time : (T,) array, s
    forward : (T, 2) array, m/s
        Of the left and of the right foot.
    """
    if not np.isfinite(step.flight):
        return np.full((len(PERCENT), 2), np.nan)
    curve = resampled(time, forward, step.toe_off + PERCENT * step.flight)
    stance = SIDES.index(step.side)
    return curve[:, [stance, 1 - stance]]
