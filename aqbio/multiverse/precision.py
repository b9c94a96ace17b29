"""How sure a fitted trial is of the numbers that verdicts rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.gait.curves import step_dataset
from aqbio.gait.step_measures import peak_instants
from aqbio.gait.steps import Step
from aqbio.intervals.trial_precision import statistic_sds
from aqbio.names import ROLE_GROUPS
from aqbio.signals.gaps import resampled
from aqbio.stats.step_numbers import momentum_log_ratio
from aqbio.vectors import FloatArray

if TYPE_CHECKING:
    import xarray as xr

VERTICAL = 1


def trial_sds(trial: xr.Dataset, steps: Sequence[Step]) -> dict[str, float]:
    """Standard deviations of a trial's numbers, without what the choice of the model makes.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.

    Returns
    -------
    dict
        Of the trial's own numbers over all its steps: ``opposition`` and ``arms_push_cosine``, of
        all sources; of the posterior of the motion ``log_ratio`` (momentum of push leg, arms and
        torso over the swing leg's) and ``lag`` (share of the step; with the clock between markers
        and forces); of single steps, root mean square: ``step_lag`` and ``step_yaw_impulse``
        (kg m²/s), without what all steps of the trial have in common: an error of the body moves
        every step alike and makes none of their scatter. Empty for a trial that was not fitted; NaN
        for what it does not have.
    """
    if "group_momentum_sample" not in trial:
        return {}
    kept = [step for step in steps if step.status != "rejected"]
    found = statistic_sds(trial, kept)
    whole = [place for place, step in enumerate(kept) if np.isfinite(step.flight)]
    momentum = _drawn_momentum(trial, kept)
    durations = np.array([(step.contact, step.flight) for step in kept])
    swing = momentum[..., ROLE_GROUPS.index("swing_leg")]
    lags = [
        peak_instants(swing[one], np.tile(durations[one], (len(swing[one]), 1))) for one in whole
    ]
    impulses = [_impulses(trial, kept[one]) for one in whole]
    ratios, by_step = momentum_log_ratio(momentum[:, :, 0]), np.array(lags or _nothing())
    clock = float(trial.attrs.get("clock_sd", 0.0)) / durations[whole].sum(axis=1)
    return found | {
        "log_ratio": _sd((ratios if kept else _nothing()).mean(axis=0)),
        "lag": float(np.hypot(_sd(by_step.mean(axis=0)), clock.mean() if whole else np.nan)),
        "step_lag": _own_sd(by_step),
        "step_yaw_impulse": _own_sd(np.array(impulses or _nothing())),
    }


def _nothing() -> FloatArray:
    return np.full((1, 2), np.nan)


def _sd(values: FloatArray) -> float:
    return float(values.std(ddof=1))


def _own_sd(values: FloatArray) -> float:
    """Root mean square over steps of the samples' standard deviations, (steps, N), of each alone.

    What all steps have in common is taken away, with the share of their own that goes with it.
    """
    count = len(values)
    own = values - values.mean(axis=0) if count > 1 else values
    more = count / (count - 1.0) if count > 1 else 1.0
    return float(np.sqrt(more * own.var(axis=1, ddof=1).mean()))


def _drawn_momentum(trial: xr.Dataset, steps: Sequence[Step]) -> FloatArray:
    """(steps, draws, 2, 101, groups): vertical angular momentum in every posterior sample."""
    samples = trial["group_momentum_sample"].sel(axis=["y"]).rename(sample="draw")
    drawn = samples.to_dataset(name="group_angular_momentum")
    curves = step_dataset(drawn, steps, names=("angular_momentum",))["angular_momentum"]
    chosen = curves.sel(group=list(ROLE_GROUPS), axis="y")
    return chosen.transpose("step", "draw", "phase", "percent", "group").values


def _impulses(trial: xr.Dataset, step: Step) -> FloatArray:
    """Net yaw impulse over the step in every sample: the change of the whole body's momentum."""
    samples = trial["group_momentum_sample"]
    ends = np.array([step.touchdown, step.next_touchdown])
    total = samples.values[..., VERTICAL].sum(axis=-1).astype(float)
    impulse: FloatArray = np.diff(resampled(trial["time"].values, total.T, ends), axis=0)[0]
    return impulse
