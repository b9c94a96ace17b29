"""Evidence of the steps of a trial under one specification, read by stage hypotheses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.config import ModelMap
from aqbio.gait.curves import step_dataset
from aqbio.gait.roles import RoleScheme
from aqbio.gait.signals import CHAINS, select_labels
from aqbio.gait.steps import (
    Step,
    absolute_share,
    lateral_ratio,
    moment_index,
    peak_instants,
    phase_mean,
    speed_change,
)
from aqbio.intervals.sources import CLOCK, MOTION
from aqbio.names import AXES, ROLE_GROUPS
from aqbio.signals import resampled
from aqbio.stats.step_numbers import lag, momentum_numbers
from aqbio.vectors import FloatArray

AMPLIFIERS = ("swing_leg", "arms", "torso")
"""Groups that amplify the push according to the articles."""

ARM_ROLES = ("arm_push", "arm_swing")
"""Single arms, named after the legs of their own sides."""

PUSH_JOINTS = ("hip_push", "knee_push", "ankle_push")

SWING_JOINTS = ("hip_swing", "knee_swing")
"""The joints whose moments move the swing leg."""

SCHEME = RoleScheme(arms="split")
"""Verdicts are about the declared roles, whatever the settings; arms also separately."""

LIMBS = {"arms": ("arms",), "legs": ("push_leg", "swing_leg")}
"""Roles that must be known for a step to show arms or legs."""

_SIGNALS = (
    "angular_momentum", "joint_flexion_moment", "external_moment", "ground_force",
    "com_velocity", "relative_force",
)  # fmt: skip


def evidence_curves(
    trial: xr.Dataset, steps: Sequence[Step], model_map: ModelMap, *signals: str
) -> xr.Dataset:
    """Curves of the steps that the multiverse needs, and more signals."""
    return step_dataset(trial, steps, model_map, SCHEME, (*_SIGNALS, *signals))


def step_numbers(curves: xr.Dataset, steps: Sequence[Step]) -> pd.DataFrame:
    """Numbers of every step that hypotheses read, defined in the data dictionary."""

    def stance(name: str, **chosen: str | Sequence[str]) -> FloatArray:
        """(101, S, ...) of the contacts."""
        return np.swapaxes(select_labels(curves, name, phase="stance", **chosen), 0, 1)

    push, swing = (
        moment_index(stance("joint_flexion_moment", joint=joints))
        for joints in (PUSH_JOINTS, SWING_JOINTS)
    )
    amplified = stance("relative_force", group=AMPLIFIERS, axis="y").sum(axis=-1)
    force = stance("ground_force")
    size = np.linalg.norm(force, axis=-1)
    durations = np.array([(step.contact, step.flight) for step in steps]).reshape(-1, 2)
    external = np.moveaxis(select_labels(curves, "external_moment", axis="y"), 2, 0)
    impulses = (phase_mean(external) * durations).sum(axis=1)
    has_flight, vertical = np.isfinite(durations[:, 1]), vertical_stance(curves)
    swing_peak, force_peak = _peaks(curves, durations)
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 over 0 is NaN
        columns = {
            "step": [step.number for step in steps],
            "side": [str(step.side) for step in steps],
            "contact_s": durations[:, 0],
            "flight_s": durations[:, 1],
            "speed_mps": curves["speed"].values,
            "speed_change_mps": _speed_changes(curves, steps),
            "forward_ratio": phase_mean(force[..., AXES.index("x")]) / phase_mean(size),
            "force_mean_n": phase_mean(size),
            "hub_share": absolute_share(amplified, force[..., AXES.index("y")]),
            "yaw_impulse": np.where(has_flight, impulses, np.nan),
            "lateral_ratio": lateral_ratio(force),
            "push_index": push,
            "swing_index": swing,
            "log_ratio_moments": np.log(push / swing),
            "lag": lag(swing_peak, force_peak),
            **{f"shows_{limb}": _whole_contacts(curves, roles) for limb, roles in LIMBS.items()},
            **momentum_numbers(vertical),
        }
    return pd.DataFrame(columns).replace([np.inf, -np.inf], np.nan)


def _speed_changes(curves: xr.Dataset, steps: Sequence[Step]) -> FloatArray:
    """Change of speed over every step, m/s; NaN where part of the body was not observed."""
    forward = select_labels(curves, "com_velocity", axis="x")
    momentum = select_labels(curves, "angular_momentum", phase="stance", group="total")
    is_finite = np.isfinite(momentum).all(axis=(1, 2))
    changes = [speed_change(velocity, step) for velocity, step in zip(forward, steps, strict=True)]
    return np.where(is_finite, np.array(changes).reshape(-1), np.nan)


def vertical_stance(curves: xr.Dataset) -> FloatArray:
    """Angular momentum about the vertical in contact, (S, 101, G), by `ROLE_GROUPS`."""
    return select_labels(curves, "angular_momentum", phase="stance", axis="y", group=ROLE_GROUPS)


def _whole_contacts(curves: xr.Dataset, roles: Sequence[str]) -> FloatArray:
    """1 where the momentum of all roles is finite throughout a contact, otherwise 0."""
    momentum = select_labels(curves, "angular_momentum", phase="stance", group=roles)
    is_whole: FloatArray = np.isfinite(momentum).all(axis=(1, 2, 3)).astype(float)
    return is_whole


def _peaks(curves: xr.Dataset, durations: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Instants of the peaks of the swing leg's momentum and of vertical force, shares."""
    force = select_labels(curves, "ground_force", axis="y").copy()
    force[:, 1] = 0.0  # in flight
    swing = select_labels(curves, "angular_momentum", axis="y", group="swing_leg")
    return peak_instants(swing, durations), peak_instants(force, durations)


