"""Uncertainty of stance means by source, from the draws of stage contributions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from aqbio.gait.roles import RoleScheme, by_role
from aqbio.gait.signals import labels, select_labels
from aqbio.gait.steps import Side
from aqbio.names import AXES, NORMAL_95, ROLE_GROUPS, WITHOUT_FORCES
from aqbio.rotation.levels import PRIMARY
from aqbio.stats.step_numbers import push_leg_offset
from aqbio.vectors import BoolArray, FloatArray

NAMES = ("level", "source", "target", "statistic", "unit")
"""Fields that identify an outcome."""

KEY = [*NAMES, "axis"]
"""Columns that identify a row of a budget."""

ROUND_OFF = 1e-12
"""Standard deviations below this share of the foot's largest are round-off of draws of results that
mechanics forces to be zero."""

Key = tuple[str, ...]
"""Level, source, target and statistic of an outcome, and sometimes its unit."""


def stance_sds(trial: xr.Dataset, side: str) -> dict[Key, FloatArray]:
    """Sds of stance means of one foot by (level, source, target, statistic), (S, 3), S sources."""
    if "interval_sd" not in trial:
        return {}
    interval_sd = select_labels(trial, "interval_sd", stance_foot=side)
    dimensions = [name for name in trial["interval_sd"].dims if name != "stance_foot"]
    order = [dimensions.index(name) for name in ("outcome", "uncertainty_source", "axis")]
    sds = interval_sd.transpose(order)
    names = zip(*(trial[f"outcome_{name}"].values.tolist() for name in NAMES[:4]), strict=True)
    finite: BoolArray = np.asarray(np.isfinite(sds).all(axis=(1, 2)))
    return {key: sd for key, sd, good in zip(names, sds, finite, strict=True) if good}


def half_widths(sds: Mapping[Key, FloatArray]) -> dict[Key, dict[str, float]]:
    """Half of the 95 % interval by outcome and axis.

    The variance over worlds without its sampling error: weights of sources are independent there.
    """
    if not sds:
        return {}
    half = NORMAL_95 * np.sqrt((np.stack(list(sds.values())) ** 2).sum(axis=1))
    axes = (dict(zip(AXES, widths, strict=True)) for widths in half.tolist())
    return dict(zip(sds, axes, strict=True))


def trial_budget(trial: xr.Dataset, steps: Mapping[str, int]) -> pd.DataFrame:
    """Standard deviation and shares of its variance by source, of one step of each foot.

    Rows of outcomes and axes that any source affects, without level C of secondary contact models:
    level, source, target, statistic, unit, axis, steps, sd, ``share_<source of uncertainty>``.
    """
    parts = []
    if "interval_sd" in trial:
        shares = [f"share_{source}" for source in trial["uncertainty_source"].values]
        names = [trial[f"outcome_{name}"].values.astype(str) for name in NAMES]
        primary = ~np.char.startswith(names[0], "C") | (names[0] == f"C ({PRIMARY})")
        for side, count in steps.items():
            sd = trial["interval_sd"].sel(stance_foot=side)
            variance = sd.transpose("outcome", "axis", "uncertainty_source").values ** 2
            total = variance.sum(axis=2)
            moved = total > ROUND_OFF**2 * np.nanmax(total, initial=0.0)
            outcome, axis = np.nonzero(moved & primary[:, None])
            variance_by_source = variance[outcome, axis]
            total_variance = variance_by_source.sum(axis=1)
            rows = pd.DataFrame(
                {name: values[outcome] for name, values in zip(NAMES, names, strict=True)}
            )
            rows["axis"] = np.array(AXES)[axis]
            rows["steps"], rows["sd"] = count, np.sqrt(total_variance)
            rows[shares] = variance_by_source / total_variance[:, None]
            parts.append(rows)
    return pd.concat(parts) if parts else pd.DataFrame(columns=[*KEY, "steps", "sd"])


def uncertainty_budget(trials: pd.DataFrame) -> pd.DataFrame:
    """Means of :func:`trial_budget` over steps; shares are of the mean variance.

    Errors common to all steps do not average out.
    """
    if trials.empty:
        return trials
    parts = [str(name) for name in trials if str(name).startswith("share_")]
    shares = [name for name in parts if trials[name].notna().any()]
    sums = trials[KEY].assign(steps=trials["steps"], sd=trials["steps"] * trials["sd"])
    sums[shares] = trials[shares].mul(trials["steps"] * trials["sd"] ** 2, axis=0)
    table = sums.groupby(KEY, sort=False, observed=True).sum().reset_index()
    table["sd"] /= table["steps"]
    table[shares] = table[shares].div(table[shares].sum(axis=1), axis=0)
    return table


VERTICAL = "y"


def is_kinematic(trial: xr.Dataset) -> bool:
    """Tell whether events are as uncertain as from markers: no force of the trial is usable."""
    return trial.attrs.get("events") in WITHOUT_FORCES


STATISTICS = {"push_leg_offset": "H1"}
"""Statistics of a trial, and the hypotheses that use them."""

KEYS = {
    name: (hypothesis, name, "whole_body", "stance_index", "1")
    for name, hypothesis in STATISTICS.items()
}
"""Names of a statistic among the outcomes of a stance (`step_uncertainty.NAMES`)."""


def stance_statistics(vertical: FloatArray) -> FloatArray:
    """Statistics of a stance for every draw: `KEYS`, and values (K, N, 3), 0 on other axes."""
    return push_leg_offset(vertical)[..., None]


def statistic_draws(data: xr.Dataset, side: Side) -> tuple[list[Key], FloatArray]:
    """Statistics of a stance for every draw: N of `KEYS`, and values (K, N, 3), 0 on other axes."""
    momentum = data["group_angular_momentum"].values[..., AXES.index(VERTICAL)]
    matrix = RoleScheme().matrix(side, labels(data, "group"), *ROLE_GROUPS)
    if not np.isfinite(matrix).all():
        return [], np.zeros((len(momentum), 0, len(AXES)))
    values = np.zeros((len(momentum), len(KEYS), len(AXES)))
    values[..., AXES.index(VERTICAL)] = stance_statistics(by_role(momentum, matrix, axis=-1))
    return list(KEYS.values()), values
