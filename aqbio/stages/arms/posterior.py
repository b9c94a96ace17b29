"""How sure a fitted trial is of the numbers that verdicts rest on, from posterior samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aqbio.mechanics.gait.roles import RoleScheme, by_role
from aqbio.mechanics.gait.step_measures import peak_instants
from aqbio.mechanics.gait.steps import PERCENT, Step
from aqbio.mechanics.recordings.smoothing import resampled
from aqbio.mechanics.vectors import FloatArray
from aqbio.names import ROLE_GROUPS
from aqbio.stages.fitting.precision import statistic_sds
from aqbio.stats.step_statistics import momentum_log_ratio

if TYPE_CHECKING:
    import xarray as xr

VERTICAL = 1


def posterior_sds(trial: xr.Dataset, steps: Sequence[Step]) -> dict[str, float]:
    """Inflated posterior standard deviations of a trial.

    Parameters
    ----------
    trial : xarray.Dataset
        Output of stage contributions.
    steps : sequence of Step

    Returns
    -------
    dict
        Of the trial's own numbers over all its steps: ``opposition``, ``arms_push_cosine``,
        ``log_ratio`` (momentum of push leg, arms and torso over the swing leg's) and ``lag`` (share
        of the step); of single steps, root mean square: ``step_lag`` and ``step_yaw_impulse``
        (kg m²/s). Empty for a trial that was not fitted; NaN for what it does not have.
    """
    if "group_momentum_sample" not in trial:
        return {}
    found = {
        name.removeprefix("posterior_sd_"): value
        for name, value in statistic_sds(trial, steps).items()
    }
    kept = [step for step in steps if step.status != "rejected"]
    whole = [step for step in kept if np.isfinite(step.flight)]
    lags = np.stack([_lags(trial, step) for step in whole], axis=1) if whole else _nothing()
    ratios = np.stack([_log_ratios(trial, step) for step in kept], axis=1) if kept else _nothing()
    impulses = np.stack([_impulses(trial, step) for step in whole], axis=1) if whole else _nothing()
    return found | {
        "log_ratio": _sd(ratios.mean(axis=1)),
        "lag": _sd(lags.mean(axis=1)),
        "step_lag": _rms_sd(lags),
        "step_yaw_impulse": _rms_sd(impulses),
    }


def _nothing() -> FloatArray:
    return np.full((2, 1), np.nan)


def _sd(values: FloatArray) -> float:
    return float(values.std(ddof=1))


def _rms_sd(values: FloatArray) -> float:
    """Root mean square over steps of the samples' standard deviations, (N, steps)."""
    return float(np.sqrt(values.var(axis=0, ddof=1).mean()))


def _by_role(trial: xr.Dataset, step: Step, at: FloatArray) -> FloatArray:
    """(samples, instants, groups): vertical angular momentum of the groups of a step."""
    samples = trial["group_momentum_sample"].values[..., VERTICAL].astype(float)
    matrix = RoleScheme().matrix(step.side, list(map(str, trial["group"].values)), *ROLE_GROUPS)
    over_time = np.moveaxis(by_role(samples, matrix, axis=-1), 1, 0)
    return np.moveaxis(resampled(trial["time"].values, over_time, at), 0, 1)


def _lags(trial: xr.Dataset, step: Step) -> FloatArray:
    """Instant of the peak of the swing leg's momentum in every sample, share of the step."""
    swing = ROLE_GROUPS.index("swing_leg")
    phases = (step.touchdown, step.contact), (step.toe_off, step.flight)
    curves = [_by_role(trial, step, start + PERCENT * d)[..., swing] for start, d in phases]
    both = np.stack(curves, axis=1)
    return peak_instants(both, np.tile([step.contact, step.flight], (len(both), 1)))


def _log_ratios(trial: xr.Dataset, step: Step) -> FloatArray:
    return momentum_log_ratio(_by_role(trial, step, step.touchdown + PERCENT * step.contact))


def _impulses(trial: xr.Dataset, step: Step) -> FloatArray:
    """Net yaw impulse over the step in every sample: the change of the whole body's momentum.

    The whole body's spread has an inflation of its own.
    """
    samples = trial["group_momentum_sample"]
    ends = np.array([step.touchdown, step.next_touchdown])
    total = samples.values[..., VERTICAL].sum(axis=-1).astype(float)
    change = np.diff(resampled(trial["time"].values, total.T, ends), axis=0)[0]
    more = float(samples.attrs["inflation_total"]) / float(samples.attrs["inflation_group"])
    impulse: FloatArray = change.mean() + more * (change - change.mean())
    return impulse