def stored_curves(curves: xr.Dataset, trial_id: str) -> xr.Dataset:
    """Select the curves that are stored under the study's own settings."""
    groups, hub = [*ROLE_GROUPS, *ARM_ROLES], curves["hub_moment"]
    momenta = curves[["angular_momentum", "angular_momentum_rate"]].sel(group=groups)
    return momenta.assign(
        hub_moment=hub.sel(phase="stance", axis="y", chain=list(CHAINS[:3]), drop=True)
    ).assign_coords(trial_id=("step", [trial_id] * curves.sizes["step"]))


VERTICAL = 1
"""Index of the vertical axis, y."""


def lag_states(trial: xr.Dataset, steps: Sequence[Step]) -> dict[str, list[float]]:
    """Deviations of a fitted trial's mean lag in every state of each source, shares of a step.

    Of the samples of the motion, of the clock (states of `aqbio.intervals.trial_draws.with_bodies`:
    the motion is late, or early) and of reading an instant between frames (`FRAMES`), which is no
    error of the data. Of the whole steps that have a lag in every sample; empty without any.
    """
    lags, _, step_times = _sampled_lags(trial, _accepted(steps))
    has_lags = np.isfinite(lags).all(axis=1)
    if not has_lags.any():
        return {}
    lags, step_times = lags[has_lags], step_times[has_lags]
    mean = lags.mean(axis=0)
    count = len(mean)
    motion = np.sqrt(count / (count - 1.0)) * (mean - mean.mean())  # about a mean of their own
    clock = float((trial.attrs.get("clock_sd", 0.0) / step_times).mean())
    states = {MOTION: motion.tolist(), CLOCK: [clock, -clock]}
    return states | {FRAMES: [frame_timing_error(_interval(trial), step_times)]}


FRAMES = "frames"
"""Source of error of an instant that is read between frames."""


def step_errors(trial: xr.Dataset, steps: Sequence[Step]) -> dict[str, float]:
    """Standard deviations of numbers of single steps, root mean square over a fitted trial.

    ``step_lag`` and ``step_yaw_impulse`` (kg m²/s), without the component common to all steps of a
    side: an error of the body or of a marker's place affects them equally, and their scatter is
    taken within a side. Empty without a posterior; NaN without a whole step.
    """
    if "group_momentum_sample" not in trial:
        return {}
    lags, complete, step_times = _sampled_lags(trial, _accepted(steps))
    sides = [str(step.side) for step in complete]
    impulses = np.array([_impulses(trial, step) for step in complete])
    frames = frame_timing_error(_interval(trial), step_times)
    return {
        "step_lag": float(np.hypot(_step_sd(lags, sides), frames)),  # reading is no error of data
        "step_yaw_impulse": _step_sd(impulses, sides),
    }


def _accepted(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.status != "rejected"]


def _interval(trial: xr.Dataset) -> float:
    """Time between frames, s."""
    return float(np.diff(trial["time"].values[:2])[0])


def _sampled_lags(
    trial: xr.Dataset, accepted: Sequence[Step]
) -> tuple[FloatArray, list[Step], FloatArray]:
    """Lags (S, J) of the S whole steps in every sample of the motion, the steps, their times, s."""
    complete_indices = [index for index, step in enumerate(accepted) if np.isfinite(step.flight)]
    complete = [accepted[index] for index in complete_indices]
    durations = np.array([(step.contact, step.flight) for step in complete]).reshape(-1, 2)
    if "group_momentum_sample" not in trial or not complete_indices:
        return np.zeros((0, 0)), complete, durations.sum(axis=1)
    swing = _sampled_momentum(trial, accepted)[..., ROLE_GROUPS.index("swing_leg")]
    lags = [
        peak_instants(swing[index], np.tile(times, (len(swing[index]), 1)))
        for index, times in zip(complete_indices, durations, strict=True)
    ]
    return np.array(lags), complete, durations.sum(axis=1)


FRAME_TIMING = 30.0
"""Error of the instant of a peak over the cube of the frame interval, both as shares of the step.

Every second to eighth frame of JA1 (250 Hz) and of ten runners (100 and 120 Hz) against all of
them: 5 to 12 at 2 to 5 m/s, 12 to 35 in the sprint (docs/decisions/0030)."""


def frame_timing_error(interval: float, durations: FloatArray) -> float:
    """Error of an instant that is read between frames, share of the step.

    ``interval`` between frames and ``durations`` of the steps in s; NaN without steps.
    """
    if not len(durations):
        return float("nan")
    return float(FRAME_TIMING * np.mean((interval / durations) ** 3))


def _step_sd(values: FloatArray, sides: Sequence[str]) -> float:
    """Root mean square of the sds of samples (steps, N), without what steps of a side share."""
    variances = []
    for side in dict.fromkeys(sides):
        of_side = values[[index for index, name in enumerate(sides) if name == side]]
        count = len(of_side)
        deviations = of_side - of_side.mean(axis=0) if count > 1 else of_side
        correction = count / (count - 1.0) if count > 1 else 1.0
        variances += [correction * deviations.var(axis=1, ddof=1)]
    return float(np.sqrt(np.concatenate(variances).mean())) if variances else float("nan")


def _sampled_momentum(trial: xr.Dataset, steps: Sequence[Step]) -> FloatArray:
    """(steps, draws, 2, 101, groups): vertical angular momentum in every posterior sample."""
    samples = trial["group_momentum_sample"].sel(axis=["y"]).rename(sample="draw")
    samples_dataset = samples.to_dataset(name="group_angular_momentum")
    curves = step_dataset(samples_dataset, steps, names=("angular_momentum",))["angular_momentum"]
    chosen = curves.sel(group=list(ROLE_GROUPS), axis="y")
    return chosen.transpose("step", "draw", "phase", "percent", "group").values


def _impulses(trial: xr.Dataset, step: Step) -> FloatArray:
    """Net yaw impulse over the step in every sample: the change of the whole body's momentum."""
    samples = trial["group_momentum_sample"]
    ends = np.array([step.touchdown, step.next_touchdown])
    total = samples.values[..., VERTICAL].sum(axis=-1).astype(float)
    impulse: FloatArray = np.diff(resampled(trial["time"].values, total.T, ends), axis=0)[0]
    return impulse
